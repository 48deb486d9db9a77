//! An object's properties: added, removed, renamed, required; and what else it lets through.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::normal;
use super::Place;
use super::schema::{ANY, Schemas};
use super::view::View;
use crate::schema::canonical;

/// As many pairs of a removed and an added property as are looked at for a new name.
const MAX_PAIRS: usize = 10_000;

type Property<'d> = (&'d str, Option<&'d Value>);

impl<'d> Schemas<'d, '_> {
    pub(super) fn object(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let (old, new) = (a.properties(), b.properties());
        let (was_required, is_required) = (a.required(), b.required());
        let old_by_name: HashMap<&str, Option<&Value>> = old.iter().copied().collect();
        let new_by_name: HashMap<&str, Option<&Value>> = new.iter().copied().collect();
        let removed: Vec<Property<'d>> = old
            .iter()
            .copied()
            .filter(|(n, _)| !new_by_name.contains_key(n))
            .collect();
        let added: Vec<Property<'d>> = new
            .iter()
            .copied()
            .filter(|(n, _)| !old_by_name.contains_key(n))
            .collect();
        let renamed = renamed(&removed, &added, |o, n| {
            was_required.contains(o) == is_required.contains(n)
        });

        for &(name, schema) in &old {
            let at = place.property(name);
            if let Some(to) = renamed.get(name) {
                self.add(13, &at, format!("{at} is called `{to}` now"));
            } else if !new_by_name.contains_key(name) {
                self.removed(&at, was_required.contains(name), b.is_closed());
            } else {
                match (was_required.contains(name), is_required.contains(name)) {
                    (false, true) => self.add(14, &at, format!("{at} is required now")),
                    (true, false) => self.add(15, &at, format!("{at} may be left out now")),
                    _ => {}
                }
                let any: &'static Value = &ANY;
                let other = new_by_name.get(name).copied().flatten();
                self.compare(schema.unwrap_or(any), other.unwrap_or(any), &at);
            }
        }
        for (name, schema) in added {
            if renamed.values().any(|to| *to == name) {
                continue;
            }
            let at = place.property(name);
            self.added(&at, schema, is_required.contains(name), a.is_closed());
        }
        self.others(a, b, place);
    }

    fn removed(&mut self, at: &Place, was_required: bool, is_closed: bool) {
        let rule = match (was_required, is_closed) {
            (true, _) => 10,
            (false, true) => 11,
            (false, false) => 12,
        };
        self.add(rule, at, format!("{at} is gone"));
    }

    fn added(&mut self, at: &Place, schema: Option<&Value>, is_required: bool, was_closed: bool) {
        use super::super::rules::Direction::{In, Out};
        let rule = match (self.direction, is_required, was_closed) {
            (Out, _, true) => 9,
            (In | Out, true, _) => 7,
            (In, false, true) => 9,
            (In | Out, false, false) => 8,
        };
        let kind = if is_required { "required" } else { "optional" };
        self.add(rule, at, format!("{at} is new, and {kind}"));
        if schema.is_some_and(|s| s.get("x-mcp-header").is_some()) {
            self.add(58, at, format!("{at} is mirrored into a header"));
        }
    }

    /// What other properties the object lets through: any, none, or those of a schema (a map).
    fn others(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let of = |view: &View<'d>| {
            if view.is_closed() {
                return Others::None;
            }
            match view.get("additionalProperties") {
                Some(schema @ Value::Object(_)) => Others::Like(schema),
                _ => Others::Any,
            }
        };
        let at = place.below("additionalProperties", ".*");
        match (of(a), of(b)) {
            (Others::Any, Others::Any) | (Others::None, Others::None) => {}
            (Others::Like(old), Others::Like(new)) => self.compare(old, new, &at),
            (Others::Any | Others::Like(_), Others::None) => {
                self.add(
                    32,
                    &at,
                    format!("{place} lets no other properties through now"),
                );
            }
            (Others::Any, Others::Like(_)) => {
                self.add(
                    32,
                    &at,
                    format!("other properties of {place} are checked now"),
                );
            }
            (Others::None | Others::Like(_), Others::Any) => {
                self.add(
                    33,
                    &at,
                    format!("{place} lets any other properties through now"),
                );
            }
            (Others::None, Others::Like(_)) => {
                self.add(
                    33,
                    &at,
                    format!("{place} lets other properties through now"),
                );
            }
        }
    }
}

enum Others<'d> {
    Any,
    None,
    Like(&'d Value),
}

/// Which of the removed properties live on under another name: same schema, and a description or a name that says so.
fn renamed<'d>(
    removed: &[Property<'d>],
    added: &[Property<'d>],
    alike: impl Fn(&str, &str) -> bool,
) -> HashMap<&'d str, &'d str> {
    let mut found: HashMap<&str, &str> = HashMap::new();
    if removed.len().saturating_mul(added.len()) > MAX_PAIRS {
        return found;
    }
    let text = |p: &Property<'d>| p.1.map(|schema| canonical(&normal::contract(schema)));
    let added_texts: Vec<_> = added.iter().map(text).collect();
    let mut taken = HashSet::new();
    for old in removed {
        let old_text = text(old);
        let about = |p: &Property<'d>| {
            p.1.and_then(|s| s.get("description"))
                .and_then(Value::as_str)
        };
        let fits = |i: &usize| {
            let new = &added[*i];
            let said = match (about(old), about(new)) {
                (Some(a), Some(b)) => a == b,
                (None, None) => true,
                _ => false,
            };
            added_texts[*i] == old_text
                && alike(old.0, new.0)
                && (said || plain(old.0) == plain(new.0))
        };
        // The same letters first: `user_id` is `userId` rather than what happens to stand first.
        let mut candidates: Vec<usize> = (0..added.len())
            .filter(|i| !taken.contains(i))
            .filter(fits)
            .collect();
        candidates.sort_by_key(|i| plain(old.0) != plain(added[*i].0));
        if let Some(&first) = candidates.first() {
            taken.insert(first);
            found.insert(old.0, added[first].0);
        }
    }
    found
}

/// A name without case and underscores.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
