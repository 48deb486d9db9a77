//! The order of the layers, and the size of files: rules that a compiler does not keep.
//!
//! It reads text, not syntax: comments and test modules are cut away, then every path that starts at the crate's root
//! (`crate::…`, or enough `super::`) is looked up in the order below.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::exec::Log;
use crate::run::Tally;
use crate::workspace::Workspace;

/// `mcp-runtime`'s modules: each may import from its own line and from those above.
const ORDER: &[&[&str]] = &[
    &["settings", "protocol"],
    &["descriptor", "schema", "extract", "result"],
    &["registry"],
    &["contract"],
    &["dispatch"],
    &["store"],
    &["auth"],
    &["transport"],
    // The server is put together from all of these, and its command line runs it.
    &["server", "cli", "assertion"],
];

/// The crate's root and its façades (what macros expand to, the prelude): they show all layers and are imported by none.
const FACADES: &[&str] = &["lib", "private", "prelude"];

/// Everything that speaks HTTP through actix lies here.
const ACTIX: &[&str] = &["transport/http", "auth/http"];

/// The longest source file, in lines before its tests.
const MAX_LINES: usize = 500;

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let runtime = workspace.path("mcp-runtime/src");
    let exports = exports(&std::fs::read_to_string(runtime.join("lib.rs"))?);
    let mut problems = Vec::new();
    let mut files = 0;
    for file in rust_files(&runtime)? {
        let text = std::fs::read_to_string(&file)?;
        let inside = file.strip_prefix(&runtime)?.to_path_buf();
        if is_tests(&inside) {
            continue;
        }
        problems.extend(late_imports(&inside, &text, &exports));
        problems.extend(stray_actix(&inside, &text));
    }
    for dir in [
        "mcp-macros",
        "mcp-runtime",
        "mcp-views",
        "example",
        "tests",
        "benches",
        "xtask",
    ] {
        for file in rust_files(&workspace.path(dir))? {
            if is_tests(file.strip_prefix(workspace.path(dir))?) {
                continue;
            }
            // Integration tests are nothing but tests.
            if file.starts_with(workspace.path("tests/it")) {
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&file)?;
            problems.extend(too_long(file.strip_prefix(workspace.path(""))?, &text));
        }
    }
    for problem in &problems {
        log.note(problem)?;
    }
    ensure!(files > 0, "no source file found");
    ensure!(problems.is_empty(), "{} problems", problems.len());
    Ok(Tally {
        passed: 3,
        failed: 0,
        ..Tally::default()
    })
}

fn rust_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            // Other people's packages, and build output.
            if !path
                .file_name()
                .is_some_and(|name| name == "target" || name == "node_modules")
            {
                found.extend(rust_files(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file is nothing but tests: it may be long, and it may look at any layer.
fn is_tests(file: &Path) -> bool {
    file.with_extension("")
        .components()
        .any(|part| ["tests", "it"].iter().any(|name| part.as_os_str() == *name))
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|line| line.contains(&module))
}

/// The module that a file is, from the crate's root: `auth/http/pages.rs` is `[auth, http, pages]`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module
        .last()
        .is_some_and(|name| ["mod", "lib", "main"].contains(&name.as_str()))
    {
        module.pop();
    }
    module
}

/// Paths that lead into a later layer, by its own name or by what the root re-exports from it.
fn late_imports(file: &Path, text: &str, exports: &Exports) -> Vec<String> {
    let module = module_of(file);
    let Some(layer) = module
        .first()
        .filter(|first| !FACADES.contains(&first.as_str()))
    else {
        return Vec::new();
    };
    let Some(own) = rank(layer) else {
        return vec![format!(
            "{}: `{layer}` has no place in the order of layers",
            file.display()
        )];
    };
    let mut problems = Vec::new();
    for (number, path) in paths(text) {
        let supers = path.matches("super::").count();
        if !path.starts_with("crate::") && supers < module.len() {
            continue;
        }
        let rest = path
            .trim_start_matches("crate::")
            .trim_start_matches("super::");
        for head in heads(rest) {
            let origin = exports.get(head).map_or(head, String::as_str);
            if rank(origin).is_some_and(|rank| rank > own) {
                problems.push(format!(
                    "{}:{number}: `{layer}` imports `{head}` of a later layer",
                    file.display()
                ));
            }
        }
    }
    problems
}

/// What the crate's root re-exports, and from which module: `pub use auth::Auth;` makes `Auth` one of `auth`.
type Exports = HashMap<String, String>;

fn exports(lib: &str) -> Exports {
    let lib = code(lib);
    lib.split("pub use ")
        .skip(1)
        .filter_map(|rest| rest.split(';').next()?.split_once("::"))
        .filter(|(module, _)| rank(module).is_some())
        .flat_map(|(module, names)| {
            heads(names)
                .into_iter()
                .map(|name| (name.to_owned(), module.to_owned()))
        })
        .collect()
}

/// Every `crate::…` and `super::…` in the code, with its line; a group in braces is taken whole.
fn paths(text: &str) -> Vec<(usize, String)> {
    let code = code(text);
    let mut found = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            // `$crate::` and `self_crate::` are others; a second `super::` belongs to the first.
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
                || code[..at].ends_with("super::")
            {
                continue;
            }
            let mut depth = 0;
            let end = code[at..]
                .find(|c: char| {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    depth < 0 || (depth == 0 && !(c.is_alphanumeric() || "_:{}*".contains(c)))
                })
                .map_or(code.len(), |length| at + length);
            found.push((
                code[..at].matches('\n').count() + 1,
                code[at..end].to_owned(),
            ));
        }
    }
    found.sort();
    found
}

