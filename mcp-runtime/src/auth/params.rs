//! Form and query parameters, strictly: UTF-8 only, and nothing given twice goes unnoticed.

use super::fault::Fault;

/// More pairs than this are no request of a client of ours, only work.
const MOST_PAIRS: usize = 64;

/// The decoded pairs in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// `invalid_request` where a name or a value is no UTF-8, or there are more than 64 pairs.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut pairs = Vec::new();
        let given = bytes.split(|b| *b == b'&').filter(|p| !p.is_empty());
        for (i, pair) in given.enumerate() {
            if i == MOST_PAIRS {
                return Err(Fault::invalid_request("there are too many parameters"));
            }
            let split = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let value = pair.get(split + 1..).unwrap_or_default();
            let (Some(name), Some(value)) = (unescape(&pair[..split]), unescape(value)) else {
                return Err(Fault::invalid_request("a parameter is not UTF-8"));
            };
            // RFC 6749 §3.1: a parameter without a value counts as omitted.
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// `invalid_request` when it stands there twice (RFC 6749 §3.1, §3.2).
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Fault> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            Some(_) => Err(Fault::invalid_request(format!(
                "`{}` is repeated",
                safe(name)
            ))),
            None => Ok(first),
        }
    }

    /// Every value of a parameter that may repeat.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Refuses any repeated parameter other than `resource` (RFC 8707 §2).
    pub(crate) fn refuse_repeats(&self) -> Result<(), Fault> {
        for (i, (name, _)) in self.0.iter().enumerate() {
            if name != "resource" && self.0[..i].iter().any(|(n, _)| n == name) {
                return Err(Fault::invalid_request("a parameter is repeated"));
            }
        }
        Ok(())
    }
}

fn safe(name: &str) -> &str {
    if name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        name
    } else {
        "a parameter"
    }
}

/// Undoes form encoding; `None` unless the outcome is UTF-8.
pub(crate) fn unescape(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => match tail {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    out.push(hex(*high) << 4 | hex(*low));
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            byte => out.push(*byte),
        }
    }
    String::from_utf8(out).ok()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_strictly() {
        let p = Params::parse(b"a=x+y%20z&b=&c&d=%e2%82%ac&d2=100%&e=1&e=2").expect("good");
        assert_eq!(p.one("a"), Ok(Some("x y z")));
        assert_eq!((p.one("b"), p.one("c")), (Ok(None), Ok(None)));
        assert_eq!((p.one("d"), p.one("d2")), (Ok(Some("€")), Ok(Some("100%"))));
        assert!(p.one("e").is_err() && p.refuse_repeats().is_err());
        assert!(Params::parse(b"a=%ff").is_err());
    }

    #[test]
    fn pairs_are_bounded() {
        assert!(Params::parse("a=1&".repeat(64).as_bytes()).is_ok());
        assert!(Params::parse("a=1&".repeat(65).as_bytes()).is_err());
    }

    #[test]
    fn item_65_only_resource_repeats() {
        let p = Params::parse(b"resource=a&resource=b&x=1").expect("good");
        assert!(p.refuse_repeats().is_ok());
        assert_eq!(p.all("resource").count(), 2);
    }
}
