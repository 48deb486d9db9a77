//! Proof Key for Code Exchange: required of everyone, S256 only (RFC 7636, OAuth 2.1 §4.1).

use sha2::{Digest, Sha256};

use super::fault::Fault;
use super::secret;

/// Judges what an authorization request says about PKCE; the challenge.
///
/// # Errors
/// `invalid_request` when it is absent, not S256, or not the digest of anything.
pub(crate) fn challenge<'a>(
    challenge: Option<&'a str>,
    method: Option<&str>,
) -> Result<&'a str, Fault> {
    let Some(challenge) = challenge else {
        return Err(Fault::invalid_request(
            "PKCE is required: send a `code_challenge`",
        ));
    };
    // Without a method RFC 7636 §4.3 means `plain`.
    if method != Some("S256") {
        return Err(Fault::invalid_request(
            "`code_challenge_method` must be S256",
        ));
    }
    if challenge.len() != 43
        || !challenge
            .bytes()
            .all(|b| is_unreserved(b) && b != b'.' && b != b'~')
    {
        return Err(Fault::invalid_request(
            "`code_challenge` must be 43 characters of base64url",
        ));
    }
    Ok(challenge)
}

/// Whether the verifier is well-formed (RFC 7636 §4.1) and hashes to the challenge.
pub(crate) fn proves(verifier: Option<&str>, challenge: &str) -> bool {
    verifier.is_some_and(|verifier| {
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(is_unreserved)
            && secret::same(&secret::encode(&Sha256::digest(verifier)), challenge)
    })
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn item_61_s256_only() {
        assert_eq!(challenge(Some(CHALLENGE), Some("S256")), Ok(CHALLENGE));
        for (c, m) in [
            (None, None),
            (None, Some("S256")),
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some("x"), Some("S256")),
            (Some(&CHALLENGE[1..]), Some("S256")),
            (
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
                Some("S256"),
            ),
        ] {
            assert_eq!(
                challenge(c, m).expect_err("refused").error,
                "invalid_request"
            );
        }
    }

    #[test]
    fn item_62_the_verifier_must_fit() {
        assert!(proves(Some(VERIFIER), CHALLENGE));
        let long = "a".repeat(129);
        let padded = format!("{VERIFIER}=");
        for wrong in [
            None,
            Some("x"),
            Some(CHALLENGE),
            Some(&*long),
            Some(&*padded),
        ] {
            assert!(!proves(wrong, CHALLENGE), "{wrong:?}");
        }
    }
}
