//! The servers that run against each other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Bench;
use super::process::{Process, SERVER_CORE, pinned};
use crate::server::free_port;

const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);

/// A server that others' SDK makes.
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// Its directory under `benches/peers`.
    dir: &'static str,
    kind: Kind,
}

enum Kind {
    /// A binary of a cargo project.
    Cargo(&'static str),
    /// A script, in an environment of its own with what `requirements.txt` names.
    Python(&'static str),
}

pub(super) const RMCP_BEST: &str = "rmcp, at its best";
pub(super) const FLYMCPRUST: &str = "flymcprust";

pub(super) const PEERS: &[Peer] = &[
    Peer {
        name: FLYMCPRUST,
        dir: "flymcprust",
        kind: Kind::Cargo("peer-flymcprust"),
    },
    Peer {
        name: RMCP_BEST,
        dir: "rmcp",
        kind: Kind::Cargo("best"),
    },
    Peer {
        name: "rmcp, as its README has it",
        dir: "rmcp",
        kind: Kind::Cargo("readme"),
    },
    Peer {
        name: "FastMCP",
        dir: "fastmcp",
        kind: Kind::Python("server.py"),
    },
];

/// Builds our own servers as a user's release build has them.
pub(super) fn build_own(bench: &mut Bench<'_>) -> Result<()> {
    let build = ["build", "--release", "--package", "mcp-bench", "--bins"];
    bench
        .log
        .run(&mut bench.workspace.cargo(&build)?, BUILD_LIMIT)?;
    Ok(())
}

/// A release build's binary.
pub(super) fn own(bench: &Bench<'_>, name: &str) -> PathBuf {
    bench.workspace.released(name)
}

/// A server of ours on the measured core, with a store of its own in `home`.
pub(super) fn start_own(
    bench: &Bench<'_>,
    home: &Path,
    name: &str,
    variables: &[(&str, &str)],
) -> Result<Process> {
    let port = free_port()?;
    let label: String = variables
        .iter()
        .map(|(name, value)| format!("-{name}{value}"))
        .collect();
    let mut command = own_command(&own(bench, name), home);
    command.envs(variables.iter().copied());
    Process::start(&mut command, port, &home.join(format!("{name}{label}.log")))
}

/// The same, not started.
pub(super) fn own_command(program: &Path, home: &Path) -> Command {
    let mut command = pinned(SERVER_CORE, program);
    for name in ["PUBLIC_URL", "ALLOWED_ORIGINS", "HOST", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
        // Away from the repository, where a `.env` may lie.
        .current_dir(home)
        .env("WORKERS", "1")
        .env(
            "DATABASE_URL",
            format!("sqlite:{}", home.join("auth.db").display()),
        );
    command
}

impl Peer {
    /// Builds or installs it.
    pub(super) fn build(&self, bench: &mut Bench<'_>) -> Result<()> {
        let dir = bench.workspace.path("benches/peers").join(self.dir);
        match self.kind {
            Kind::Cargo(_) => {
                let mut cargo = bench.workspace.cargo(&["build", "--release", "--locked"])?;
                cargo
                    .current_dir(dir)
                    .env("CARGO_TARGET_DIR", target(bench));
                bench.log.run(&mut cargo, BUILD_LIMIT)?;
            }
            Kind::Python(_) => {
                let venv = bench.workspace.provisioned("bench/venv");
                if !venv.join("bin/pip").exists() {
                    let mut make = Command::new("python3");
                    bench
                        .log
                        .run(make.args(["-m", "venv"]).arg(&venv), BUILD_LIMIT)?;
                }
                let mut pip = Command::new(venv.join("bin/pip"));
                pip.args([
                    "install",
                    "--disable-pip-version-check",
                    "--quiet",
                    "--requirement",
                ]);
                bench
                    .log
                    .run(pip.arg(dir.join("requirements.txt")), BUILD_LIMIT)?;
            }
        }
        Ok(())
    }

    /// Its binary, if it is one.
    pub(super) fn binary(&self, bench: &Bench<'_>) -> Option<PathBuf> {
        match self.kind {
            Kind::Cargo(binary) => Some(target(bench).join("release").join(binary)),
            Kind::Python(_) => None,
        }
    }

    /// Starts it on the measured core.
    pub(super) fn start(&self, bench: &Bench<'_>, home: &Path) -> Result<Process> {
        let mut command = match self.kind {
            Kind::Cargo(binary) => pinned(SERVER_CORE, &target(bench).join("release").join(binary)),
            Kind::Python(script) => {
                let python = bench.workspace.provisioned("bench/venv/bin/python");
                let mut command = pinned(SERVER_CORE, &python);
                let dir = bench.workspace.path("benches/peers").join(self.dir);
                command.arg(dir.join(script));
                command
            }
        };
        let log = home.join(format!("{}.log", self.name.replace([' ', ','], "-")));
        Process::start(command.current_dir(home), free_port()?, &log)
            .with_context(|| format!("{} does not start", self.name))
    }
}

fn target(bench: &Bench<'_>) -> PathBuf {
    bench.workspace.provisioned("bench/peers")
}
