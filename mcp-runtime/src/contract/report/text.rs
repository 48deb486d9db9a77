//! For a terminal: by severity, then by item.

use std::fmt::Write as _;

use super::Report;

const BOLD: &str = "1";
const DIM: &str = "2";

pub(super) fn write(report: &Report<'_>, colours: bool) -> String {
    let paint = |code: &str, text: &str| {
        if colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    let mut out = String::new();
    let (mut group, mut item) = ("", "");
    for row in report.rows() {
        if row.group != group {
            (group, item) = (row.group, "");
            let _ = writeln!(out, "{}", paint(colour(group), &group.to_uppercase()));
        }
        if row.item != item {
            item = row.item;
            let _ = writeln!(out, "  {}", paint(BOLD, item));
        }
        let _ = writeln!(
            out,
            "    {} {}",
            row.message,
            paint(DIM, &format!("[{}]", row.id))
        );
        if !row.path.is_empty() {
            let _ = writeln!(out, "      {}", paint(DIM, &format!("at {}", row.path)));
        }
        match row.waived {
            Some(reason) => {
                let _ = writeln!(out, "      waived: {reason}");
            }
            None if !row.hint.is_empty() => {
                let _ = writeln!(out, "      help: {}", row.hint);
            }
            None => {}
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    if let Report::Diff(diff) = report {
        for note in &diff.notes {
            let _ = writeln!(out, "note: {note}");
        }
    }
    let _ = writeln!(out, "{}", report.summary());
    out
}

/// The colour of a heading.
fn colour(group: &str) -> &'static str {
    match group {
        "breaking" | "error" => "1;31",
        "review" | "warning" => "1;33",
        "minor" => "1;32",
        _ => "1;36",
    }
}
