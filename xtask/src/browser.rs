//! What people see, in a real browser: the login page, and the views in a host of MCP Apps. The screenshots stay in
//! `target/artefacts`, to be looked at.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client_walks::copy_scripts;
use crate::exec::Log;
use crate::provision::find_chromium;
use crate::run::{Tally, counted};
use crate::server::{Scratch, Server};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const LIMIT: Duration = Duration::from_secs(240);

/// The login page.
pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    drive(workspace, log, "browser", "login-page.mjs")
}

/// Both views of the example in a host built on the official AppBridge, and the `dev` page.
pub(crate) fn views(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    copy_scripts(workspace, "clients")?;
    drive(workspace, log, "views", "run.mjs")
}

/// Runs a script of `tests/NAME` against the example.
fn drive(workspace: &Workspace, log: &mut Log, name: &str, script: &str) -> Result<Tally> {
    log.run(
        &mut workspace.cargo(&["build", "--workspace", "--bins", "--examples"])?,
        BUILD_LIMIT,
    )?;
    copy_scripts(workspace, name)?;
    let home = Scratch::new(name)?;
    let server = Server::start(workspace, home.path())?;
    let mut command = workspace.command("node")?;
    command
        .arg(script)
        .current_dir(workspace.provisioned(name))
        .env("MCP_URL", server.endpoint())
        .env("CHROMIUM", find_chromium()?)
        .env("ARTEFACTS", workspace.artefacts())
        .env("STATE_DIR", home.path())
        .env(
            "BRIDGE",
            workspace.path("mcp-runtime/src/descriptor/bridge"),
        )
        .env("SERVER", workspace.built("example"))
        .env("SIGN_IN", workspace.provisioned("clients/sign-in.mjs"));
    let output = log.run(&mut command, LIMIT);
    if output.is_err() {
        log.note(&format!("-- the server's log\n{}", server.log()))?;
    }
    let tally = counted(&output?);
    ensure!(tally.passed > 0, "the run reports no check");
    Ok(tally)
}
