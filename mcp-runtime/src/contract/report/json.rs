//! For programs.

use serde_json::{Value, json};

use super::Report;

pub(super) fn write(report: &Report<'_>) -> String {
    let value: Value = match report {
        Report::Diff(diff) => json!({
            "severity": diff.severity(),
            "requiredBump": diff.required().as_str(),
            "changes": diff.changes,
        }),
        Report::Lint(findings) => json!({
            "errors": findings.iter().filter(|f| f.is_error()).count(),
            "warnings": findings.iter().filter(|f| !f.is_error()).count(),
            "findings": findings,
        }),
    };
    format!("{value:#}\n")
}
