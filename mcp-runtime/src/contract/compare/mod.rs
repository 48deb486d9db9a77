//! What changed between two surfaces, and how grave it is.

mod branches;
mod items;
mod object;
mod schema;
mod tool;
mod value;
mod view;

use std::fmt;

use serde::Serialize;

use super::document::{Kind, Surface};
use super::rules::{Direction, Severity, rule};

pub(super) use tool::{effective_hints, task_support};
pub(super) use view::short;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// The number of the rule.
    pub rule: u8,
    /// How grave it is.
    pub severity: Severity,
    /// What changed: `tools/roll_dice`.
    pub item: String,
    /// Where in its descriptor, a JSON pointer.
    pub path: String,
    /// What happened.
    pub message: String,
    /// What to do about it; empty where nothing is to be done.
    pub hint: String,
    /// Why it is let pass, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
}

/// Every change between two surfaces, the gravest first. `pinned` are the tools whose description is part of the
/// contract.
pub(crate) fn compare(old: &Surface, new: &Surface, pinned: &[String]) -> Vec<Change> {
    let mut changes = Changes::default();
    items::server(old, new, &mut changes);
    for kind in Kind::ALL {
        // What one side does not tell of is not compared: a plain list of tools has no prompts in it.
        if let (Some(old), Some(new)) = (old.entries(kind), new.entries(kind)) {
            items::compare(kind, old, new, pinned, &mut changes);
        }
    }
    let mut list = changes.list;
    list.sort_by(|a, b| {
        let key = |c: &Change| {
            (
                std::cmp::Reverse(c.severity),
                c.item.clone(),
                c.path.clone(),
                c.rule,
            )
        };
        key(a).cmp(&key(b))
    });
    list
}

/// The changes so far, each under the item that is being compared.
#[derive(Debug, Default)]
pub(super) struct Changes {
    item: String,
    list: Vec<Change>,
}

impl Changes {
    pub(super) fn begin(&mut self, item: String) {
        self.item = item;
    }

    pub(super) fn add(
        &mut self,
        number: u8,
        direction: Direction,
        path: &str,
        message: impl Into<String>,
    ) {
        let rule = rule(number);
        let mut push = |severity: Severity, message: String| {
            let hint = if severity >= Severity::Review || number == 44 {
                rule.hint
            } else {
                ""
            };
            self.list.push(Change {
                rule: number,
                severity,
                item: self.item.clone(),
                path: path.to_owned(),
                message,
                hint: hint.to_owned(),
                waived: None,
            });
        };
        let message = message.into();
        if rule.review {
            push(Severity::Review, format!("{message}: is that meant?"));
        }
        push(rule.severity(direction), message);
    }

    /// The same rule, graver or less grave than its row says.
    pub(super) fn add_as(
        &mut self,
        number: u8,
        severity: Severity,
        path: &str,
        message: impl Into<String>,
    ) {
        self.add(number, Direction::In, path, message);
        if let Some(last) = self.list.last_mut() {
            last.severity = severity;
        }
    }

    /// How many changes assert something: more than titles and descriptions.
    pub(super) fn asserting(&self) -> usize {
        let told = |c: &&Change| !matches!(c.rule, 4 | 5 | 43 | 44);
        self.list.iter().filter(told).count()
    }

    /// Takes back the asserting changes beyond the first so many: one that stands for them all follows.
    pub(super) fn forget(&mut self, asserting: usize) {
        let mut seen = 0;
        self.list.retain(|c| {
            let told = matches!(c.rule, 4 | 5 | 43 | 44);
            seen += usize::from(!told);
            told || seen <= asserting
        });
    }

    pub(super) fn greatest(&self) -> Severity {
        let all = self.list.iter().map(|c| c.severity);
        all.max().unwrap_or(Severity::None)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

/// Where in a descriptor, for programs and for people.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: String,
    /// `a.b[]`; empty at the root.
    name: String,
}

impl Place {
    pub(super) fn root(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            name: String::new(),
        }
    }

    pub(super) fn is_root(&self) -> bool {
        self.name.is_empty()
    }

    pub(super) fn below(&self, path: &str, name: &str) -> Self {
        Self {
            path: format!("{}/{path}", self.path),
            name: format!("{}{name}", self.name),
        }
    }

    pub(super) fn property(&self, name: &str) -> Self {
        // RFC 6901 §3.
        let escaped = name.replace('~', "~0").replace('/', "~1");
        let dot = if self.is_root() { "" } else { "." };
        Self {
            path: format!("{}/properties/{escaped}", self.path),
            name: format!("{}{dot}{name}", self.name),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_root() {
            // Of a name that is too long to read, the end tells most.
            let length = self.name.chars().count();
            let skipped = if length > 100 { length - 80 } else { 0 };
            let dots = if skipped > 0 { "…" } else { "" };
            let shown: String = self.name.chars().skip(skipped).collect();
            write!(f, "`{dots}{shown}`")
        } else if self.path.starts_with("/outputSchema") {
            f.write_str("the result")
        } else {
            f.write_str("the input")
        }
    }
}
