//! List answers, written once at start-up.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::extract::User;

/// How long a client may keep a list, in milliseconds: it changes only with a new process.
pub(crate) const TTL_MS: u64 = 300_000;

/// One list, ready to be sent on either wire.
#[derive(Debug)]
pub(crate) struct List {
    key: &'static str,
    entries: Vec<Entry>,
    modern: Bytes,
    legacy: Bytes,
    filtered: bool,
}

/// One entry of a list, for those rare lists that depend on who asks.
#[derive(Debug)]
pub(super) struct Entry {
    pub modern: Value,
    pub legacy: Value,
    /// Scopes without which it is left out; empty for what everyone sees.
    pub hidden_behind: &'static [&'static str],
}

impl List {
    pub(super) fn build(key: &'static str, entries: Vec<Entry>) -> Self {
        let filtered = entries.iter().any(|e| !e.hidden_behind.is_empty());
        let mut list = Self {
            key,
            entries,
            modern: Bytes::new(),
            legacy: Bytes::new(),
            filtered,
        };
        list.modern = list.write(true, |_| true);
        list.legacy = list.write(false, |_| true);
        list
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries as revision 2026-07-28 shows them.
    #[cfg(feature = "contract")]
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().map(|e| &e.modern)
    }

    /// The `result` for this caller.
    pub(crate) fn answer(&self, stateless: bool, user: Option<&User>) -> Bytes {
        if self.filtered {
            let sees = |e: &Entry| {
                e.hidden_behind
                    .iter()
                    .all(|s| user.is_none_or(|u| u.has_scope(s)))
            };
            return self.write(stateless, sees);
        }
        if stateless {
            self.modern.clone()
        } else {
            self.legacy.clone()
        }
    }

    fn write(&self, stateless: bool, sees: impl Fn(&Entry) -> bool) -> Bytes {
        let entries: Vec<&Value> = self
            .entries
            .iter()
            .filter(|e| sees(e))
            .map(|e| if stateless { &e.modern } else { &e.legacy })
            .collect();
        let mut result = json!({ self.key: entries });
        if stateless {
            result["resultType"] = "complete".into();
            result["ttlMs"] = TTL_MS.into();
            result["cacheScope"] = if self.filtered { "private" } else { "public" }.into();
        }
        Bytes::from(result.to_string())
    }
}
