//! The official conformance suite against the everything server, on both wires and for the extensions.
//!
//! The suite fails by itself where a check fails or warns. A scenario that skips a check, or is no longer run, it
//! passes in silence: so the successes are counted too, and must be as many as there can be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::client_walks::copy_scripts;
use crate::exec::Log;
use crate::run::Tally;
use crate::server::{Scratch, Server};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// Which scenarios one run has.
enum Scenarios {
    /// All of a revision, pending ones included.
    Revision(&'static str),
    /// These: an extension's belong to no revision.
    Named(&'static [&'static str]),
}

/// One run: its scenarios, and how many successes the suite reports of a server that has everything.
struct Run {
    name: &'static str,
    scenarios: Scenarios,
    successes: u64,
}

const RUNS: &[Run] = &[
    Run {
        name: "2025-11-25",
        scenarios: Scenarios::Revision("2025-11-25"),
        successes: 84,
    },
    Run {
        name: "2026-07-28",
        scenarios: Scenarios::Revision("2026-07-28"),
        successes: 153,
    },
    Run {
        name: "tasks",
        scenarios: Scenarios::Named(&[
            "tasks-lifecycle",
            "tasks-capability-negotiation",
            "tasks-wire-fields",
            "tasks-request-state-removal",
            "tasks-mrtr-input",
            "tasks-request-headers",
            "tasks-dispatch-and-envelope",
            "tasks-status-notifications",
            "tasks-required-task-error",
            "tasks-mrtr-composition",
        ]),
        successes: 44,
    },
    Run {
        name: "skills",
        scenarios: Scenarios::Named(&[
            "sep-2640-skills-enumeration",
            "sep-2640-skills-manifest",
            "sep-2640-skills-directory",
        ]),
        successes: 45,
    },
];

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let build = ["build", "--package", "mcp-tests", "--bin", FIXTURE];
    log.run(&mut workspace.cargo(&build)?, BUILD_LIMIT)?;
    let home = Scratch::new("conformance")?;
    let server = Server::start_binary(workspace, home.path(), FIXTURE)?;
    println!();
    let mut tally = Tally::default();
    for run in RUNS {
        match conform(workspace, log, &server, run) {
            Ok(successes) => {
                println!("      ok      {} ({successes} checks)", run.name);
                tally.passed += successes;
            }
            Err(error) => {
                println!("      FAILED  {}", run.name);
                log.note(&format!("FAILED {}: {error:#}", run.name))?;
                tally.failed += 1;
            }
        }
    }
    for name in [AUTHORIZATION, AUTHORIZATION_WITH_RESOURCE] {
        match authorize(workspace, log, name) {
            Ok(successes) => {
                println!("      ok      {name} ({successes} checks)");
                tally.passed += successes;
            }
            Err(error) => {
                println!("      FAILED  {name}");
                log.note(&format!("FAILED {name}: {error:#}"))?;
                tally.failed += 1;
            }
        }
    }
    if tally.failed > 0 {
        log.note(&format!("-- the server's log\n{}", server.log()))?;
    }
    Ok(tally)
}

const FIXTURE: &str = "everything_server";

/// Runs the scenarios, and returns the number of successes.
fn conform(workspace: &Workspace, log: &mut Log, server: &Server, run: &Run) -> Result<u64> {
    let results = workspace.provisioned("conformance/results").join(run.name);
    if results.exists() {
        std::fs::remove_dir_all(&results)?;
    }
    let selections: Vec<Vec<&str>> = match run.scenarios {
        Scenarios::Revision(revision) => vec![vec!["--suite", "all", "--spec-version", revision]],
        Scenarios::Named(names) => names.iter().map(|name| vec!["--scenario", name]).collect(),
    };
    let mut failed = Vec::new();
    for selection in &selections {
        let mut command = workspace.command("node")?;
        command
            .arg(suite(workspace)?)
            .args(["server", "--url", &server.endpoint()])
            .args(selection)
            .arg("--expected-failures")
            .arg(workspace.path("tests/conformance/expected-failures.yaml"))
            .arg("--output-dir")
            .arg(&results);
        if !log.run_any(&mut command, RUN_LIMIT)?.0.success() {
            failed.push(selection.join(" "));
        }
    }
    let (successes, others) = count(&results)?;
    let unexpected: Vec<&String> = others.iter().filter(|other| !is_expected(other)).collect();
    ensure!(unexpected.is_empty(), "not all succeed: {unexpected:?}");
    ensure!(
        failed.is_empty(),
        "the suite is not content with {failed:?}"
    );
    ensure!(
        successes == run.successes,
        "{successes} successes, not {}",
        run.successes
    );
    Ok(successes)
}

