//! Scopes: which exist, what they mean in words, what a request may ask for.

use super::fault::Fault;
use crate::settings::SettingsError;

/// Asks for a refresh token at other servers; accepted without effect, since every grant here has one.
const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes of this server.
#[derive(Debug, Clone)]
pub(crate) struct Scopes {
    /// Names and words, the base scope first.
    all: Vec<(String, String)>,
    /// A scope, and one that it implies; with what that implies in turn.
    implied: Vec<(String, String)>,
}

impl Scopes {
    /// The configured scopes, then those that tools name and nobody described.
    pub(crate) fn new(
        configured: &[(String, String)],
        implied: &[(String, String)],
        extra: Vec<String>,
    ) -> Result<Self, SettingsError> {
        let mut all = configured.to_vec();
        if all.is_empty() {
            all.push(("read".into(), "Read your profile and call the tools".into()));
        }
        Self::checked(all, implied, extra)
    }

    /// The same for tokens of an outside issuer, which need no scope unless one is configured.
    pub(crate) fn checked(
        mut all: Vec<(String, String)>,
        implied: &[(String, String)],
        extra: Vec<String>,
    ) -> Result<Self, SettingsError> {
        for name in extra {
            if !all.iter().any(|(n, _)| *n == name) {
                let words = format!("Use what needs the permission “{name}”");
                all.push((name, words));
            }
        }
        for (i, (name, words)) in all.iter().enumerate() {
            // Both end up in a header or a page: RFC 6749 §3.3, and one line.
            if !is_token(name) || name == OFFLINE_ACCESS {
                return Err(SettingsError::new(format!(
                    "the scope {name:?} has a name that OAuth does not allow: use visible ASCII \
                     without spaces, quotes and backslashes"
                )));
            }
            if words.chars().any(char::is_control) {
                return Err(SettingsError::new(format!(
                    "the description of scope `{name}` has a control character: write one line of \
                     plain text"
                )));
            }
            if all[..i].iter().any(|(n, _)| n == name) {
                return Err(SettingsError::new(format!(
                    "the scope `{name}` is described twice: remove one"
                )));
            }
        }
        for (broad, narrow) in implied {
            let unknown = |scope: &&String| !all.iter().any(|(name, _)| name == *scope);
            if let Some(scope) = [broad, narrow].into_iter().find(unknown) {
                return Err(SettingsError::new(format!(
                    "`scope_implies` names the scope {scope:?}, which neither `scope` nor a tool \
                     names: describe it with `.scope({scope:?}, \"…\")`"
                )));
            }
        }
        let implied = closed(implied);
        if let Some((scope, _)) = implied.iter().find(|(broad, narrow)| broad == narrow) {
            return Err(SettingsError::new(format!(
                "the scope `{scope}` implies itself, in a circle of `scope_implies`: remove one of them"
            )));
        }
        Ok(Self { all, implied })
    }

    /// Whether whoever has the one has the other too.
    pub(crate) fn implies(&self, broad: &str, narrow: &str) -> bool {
        broad == narrow || self.implied.iter().any(|(b, n)| b == broad && n == narrow)
    }

    /// Whether every scope of `asked` is in `granted`, or implied by one that is.
    pub(crate) fn within(&self, asked: &str, granted: &str) -> bool {
        asked
            .split(' ')
            .all(|asked| granted.split(' ').any(|g| self.implies(g, asked)))
    }

    /// The scopes of a token with those that they imply.
    pub(crate) fn expand<'a>(&'a self, granted: &'a str) -> Vec<&'a str> {
        let mut scopes: Vec<&str> = granted.split(' ').collect();
        for (broad, narrow) in &self.implied {
            if scopes.contains(&broad.as_str()) && !scopes.contains(&narrow.as_str()) {
                scopes.push(narrow);
            }
        }
        scopes
    }

