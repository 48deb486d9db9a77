//! A cargo project that is written into the target directory, to be built beside the workspace: what a user would have.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;

/// A workspace of its own, with a target directory of its own, which stays.
pub(crate) struct Project {
    dir: PathBuf,
}

impl Project {
    /// Writes `files` into a directory called `name`, where they differ from what is there, with the locked versions of
    /// the `Cargo.lock` at `lock` in the workspace.
    pub(crate) fn write(
        workspace: &Workspace,
        name: &str,
        lock: &str,
        files: &[(&str, &str)],
    ) -> Result<Self> {
        let dir = workspace.provisioned(name);
        std::fs::create_dir_all(dir.join("src"))?;
        let locked = std::fs::read_to_string(workspace.path(lock))?;
        for (file, text) in files.iter().copied().chain([("Cargo.lock", &*locked)]) {
            let path = dir.join(file);
            // What is the same already need not be built again.
            if !std::fs::read_to_string(&path).is_ok_and(|before| before == text) {
                std::fs::write(&path, text).with_context(|| path.display().to_string())?;
            }
        }
        Ok(Self { dir })
    }

    /// `cargo` in its directory.
    pub(crate) fn cargo(&self, workspace: &Workspace, args: &[&str]) -> Result<Command> {
        let mut cargo = workspace.cargo(args)?;
        cargo
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.dir.join("target"));
        Ok(cargo)
    }

    /// One of its files.
    pub(crate) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.dir.join(file)
    }

    /// Removes all that was built.
    pub(crate) fn clean(&self) -> Result<()> {
        let target = self.dir.join("target");
        if target.exists() {
            std::fs::remove_dir_all(&target).with_context(|| target.display().to_string())?;
        }
        Ok(())
    }
}

/// The manifest of a project called `name`; `dependencies` are lines of TOML.
pub(crate) fn manifest(name: &str, dependencies: &str, profiles: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
         [dependencies]\n{dependencies}\n{profiles}"
    )
}

/// The lines of TOML for a server of ours with these features of the runtime and no others.
pub(crate) fn our_dependencies(workspace: &Workspace, features: &[&str]) -> String {
    let runtime = workspace.path("mcp-runtime").display().to_string();
    format!(
        "mcp-runtime = {{ path = {runtime:?}, default-features = false, features = {features:?} }}\n\
         actix-web = {{ version = \"4\", default-features = false, features = [\"macros\"] }}\n"
    )
}
