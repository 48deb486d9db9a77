//! `cargo xtask corpus DIR`: can the macros say what other servers publish?
//!
//! Writes Rust with our macros for every tool of a directory of descriptors into a scratch crate, builds it against
//! `mcp-runtime`, and compares what it publishes with what was given; then makes calls up and compares how the runtime
//! and another validator judge them.

mod compare;
mod field;
mod names;
mod read;
mod rust;
mod shape;
mod structure;
mod types;
mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::exec::Log;
use crate::run::Tally;
use crate::workspace::Workspace;
use read::Server;
use rust::Said;

const VARIABLE: &str = "MCP_CORPUS_DIR";

/// Calls that are made up for each tool.
const INSTANCES: usize = 1_000;

/// Enough for a first build on a small machine.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Processes that judge calls at the same time.
const PARTS: usize = 2;

/// How many differences of a tool are shown.
const SHOWN: usize = 6;

/// `cargo xtask corpus DIR [INSTANCES]`; says whether all is the same.
pub(crate) fn command(workspace: &Workspace, args: &[&str]) -> Result<bool> {
    let (dir, instances) = match args {
        [dir] => (dir, INSTANCES),
        [dir, count] => (
            dir,
            count
                .parse()
                .with_context(|| format!("`{count}` is no number of instances"))?,
        ),
        _ => bail!("write `cargo xtask corpus DIR`, with the directory of the descriptors"),
    };
    let mut log = Log::create(workspace.log_dir().join("corpus.log"))?;
    let report = judge(workspace, Path::new(dir), instances, &mut log)
        .with_context(|| format!("see {}", log.path().display()))?;
    print!("{}", report.text);
    Ok(report.failed == 0)
}

/// The step of `cargo xtask test`.
pub(crate) fn step(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let Some(dir) = std::env::var_os(VARIABLE).filter(|dir| !dir.is_empty()) else {
        return Ok(Tally::not_run(
            "MCP_CORPUS_DIR does not name a directory of `tools/list` results",
        ));
    };
    let report = judge(workspace, Path::new(&dir), INSTANCES, log)?;
    log.note(&report.text)?;
    Ok(Tally {
        passed: report.same as u64,
        failed: report.failed as u64,
        not_run: None,
    })
}

struct Report {
    text: String,
    same: usize,
    failed: usize,
}

fn judge(workspace: &Workspace, dir: &Path, instances: usize, log: &mut Log) -> Result<Report> {
    let servers = read::servers(dir)?;
    let scratch = workspace.provisioned("corpus");
    let said = write(workspace, &servers, &scratch)?;
    let mut build = workspace.cargo(&["build", "--quiet"])?;
    let target = workspace.built("").join("..");
    build.current_dir(&scratch).env("CARGO_TARGET_DIR", &target);
    log.run(&mut build, LIMIT)?;
    let parts = run(&target.join("debug/mcp-corpus"), instances, log)?;
    let mut text = String::new();
    let (mut same, mut failed, mut calls, mut refused) = (0, 0, 0, 0);
    for server in &servers {
        let (mut alike, mut words) = (0, String::new());
        let mine: Vec<&Value> = parts
            .iter()
            .filter(|p| p["server"] == server.name.as_str())
            .collect();
        let served = mine
            .iter()
            .flat_map(|p| p["tools"].as_array().into_iter().flatten());
        let served: Vec<&Value> = served.collect();
        for tool in &server.tools {
            let got = served.iter().find(|t| t["name"] == tool["name"]);
            let found = match got {
                Some(got) => {
                    compare::differences(&compare::contract(tool), &compare::contract(got))
                }
                None => vec!["it is not served".to_owned()],
            };
            if found.is_empty() {
                alike += 1;
                continue;
            }
            let _ = writeln!(words, "  {}", tool["name"]);
            for difference in found.iter().take(SHOWN) {
                let _ = writeln!(words, "    {difference}");
            }
        }
        let count = |key: &str| mine.iter().filter_map(|p| p[key].as_u64()).sum::<u64>();
        let differ = mine
            .iter()
            .flat_map(|p| p["disagreements"].as_array().into_iter().flatten());
        let differ: Vec<_> = differ.filter_map(Value::as_str).collect();
        for disagreement in differ.iter().take(SHOWN) {
            let _ = writeln!(words, "  {disagreement}");
        }
        let all = server.tools.len();
        let _ = writeln!(
            text,
            "{:<28} {alike:>3} of {all:>3} the same, {:>6} calls judged, {} differently\n{words}",
            server.name,
            count("accepted") + count("refused"),
            differ.len()
        );
        text.truncate(text.trim_end().len());
        text.push('\n');
        same += alike;
        failed += all - alike + differ.len();
        calls += count("accepted") + count("refused");
        refused += count("refused");
    }
    let all: usize = servers.iter().map(|s| s.tools.len()).sum();
    let _ = writeln!(
        text,
        "\n{same} of {all} tools have the same contract; {} whole schemas and {} parts were given word for word\n\
         {calls} calls were judged, of which {refused} were refused",
        said.verbatim_tools, said.verbatim_parts
    );
    Ok(Report { text, same, failed })
}

