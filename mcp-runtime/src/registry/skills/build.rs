//! From files to the skills that are served: which file belongs to which, and whether all is well with them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::files::Raw;
use super::{Content, File, SKILL_MD, SkillSet, frontmatter, rules, uri};
use crate::registry::everyone;
use crate::registry::list::List;

/// What every host must accept of one skill (SEP-2640, "Limits"): its files, and the bytes in them.
const MAX_FILES: usize = 512;
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What is known of a file once it is read.
struct Known {
    /// As the lists of resources show it.
    resource: Value,
    /// As the entries of its skills show it.
    manifest: Value,
    file: File,
}

/// Collects skills from all places that have some.
#[derive(Default)]
pub(super) struct Builder {
    /// Entries in the order of their paths.
    entries: BTreeMap<String, Value>,
    files: BTreeMap<String, Known>,
}

impl Builder {
    /// Adds the skills among these files, and returns how many there are.
    pub(super) fn add(
        &mut self,
        files: Vec<Raw>,
        place: &str,
        problems: &mut Vec<String>,
    ) -> usize {
        let mut homes = Vec::new();
        for file in &files {
            match file.path.rsplit_once('/') {
                Some((home, SKILL_MD)) => homes.push(home.to_owned()),
                Some((_, name)) if !name.eq_ignore_ascii_case(SKILL_MD) => {}
                None if file.path != SKILL_MD => {}
                None => problems.push(format!(
                    "`{SKILL_MD}` must lie in a directory that has the skill's name"
                )),
                Some(_) => {
                    problems.push(format!("{place}{} must be called `{SKILL_MD}`", file.path))
                }
            }
        }
        homes.sort_unstable();
        let too_large: Vec<String> = homes
            .iter()
            .filter_map(|home| too_large(&files, home, place))
            .collect();
        if too_large.is_empty() {
            for file in files {
                if homes.iter().any(|home| is_in(&file.path, home)) {
                    self.add_file(file, place, problems);
                }
            }
            for home in &homes {
                if let Err(problem) = self.add_skill(home) {
                    problems.push(format!("{place}{home}/{SKILL_MD}: {problem}"));
                }
            }
        }
        problems.extend(too_large);
        homes.len()
    }

    fn add_file(&mut self, raw: Raw, place: &str, problems: &mut Vec<String>) {
        let path = raw.path.clone();
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            problems.push(format!("`{path}` is no path of a file below a directory"));
            return;
        }
        let known = match raw.read() {
            Ok(bytes) => known(&path, bytes),
            Err(problem) => return problems.push(problem),
        };
        if self.files.insert(path.clone(), known).is_some() {
            problems.push(format!(
                "{place}{path} is served twice: rename one of the skills"
            ));
        }
    }

    fn add_skill(&mut self, home: &str) -> Result<(), String> {
        let path = format!("{home}/{SKILL_MD}");
        let Some(known) = self.files.get_mut(&path) else {
            // It could not be read, which was said already.
            return Ok(());
        };
        let Content::Text(text) = &known.file.content else {
            return Err("it is not UTF-8".into());
        };
        let fields = frontmatter::parse(text)?;
        rules::check(&fields, home.rsplit('/').next().unwrap_or_default())?;
        known.resource["name"] = fields["name"].clone();
        known.resource["description"] = fields["description"].clone();
        let own = self.files.iter().filter(|(path, _)| is_in(path, home));
        let resources: Vec<Value> = own.map(|(_, known)| known.manifest.clone()).collect();
        let entry = json!({ "uri": uri::of(&path), "frontmatter": fields, "resources": resources });
        self.entries.insert(home.to_owned(), entry);
        Ok(())
    }

    pub(super) fn finish(self) -> SkillSet {
        let mut directories: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        for (path, known) in &self.files {
            let (mut child, mut value) = (path.as_str(), known.resource.clone());
            while let Some((parent, _)) = child.rsplit_once('/') {
                directories
                    .entry(parent)
                    .or_default()
                    .insert(child.to_owned(), value);
                let name = parent.rsplit('/').next().unwrap_or_default();
                value =
                    json!({ "uri": uri::of(parent), "name": name, "mimeType": "inode/directory" });
                child = parent;
            }
        }
        let directories = directories.into_iter().map(|(path, children)| {
            let children = children.into_values().map(everyone).collect();
            (uri::of(path), List::build("resources", children))
        });
        let by_uri = |entry: &Value| entry["uri"].as_str().unwrap_or_default().to_owned();
        SkillSet {
            directories: directories.collect(),
            list: List::build(
                "skills",
                self.entries.values().cloned().map(everyone).collect(),
            ),
            resources: self
                .files
                .values()
                .map(|known| known.resource.clone())
                .collect(),
            entries: self
                .entries
                .into_values()
                .map(|e| (by_uri(&e), e))
                .collect(),
            files: self
                .files
                .into_iter()
                .map(|(path, known)| (uri::of(&path), known.file))
                .collect(),
        }
    }
}

/// Whether a file lies below a directory.
fn is_in(path: &str, home: &str) -> bool {
    path.strip_prefix(home)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// A host may refuse a skill beyond the limits, so nobody should find that out late.
fn too_large(files: &[Raw], home: &str, place: &str) -> Option<String> {
    let own = || files.iter().filter(|file| is_in(&file.path, home));
    let (count, bytes) = (own().count(), own().map(|file| file.size).sum::<u64>());
    let excess = if count > MAX_FILES {
        format!("{count} files, and hosts need not accept more than {MAX_FILES}")
    } else if bytes > MAX_BYTES {
        format!("{bytes} bytes, and hosts need not accept more than {MAX_BYTES} (16 MiB)")
    } else {
        return None;
    };
    Some(format!("the skill {place}{home} has {excess}: split it"))
}

fn known(path: &str, bytes: Vec<u8>) -> Known {
    let (uri, size) = (uri::of(path), bytes.len());
    let digest = Sha256::digest(&bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.rsplit('/').next().unwrap_or_default();
    let content = match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(error) => Content::Bytes(error.into_bytes()),
    };
    let mime_type = media_type(name, &content);
    Known {
        resource: json!({ "uri": uri, "name": name, "mimeType": mime_type, "size": size }),
        manifest: json!({ "uri": uri, "digest": format!("sha256:{hex}"), "size": size }),
        file: File { mime_type, content },
    }
}

/// By its ending, for what skills usually hold; else by what it is made of.
fn media_type(name: &str, content: &Content) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "md" | "markdown" => "text/markdown",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "csv" => "text/csv",
        "xml" => "text/xml",
        "py" => "text/x-python",
        "sh" | "bash" => "application/x-sh",
        "js" | "mjs" => "text/javascript",
        "json" => "application/json",
        "yaml" | "yml" => "application/yaml",
        "toml" => "application/toml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        _ if matches!(content, Content::Text(_)) => "text/plain",
        _ => "application/octet-stream",
    }
}
