//! The clients of others call all that the everything server serves, on every wire and transport that they speak.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::client_walks::{client, copy_scripts, report};
use crate::exec::Log;
use crate::run::{Tally, counted};
use crate::server::{Scratch, Server};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const WALK_LIMIT: Duration = Duration::from_secs(180);
const FIXTURE: &str = "everything_server";

/// A walk: over HTTP on both wires, and over stdio where the client can.
struct Peer {
    name: &'static str,
    line: &'static [&'static str],
    stdio: bool,
    /// The steps that each of its walks reports at the least.
    steps: u64,
}

const PEERS: &[Peer] = &[
    Peer {
        name: "rmcp",
        line: &["rmcp_everything"],
        stdio: false,
        steps: 19,
    },
    Peer {
        name: "@modelcontextprotocol/client",
        line: &["node", "everything.mjs"],
        stdio: true,
        steps: 21,
    },
    Peer {
        name: "mcp (Python)",
        line: &["python", "everything_walk.py", "mcp"],
        stdio: true,
        steps: 17,
    },
    Peer {
        name: "FastMCP",
        line: &["python", "everything_walk.py", "fastmcp"],
        stdio: true,
        steps: 15,
    },
];

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let build = [
        "build",
        "--package",
        "mcp-tests",
        "--bin",
        FIXTURE,
        "--example",
        "rmcp_everything",
    ];
    log.run(&mut workspace.cargo(&build)?, BUILD_LIMIT)?;
    copy_scripts(workspace, "clients")?;
    println!();
    let mut tally = Tally::default();
    for peer in PEERS {
        for stdio in [false, true] {
            if stdio && !peer.stdio {
                continue;
            }
            for wire in ["legacy", "modern"] {
                let transport = if stdio { "stdio" } else { "HTTP" };
                let name = format!("{}, {wire} wire over {transport}", peer.name);
                report(log, &mut tally, &name, |log| {
                    walk(workspace, log, peer, wire, stdio)
                })?;
            }
        }
    }
    Ok(tally)
}

fn walk(
    workspace: &Workspace,
    log: &mut Log,
    peer: &Peer,
    wire: &str,
    stdio: bool,
) -> Result<Tally> {
    let home = Scratch::new("peers")?;
    // A server of its own for each walk: some change its lists.
    let server = Server::start_binary(workspace, home.path(), FIXTURE)?;
    let mut command = client(workspace, &server, home.path(), peer.line)?;
    command.arg(wire);
    if stdio {
        command.env("MCP_COMMAND", workspace.built(FIXTURE));
    }
    let output = match log.run(&mut command, WALK_LIMIT) {
        Ok(output) => output,
        Err(error) => {
            log.note(&format!("-- the server's log\n{}", server.log()))?;
            return Err(error);
        }
    };
    let tally = counted(&output);
    ensure!(
        tally.passed >= peer.steps,
        "the walk reports {} steps, not {}",
        tally.passed,
        peer.steps
    );
    Ok(tally)
}
