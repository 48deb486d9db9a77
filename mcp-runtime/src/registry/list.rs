//! List answers, written once at start-up and again where an item is switched on or off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::extract::User;
use crate::protocol::RpcError;

/// How long a client may keep a list, in milliseconds.
pub(crate) const TTL_MS: u64 = 300_000;
/// The bytes of a cursor: a place in the list, and the proof that it is one of this list's.
const PLACE: usize = 4;
const PROOF: usize = 8;

/// Whether an item is served now. Clones are the same switch.
#[derive(Debug, Clone)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Default for Switch {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Switch {
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Turns it, and says whether that changed anything.
    pub(super) fn turn(&self, on: bool) -> bool {
        self.0.swap(on, Ordering::Relaxed) != on
    }
}

/// One list, ready to be sent on either wire.
#[derive(Debug)]
pub(crate) struct List {
    key: &'static str,
    entries: Vec<Entry>,
    filtered: bool,
    /// How many entries a page holds.
    page: usize,
    /// What a cursor must agree with: another list's, or another build's, is refused.
    fingerprint: [u8; 32],
    /// The first page, which is all of it unless a page size was chosen.
    first: RwLock<Written>,
}

/// A page on both wires.
#[derive(Debug, Default)]
struct Written {
    modern: Bytes,
    legacy: Bytes,
}

/// One entry of a list.
#[derive(Debug)]
pub(super) struct Entry {
    pub modern: Value,
    pub legacy: Value,
    /// Scopes without which it is left out; empty for what everyone sees.
    pub hidden_behind: &'static [&'static str],
    pub switch: Switch,
}

impl Entry {
    /// The same, there only while this switch is on.
    pub(super) fn switched_by(mut self, switch: Switch) -> Self {
        self.switch = switch;
        self
    }
}

impl List {
    pub(super) fn build(key: &'static str, entries: Vec<Entry>) -> Self {
        let mut fingerprint = Sha256::new_with_prefix(key);
        for entry in &entries {
            fingerprint.update(entry.modern.to_string());
        }
        let list = Self {
            key,
            filtered: entries.iter().any(|e| !e.hidden_behind.is_empty()),
            entries,
            page: usize::MAX,
            fingerprint: fingerprint.finalize().into(),
            first: RwLock::default(),
        };
        list.rewrite();
        list
    }

    /// Splits it into pages of so many entries.
    pub(super) fn set_page(&mut self, entries: usize) {
        self.page = entries;
        self.rewrite();
    }

