//! For a comment on a pull request.

use std::fmt::Write as _;

use super::{Report, Row};

/// As many rows as are shown: a comment has at most 65,536 characters.
const MAX_ROWS: usize = 200;

pub(super) fn write(report: &Report<'_>) -> String {
    let rows = report.rows();
    let title = match report {
        Report::Diff(_) => "MCP contract",
        Report::Lint(_) => "MCP lint",
    };
    let mut out = format!("### {title}\n\n{}\n", report.summary());
    if !rows.is_empty() {
        out.push_str("\n| | item | what | where |\n|---|---|---|---|\n");
        for row in rows.iter().take(MAX_ROWS) {
            line(&mut out, row);
        }
        if rows.len() > MAX_ROWS {
            let _ = writeln!(out, "\n… and {} more.", rows.len() - MAX_ROWS);
        }
    }
    if let Report::Diff(diff) = report {
        for note in &diff.notes {
            let _ = writeln!(out, "\n> {}", cell(note));
        }
    }
    out
}

fn line(out: &mut String, row: &Row<'_>) {
    let mark = match row.group {
        "breaking" | "error" => "🔴",
        "review" | "warning" => "🟡",
        "minor" => "🟢",
        _ => "⚪",
    };
    let mut what = format!("{} ({})", cell(row.message), row.id);
    match row.waived {
        Some(reason) => what.push_str(&format!("<br>*waived: {}*", cell(reason))),
        None if !row.hint.is_empty() => what.push_str(&format!("<br>*{}*", cell(row.hint))),
        None => {}
    }
    let code = |text: &str| match text {
        "" => String::new(),
        text => format!(
            "`{}`",
            text.replace('`', "'")
                .replace('|', "\\|")
                .replace(['\r', '\n'], " ")
        ),
    };
    let _ = writeln!(
        out,
        "| {mark} {} | {} | {what} | {} |",
        row.group,
        code(row.item),
        code(row.path)
    );
}

/// Text that stays in its cell, and starts no markup: names and descriptions are other people's. What stands between
/// backticks is code.
fn cell(text: &str) -> String {
    let is_paired = text.matches('`').count().is_multiple_of(2);
    let mut is_code = false;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\r' | '\n' => out.push(' '),
            '|' => out.push_str("\\|"),
            '`' if is_paired => {
                is_code = !is_code;
                out.push(c);
            }
            c if is_code => out.push(c),
            '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '`' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}
