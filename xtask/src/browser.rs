//! The login page in a real browser; its screenshots stay in `target/artefacts`, to be looked at.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client_walks::copy_scripts;
use crate::exec::Log;
use crate::provision::find_chromium;
use crate::run::{Tally, counted};
use crate::server::{Scratch, Server};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    log.run(
        &mut workspace.cargo(&["build", "--workspace", "--bins", "--examples"])?,
        BUILD_LIMIT,
    )?;
    copy_scripts(workspace, "browser")?;
    let home = Scratch::new("browser")?;
    let server = Server::start(workspace, home.path())?;
    let mut command = workspace.command("node")?;
    command
        .arg("login-page.mjs")
        .current_dir(workspace.provisioned("browser"))
        .env("MCP_URL", server.endpoint())
        .env("CHROMIUM", find_chromium()?)
        .env("ARTEFACTS", workspace.artefacts())
        .env("STATE_DIR", home.path());
    let output = log.run(&mut command, LIMIT);
    if output.is_err() {
        log.note(&format!("-- the server's log\n{}", server.log()))?;
    }
    let tally = counted(&output?);
    ensure!(tally.passed > 0, "the run reports no check");
    Ok(tally)
}
