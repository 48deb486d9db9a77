//! Where skills come from.

use std::path::{Path, PathBuf};

use super::SKILL_MD;
use super::files::{self, Raw};

/// Where the skills of a server come from: a directory, or files that the program carries.
///
/// A skill is a directory with a `SKILL.md`, in the form of the [Agent Skills
/// specification](https://agentskills.io/specification). Every file below it is served as a resource under
/// `skill://`, with its SHA-256 digest; hidden files (`.name`) are left out.
#[derive(Debug)]
pub struct Skills(Origin);

#[derive(Debug)]
enum Origin {
    Directory(PathBuf),
    Files(Vec<(String, Vec<u8>)>),
}

impl Skills {
    /// Every skill below a directory, or the one that the directory is.
    ///
    /// A relative path is looked up in the working directory first, then in the package's. It is read once, when
    /// the server starts.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self(Origin::Directory(path.into()))
    }

    /// Skills that the program carries in itself, each file under its path.
    ///
    /// ```
    /// # use mcp_runtime::prelude::*;
    /// use mcp_runtime::Skills;
    ///
    /// const REFUNDS: &str = "---\nname: refunds\ndescription: How we refund.\n---\nAsk first.\n";
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> mcp_runtime::Result<()> {
    /// // For a real one: `include_str!("../skills/refunds/SKILL.md")`.
    /// let server = mcp_server!("Shop").skills(Skills::files([("refunds/SKILL.md", REFUNDS)]));
    /// let mut client = server.auth(Auth::none()).test().await?;
    /// let list = client.request("skills/list", serde_json::json!({})).await?;
    /// assert_eq!(list["skills"][0]["uri"], "skill://refunds/SKILL.md");
    /// # Ok(())
    /// # }
    /// ```
    pub fn files<P, B>(files: impl IntoIterator<Item = (P, B)>) -> Self
    where
        P: Into<String>,
        B: Into<Vec<u8>>,
    {
        let files = files.into_iter().map(|(p, b)| (p.into(), b.into()));
        Self(Origin::Files(files.collect()))
    }

    /// The files with the paths under which they are served, and how a message names them.
    pub(super) fn list(self, package: &Path, problems: &mut Vec<String>) -> (Vec<Raw>, String) {
        match self.0 {
            Origin::Files(files) => {
                let raw = files.into_iter().map(|(p, b)| Raw::in_memory(p, b));
                (raw.collect(), String::new())
            }
            Origin::Directory(path) => match find(&path, package) {
                Ok(root) => {
                    let mut raw = files::list(&root, problems);
                    let is_skill = raw.iter().any(|file| file.path == SKILL_MD);
                    let name = root.file_name().and_then(|name| name.to_str());
                    let mut shown = root.as_path();
                    // The directory is the skill: its own name is the first segment.
                    if let (true, Some(name), Some(parent)) = (is_skill, name, root.parent()) {
                        for file in &mut raw {
                            file.path = format!("{name}/{}", file.path);
                        }
                        shown = parent;
                    }
                    (raw, format!("{}/", shown.display()))
                }
                Err(problem) => {
                    problems.push(problem);
                    (Vec::new(), String::new())
                }
            },
        }
    }
}

impl From<&str> for Skills {
    fn from(path: &str) -> Self {
        Self::directory(path)
    }
}

impl From<String> for Skills {
    fn from(path: String) -> Self {
        Self::directory(path)
    }
}

impl From<PathBuf> for Skills {
    fn from(path: PathBuf) -> Self {
        Self::directory(path)
    }
}

impl From<&Path> for Skills {
    fn from(path: &Path) -> Self {
        Self::directory(path)
    }
}

/// A directory, resolved.
fn find(path: &Path, package: &Path) -> Result<PathBuf, String> {
    let places = [path.to_path_buf(), package.join(path)];
    match places.iter().find(|place| place.is_dir()) {
        Some(place) => place
            .canonicalize()
            .map_err(|e| format!("{} cannot be read: {e}", place.display())),
        None if path.is_absolute() => Err(format!("{} is no directory", path.display())),
        None => Err(format!(
            "there is no directory `{}` in the working directory, nor in {}",
            path.display(),
            package.display()
        )),
    }
}
