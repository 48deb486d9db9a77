//! Proofs of possession (RFC 9449): with each request a client shows that it holds the key to which its tokens are
//! bound, so that whoever steals a token alone has nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use url::Url;

use super::fault::Fault;
use super::jose::{self, PublicKey, Signed};
use super::secret::{DeriveKey, decode, digest, digest_of, same};
use super::server::Server;
use crate::store::Millis;

/// Bytes of a proof: a key of RSA with 4096 bits and its signature take less than half.
const LONGEST: usize = 4 * 1024;

/// Seconds that a proof's time may be off, either way.
const AROUND: i64 = 60;

/// Seconds for which a proof is remembered: longer than it could be used.
const REMEMBERED: i64 = 2 * AROUND + 10;

/// For how long a nonce is given out; it is taken for as long again.
const NONCE_TURN: i64 = 150_000;

/// Proofs that a process without a store remembers.
const MOST: usize = 100_000;

/// A proof that is good for its request, if it is the first of its name.
pub(crate) struct Proof {
    /// The thumbprint of its key (RFC 7638).
    pub(crate) key: String,
    /// What must not come twice.
    name: String,
}

/// What is wrong with what a request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There is no proof, there are two, or it is not one for this request.
    Proof,
    /// It is one, but for want of a nonce nobody knows when it was made.
    Nonce,
}

/// The request for which a proof must be made.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Its URL, as configuration has it; a trailing slash makes no difference.
    pub(crate) url: &'a str,
    /// The access token beside the proof.
    pub(crate) token: Option<&'a [u8]>,
    /// Where nonces are asked for.
    pub(crate) nonces: Option<Nonces<'a>>,
    pub(crate) now: Millis,
}

impl Request<'_> {
    /// The proof among the values of all `DPoP` headers; `None` where there is no such header (RFC 9449 §4.3).
    pub(crate) fn proof(&self, headers: &[impl AsRef<[u8]>]) -> Result<Option<Proof>, Flaw> {
        match headers {
            [] => Ok(None),
            [one] => {
                let text = std::str::from_utf8(one.as_ref()).map_err(|_| Flaw::Proof)?;
                self.judge(text).map(Some)
            }
            _ => Err(Flaw::Proof),
        }
    }

    fn judge(&self, text: &str) -> Result<Proof, Flaw> {
        let proof = Signed::read(text, LONGEST).ok_or(Flaw::Proof)?;
        let key = proven_key(&proof).ok_or(Flaw::Proof)?;
        let claims = &proof.claims;
        let second = self.now / 1000;
        let timely = claims
            .seconds("iat")
            .is_some_and(|at| at.abs_diff(second) <= AROUND.unsigned_abs());
        // What a proof need not have must not speak against it.
        let not_yet = claims.get("nbf").is_some() && {
            let begun = claims.seconds("nbf");
            begun.is_none_or(|at| at > second + AROUND)
        };
        let over = claims.get("exp").is_some() && {
            let end = claims.seconds("exp");
            end.is_none_or(|at| at <= second)
        };
        let token_fits = match self.token {
            None => true,
            Some(token) => claims.text("ath") == Some(&digest_of(token)),
        };
        let id = claims.text("jti").filter(|id| id.len() <= 256);
        let (Some(id), true) = (id, timely && !not_yet && !over && token_fits) else {
            return Err(Flaw::Proof);
        };
        if claims.text("htm") != Some(self.method)
            || !claims.text("htu").is_some_and(|url| self.is_here(url))
        {
            return Err(Flaw::Proof);
        }
        if let Some(nonces) = &self.nonces
            && !claims
                .text("nonce")
                .is_some_and(|nonce| nonces.knows(nonce, self.now))
        {
            return Err(Flaw::Nonce);
        }
        let name = format!("proof {key} {id}");
        Ok(Proof { key, name })
    }

    /// Whether a URL is this request's, without query and fragment.
    fn is_here(&self, url: &str) -> bool {
        let place = |url: &str| {
            let mut url = Url::parse(url).ok()?;
            url.set_query(None);
            url.set_fragment(None);
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            Some(url)
        };
        place(url).is_some_and(|url| place(self.url) == Some(url))
    }
}

