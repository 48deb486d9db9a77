//! How many instructions a call costs, counted by callgrind: a figure that is the same in every run.
//!
//! `benches/instructions.json` holds what each call cost when it was last accepted. A rise by more than 5 % fails; so does
//! a call that costs more among 1,000 tools than among 10. `cargo xtask bless instructions` accepts the figures as they
//! are now, which a change of `Cargo.lock` or of the toolchain may call for.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use crate::exec::Log;
use crate::run::Tally;
use crate::workspace::Workspace;

const BASELINE: &str = "benches/instructions.json";
const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);
const RUN_LIMIT: Duration = Duration::from_secs(300);
/// How many per cent more than the baseline are let pass.
const TOLERANCE: u64 = 5;
/// The same for 1,000 tools beside 10. The code that runs is the same to the instruction; but `malloc` finds its memory in
/// another state, which was up to 2 %.
const TOLERANCE_OF_SIZE: u64 = 3;
/// The two numbers of calls whose difference is counted.
const CALLS: (u64, u64) = (200, 1_000);

/// What is counted: its name, and the target and the ask of `in-process`.
const COUNTS: [(&str, &str, &str); 6] = [
    ("bare actix-web", "floor", "echo"),
    ("echo, 2026-07-28", "10", "echo"),
    ("echo among 1,000 tools", "1000", "echo"),
    ("echo, 2025-11-25", "10", "echo-in-session"),
    ("roll_dice", "10", "roll-dice"),
    ("list of 52 tools", "52", "list"),
];
const AMONG_10: &str = "echo, 2026-07-28";
const AMONG_1000: &str = "echo among 1,000 tools";

/// The step of `cargo xtask test`.
pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let counted = count(workspace, log)?;
    let text = std::fs::read(workspace.path(BASELINE))
        .with_context(|| format!("no {BASELINE}: run `cargo xtask bless instructions`"))?;
    let baseline: Map<String, Value> =
        serde_json::from_slice(&text).with_context(|| format!("{BASELINE} is no JSON"))?;
    let mut tally = Tally::default();
    let mut judge = |log: &mut Log, name: &str, now: u64, before: u64, tolerance: u64| {
        let fits = now * 100 <= before * (100 + tolerance);
        let word = if fits { "ok" } else { "error:" };
        if fits {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
        log.note(&format!(
            "{word} {name}: {now} instructions, {before} before"
        ))
    };
    for (name, now) in &counted {
        let before = baseline.get(*name).and_then(Value::as_u64);
        let before = before.with_context(|| format!("{BASELINE} lacks `{name}`: bless it"))?;
        judge(log, name, *now, before, TOLERANCE)?;
    }
    let of = |wanted: &str| {
        counted
            .iter()
            .find(|(name, _)| *name == wanted)
            .map_or(0, |c| c.1)
    };
    judge(
        log,
        "1,000 tools beside 10",
        of(AMONG_1000),
        of(AMONG_10),
        TOLERANCE_OF_SIZE,
    )?;
    Ok(tally)
}

/// `cargo xtask bless instructions`.
pub(crate) fn bless(workspace: &Workspace) -> Result<bool> {
    let mut log = Log::create(workspace.log_dir().join("instructions.log"))?;
    let counted = count(workspace, &mut log)?;
    for (name, instructions) in &counted {
        println!("{instructions:>8} {name}");
    }
    let counted: Map<String, Value> = counted
        .iter()
        .map(|(name, instructions)| ((*name).to_owned(), Value::from(*instructions)))
        .collect();
    let text = format!("{:#}\n", Value::Object(counted));
    std::fs::write(workspace.path(BASELINE), text)?;
    Ok(true)
}

/// The instructions of one call of each kind.
pub(crate) fn count(workspace: &Workspace, log: &mut Log) -> Result<Vec<(&'static str, u64)>> {
    // Without the servers' features, which no call of these passes through.
    let build = [
        "build",
        "--release",
        "--package",
        "mcp-bench",
        "--no-default-features",
        "--bin",
        "in-process",
    ];
    log.run(&mut workspace.cargo(&build)?, BUILD_LIMIT)?;
    COUNTS
        .iter()
        .map(|(name, target, ask)| {
            let few = collected(workspace, log, target, ask, CALLS.0)?;
            let many = collected(workspace, log, target, ask, CALLS.1)?;
            ensure!(many > few, "`{name}`: {many} instructions after {few}");
            Ok((*name, (many - few) / (CALLS.1 - CALLS.0)))
        })
        .collect()
}

/// All instructions of a run with so many calls.
fn collected(
    workspace: &Workspace,
    log: &mut Log,
    target: &str,
    ask: &str,
    calls: u64,
) -> Result<u64> {
    let profile: PathBuf = workspace
        .artefacts()
        .join(format!("callgrind.{target}-{ask}-{calls}"));
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(workspace.released("in-process"))
        .args([target, ask, &calls.to_string()]);
    let output = log.run(&mut command, RUN_LIMIT).context(
        "callgrind did not run (`cargo xtask test provision` installs valgrind on Debian)",
    )?;
    total(&output).context("callgrind said nothing of what it collected")
}

/// What callgrind says at its end: `==1== Collected : 123`.
fn total(output: &str) -> Option<u64> {
    let line = output
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    line?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found() {
        assert_eq!(
            total("==7== \n==7== Collected : 123456\n==7== x"),
            Some(123_456)
        );
        assert_eq!(total("valgrind: no such file"), None);
    }
}