    /// Whether there is nothing that could be listed, now or later.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.iter().filter(|e| e.switch.is_on()).count()
    }

    /// The entries as revision 2026-07-28 shows them.
    #[cfg(feature = "contract")]
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().map(|e| &e.modern)
    }

    /// Writes the first page anew.
    pub(super) fn rewrite(&self) {
        // Under the lock from the first look at the switches on: the last to write has seen them all.
        let mut first = self.first.write().unwrap_or_else(PoisonError::into_inner);
        *first = Written {
            modern: self.write(true, 0, |_| true),
            legacy: self.write(false, 0, |_| true),
        };
    }

    /// The `result` for this caller: the first page, or the one that a cursor leads to.
    ///
    /// # Errors
    /// -32602 for a cursor that is none of this list's.
    pub(crate) fn answer(
        &self,
        stateless: bool,
        user: Option<&User>,
        cursor: Option<&str>,
    ) -> Result<Bytes, RpcError> {
        let from = cursor.map_or(Ok(0), |cursor| {
            self.place(cursor).ok_or_else(|| {
                RpcError::invalid_params("`params.cursor` is none of ours: begin without one")
            })
        })?;
        if self.filtered || from > 0 {
            let sees = |e: &Entry| {
                e.hidden_behind
                    .iter()
                    .all(|s| user.is_none_or(|u| u.has_scope(s)))
            };
            return Ok(self.write(stateless, from, sees));
        }
        let first = self.first.read().unwrap_or_else(PoisonError::into_inner);
        Ok(if stateless {
            first.modern.clone()
        } else {
            first.legacy.clone()
        })
    }

    fn write(&self, stateless: bool, from: usize, sees: impl Fn(&Entry) -> bool) -> Bytes {
        let mut shown = self.entries.iter().enumerate().skip(from);
        let mut shown = shown.by_ref().filter(|(_, e)| e.switch.is_on() && sees(e));
        let page: Vec<(usize, &Entry)> = shown.by_ref().take(self.page).collect();
        let next = shown.next().and_then(|_| page.last());
        let entries: Vec<&Value> = page
            .iter()
            .map(|(_, e)| if stateless { &e.modern } else { &e.legacy })
            .collect();
        let mut result = json!({ self.key: entries });
        if let Some((last, _)) = next {
            result["nextCursor"] = self.cursor(last + 1).into();
        }
        if stateless {
            result["resultType"] = "complete".into();
            result["ttlMs"] = TTL_MS.into();
            result["cacheScope"] = if self.filtered { "private" } else { "public" }.into();
        }
        Bytes::from(result.to_string())
    }

    /// A cursor for the entries from this place on. It names a place among all entries, those included that are
    /// switched off, so that a change between two pages neither skips an entry nor shows one twice.
    fn cursor(&self, place: usize) -> String {
        let place = u32::try_from(place).unwrap_or(u32::MAX).to_be_bytes();
        let mut cursor = place.to_vec();
        cursor.extend_from_slice(&self.proof(place));
        URL_SAFE_NO_PAD.encode(cursor)
    }

    fn place(&self, cursor: &str) -> Option<usize> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let place: [u8; PLACE] = bytes.get(..PLACE)?.try_into().ok()?;
        let proven = bytes[PLACE..] == self.proof(place);
        proven.then_some(usize::try_from(u32::from_be_bytes(place)).ok()?)
    }

    fn proof(&self, place: [u8; PLACE]) -> [u8; PROOF] {
        let digest = Sha256::new_with_prefix(self.fingerprint)
            .chain_update(place)
            .finalize();
        std::array::from_fn(|i| digest[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(key: &'static str, n: usize, page: usize) -> (List, Vec<Switch>) {
        let entries: Vec<Entry> = (0..n)
            .map(|i| Entry {
                modern: json!({ "name": format!("e{i}") }),
                legacy: json!({ "name": format!("e{i}") }),
                hidden_behind: &[],
                switch: Switch::default(),
            })
            .collect();
        let switches = entries.iter().map(|e| e.switch.clone()).collect();
        let mut list = List::build(key, entries);
        list.set_page(page);
        (list, switches)
    }

    fn page(list: &List, cursor: Option<&str>) -> (Vec<String>, Option<String>) {
        let result = list.answer(true, None, cursor).expect("a page");
        let result: Value = serde_json::from_slice(&result).expect("JSON");
        let names = result[list.key].as_array().expect("entries").iter();
        let names = names.map(|e| e["name"].as_str().expect("a name").to_owned());
        (
            names.collect(),
            result["nextCursor"].as_str().map(Into::into),
        )
    }

    #[test]
    fn pages_hold_every_entry_once_and_end() {
        let (list, _) = list("tools", 5, 2);
        let (first, cursor) = page(&list, None);
        let (second, cursor) = page(&list, cursor.as_deref());
        let (third, end) = page(&list, cursor.as_deref());
        assert_eq!(first, ["e0", "e1"]);
        assert_eq!(second, ["e2", "e3"]);
        assert_eq!(third, ["e4"]);
        assert_eq!(end, None);
    }

    #[test]
    fn a_full_last_page_leads_nowhere() {
        let (list, _) = list("tools", 4, 2);
        let (_, cursor) = page(&list, None);
        assert_eq!(page(&list, cursor.as_deref()).1, None);
    }

    #[test]
    fn a_change_between_two_pages_neither_skips_nor_repeats() {
        let (list, switches) = list("tools", 5, 2);
        switches[1].turn(false);
        list.rewrite();
        let (first, cursor) = page(&list, None);
        assert_eq!(first, ["e0", "e2"]);
        // What comes back behind the cursor stays behind it, what goes before it shifts nothing.
        switches[1].turn(true);
        switches[0].turn(false);
        list.rewrite();
        assert_eq!(page(&list, cursor.as_deref()).0, ["e3", "e4"]);
    }

    #[test]
    fn a_cursor_is_good_for_its_list_only() {
        let (tools, _) = list("tools", 5, 2);
        let (prompts, _) = list("prompts", 5, 2);
        let (other_build, _) = list("tools", 6, 2);
        let cursor = page(&tools, None).1.expect("a cursor");
        assert!(tools.answer(true, None, Some(&cursor)).is_ok());
        let forged = format!("AAAAAw{}", &cursor[6..]);
        for (list, cursor) in [
            (&prompts, cursor.as_str()),
            (&other_build, &cursor),
            (&tools, &forged),
            (&tools, ""),
            (&tools, "%%%"),
            (&tools, "AAAA"),
        ] {
            let error = list.answer(true, None, Some(cursor)).expect_err(cursor);
            assert_eq!(error.code, crate::protocol::code::INVALID_PARAMS);
        }
    }
}
