//! What a section found: a table, the goals that it holds or misses, and the raw figures.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::{Effort, machine};
use crate::workspace::Workspace;

/// One section's results.
#[derive(Default)]
pub(super) struct Report {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) goals: Vec<Goal>,
    pub(super) notes: Vec<String>,
    pub(super) figures: Map<String, Value>,
}

/// What was to be reached, and what was.
#[derive(Debug, PartialEq)]
pub(super) struct Goal {
    name: String,
    want: String,
    got: String,
    held: bool,
}

impl Goal {
    /// No less than this.
    pub(super) fn at_least(name: &str, want: f64, got: f64, unit: &str) -> Self {
        Self::of(name, format!("≥ {want}{unit}"), got, unit, got >= want)
    }

    /// No more than this.
    pub(super) fn at_most(name: &str, want: f64, got: f64, unit: &str) -> Self {
        Self::of(name, format!("≤ {want}{unit}"), got, unit, got <= want)
    }

    fn of(name: &str, want: String, got: f64, unit: &str, held: bool) -> Self {
        Self {
            name: name.to_owned(),
            want,
            got: format!("{}{unit}", figure(got)),
            held,
        }
    }
}

/// A figure with as many digits as it deserves.
pub(super) fn figure(value: f64) -> String {
    match value.abs() {
        v if v.is_nan() => "–".to_owned(),
        v if v >= 1000.0 => thousands(value),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Report {
    pub(super) fn with_head(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|cell| (*cell).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// The tables, for a terminal and for the docs alike.
    pub(super) fn markdown(&self) -> String {
        table(&self.head, &self.rows)
            + &goals(
                self.goals
                    .iter()
                    .map(|g| [&*g.name, &g.want, &g.got, mark(g.held)]),
            )
            + &notes(self.notes.iter().map(String::as_str))
    }

    /// Keeps it for `--write-docs`, in place of an earlier run's.
    pub(super) fn keep(
        &self,
        workspace: &Workspace,
        section: &str,
        effort: Effort,
        load_before: Option<f64>,
    ) -> Result<()> {
        let mut all = read(workspace)?;
        let goals: Vec<Value> = self
            .goals
            .iter()
            .map(|g| json!({ "name": g.name, "want": g.want, "got": g.got, "held": g.held }))
            .collect();
        all.insert(
            section.to_owned(),
            json!({
                "machine": machine::describe(),
                "load_before": load_before,
                "quick": effort == Effort::QUICK,
                "head": self.head,
                "rows": self.rows,
                "goals": goals,
                "notes": self.notes,
                "figures": self.figures,
            }),
        );
        let path = path(workspace);
        std::fs::write(&path, format!("{:#}\n", Value::Object(all)))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The kept results of all sections, by name.
pub(super) fn read(workspace: &Workspace) -> Result<Map<String, Value>> {
    let path = path(workspace);
    std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
    if !path.exists() {
        return Ok(Map::new());
    }
    let text = std::fs::read(&path)?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is no JSON: remove it", path.display()))
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.provisioned("bench/results.json")
}

/// A section as it was kept.
pub(super) fn markdown_of(kept: &Value) -> String {
    let cells = |row: &Value| -> Vec<String> {
        let cells = row.as_array().into_iter().flatten();
        cells
            .map(|c| c.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let list = |key: &str| kept[key].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = list("rows").iter().map(cells).collect();
    let kept_goals = list("goals");
    let text =
        |goal: &'static str| move |g: &'_ Value| g[goal].as_str().unwrap_or_default().to_owned();
    let kept_goals: Vec<[String; 4]> = kept_goals
        .iter()
        .map(|g| {
            let held = mark(g["held"] == true).to_owned();
            [text("name")(g), text("want")(g), text("got")(g), held]
        })
        .collect();
    let kept_notes = list("notes");
    table(&cells(&kept["head"]), &rows)
        + &goals(kept_goals.iter().map(|g| [&*g[0], &*g[1], &*g[2], &*g[3]]))
        + &notes(kept_notes.iter().filter_map(Value::as_str))
}

fn mark(held: bool) -> &'static str {
    if held { "held" } else { "**missed**" }
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    // The first column is words, the others figures.
    let rule = format!("|---|{}\n", "--:|".repeat(head.len().saturating_sub(1)));
    let rows: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{rule}{rows}\n", line(head))
}

fn goals<'a>(goals: impl Iterator<Item = [&'a str; 4]>) -> String {
    let rows: String = goals
        .map(|cells| format!("| {} |\n", cells.join(" | ")))
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!("| goal | wanted | measured | |\n|---|--:|--:|---|\n{rows}\n")
}

fn notes<'a>(notes: impl Iterator<Item = &'a str>) -> String {
    let lines: String = notes.map(|note| format!("- {note}\n")).collect();
    if lines.is_empty() {
        lines
    } else {
        lines + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::with_head(&["server", "req/s"]);
        report.rows.push(vec!["floor".into(), figure(127_000.4)]);
        report.goals.push(Goal::at_least("echo", 0.85, 0.9, " ×"));
        report.goals.push(Goal::at_most("memory", 6.0, 7.25, " MB"));
        report.notes.push("FastMCP was not there".into());
        report
    }

    #[test]
    fn figures_have_the_digits_that_they_deserve() {
        let figures = [f64::NAN, 0.8549, 35.51, 296.2, 127_000.4, 1_234_567.0].map(figure);
        assert_eq!(
            figures,
            ["–", "0.85", "35.5", "296", "127,000", "1,234,567"]
        );
    }

    #[test]
    fn a_kept_report_reads_as_the_fresh_one() {
        let report = report();
        let goals: Vec<Value> = report
            .goals
            .iter()
            .map(|g| json!({ "name": g.name, "want": g.want, "got": g.got, "held": g.held }))
            .collect();
        let kept = json!({ "head": report.head, "rows": report.rows, "goals": goals, "notes": report.notes });
        let fresh = report.markdown();
        assert_eq!(markdown_of(&kept), fresh);
        for part in [
            "| floor | 127,000 |",
            "| echo | ≥ 0.85 × | 0.90 × | held |",
            "7.25 MB | **missed**",
        ] {
            assert!(fresh.contains(part), "{part} in {fresh}");
        }
    }
}