/// Writes the scratch crate.
fn write(workspace: &Workspace, servers: &[Server], scratch: &Path) -> Result<Said> {
    let source = scratch.join("src");
    if source.exists() {
        std::fs::remove_dir_all(&source)?;
    }
    std::fs::create_dir_all(source.join("servers"))?;
    let runtime = workspace.path("mcp-runtime");
    let manifest = format!(
        "[package]\nname = \"mcp-corpus\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [workspace]\n\n[dependencies]\n\
         mcp-runtime = {{ path = {:?}, features = [\"default\"] }}\n\
         jsonschema = {{ version = \"*\", default-features = false }}\n\
         serde_json = {{ version = \"1\", features = [\"preserve_order\", \"raw_value\"] }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n",
        runtime.display().to_string()
    );
    std::fs::write(scratch.join("Cargo.toml"), manifest)?;
    // The same versions as ours, so that nothing is built twice.
    std::fs::copy(workspace.path("Cargo.lock"), scratch.join("Cargo.lock"))?;
    std::fs::write(source.join("main.rs"), include_str!("harness.rs"))?;
    let agreement = include_str!("../../../tests/src/agreement.rs");
    std::fs::write(source.join("agreement.rs"), agreement)?;
    let mut said = Said::default();
    let mut index = String::new();
    let mut all = String::new();
    for (n, server) in servers.iter().enumerate() {
        let module = rust::module(server, &mut said);
        std::fs::write(
            source.join("servers").join(format!("server_{n}.rs")),
            module,
        )?;
        let _ = writeln!(index, "mod server_{n};");
        let _ = writeln!(
            all,
            "        ({:?}, server_{n}::items as fn() -> mcp_runtime::Items),",
            server.name
        );
    }
    let _ = write!(
        index,
        "\npub fn all() -> Vec<(&'static str, fn() -> mcp_runtime::Items)> {{\n    vec![\n{all}    ]\n}}\n"
    );
    let index =
        format!("#![allow(dead_code, unused_imports, unused_variables, clippy::all)]\n\n{index}");
    std::fs::write(source.join("servers/mod.rs"), index)?;
    Ok(said)
}

/// Runs the crate in several processes and returns what they print.
fn run(program: &Path, instances: usize, log: &mut Log) -> Result<Vec<Value>> {
    let mut running = Vec::new();
    for part in 0..PARTS {
        let mut command = Command::new(program);
        command.args([instances.to_string(), part.to_string(), PARTS.to_string()]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        log.note(&format!("$ {command:?}"))?;
        running.push(command.spawn().context("cannot start the scratch crate")?);
    }
    let mut parts = Vec::new();
    for child in running {
        let output = child.wait_with_output()?;
        log.note(&String::from_utf8_lossy(&output.stderr))?;
        ensure!(
            output.status.success(),
            "the scratch crate failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            parts.push(serde_json::from_str(line).context("the scratch crate printed no JSON")?);
        }
    }
    Ok(parts)
}
