//! What we send and understand, against the specification's own schemas and examples.
//!
//! They are not part of this repository. `MCP_SPEC_DIR` names a directory laid out as `schema/` of
//! <https://github.com/modelcontextprotocol/modelcontextprotocol>; without it the step says that it did not run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::exec::Log;
use crate::run::{Tally, counted};
use crate::server::{Scratch, Server};
use crate::workspace::Workspace;

const VARIABLE: &str = "MCP_SPEC_DIR";
const FIXTURE: &str = "everything_server";
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const RUN_LIMIT: Duration = Duration::from_secs(300);

/// The step of `cargo xtask test`.
pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    match std::env::var_os(VARIABLE).filter(|dir| !dir.is_empty()) {
        Some(dir) => check(workspace, log, Path::new(&dir)),
        None => Ok(Tally::not_run(
            "MCP_SPEC_DIR does not name the specification's schemas",
        )),
    }
}

/// `cargo xtask spec DIR`.
pub(crate) fn command(workspace: &Workspace, dir: &str) -> Result<bool> {
    let mut log = Log::create(workspace.log_dir().join("spec.log"))?;
    let outcome = check(workspace, &mut log, Path::new(dir));
    print!("{}", String::from_utf8_lossy(&std::fs::read(log.path())?));
    outcome.map(|tally| tally.failed == 0)
}

fn check(workspace: &Workspace, log: &mut Log, dir: &Path) -> Result<Tally> {
    let dir = std::path::absolute(dir)?;
    ensure!(
        dir.join("2026-07-28/schema.json").is_file(),
        "{} has no 2026-07-28/schema.json: it must be laid out as `schema/` of the specification's repository",
        dir.display()
    );
    let build = ["build", "--package", "mcp-tests", "--bin", FIXTURE];
    log.run(
        workspace.cargo(&build)?.args(["--example", "spec"]),
        BUILD_LIMIT,
    )?;
    let home = Scratch::new("spec")?;
    let server = Server::start_binary(workspace, home.path(), FIXTURE)?;
    let mut command = workspace.command(workspace.built("examples/spec"))?;
    let command = command.arg(&dir).env("MCP_URL", server.endpoint());
    let output = log.run(command.env("RUST_BACKTRACE", "0"), RUN_LIMIT);
    if output.is_err() {
        log.note(&format!("-- the server's log\n{}", server.log()))?;
    }
    let tally = counted(&output?);
    ensure!(tally.passed == 5, "{} checks, not 5", tally.passed);
    Ok(tally)
}