/// The first name of a path, or of each path in a group: `{a::B, c}` has `a` and `c`.
fn heads(rest: &str) -> Vec<&str> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![rest.split("::").next().unwrap_or_default()];
    };
    let (mut heads, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                heads.push(
                    group[start..at]
                        .trim()
                        .split("::")
                        .next()
                        .unwrap_or_default(),
                );
                start = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    heads
}

fn stray_actix(file: &Path, text: &str) -> Vec<String> {
    if ACTIX
        .iter()
        .any(|home| file.with_extension("").starts_with(home))
    {
        return Vec::new();
    }
    code(text)
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("actix"))
        .map(|(index, _)| {
            format!(
                "{}:{}: only {} name actix",
                file.display(),
                index + 1,
                ACTIX.join(" and ")
            )
        })
        .collect()
}

fn too_long(file: &Path, text: &str) -> Option<String> {
    let lines = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .count();
    (lines > MAX_LINES).then(|| {
        format!(
            "{}: {lines} lines before its tests: split it",
            file.display()
        )
    })
}

/// The code before the tests, without line comments; lines keep their numbers.
fn code(text: &str) -> String {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]" || line.starts_with(' '))
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .map(|line| line.split(" // ").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(file: &str, text: &str) -> usize {
        let exports = exports("pub use server::{Server, Mount};\npub use extract::User;");
        late_imports(Path::new(file), text, &exports).len()
    }

    #[test]
    fn an_import_from_a_later_layer_is_found() {
        for text in [
            "use crate::transport::Server;",
            "use crate::{protocol::Request, transport::{http, stdio}};",
            "use crate::{User, Server};",
            "use crate::{\n    protocol,\n    cli,\n};",
            "use super::super::auth::Guard;",
            "fn f() { crate::auth::start() }",
            "pub(super) fn f(x: super::super::store::Store) {}",
        ] {
            assert_eq!(late("dispatch/call.rs", text), 1, "{text}");
        }
        assert_eq!(late("dispatch.rs", "use super::transport::Server;"), 1);
        assert_eq!(late("dispatch/mod.rs", "use super::transport::Server;"), 1);
    }

    #[test]
    fn an_import_from_an_earlier_layer_or_its_own_is_fine() {
        for text in [
            "use crate::registry::Registry;",
            "use crate::User;",
            "use crate::{protocol::Request, extract::{transport, User}};",
            "use super::transport;",
            "// use crate::transport::Server;",
            "/// See [`crate::transport`].",
            "use tokio::transport;",
            "quote! { $crate::transport::x }",
            "use super::super::registry::Registry;",
            "fn f() {}\n#[cfg(test)]\nmod tests { use crate::transport::testing; }",
        ] {
            assert_eq!(late("dispatch/call.rs", text), 0, "{text}");
        }
        assert_eq!(late("lib.rs", "pub use crate::transport::http;"), 0);
        assert_eq!(late("prelude.rs", "pub use crate::cli::run;"), 0);
        assert_eq!(late("transport/http/mod.rs", "use crate::auth::Guard;"), 0);
    }

    #[test]
    fn a_problem_names_its_line() {
        let text = "//! Docs.\n\nuse crate::auth::Auth;";
        let problems = late_imports(Path::new("store/mod.rs"), text, &Exports::new());
        assert_eq!(
            problems,
            ["store/mod.rs:3: `store` imports `auth` of a later layer"]
        );
    }

    #[test]
    fn a_module_without_a_place_is_found() {
        assert_eq!(late("util.rs", "fn f() {}"), 1);
    }

    #[test]
    fn actix_outside_its_homes_is_found() {
        let text = "/// Not actix.\nuse actix_web::web;";
        for stray in [
            "auth/login.rs",
            "dispatch/mod.rs",
            "transport/stdio.rs",
            "transport/httpx.rs",
        ] {
            assert_eq!(stray_actix(Path::new(stray), text).len(), 1, "{stray}");
        }
        for home in ["auth/http/mod.rs", "auth/http.rs", "transport/http/sse.rs"] {
            assert_eq!(stray_actix(Path::new(home), text).len(), 0, "{home}");
        }
    }

    #[test]
    fn tests_are_told_from_sources() {
        for tests in ["auth/tests.rs", "auth/http/tests/tokens.rs", "it/wire.rs"] {
            assert!(is_tests(Path::new(tests)), "{tests}");
        }
        assert!(!is_tests(Path::new("transport/testing/mod.rs")));
    }

    #[test]
    fn a_file_may_be_long_only_by_its_tests() {
        let file = Path::new("x.rs");
        assert!(too_long(file, &"x\n".repeat(MAX_LINES + 1)).is_some());
        let tested = format!(
            "{}#[cfg(test)]\n{}",
            "x\n".repeat(MAX_LINES),
            "t\n".repeat(900)
        );
        assert_eq!(too_long(file, &tested), None);
    }
}
