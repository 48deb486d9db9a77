//! What was found, written for people, for programs, for a pull request and for code scanning.

mod json;
mod markdown;
mod sarif;
mod text;

use super::lint::{Finding, Level};
use super::own::Places;
use super::rules::{Severity, rule};
use super::{Bump, Diff};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For a terminal; with colours if it is one.
    Text {
        colours: bool,
    },
    Json,
    Markdown,
    Sarif,
}

/// What is reported.
#[derive(Debug)]
pub(crate) enum Report<'r> {
    Diff(&'r Diff),
    Lint(&'r [Finding]),
}

impl Report<'_> {
    /// The report as text. `places` are those of this server's items, `lock` is where all others are looked for.
    pub(crate) fn write(&self, format: Format, places: &Places, lock: &str) -> String {
        match format {
            Format::Text { colours } => text::write(self, colours),
            Format::Json => json::write(self),
            Format::Markdown => markdown::write(self),
            Format::Sarif => sarif::write(self, places, lock),
        }
    }

    /// Changes and findings, as one kind of row.
    fn rows(&self) -> Vec<Row<'_>> {
        match self {
            Self::Diff(diff) => {
                let changes = diff.changes.iter().filter(|c| c.severity != Severity::None);
                changes
                    .map(|c| Row {
                        group: c.severity.as_str(),
                        id: format!("rule-{}", c.rule),
                        about: rule(c.rule).about,
                        item: &c.item,
                        path: &c.path,
                        message: &c.message,
                        hint: &c.hint,
                        waived: c.waived.as_deref(),
                    })
                    .collect()
            }
            Self::Lint(findings) => findings
                .iter()
                .map(|f| Row {
                    group: match f.level {
                        Level::Error => "error",
                        Level::Warning => "warning",
                    },
                    id: f.check.to_owned(),
                    about: f.hint,
                    item: &f.item,
                    path: &f.path,
                    message: &f.message,
                    hint: f.hint,
                    waived: None,
                })
                .collect(),
        }
    }

    /// What it comes to, in a sentence.
    fn summary(&self) -> String {
        let rows = self.rows();
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for row in &rows {
            match counts.iter_mut().find(|(group, _)| *group == row.group) {
                Some((_, n)) => *n += 1,
                None => counts.push((row.group, 1)),
            }
        }
        let counts: Vec<String> = counts
            .iter()
            .map(|(group, n)| match (*group, n) {
                ("error" | "warning", 2..) => format!("{n} {group}s"),
                _ => format!("{n} {group}"),
            })
            .collect();
        let counts = counts.join(", ");
        match self {
            Self::Lint(_) if rows.is_empty() => "Nothing found.".into(),
            Self::Lint(_) => format!("{counts}."),
            Self::Diff(_) if rows.is_empty() => "No change to the contract.".into(),
            Self::Diff(diff) => format!("{counts}. {}", release(diff)),
        }
    }
}

/// Whether the version says what the changes ask for.
fn release(diff: &Diff) -> String {
    let required = diff.required();
    let mut text = match required {
        Bump::None => "No release is asked for".to_owned(),
        bump => format!("A {} release is asked for", bump.as_str()),
    };
    if let (Some(old), Some(new)) = (&diff.old, &diff.new)
        && required != Bump::None
    {
        let announced = diff.announced().unwrap_or(Bump::None);
        let fits = if announced >= required {
            "which is one"
        } else {
            "which is none"
        };
        if old.version == new.version {
            text.push_str(&format!("; the version is {} on both sides", old.version));
        } else {
            text.push_str(&format!("; {} became {}, {fits}", old.version, new.version));
        }
    }
    text.push('.');
    text
}

/// One line of a report.
struct Row<'r> {
    /// `breaking`, `minor`, `error` …
    group: &'r str,
    id: String,
    /// The rule, in a few words.
    about: &'r str,
    item: &'r str,
    path: &'r str,
    message: &'r str,
    hint: &'r str,
    waived: Option<&'r str>,
}
