//! Alternatives: which branch is which, and what it means that one is new or gone.

use std::collections::HashSet;

use serde_json::Value;

use super::super::normal;
use super::super::rules::Direction;
use super::Place;
use super::schema::Schemas;
use super::view::View;
use crate::schema::canonical;

impl<'d> Schemas<'d, '_> {
    /// `string` against `anyOf [string, integer]`: the one is a list of one alternative. Says whether it was so.
    pub(super) fn one_against_many(
        &mut self,
        old: &'d Value,
        new: &'d Value,
        a: &View<'d>,
        b: &View<'d>,
        place: &Place,
    ) -> bool {
        if place.is_root() || a.types().is_some() == b.types().is_some() {
            return false;
        }
        let (key, was, is) = match (a.alternatives(), b.alternatives()) {
            (None, Some((key, many))) if a.types().is_some() => {
                (key, std::slice::from_ref(old), many)
            }
            (Some((key, many)), None) if b.types().is_some() => {
                (key, many, std::slice::from_ref(new))
            }
            _ => return false,
        };
        self.told(a, b, place);
        self.alternatives(key, was, is, place);
        true
    }

    pub(super) fn compositions(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        self.all_of(a, b, place);
        match (a.alternatives(), b.alternatives()) {
            (None, None) => {}
            (None, Some((key, _))) if place.is_root() => self.composed(40, key, place),
            (Some((key, _)), None) if place.is_root() => self.composed(64, key, place),
            (None, Some((key, _))) | (Some((key, _)), None) => {
                let at = place.below(key, "");
                self.add(39, &at, format!("the alternatives of {place} came or went"));
            }
            (Some((was_key, was)), Some((key, is))) => {
                if was_key != key
                    && (self.proven(was, true).is_none() || self.proven(is, false).is_none())
                {
                    let at = place.below(key, "");
                    self.add(39, &at, format!("{place} was `{was_key}` and is `{key}`"));
                    return;
                }
                self.alternatives(key, was, is, place);
            }
        }
    }

    fn composed(&mut self, rule: u8, key: &str, place: &Place) {
        let word = if rule == 40 { "has" } else { "has no" };
        let at = place.below(key, "");
        self.add(rule, &at, format!("{place} {word} `{key}` at its root now"));
    }

    fn all_of(&mut self, a: &View<'d>, b: &View<'d>, place: &Place) {
        let of = |view: &View<'d>| {
            view.get("allOf")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
        };
        match (of(a), of(b)) {
            (None, None) => {}
            (None, Some(_)) if place.is_root() => self.composed(40, "allOf", place),
            (Some(_), None) if place.is_root() => self.composed(64, "allOf", place),
            (Some(was), Some(is)) if was.len() == is.len() => {
                for (i, (old, new)) in was.iter().zip(is).enumerate() {
                    let at = place.below(&format!("allOf/{i}"), "");
                    self.compare(old, new, &at);
                }
            }
            _ => {
                let at = place.below("allOf", "");
                self.add(
                    39,
                    &at,
                    format!("the parts that {place} is made of changed"),
                );
            }
        }
    }

    fn alternatives(&mut self, key: &str, was: &'d [Value], is: &'d [Value], place: &Place) {
        let text = |branch: &Value| {
            let mut contract = normal::contract(branch);
            // What a value is by default is no part of what it may be.
            if let Value::Object(map) = &mut contract {
                map.remove("default");
            }
            canonical(&contract)
        };
        let was_texts: HashSet<String> = was.iter().map(text).collect();
        let is_texts: HashSet<String> = is.iter().map(text).collect();
        // A reference may read the same and lead elsewhere: such pairs are looked at below.
        let mut gone: Vec<(usize, &Value)> = was.iter().enumerate().collect();
        let mut come: Vec<(usize, &Value)> = is.iter().enumerate().collect();
        let same = |branch: &Value, others: &HashSet<String>| {
            let text = text(branch);
            !text.contains("\"$ref\"") && others.contains(&text)
        };
        gone.retain(|(_, branch)| !same(branch, &is_texts));
        come.retain(|(_, branch)| !same(branch, &was_texts));
        if gone.is_empty() && come.is_empty() {
            return;
        }
        let proven = self.proven(was, true).zip(self.proven(is, false));
        let decided = key == "anyOf" || proven.is_some();
        let before = self.changes.asserting();
        let kinds = |list: &[(usize, &'d Value)], root: &'d Value, discriminator: Option<&str>| {
            let of = |(_, branch): &(usize, &'d Value)| View::of(root, branch).kind(discriminator);
            list.iter().map(of).collect::<Vec<_>>()
        };
        let discriminator = proven.as_ref().map_or_else(
            || self.discriminator(&gone, &come),
            |(old, new)| old.clone().filter(|o| new.as_ref() == Some(o)),
        );
        let was_kinds = kinds(&gone, self.old_root, discriminator.as_deref());
        let is_kinds = kinds(&come, self.new_root, discriminator.as_deref());
        let unique = |kinds: &[Option<String>], kind: &str| {
            kinds.iter().flatten().filter(|k| *k == kind).count() == 1
        };
        let mut paired = HashSet::new();
        for ((i, old), kind) in gone.iter().zip(&was_kinds) {
            let other = kind
                .as_ref()
                .filter(|k| unique(&was_kinds, k) && unique(&is_kinds, k));
            let other = other.and_then(|k| is_kinds.iter().position(|o| o.as_ref() == Some(k)));
            match other {
                Some(other) => {
                    paired.insert(other);
                    let at = place.below(&format!("{key}/{}", come[other].0), "");
                    self.branch(old, come[other].1, &at);
                }
                None if decided && !self.covered(old, true, is) => {
                    let at = place.below(&format!("{key}/{i}"), "");
                    self.add(38, &at, format!("{place} can no longer be {}", name(kind)));
                }
                None => {}
            }
        }
        let mut unpaired = paired.len() < gone.len();
        for (other, ((i, new), kind)) in come.iter().zip(&is_kinds).enumerate() {
            if paired.contains(&other) {
                continue;
            }
            unpaired = true;
            if decided && !self.covered(new, false, was) {
                let at = place.below(&format!("{key}/{i}"), "");
                self.add(37, &at, format!("{place} can also be {}", name(kind)));
            }
        }
        // Which of them a value falls under may have changed with any of them.
        if !decided && (unpaired || self.changes.asserting() > before) {
            self.changes.forget(before);
            let at = place.below(key, "");
            self.add(
                39,
                &at,
                format!("the alternatives of {place} changed, and nothing tells them apart"),
            );
        }
    }

    /// Whether alternatives of the other side let all of this one through: then it adds nothing, or nothing is lost
    /// with it. Asked only where that decides whether somebody breaks.
    fn covered(&mut self, branch: &'d Value, is_old: bool, others: &'d [Value]) -> bool {
        let breaks = is_old == (self.direction == Direction::In);
        if self.is_trial || !breaks || others.len() > MAX_PROVEN {
            return false;
        }
        let (branch_root, other_root) = if is_old {
            (self.old_root, self.new_root)
        } else {
            (self.new_root, self.old_root)
        };
        // A list of types is as many alternatives: `[X, null]` may be covered by `X` and `null`.
        by_type(branch).iter().all(|part| {
            others
                .iter()
                .any(|other| self.is_narrower((other_root, other), (branch_root, part)))
        })
    }

    /// One alternative against its successor; what is told of it is told of the whole already.
    fn branch(&mut self, old: &'d Value, new: &'d Value, place: &Place) {
        let (a, b) = (View::of(self.old_root, old), View::of(self.new_root, new));
        if self.enter(old, new, place) {
            self.asserted(&a, &b, place);
            self.leave();
        }
    }

    /// Whether no value can fall under two alternatives: types that differ, or objects that a constant tells apart. The
    /// inner option is the property that has it.
    fn proven(&self, branches: &'d [Value], old: bool) -> Option<Option<String>> {
        let root = if old { self.old_root } else { self.new_root };
        let views: Vec<View<'d>> = branches.iter().map(|b| View::of(root, b)).collect();
        let discriminator = discriminator(&views);
        let pairs = (0..views.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let apart =
            |(i, j): (usize, usize)| disjoint(&views[i], &views[j], discriminator.as_deref());
        (views.len() <= MAX_PROVEN && pairs.into_iter().all(apart)).then_some(discriminator)
    }

    fn discriminator(
        &self,
        gone: &[(usize, &'d Value)],
        come: &[(usize, &'d Value)],
    ) -> Option<String> {
        let old = gone.iter().map(|(_, b)| View::of(self.old_root, b));
        let new = come.iter().map(|(_, b)| View::of(self.new_root, b));
        let (old, new): (Vec<_>, Vec<_>) = (old.collect(), new.collect());
        discriminator(&old).filter(|name| discriminator(&new).as_ref() == Some(name))
    }
}

/// The schema once for each of its types.
fn by_type(schema: &Value) -> Vec<Value> {
    let Some(Value::Array(types)) = schema.get("type") else {
        return vec![schema.clone()];
    };
    let of = |only: &Value| {
        let mut part = schema.clone();
        part["type"] = only.clone();
        if let Some(Value::Array(values)) = part.get_mut("enum") {
            let fits = |v: &Value| {
                let own = normal::type_of(v);
                only == own || only == "number" && own == "integer"
            };
            values.retain(fits);
        }
        part
    };
    types.iter().map(of).collect()
}

/// As many alternatives as are compared with each other.
const MAX_PROVEN: usize = 200;

/// Whether no value falls under both.
fn disjoint(a: &View<'_>, b: &View<'_>, discriminator: Option<&str>) -> bool {
    if let (Some(a), Some(b)) = (a.values(), b.values()) {
        return a.iter().all(|value| !b.contains(value));
    }
    let (Some(a_types), Some(b_types)) = (a.types(), b.types()) else {
        return false;
    };
    let both: Vec<&str> = a_types
        .iter()
        .copied()
        .filter(|t| {
            b_types.contains(t)
                || matches!(*t, "integer" | "number") && {
                    b_types.contains("number") || *t == "number" && b_types.contains("integer")
                }
        })
        .collect();
    let tagged = || {
        discriminator.is_some_and(|name| a.constant(name).is_some() && b.constant(name).is_some())
    };
    both.is_empty() || (both == ["object"] && tagged())
}

/// The property whose constant is another in each of the objects.
fn discriminator(views: &[View<'_>]) -> Option<String> {
    let objects: Vec<&View<'_>> = views
        .iter()
        .filter(|v| v.types().is_some_and(|t| t.contains("object")))
        .collect();
    let (first, rest) = objects.split_first()?;
    let names = first.properties().into_iter().map(|(name, _)| name);
    names
        .filter(|name| {
            let mut seen = HashSet::new();
            let constant = |view: &View<'_>| view.constant(name).map(ToString::to_string);
            std::iter::once(first)
                .chain(rest)
                .all(|view| constant(view).is_some_and(|c| seen.insert(c)))
        })
        .map(str::to_owned)
        .next()
}

fn name(kind: &Option<String>) -> String {
    kind.clone().unwrap_or_else(|| "something else".into())
}
