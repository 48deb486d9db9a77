//! The steps that cargo and its subcommands run.
//!
//! All but `features` build the whole workspace with one feature set, so that nothing compiles twice.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::exec::Log;
use crate::run::{Tally, counted};
use crate::workspace::Workspace;

/// Enough for a first build on a small machine.
const LIMIT: Duration = Duration::from_secs(40 * 60);

pub(crate) fn fmt(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    simple(workspace, log, &["fmt", "--all", "--check"])
}

pub(crate) fn clippy(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    simple(
        workspace,
        log,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            "mcp-tests/on-postgres",
            "--",
            "-D",
            "warnings",
        ],
    )
}

pub(crate) fn unit(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    // Benchmarks apart, everything that a later step runs is built here.
    log.run(
        &mut workspace.cargo(&["build", "--workspace", "--all-targets"])?,
        LIMIT,
    )?;
    nextest(workspace, log, "not binary(ui)")
}

pub(crate) fn ui(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    nextest(workspace, log, "binary(ui)")
}

fn nextest(workspace: &Workspace, log: &mut Log, filter: &str) -> Result<Tally> {
    let mut command = workspace.cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])?;
    // Failures at the end, where the report's tail shows them.
    command.args([
        "--status-level",
        "fail",
        "--failure-output",
        "final",
        "--filterset",
        filter,
    ]);
    let tally = counted(&log.run(&mut command, LIMIT)?);
    ensure!(tally.passed > 0, "no test ran");
    Ok(tally)
}

pub(crate) fn doctest(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let args = ["test", "--workspace", "--doc", "--no-fail-fast"];
    Ok(counted(&log.run(&mut workspace.cargo(&args)?, LIMIT)?))
}

pub(crate) fn doc(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps"])?;
    log.run(doc.env("RUSTDOCFLAGS", "-D warnings"), LIMIT)?;
    Ok(Tally::ONE)
}

/// `mcp-runtime` by itself: with nothing, then with each of its features alone, whichever it has.
pub(crate) fn features(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let manifest = std::fs::read_to_string(workspace.path("mcp-runtime/Cargo.toml"))?;
    let features = feature_names(&manifest);
    ensure!(
        !features.is_empty(),
        "mcp-runtime/Cargo.toml has no [features]"
    );
    let mut tally = Tally::default();
    for feature in std::iter::once("").chain(features) {
        let args = [
            "check",
            "-p",
            "mcp-runtime",
            "--no-default-features",
            "--features",
            feature,
        ];
        match log.run(&mut workspace.cargo(&args)?, LIMIT) {
            Ok(_) => tally += Tally::ONE,
            Err(error) => {
                log.note(&format!("error: with feature `{feature}` alone: {error:#}"))?;
                tally.failed += 1;
            }
        }
    }
    Ok(tally)
}

/// The keys of a manifest's `[features]`, but `default`.
fn feature_names(manifest: &str) -> Vec<&str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with(['#', '"', ' ']) && *name != "default")
        .collect()
}

pub(crate) fn deny(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let check = |what: &[&str]| -> Result<_> {
        let mut command = workspace.command("cargo-deny")?;
        command
            .args([
                "--log-level",
                "warn",
                "--color",
                "never",
                "check",
                "--hide-inclusion-graph",
            ])
            .args(what);
        Ok(command)
    };
    log.run(&mut check(&["bans", "licenses", "sources"])?, LIMIT)
        .context("see deny.toml (and `cargo xtask test provision`, if cargo-deny is missing)")?;
    let (status, output) = log.run_any(&mut check(&["advisories"])?, LIMIT)?;
    if status.success() {
        return Ok(Tally {
            passed: 2,
            failed: 0,
            ..Tally::default()
        });
    }
    if output.contains("failed to fetch advisory database") {
        // Where CI has the network there is no excuse; elsewhere it is said, and the rest counts.
        if std::env::var_os("GITHUB_ACTIONS").is_some() {
            bail!("the advisory database could not be fetched");
        }
        print!("(ADVISORIES NOT CHECKED: their database is out of reach) ");
        return Ok(Tally::ONE);
    }
    bail!("cargo-deny found advisories")
}

fn simple(workspace: &Workspace, log: &mut Log, args: &[&str]) -> Result<Tally> {
    log.run(&mut workspace.cargo(args)?, LIMIT)?;
    Ok(Tally::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_feature_is_found_by_itself() {
        let manifest = "[package]\nname = \"x\"\n[features]\n## Says what.\ndefault = [\"auth\"]\nauth = [\n    \"dep:a\",\n    \"b?/c\",\n]\nlog-json = []\n\n[dependencies]\nserde = \"1\"\n";
        assert_eq!(feature_names(manifest), ["auth", "log-json"]);
    }
}
