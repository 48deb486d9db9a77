//! Signed tokens of others: clients' assertions, an outside issuer's access tokens, an upstream provider's ID tokens,
//! proofs of possession.
//!
//! A key fixes its algorithm when it is read; what a token's header says about algorithms is only compared with it
//! (RFC 8725 §3.1). A key inside a token (`jwk`, `x5c`) or behind its link (`jku`, `x5u`) is never used for trust.

use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::{Map, Value};

use super::secret::{decode, digest};
use super::strict_json::Strict;

/// Keys of one set that are read; more are no key set of anyone's.
const MOST_KEYS: usize = 64;

/// The algorithms that are verified, by their registered names.
pub(crate) const ALGORITHMS: [&str; 9] = [
    "ES256", "ES384", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
];

/// A public key with its one algorithm.
pub(crate) struct PublicKey {
    kid: Option<String>,
    alg: Algorithm,
    key: DecodingKey,
}

impl PublicKey {
    /// Reads a JWK (RFC 7517 §4); `None` for one that does not verify signatures, is too weak, or is no public key.
    pub(crate) fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if is_private(jwk) || text("use").is_some_and(|u| u != "sig") {
            return None;
        }
        let (alg, key) = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => (Algorithm::ES256, ec(text("x")?, text("y")?, 32)?),
            ("EC", Some("P-384")) => (Algorithm::ES384, ec(text("x")?, text("y")?, 48)?),
            ("OKP", Some("Ed25519")) => {
                let x = text("x").filter(|x| decode(x).is_some_and(|x| x.len() == 32))?;
                let key = DecodingKey::from_ed_components(x).ok()?;
                (Algorithm::EdDSA, key)
            }
            ("RSA", _) => {
                let (n, e) = (text("n")?, text("e")?);
                // RFC 7518 §3.3: 2048 bits at least.
                if decode(n)?.len() < 256 {
                    return None;
                }
                let alg = match text("alg") {
                    // What providers that name none sign with.
                    None => Algorithm::RS256,
                    Some(alg) => rsa(alg)?,
                };
                (alg, DecodingKey::from_rsa_components(n, e).ok()?)
            }
            _ => return None,
        };
        let named = text("alg").is_none_or(|named| {
            named == name(alg) || (alg == Algorithm::EdDSA && named == "Ed25519")
        });
        named.then(|| Self {
            kid: text("kid").map(Into::into),
            alg,
            key,
        })
    }

    /// Whether a token was signed by this key, and says so.
    pub(crate) fn verifies(&self, token: &Signed<'_>) -> bool {
        let alg = token.header_text("alg");
        (alg == Some(name(self.alg)) || (self.alg == Algorithm::EdDSA && alg == Some("Ed25519")))
            && crypto::verify(
                token.signature,
                token.message.as_bytes(),
                &self.key,
                self.alg,
            )
            .unwrap_or(false)
    }
}

/// Someone's public keys.
pub(crate) struct KeyRing(Vec<PublicKey>);

impl KeyRing {
    /// Reads a key set (RFC 7517 §5); keys that cannot be used are left out, and `None` is no key set at all.
    pub(crate) fn read(jwks: &Value) -> Option<Self> {
        let keys = jwks.get("keys")?.as_array()?;
        let keys = keys.iter().take(MOST_KEYS);
        Some(Self(keys.filter_map(PublicKey::read).collect()))
    }

    /// Whether there is a key of that name, or any key where the token names none.
    pub(crate) fn knows(&self, token: &Signed<'_>) -> bool {
        match token.header_text("kid") {
            Some(kid) => self.0.iter().any(|key| key.kid.as_deref() == Some(kid)),
            None => !self.0.is_empty(),
        }
    }

    /// Whether one of the keys signed the token: that of its `kid`; where it names none, the only one that fits.
    pub(crate) fn verifies(&self, token: &Signed<'_>) -> bool {
        match token.header_text("kid") {
            Some(kid) => {
                let mut named = self.0.iter().filter(|k| k.kid.as_deref() == Some(kid));
                named.any(|key| key.verifies(token))
            }
            // A set has few keys, and each its own algorithm.
            None => self.0.iter().take(4).any(|key| key.verifies(token)),
        }
    }
}

