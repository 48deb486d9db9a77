//! Where things are: the repository, and what the steps leave behind under `target/`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// The directories that every step works with.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The workspace that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in the workspace's root")?
            .to_path_buf();
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
        let workspace = Self {
            target: std::path::absolute(target)?,
            root,
        };
        for dir in [
            workspace.provisioned(""),
            workspace.log_dir(),
            workspace.artefacts(),
        ] {
            std::fs::create_dir_all(&dir)
                .with_context(|| format!("cannot make {}", dir.display()))?;
        }
        Ok(workspace)
    }

    /// A path in the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path of provisioned things: `target/xtask/…`.
    pub(crate) fn provisioned(&self, relative: &str) -> PathBuf {
        self.target.join("xtask").join(relative)
    }

    /// A debug build's binary or example.
    pub(crate) fn built(&self, relative: &str) -> PathBuf {
        self.target.join("debug").join(relative)
    }

    /// A release build's binary.
    pub(crate) fn released(&self, relative: &str) -> PathBuf {
        self.target.join("release").join(relative)
    }

    /// Where each step's whole output goes.
    pub(crate) fn log_dir(&self) -> PathBuf {
        self.provisioned("log")
    }

    /// What a run leaves to be looked at, such as screenshots.
    pub(crate) fn artefacts(&self) -> PathBuf {
        self.target.join("artefacts")
    }

    /// A command that runs in the repository and finds the provisioned programs first.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Result<Command> {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("PATH", self.search_path()?);
        Ok(command)
    }

    /// `cargo` with arguments, as [`Self::command`].
    pub(crate) fn cargo(&self, args: &[&str]) -> Result<Command> {
        let mut command =
            self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))?;
        command.args(args).env("CARGO_TERM_COLOR", "never");
        Ok(command)
    }

    /// `PATH` with the provisioned programs before the machine's own.
    pub(crate) fn search_path(&self) -> Result<OsString> {
        let own = ["bin", "venv/bin", "clients/bin"].map(|dir| self.provisioned(dir));
        let machine = std::env::var_os("PATH").unwrap_or_default();
        Ok(std::env::join_paths(
            own.into_iter().chain(std::env::split_paths(&machine)),
        )?)
    }
}