const AUTHORIZATION: &str = "authorization";
const AUTHORIZATION_WITH_RESOURCE: &str = "authorization --resource";

/// Metadata, client documents, and the flow.
const AUTHORIZATION_SUCCESSES: u64 = 3;

/// The suite's look at an authorization server: the example's, to which a client registers and a user signs in by
/// themselves.
fn authorize(workspace: &Workspace, log: &mut Log, name: &str) -> Result<u64> {
    copy_scripts(workspace, "clients")?;
    let build = ["build", "--package", "example"];
    log.run(&mut workspace.cargo(&build)?, BUILD_LIMIT)?;
    let home = Scratch::new("authorization")?;
    let server = Server::start(workspace, home.path())?;
    let results = workspace.provisioned("conformance/results").join(name);
    if results.exists() {
        std::fs::remove_dir_all(&results)?;
    }
    let mut command = workspace.command("node")?;
    command
        .args(["authorization-suite.mjs"])
        .args(name.split(' ').skip(1))
        .current_dir(workspace.provisioned("clients"))
        .env("SUITE", suite(workspace)?)
        .env("MCP_URL", server.endpoint())
        .env("RESULTS", &results);
    let output = log.run(&mut command, RUN_LIMIT);
    if output.is_err() {
        log.note(&format!("-- the server's log\n{}", server.log()))?;
    }
    output?;
    let (successes, others) = count(&results)?;
    ensure!(others.is_empty(), "{others:?}");
    ensure!(
        successes == AUTHORIZATION_SUCCESSES,
        "{successes} successes, not {AUTHORIZATION_SUCCESSES}"
    );
    Ok(successes)
}

/// The suite's program, as `provision` installed it.
fn suite(workspace: &Workspace) -> Result<PathBuf> {
    let package = "conformance/node_modules/@modelcontextprotocol/conformance";
    let program = workspace.provisioned(package).join("dist/index.js");
    if !program.is_file() {
        bail!("run `cargo xtask test provision` first");
    }
    Ok(program)
}

/// What the suite notes of itself, and the one check that it skips for every server.
fn is_expected(other: &str) -> bool {
    other.starts_with("INFO: ") || other.starts_with("SKIPPED: tasks-status-notifications: ")
}

/// Counts the successes in a directory of results; names every check that ended otherwise.
fn count(results: &Path) -> Result<(u64, Vec<String>)> {
    let (mut successes, mut others) = (0, Vec::new());
    for scenario in std::fs::read_dir(results).context("the suite left no results")? {
        let file = scenario?.path().join("checks.json");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let checks: Vec<Value> = serde_json::from_str(&text)?;
        for check in checks {
            match check["status"].as_str() {
                Some("SUCCESS") => successes += 1,
                status => others.push(format!(
                    "{}: {}: {}",
                    status.unwrap_or("?"),
                    check["id"].as_str().unwrap_or("?"),
                    check["errorMessage"].as_str().unwrap_or_default()
                )),
            }
        }
    }
    Ok((successes, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_successes_count() {
        let dir = Scratch::new("count").expect("a directory");
        let scenario = dir.path().join("server-ping");
        std::fs::create_dir(&scenario).expect("a directory");
        let checks = r#"[{"id":"a","status":"SUCCESS"},{"id":"b","status":"SKIPPED"},{"id":"c","status":"WARNING","errorMessage":"why"}]"#;
        std::fs::write(scenario.join("checks.json"), checks).expect("a file");
        let (successes, others) = count(dir.path()).expect("results");
        assert_eq!(successes, 1);
        assert_eq!(others, ["SKIPPED: b: ", "WARNING: c: why"]);
    }
}