/// A token in its parts (RFC 7515 §3.1), read but not believed yet.
pub(crate) struct Signed<'a> {
    message: &'a str,
    signature: &'a str,
    header: Map<String, Value>,
    pub(crate) claims: Claims,
}

impl<'a> Signed<'a> {
    /// Splits and decodes a token of at most `longest` bytes. A critical header parameter is one that is not understood
    /// here (RFC 7515 §4.1.11), and so is a header that says something twice.
    pub(crate) fn read(token: &'a str, longest: usize) -> Option<Self> {
        if token.len() > longest {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let object = |part: &str| match serde_json::from_slice(&decode(part)?).ok()? {
            Strict(Value::Object(members)) => Some(members),
            Strict(_) => None,
        };
        let header = object(header)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return None;
        }
        Some(Self {
            message,
            signature,
            header,
            claims: Claims(object(claims)?),
        })
    }

    /// A header parameter that is a string.
    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// A header parameter.
    pub(crate) fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// The `typ`, as it is compared: in lower case, without the `application/` that may be left out (RFC 7515 §4.1.9).
    pub(crate) fn typ(&self) -> Option<String> {
        let typ = self.header_text("typ")?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").unwrap_or(&typ).to_owned())
    }
}

/// The claims of a token, each read as its one type.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// A claim that is a string, and not an empty one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A claim.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claims as they are kept, and as they were.
    #[cfg(feature = "fetch")]
    pub(crate) fn written(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    #[cfg(feature = "fetch")]
    pub(crate) fn of_written(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// A time in whole seconds (RFC 7519 §2 allows fractions, which are cut off).
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "a float saturates")]
        value.as_i64().or_else(|| value.as_f64().map(|f| f as i64))
    }

    /// Whether the token may be used at this second: `exp` must be there and ahead; `iat` and `nbf`, where they are,
    /// are not. `slack` is what another clock may be ahead.
    pub(crate) fn are_current(&self, now: i64, slack: i64) -> bool {
        let begun = |name: &str| match self.0.get(name) {
            None => true,
            Some(_) => self.seconds(name).is_some_and(|at| at <= now + slack),
        };
        self.seconds("exp").is_some_and(|exp| exp > now) && begun("iat") && begun("nbf")
    }

    /// The audience: one string, or a list of them (RFC 7519 §4.1.3).
    pub(crate) fn audience(&self) -> Option<Vec<&str>> {
        match self.0.get("aud")? {
            Value::String(one) => Some(vec![one]),
            Value::Array(all) => all.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }
}

/// The thumbprint of a public key (RFC 7638); `None` where a member that it is made of is missing.
pub(crate) fn thumbprint(jwk: &Value) -> Option<String> {
    let members: &[&str] = match jwk.get("kty")?.as_str()? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    // In this order, without blanks.
    let mut text = String::new();
    for name in members {
        text.push(if text.is_empty() { '{' } else { ',' });
        let value = Value::from(jwk.get(*name)?.as_str()?);
        text.push_str(&format!("\"{name}\":{value}"));
    }
    text.push('}');
    Some(digest(&text))
}

/// Whether a JWK holds what only its owner should have, or is a shared key.
pub(crate) fn is_private(jwk: &Value) -> bool {
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    PRIVATE.iter().any(|name| jwk.get(name).is_some())
        || jwk.get("kty").and_then(Value::as_str) == Some("oct")
}

fn ec(x: &str, y: &str, size: usize) -> Option<DecodingKey> {
    let whole = |part: &str| decode(part).is_some_and(|bytes| bytes.len() == size);
    (whole(x) && whole(y))
        .then(|| DecodingKey::from_ec_components(x, y).ok())
        .flatten()
}

fn rsa(alg: &str) -> Option<Algorithm> {
    Some(match alg {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        _ => return None,
    })
}

fn name(alg: Algorithm) -> &'static str {
    match alg {
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::EdDSA => "EdDSA",
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        _ => "",
    }
}