    /// The scope that every request needs.
    pub(crate) fn base(&self) -> &str {
        &self.all[0].0
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(name, _)| name.as_str())
    }

    /// What a scope means, in words.
    pub(crate) fn words(&self, name: &str) -> &str {
        self.all
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, words)| words)
    }

    /// The scopes that a client asked for, each once; the base scope where it named none.
    ///
    /// # Errors
    /// `invalid_scope` for a malformed or unknown one (RFC 6749 §3.3).
    pub(crate) fn resolve(&self, asked: Option<&str>) -> Result<String, Fault> {
        let mut scopes: Vec<&str> = Vec::new();
        for scope in asked
            .unwrap_or_default()
            .split(' ')
            .filter(|s| !s.is_empty())
        {
            if !is_token(scope) {
                return Err(Fault::new("invalid_scope", "`scope` is malformed"));
            }
            if scope == OFFLINE_ACCESS || scopes.contains(&scope) {
                continue;
            }
            if !self.names().any(|name| name == scope) {
                let known = self.names().collect::<Vec<_>>().join(" ");
                let text = format!("an unknown scope was asked for; known are: {known}");
                return Err(Fault::new("invalid_scope", text));
            }
            scopes.push(scope);
        }
        if scopes.is_empty() {
            scopes.push(self.base());
        }
        Ok(scopes.join(" "))
    }
}

/// The pairs with all that follow from them.
fn closed(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut all = pairs.to_vec();
    loop {
        let next = all.iter().flat_map(|(broad, middle)| {
            let onwards = pairs.iter().filter(move |(from, _)| from == middle);
            onwards.map(move |(_, narrow)| (broad.clone(), narrow.clone()))
        });
        let fresh: Vec<_> = next.filter(|pair| !all.contains(pair)).collect();
        match fresh.is_empty() {
            true => return all,
            false => all.extend(fresh),
        }
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes() -> Scopes {
        Scopes::new(
            &[("read".into(), "Read".into())],
            &[],
            vec!["dice:roll".into()],
        )
        .expect("good")
    }

    fn chain(pairs: &[(&str, &str)]) -> Result<Scopes, SettingsError> {
        let pair = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        let pairs: Vec<_> = pairs.iter().map(pair).collect();
        Scopes::new(&[], &pairs, vec!["a".into(), "b".into(), "c".into()])
    }

    #[test]
    fn item_91_what_is_implied_is_had() {
        let scopes = chain(&[("b", "c"), ("a", "b")]).expect("a chain");
        assert_eq!(scopes.expand("a"), ["a", "b", "c"]);
        assert_eq!(scopes.expand("read c"), ["read", "c"]);
        assert!(scopes.within("c b", "a") && !scopes.within("a", "b c"));
    }

    #[test]
    fn item_93_circles_and_unknown_scopes_do_not_start() {
        let said = |pairs: &[(&str, &str)]| chain(pairs).expect_err("refused").to_string();
        assert!(said(&[("a", "b"), ("b", "c"), ("c", "a")]).contains("circle"));
        assert!(said(&[("a", "a")]).contains("circle"));
        assert!(said(&[("a", "x")]).contains("\"x\""));
    }

    #[test]
    fn absent_means_the_base_scope() {
        for asked in [None, Some(""), Some(" "), Some("offline_access")] {
            assert_eq!(scopes().resolve(asked).as_deref(), Ok("read"));
        }
        assert_eq!(
            scopes()
                .resolve(Some("dice:roll read  dice:roll"))
                .as_deref(),
            Ok("dice:roll read")
        );
    }

    #[test]
    fn item_31_unknown_and_malformed_are_refused() {
        for asked in ["admin", "re\"ad", "read\n", "read\tdice:roll", "ré"] {
            assert_eq!(
                scopes().resolve(Some(asked)).expect_err(asked).error,
                "invalid_scope"
            );
        }
    }

    #[test]
    fn item_93_nothing_that_breaks_a_header() {
        for name in ["a b", "a\"b", "a\r\nb", "", "é", "offline_access"] {
            assert!(
                Scopes::new(&[(name.into(), "x".into())], &[], vec![]).is_err(),
                "{name:?}"
            );
        }
        assert!(Scopes::new(&[("a".into(), "x\r\ny".into())], &[], vec![]).is_err());
    }
}
