//! What clients are known to trip over, whatever the contract was before.
//!
//! Each check comes from reports of real failures, and belongs to the profiles of those who fail.

mod checks;
mod walk;

use serde::Serialize;

use super::document::{Surface, growth};
use super::rules::rule;
use checks::CHECKS;

/// A client, or a catalogue of servers, with demands of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Anthropic,
    OpenaiStrict,
    Gemini,
    Cursor,
    Directory,
}

impl Profile {
    pub(crate) const NAMES: [(&'static str, Self); 5] = [
        ("anthropic", Self::Anthropic),
        ("openai-strict", Self::OpenaiStrict),
        ("gemini", Self::Gemini),
        ("cursor", Self::Cursor),
        ("directory", Self::Directory),
    ];
}

/// Whether it stops the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Error,
    Warning,
}

/// One thing that a client may trip over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The name of the check.
    pub check: &'static str,
    pub level: Level,
    pub item: String,
    /// A JSON pointer into the descriptor.
    pub path: String,
    pub message: String,
    pub hint: &'static str,
}

impl Finding {
    /// Whether it stops the build.
    pub(crate) fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

/// One check.
struct Check {
    name: &'static str,
    /// Who fails; nobody in particular if empty.
    profiles: &'static [Profile],
    /// Whether a client refuses the whole server for it.
    fatal: bool,
    hint: &'static str,
    run: fn(&Surface, &mut Reports),
}

/// What one check found: item, path and message.
type Reports = Vec<(String, String, String)>;

/// Lints a surface. Without a profile all are looked at, and only what breaks a whole server is an error; with
/// profiles, all that breaks one of them. `locked` is what was offered before, for the growth of the list.
pub(crate) fn lint(
    surface: &Surface,
    profiles: &[Profile],
    locked: Option<&Surface>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in CHECKS {
        let asked = check.profiles.iter().any(|p| profiles.contains(p));
        let general = check.profiles.is_empty() || check.fatal;
        if !(profiles.is_empty() || asked || general) {
            continue;
        }
        let level = if check.fatal || asked {
            Level::Error
        } else {
            Level::Warning
        };
        let mut reports = Reports::new();
        (check.run)(surface, &mut reports);
        findings.extend(reports.into_iter().map(|(item, path, message)| Finding {
            check: check.name,
            level,
            item,
            path,
            message,
            hint: check.hint,
        }));
    }
    if let Some(message) = locked.and_then(|locked| growth(locked, surface)) {
        findings.push(Finding {
            check: "token-growth",
            level: Level::Warning,
            item: "tools".into(),
            path: String::new(),
            message,
            hint: rule(62).hint,
        });
    }
    findings.sort_by(|a, b| {
        (a.level, &a.item, a.check, &a.path).cmp(&(b.level, &b.item, b.check, &b.path))
    });
    findings
}
