//! Accepts what the tests see now as what they shall see: read the diff before you commit it.

use std::process::Command;

use anyhow::Result;

use crate::security;
use crate::workspace::Workspace;

/// Rewrites trybuild's `.stderr` files, insta's snapshots and the table of `docs/security.md`.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    security::bless(workspace)?;
    let mut ui = workspace.cargo(&["test", "-p", "mcp-tests", "--test", "ui"])?;
    let mut snapshots =
        workspace.cargo(&["test", "--workspace", "--lib", "--bins", "--test", "it"])?;
    // What is left in `wip/` from earlier runs would only confuse.
    let _ = std::fs::remove_dir_all(workspace.path("tests/wip"));
    let blessed = succeeds(ui.env("TRYBUILD", "overwrite"))?;
    let accepted = succeeds(
        snapshots
            .env("INSTA_UPDATE", "always")
            .env("INSTA_FORCE_PASS", "1"),
    )?;
    println!("Now read the diff: `git diff tests docs`");
    Ok(blessed && accepted)
}

fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(command.status()?.success())
}
