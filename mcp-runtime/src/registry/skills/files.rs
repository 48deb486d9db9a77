//! The files of a directory that is served, found without leaving it.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// A file before it is read.
#[derive(Debug)]
pub(super) struct Raw {
    /// Its path below the directory, segments joined by `/`.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    pub source: Source,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub(super) enum Source {
    Disk(PathBuf),
    Memory(Vec<u8>),
}

impl Raw {
    pub(super) fn in_memory(path: String, bytes: Vec<u8>) -> Self {
        Self {
            path,
            size: bytes.len() as u64,
            source: Source::Memory(bytes),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn read(self) -> Result<Vec<u8>, String> {
        match self.source {
            Source::Disk(path) => {
                std::fs::read(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
            }
            Source::Memory(bytes) => Ok(bytes),
        }
    }
}

/// Lists every file below a directory, hidden ones left out. Problems are added to the list, each naming its path.
pub(super) fn list(root: &Path, problems: &mut Vec<String>) -> Vec<Raw> {
    let mut walk = Walk {
        root: root.to_path_buf(),
        above: vec![root.to_path_buf()],
        files: Vec::new(),
        problems,
    };
    walk.directory(root, "");
    walk.files
}

struct Walk<'p> {
    root: PathBuf,
    /// The directories, resolved, that lead to where we are.
    above: Vec<PathBuf>,
    files: Vec<Raw>,
    problems: &'p mut Vec<String>,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &Path, prefix: &str) {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                let problem = format!("{} cannot be read: {error}", directory.display());
                self.problems.push(problem);
                return;
            }
        };
        for entry in entries {
            let added = match entry {
                Ok(entry) => self.entry(&entry.path(), prefix),
                Err(error) => Err(format!("{} cannot be read: {error}", directory.display())),
            };
            if let Err(problem) = added {
                self.problems.push(problem);
            }
        }
    }

    fn entry(&mut self, path: &Path, prefix: &str) -> Result<(), String> {
        let shown = path.display();
        let name = path.file_name().unwrap_or_default();
        let Some(name) = name.to_str() else {
            return Err(format!("the name of {shown} is not UTF-8: rename it"));
        };
        // What a desktop, an editor or a version control leaves behind, or a `.env`, is nothing to publish.
        if name.starts_with('.') {
            return Ok(());
        }
        let (target, metadata) = self.resolve(path)?;
        let below = format!("{prefix}{name}");
        if metadata.is_dir() {
            if self.above.contains(&target) {
                return Err(format!("{shown} links to a directory above itself"));
            }
            self.above.push(target);
            self.directory(path, &format!("{below}/"));
            self.above.pop();
        } else if metadata.is_file() {
            self.files.push(Raw {
                path: below,
                size: metadata.len(),
                source: Source::Disk(target),
            });
        } else {
            return Err(format!("{shown} is neither a file nor a directory"));
        }
        Ok(())
    }

    /// Where a path leads, which must be below the root.
    fn resolve(&self, path: &Path) -> Result<(PathBuf, Metadata), String> {
        let unreadable = |e: std::io::Error| format!("{} cannot be read: {e}", path.display());
        let target = path.canonicalize().map_err(unreadable)?;
        if !target.starts_with(&self.root) {
            return Err(format!(
                "{} links to {}, outside of the directory that is served: copy it instead",
                path.display(),
                target.display()
            ));
        }
        let metadata = target.metadata().map_err(unreadable)?;
        Ok((target, metadata))
    }
}