/// The thumbprint of the key in a proof, which its owner has: the one place where a key in a token is used, since it is
/// trusted with nothing but being the same one again.
fn proven_key(proof: &Signed<'_>) -> Option<String> {
    if proof.typ().as_deref() != Some("dpop+jwt") {
        return None;
    }
    let mut jwk = proof.header("jwk")?.clone();
    // A key that names no algorithm has the one of the proof; which of them fit a kind of key is judged as ever.
    if jwk.get("alg").is_none() {
        jwk.as_object_mut()?
            .insert("alg".into(), Value::from(proof.header_text("alg")?));
    }
    let key = PublicKey::read(&jwk)?;
    key.verifies(proof).then(|| jose::thumbprint(&jwk))?
}

impl Proof {
    /// Uses the proof up, here and at every replica.
    ///
    /// # Errors
    /// `invalid_dpop_proof` where it was used before, or 503.
    pub(crate) async fn spend(&self, server: &Server) -> Result<(), Fault> {
        match server.first_time(&self.name, REMEMBERED).await? {
            true => Ok(()),
            false => Err(Flaw::Proof.into()),
        }
    }

    /// Uses the proof up in this process alone.
    #[cfg(feature = "fetch")]
    pub(crate) fn spend_here(&self, used: &Used, now: Millis) -> bool {
        used.is_new(&self.name, now)
    }
}

impl From<Flaw> for Fault {
    fn from(flaw: Flaw) -> Self {
        Self::new(flaw.code(), flaw.words())
    }
}

impl Flaw {
    /// The error code (RFC 9449 §5, §8).
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Proof => "invalid_dpop_proof",
            Self::Nonce => "use_dpop_nonce",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Proof => {
                "the DPoP proof is missing, repeated, used before, or not one for this request"
            }
            Self::Nonce => "the DPoP proof needs the nonce that the header DPoP-Nonce gives",
        }
    }
}

/// Whether this may be the thumbprint of a key: 32 bytes.
pub(crate) fn is_thumbprint(text: &str) -> bool {
    decode(text).is_some_and(|bytes| bytes.len() == 32)
}

/// Nonces by which a proof shows that it was made a moment ago (RFC 9449 §8). They follow from the store's key and the
/// time, so that every replica knows those of the others and none is kept.
pub(crate) struct Nonces<'a>(pub(crate) &'a DeriveKey);

impl Nonces<'_> {
    /// The one to use now.
    pub(crate) fn now(&self, now: Millis) -> String {
        self.of(now / NONCE_TURN)
    }

    fn knows(&self, nonce: &str, now: Millis) -> bool {
        let turn = now / NONCE_TURN;
        // The next one is that of a replica whose clock is a little ahead.
        [turn, turn - 1, turn + 1]
            .iter()
            .any(|turn| same(nonce, &self.of(*turn)))
    }

    fn of(&self, turn: i64) -> String {
        let nonce = self.0.derive("dpop nonce", &turn.to_string(), &[]);
        nonce.expose().to_owned()
    }
}

/// The proofs that were used in a process that shares no store with others.
#[derive(Default)]
pub(crate) struct Used(Mutex<HashMap<String, Millis>>);

impl Used {
    #[cfg_attr(not(feature = "fetch"), allow(dead_code))]
    fn is_new(&self, name: &str, now: Millis) -> bool {
        let name = digest(name);
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST {
            used.retain(|_, until| *until > now);
        }
        if used.len() >= MOST || used.get(&name).is_some_and(|until| *until > now) {
            return false;
        }
        used.insert(name, now + REMEMBERED * 1000);
        true
    }
}
