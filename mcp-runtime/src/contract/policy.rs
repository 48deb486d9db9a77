//! What a team decided beside its lock file: waivers, and tools whose description is part of the contract.
//!
//! `mcp.policy.json` is written by hand, so it is no part of the lock, which `--write` makes anew.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::compare::Change;
use super::read::Unreadable;
use super::rules::{RULES, Severity};

/// The name of the file, beside the lock.
pub(crate) const POLICY_FILE: &str = "mcp.policy.json";

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Policy {
    /// Changes that are let pass.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Tools whose description may not change unseen: `roll_dice`.
    #[serde(default)]
    pub pinned: Vec<String>,
}

/// A change that is let pass, why, and until when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Waiver {
    /// The rule's number.
    pub rule: u8,
    /// `tools/roll_dice`
    pub item: String,
    /// Where in its descriptor; everywhere if left out.
    pub path: Option<String>,
    pub reason: String,
    /// The last day on which it counts, as YYYY-MM-DD.
    pub expires: String,
}

impl Policy {
    /// Reads a file; none is an empty one.
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let wrong = |why: String| Unreadable(format!("{}: {why}", path.display()));
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(wrong(format!("cannot be read: {e}"))),
        };
        let policy: Self = serde_json::from_slice(&text).map_err(|e| {
            wrong(format!(
                "{e}; a waiver is {{\"rule\": 7, \"item\": \"tools/roll_dice\", \"path\": \
                 \"/inputSchema/properties/sides\", \"reason\": \"…\", \"expires\": \"2030-12-31\"}}"
            ))
        })?;
        for (i, waiver) in policy.waivers.iter().enumerate() {
            if !crate::schema::is_valid("date", &waiver.expires) {
                return Err(wrong(format!(
                    "`waivers[{i}].expires` is `{}`: write the last day as YYYY-MM-DD",
                    waiver.expires
                )));
            }
            if !RULES.iter().any(|rule| rule.number == waiver.rule) {
                return Err(wrong(format!(
                    "`waivers[{i}].rule` is {}, and rules are numbered from 1 to {}: take the number from the report",
                    waiver.rule,
                    RULES.len()
                )));
            }
            if waiver.reason.trim().is_empty() {
                return Err(wrong(format!(
                    "`waivers[{i}].reason` is empty: say why the change is let pass"
                )));
            }
        }
        Ok(policy)
    }

    /// Marks the changes that are let pass, and tells of waivers that do so no longer.
    pub(crate) fn waive(&self, changes: &mut [Change], today: &str) -> Vec<String> {
        let mut notes = Vec::new();
        for waiver in &self.waivers {
            let mut used = false;
            let expired = waiver.expires.as_str() < today;
            for change in changes
                .iter_mut()
                .filter(|c| c.severity >= Severity::Review)
            {
                let fits = change.rule == waiver.rule
                    && change.item == waiver.item
                    && waiver.path.as_ref().is_none_or(|path| *path == change.path);
                if fits {
                    used = true;
                    if !expired {
                        change.waived = Some(waiver.reason.clone());
                    }
                }
            }
            let name = format!("the waiver of rule {} for {}", waiver.rule, waiver.item);
            if used && expired {
                notes.push(format!("{name} expired on {}", waiver.expires));
            } else if !used {
                notes.push(format!(
                    "{name} waives nothing here: remove it once its change is in the lock"
                ));
            }
        }
        notes
    }
}

/// Today in UTC, as YYYY-MM-DD.
pub(crate) fn today() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    date(since.as_secs() / 86_400)
}

/// A day of the Gregorian calendar, counted from 1970-01-01.
fn date(day: u64) -> String {
    // By eras of 400 years that begin in March, so that a leap day is the last of its year.
    let shifted = day + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_789, "2024-03-07"),
            (20_782, "2026-11-25"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(day), text);
        }
    }

    fn change(rule: u8, severity: Severity, path: &str) -> Change {
        Change {
            rule,
            severity,
            item: "tools/a".into(),
            path: path.into(),
            message: String::new(),
            hint: String::new(),
            waived: None,
        }
    }

    #[test]
    fn a_waiver_lets_its_change_pass_until_it_expires() {
        let policy = |expires: &str| Policy {
            waivers: vec![Waiver {
                rule: 7,
                item: "tools/a".into(),
                path: Some("/x".into()),
                reason: "nobody used it".into(),
                expires: expires.into(),
            }],
            pinned: Vec::new(),
        };
        let list = || {
            vec![
                change(7, Severity::Breaking, "/x"),
                change(7, Severity::Breaking, "/y"),
            ]
        };
        let mut changes = list();
        assert!(
            policy("2026-12-31")
                .waive(&mut changes, "2026-12-31")
                .is_empty()
        );
        assert_eq!(changes[0].waived.as_deref(), Some("nobody used it"));
        assert_eq!(changes[1].waived, None);
        let mut changes = list();
        let notes = policy("2026-12-31").waive(&mut changes, "2027-01-01");
        assert!(
            changes.iter().all(|c| c.waived.is_none())
                && notes[0].contains("expired on 2026-12-31")
        );
        let notes = policy("2026-12-31").waive(&mut [], "2026-01-01");
        assert!(notes[0].contains("waives nothing"));
    }
}
