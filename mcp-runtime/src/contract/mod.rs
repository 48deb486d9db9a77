//! Tool schemas as a contract: what a server offers, locked in a file, compared, judged and linted.
//!
//! Everything here works on descriptors as clients see them, so that it judges other people's servers too. It opens no
//! port, reads no secret and calls no tool.

mod bump;
mod compare;
mod document;
mod lint;
mod normal;
mod own;
mod policy;
mod read;
mod report;
mod rules;

pub(crate) use bump::Bump;
pub(crate) use compare::Change;
pub(crate) use document::{Head, LOCK_FILE, Surface};
pub(crate) use lint::{Profile, lint};
pub(crate) use own::{Identity, Places};
pub(crate) use policy::{POLICY_FILE, Policy};
pub(crate) use read::{Unreadable, file as read_file, is_newer, text_of as read_text};
pub(crate) use report::{Format, Report};
pub(crate) use rules::Severity;

use policy::today;

/// What changed from one surface to another.
#[derive(Debug)]
pub(crate) struct Diff {
    pub changes: Vec<Change>,
    /// What is to be said besides: waivers that are expired, for example.
    pub notes: Vec<String>,
    pub old: Option<Head>,
    pub new: Option<Head>,
}

impl Diff {
    /// Compares, and lets pass what the policy says.
    pub(crate) fn of(old: &Surface, new: &Surface, policy: &Policy) -> Self {
        let mut changes = compare::compare(old, new, &policy.pinned);
        let mut notes = policy.waive(&mut changes, &today());
        notes.extend(document::growth(old, new));
        Self {
            changes,
            notes,
            old: old.server.clone(),
            new: new.server.clone(),
        }
    }

    /// The greatest severity there is.
    pub(crate) fn severity(&self) -> Severity {
        let all = self.changes.iter().map(|c| c.severity);
        all.max().unwrap_or(Severity::None)
    }

    /// The release that the changes ask for.
    pub(crate) fn required(&self) -> Bump {
        Bump::required(&self.changes)
    }

    /// The release that the versions announce; `None` where one is not known.
    pub(crate) fn announced(&self) -> Option<Bump> {
        let (old, new) = (self.old.as_ref()?, self.new.as_ref()?);
        Some(Bump::between(&old.version, &new.version))
    }

    /// Whether it must not go out like this: it breaks callers and no version says so, or a person has to look.
    pub(crate) fn is_blocked(&self) -> bool {
        let open = |severity| {
            self.changes
                .iter()
                .any(|c| c.severity == severity && c.waived.is_none())
        };
        let breaks = self.required() == Bump::Major && self.announced() != Some(Bump::Major);
        breaks || open(Severity::Review)
    }
}

/// A value in a message: itself if it is short.
fn short(value: &serde_json::Value) -> String {
    compare::short(value)
}

#[cfg(test)]
mod tests;
