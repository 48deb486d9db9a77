//! Tokens that nobody issued, made by hand so that each is wrong in one way only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Database;

/// A server's own signing key, taken from its store: with it only the claims and the header can be wrong.
pub(crate) struct Forge {
    key: EncodingKey,
    pub(crate) kid: String,
}

impl Forge {
    pub(crate) async fn with_key_of(database: &Database) -> Self {
        let keys = database
            .column("SELECT secret FROM keys WHERE purpose = 'sign'")
            .await;
        let kids = database
            .column("SELECT id FROM keys WHERE purpose = 'sign'")
            .await;
        let (Some(key), Some(kid)) = (keys.first(), kids.into_iter().next()) else {
            panic!("no signing key in the store")
        };
        let der = URL_SAFE_NO_PAD.decode(key).expect("base64url");
        Self {
            key: EncodingKey::from_ec_der(&der),
            kid,
        }
    }

    /// Signs with ES256 whatever the header says.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256);
        format!("{message}.{}", signature.expect("signed"))
    }
}

/// Header and claims, ready to be signed.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Signs with HMAC-SHA256 under any bytes.
pub(crate) fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = unsigned(header, claims);
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256);
    format!("{message}.{}", signature.expect("signed"))
}

/// The header of a token.
pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The value with one member changed, or removed for `null`.
pub(crate) fn changed(value: &Value, member: &str, to: Value) -> Value {
    let mut value = value.clone();
    match (&mut value, to) {
        (Value::Object(map), Value::Null) => drop(map.remove(member)),
        (value, to) => value[member] = to,
    }
    value
}

/// The header of a good token under that key.
pub(crate) fn good_header(kid: &str) -> Value {
    json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid })
}

/// A key pair of someone else's: a client's, or an outside issuer's.
pub(crate) struct Key {
    pub(crate) kid: String,
    sign: EncodingKey,
    pub(crate) jwk: Value,
}

impl Key {
    pub(crate) fn new(kid: &str) -> Self {
        let pair = rcgen::KeyPair::generate().expect("a key");
        // An uncompressed point: 0x04, x, y.
        let point = pair.public_key_raw();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Self {
            kid: kid.into(),
            sign: EncodingKey::from_ec_der(&pair.serialize_der()),
            jwk: json!({
                "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
                "x": part(&point[1..33]), "y": part(&point[33..]),
            }),
        }
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.sign, Algorithm::ES256);
        format!("{message}.{}", signature.expect("signed"))
    }

    /// The public key and nothing else, as a proof of possession carries it.
    pub(crate) fn public(&self) -> Value {
        let (x, y) = (&self.jwk["x"], &self.jwk["y"]);
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
    }

    /// The thumbprint (RFC 7638).
    pub(crate) fn thumbprint(&self) -> String {
        let (x, y) = (&self.jwk["x"], &self.jwk["y"]);
        digest(&format!(r#"{{"crv":"P-256","kty":"EC","x":{x},"y":{y}}}"#))
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" })
    }
}

/// The SHA-256 of a text, base64url.
pub(crate) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// The present, in seconds.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("in time")
}
