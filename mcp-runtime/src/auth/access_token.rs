//! Access tokens: the JWT profile of RFC 9068, written and read by the one server that uses them.
//!
//! Reading is strict where JWT libraries are lenient: `typ` and `crit` count, each claim must be there with its one
//! type, and a header member that we never write is a reason to refuse.

use serde::{Deserialize, Serialize};

use super::clock;
use super::config::LONGEST_ACCESS_TOKEN;
use super::keys::KeySet;
use super::secret::{decode, encode};
use crate::store::{Grant, Millis};

/// Longer ones are refused before anything is decoded.
pub(crate) const LONGEST: usize = 8 * 1024;

const TYP: &str = "at+jwt";
const ALG: &str = "ES256";

/// The claims of an access token (RFC 9068 §2.2); times in seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    /// One string, not an array: a token for two resources is not ours.
    pub(crate) aud: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    #[serde(default, skip_serializing, deserialize_with = "present")]
    pub(crate) nbf: Option<i64>,
    pub(crate) jti: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    /// The grant, by which tokens are revoked.
    pub(crate) gid: String,
    /// The name to show; empty where it must be looked up.
    pub(crate) name: String,
    /// The key to which the token is bound, if it is.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub(crate) cnf: Option<Confirmation>,
}

/// How the holder of a token shows that it is theirs (RFC 7800 §3.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// By a proof of the key with this thumbprint (RFC 9449 §6.1).
    pub(crate) jkt: String,
}

/// An absent claim may be absent; a null is none.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

impl Claims {
    /// The claims of a fresh token for a grant, with no more scope than asked.
    pub(crate) fn new(
        issuer: &str,
        grant: &Grant,
        user_name: &str,
        scope: &str,
        lifetime: i64,
        now: Millis,
    ) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub: grant.user_id.clone(),
            aud: grant.resource.clone(),
            exp: (now + lifetime).min(grant.expires_at) / 1000,
            iat: now / 1000,
            nbf: None,
            jti: super::secret::random_id(),
            client_id: grant.client_id.clone(),
            scope: scope.to_owned(),
            gid: grant.id.clone(),
            // Every client can read the token, so a name that is an e-mail address stays out (RFC 9068 §6); the
            // store has it.
            name: if user_name.contains('@') {
                String::new()
            } else {
                user_name.to_owned()
            },
            cnf: None,
        }
    }
}

/// Signs; `None` if no key can.
pub(crate) fn sign(keys: &KeySet, claims: &Claims, now: Millis) -> Option<String> {
    let signer = keys.signer(now)?;
    let header = Header {
        typ: TYP.into(),
        alg: ALG.into(),
        kid: signer.kid().to_owned(),
    };
    let part = |json: Vec<u8>| encode(&json);
    let mut token = part(serde_json::to_vec(&header).ok()?);
    token.push('.');
    token.push_str(&part(serde_json::to_vec(claims).ok()?));
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&signature);
    Some(token)
}

/// The claims of a token that this server signed for this resource and that has not expired. Whether it was revoked
/// is not said here.
pub(crate) fn verify(
    keys: &KeySet,
    token: &str,
    issuer: &str,
    resource: &str,
    now: Millis,
) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
    if header.typ != TYP || header.alg != ALG {
        return None;
    }
    if !keys.verifies(&header.kid, message.as_bytes(), signature, now) {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&decode(claims)?).ok()?;
    let seconds = now / 1000;
    let fits = claims.iss == issuer
        && claims.aud == resource
        && !claims.sub.is_empty()
        && claims.exp > seconds
        // Revocations are remembered for no longer than this.
        && claims.exp.saturating_sub(claims.iat) <= clock::millis(LONGEST_ACCESS_TOKEN) / 1000
        // Another replica's clock may be a little ahead.
        && claims.iat <= seconds + 5
        && claims.nbf.is_none_or(|nbf| nbf <= seconds + 5);
    fits.then_some(claims)
}
