//! Runs steps one after the other and tells how each went.

use std::io::Write as _;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::exec::{Log, tail};
use crate::workspace::Workspace;

/// How much of a failed step's log is shown; the rest stays in its file.
const SHOWN_LINES: usize = 80;

/// One thing to check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    run: fn(&Workspace, &mut Log) -> Result<Tally>,
}

impl Step {
    pub(crate) const fn new(
        name: &'static str,
        about: &'static str,
        run: fn(&Workspace, &mut Log) -> Result<Tally>,
    ) -> Self {
        Self { name, about, run }
    }
}

/// How many tests a step ran. A step that counts none is one test itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Why the step did not run, if it did not.
    pub(crate) not_run: Option<&'static str>,
}

impl Tally {
    /// A step that lacks what it needs, and is not needed here.
    pub(crate) const fn not_run(why: &'static str) -> Self {
        Self {
            passed: 0,
            failed: 0,
            not_run: Some(why),
        }
    }

    /// The step itself, when it passed.
    pub(crate) const ONE: Self = Self {
        passed: 1,
        failed: 0,
        not_run: None,
    };
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

struct Outcome {
    name: &'static str,
    tally: Tally,
    took: Duration,
}

/// Runs the steps, prints a summary, and says whether all passed.
pub(crate) fn run(workspace: &Workspace, steps: &[&Step], fail_fast: bool) -> Result<bool> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        print!(
            "[{}/{}] {:<12} {} … ",
            index + 1,
            steps.len(),
            step.name,
            step.about
        );
        std::io::stdout().flush()?;
        let started = Instant::now();
        let mut log = Log::create(workspace.log_dir().join(format!("{}.log", step.name)))?;
        let result = (step.run)(workspace, &mut log);
        let took = started.elapsed();
        let mut tally = match &result {
            Ok(tally) => *tally,
            Err(error) => {
                log.note(&format!("error: {error:#}"))?;
                counted(&std::fs::read_to_string(log.path()).unwrap_or_default())
            }
        };
        if result.is_err() {
            tally.failed = tally.failed.max(1);
        }
        let passed = tally.failed == 0;
        println!(
            "{} ({:.1} s)",
            match tally.not_run {
                Some(why) => format!("NOT RUN: {why}"),
                None if passed => "ok".to_owned(),
                None => "FAILED".to_owned(),
            },
            took.as_secs_f64()
        );
        if !passed {
            let text = String::from_utf8_lossy(&std::fs::read(log.path())?).into_owned();
            println!(
                "{}\n      whole log: {}",
                indent(&tail(&text, SHOWN_LINES)),
                log.path().display()
            );
        }
        outcomes.push(Outcome {
            name: step.name,
            tally,
            took,
        });
        if !passed && fail_fast {
            break;
        }
    }
    Ok(summary(&outcomes))
}

fn summary(outcomes: &[Outcome]) -> bool {
    let mut total = Tally::default();
    println!(
        "\n{:<12} {:>7} {:>7} {:>9}",
        "step", "passed", "failed", "time"
    );
    for Outcome { name, tally, took } in outcomes {
        let mark = match (tally.failed, tally.not_run) {
            (_, Some(_)) => "  <- not run",
            (0, None) => "",
            _ => "  <- FAILED",
        };
        let took = took.as_secs_f64();
        println!(
            "{name:<12} {:>7} {:>7} {took:>7.1} s{mark}",
            tally.passed, tally.failed
        );
        total += *tally;
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    total.failed == 0
}

/// Sums what nextest (`12 tests run: 12 passed, 1 failed`), `cargo test` (`test result: ok. 3 passed; 0 failed;`)
/// and our own walks (`ok step`) print about themselves.
pub(crate) fn counted(output: &str) -> Tally {
    // Under nextest a failed test shows a `test result:` of its own, which the summary counts already.
    let summary = |line: &str| line.starts_with("Summary [") && line.contains(" run: ");
    let nextest = output.lines().any(|line| summary(line.trim_start()));
    let mut tally = Tally::default();
    for line in output.lines().map(str::trim_start) {
        if line.starts_with("ok ") {
            tally.passed += 1;
        } else if summary(line) || (!nextest && line.starts_with("test result:")) {
            tally.passed += number_before(line, " passed");
            tally.failed += number_before(line, " failed") + number_before(line, " timed out");
        }
    }
    tally
}

fn number_before(line: &str, word: &str) -> u64 {
    let Some(end) = line.find(word) else { return 0 };
    let digits = line[..end]
        .chars()
        .rev()
        .take_while(char::is_ascii_digit)
        .count();
    line[end - digits..end].parse().unwrap_or(0)
}

fn indent(text: &str) -> String {
    text.lines()
        .map(|line| format!("      {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runner_is_counted() {
        let nextest =
            "     Summary [   1.2s] 312 tests run: 310 passed (1 slow), 2 failed, 4 skipped";
        assert_eq!(
            counted(nextest),
            Tally {
                passed: 310,
                failed: 2,
                ..Tally::default()
            }
        );
        let noisy = format!("test result: FAILED. 0 passed; 1 failed; 0 ignored\n{nextest}");
        assert_eq!(counted(&noisy), counted(nextest));
        let cargo = "test result: ok. 14 passed; 0 failed; 1 ignored; 0 measured\ntest result: FAILED. 1 passed; 2 failed";
        assert_eq!(
            counted(cargo),
            Tally {
                passed: 15,
                failed: 2,
                ..Tally::default()
            }
        );
        assert_eq!(
            counted("ok list: a\nok call: b\nokay"),
            Tally {
                passed: 2,
                failed: 0,
                ..Tally::default()
            }
        );
        assert_eq!(counted("nothing"), Tally::default());
    }
}
