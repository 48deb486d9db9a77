//! Agent Skills, served as resources: the extension `io.modelcontextprotocol/skills` (SEP-2640).
//!
//! All is read and hashed once at start-up, so that an entry and the files behind it agree, and so that a request
//! never reaches the file system: a uri is a key, and one that is not there is unknown.

mod build;
mod files;
mod frontmatter;
mod origin;
mod rules;
mod uri;

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::list::List;
use crate::protocol::ResourceContents;
use build::Builder;

pub use origin::Skills;

/// The file that makes a directory a skill.
const SKILL_MD: &str = "SKILL.md";

/// The skills of a server, ready to be sent.
#[derive(Debug)]
pub(crate) struct SkillSet {
    /// `skills/list`.
    pub list: List,
    /// By the uri of the `SKILL.md`.
    entries: HashMap<String, Value>,
    files: HashMap<String, File>,
    /// The files as `resources/list` shows them, until the catalogue takes them.
    resources: Vec<Value>,
    /// `resources/directory/read`, by the directory's uri.
    directories: HashMap<String, List>,
}

#[derive(Debug)]
struct File {
    mime_type: &'static str,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl SkillSet {
    /// Reads and checks all skills.
    ///
    /// # Errors
    /// Every problem, each naming its file and saying what to do.
    pub(crate) fn load(sources: Vec<Skills>, package: &Path) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut set = Builder::default();
        for source in sources {
            let before = problems.len();
            let (files, place) = source.list(package, &mut problems);
            let found = set.add(files, &place, &mut problems);
            if found == 0 && problems.len() == before {
                let place = if place.is_empty() {
                    "the files given"
                } else {
                    &place
                };
                problems.push(format!(
                    "there is no skill in {place}: a skill is a directory with a `{SKILL_MD}`"
                ));
            }
        }
        if problems.is_empty() {
            Ok(set.finish())
        } else {
            Err(problems)
        }
    }

    /// No skill.
    #[cfg(feature = "contract")]
    pub(crate) fn none() -> Self {
        Builder::default().finish()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn take_resources(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.resources)
    }

    /// The entry of a skill, by the uri of its `SKILL.md`.
    pub(crate) fn entry(&self, uri: &str) -> Option<&Value> {
        self.entries.get(uri)
    }

    /// The direct children of a directory.
    pub(crate) fn directory(&self, uri: &str) -> Option<&List> {
        self.directories.get(uri)
    }

    pub(crate) fn has_file(&self, uri: &str) -> bool {
        self.files.contains_key(uri)
    }

    /// The contents of a file, under its own uri. A client that joined a path without escaping it finds it too.
    pub(crate) fn read(&self, asked: &str) -> Option<ResourceContents> {
        let (uri, file) = match self.files.get_key_value(asked) {
            Some(found) => found,
            None => self.files.get_key_value(&uri::escape(asked))?,
        };
        let contents = match &file.content {
            Content::Text(text) => ResourceContents::text(uri, text),
            Content::Bytes(bytes) => ResourceContents::blob(uri, bytes),
        };
        Some(contents.mime_type(file.mime_type))
    }
}
