//! `assert_contract!`: what must hold of a server before it is released, in one line of a user's tests.

#[cfg(feature = "check-views")]
mod views;

use std::path::{Path, PathBuf};

use crate::contract::{
    Diff, Format, Head, Identity, LOCK_FILE, POLICY_FILE, Places, Policy, Report, Surface,
    read_file, read_text,
};
use crate::descriptor::Item;
use crate::registry::{Catalogue, Items};
use crate::server::{Package, Server};

/// Whether what is accepted is written: `MCP_BLESS=1 cargo test`.
const BLESS: &str = "MCP_BLESS";

/// What is checked.
struct Subject {
    items: Vec<Item>,
    surface: Surface,
    places: Places,
    /// The lock file.
    lock: PathBuf,
    /// Whether the surface tells of the server as a whole, and not of its items only.
    is_whole: bool,
    bless: bool,
}

/// One check: its name, and what it finds wrong.
struct Check {
    name: &'static str,
    run: fn(&Subject) -> Result<(), String>,
}

/// All that is checked, in this order. All that fails is told at once.
const CHECKS: &[Check] = &[
    Check {
        name: "something is served",
        run: items,
    },
    Check {
        name: "the lock file is up to date",
        run: lock_file,
    },
    #[cfg(feature = "check-views")]
    Check {
        name: "the views and the server agree",
        run: |subject| views::check(&subject.items),
    },
];

/// Checks a server.
///
/// # Panics
/// If a check fails; the message says which, and what to do.
#[track_caller]
pub fn assert_server(server: Server) {
    let lock = Path::new(server.contract_directory()).join(LOCK_FILE);
    let items = server.items().unwrap_or_default();
    let (surface, places) = server
        .surface()
        .unwrap_or_else(|error| panic!("the server does not start: {error}"));
    report(&Subject {
        items,
        surface,
        places,
        lock,
        is_whole: true,
        bless: bless(),
    });
}

/// Checks the annotated items of a package.
///
/// # Panics
/// If a check fails; the message says which, and what to do.
#[track_caller]
pub fn assert_package(package: Package) {
    let items = Items::of_package(package.name).0;
    let catalogue =
        Catalogue::of(&items).unwrap_or_else(|error| panic!("the items cannot be served: {error}"));
    let identity = Identity {
        head: None,
        capabilities: None,
    };
    let (mut surface, places) =
        Surface::of(&catalogue, identity).unwrap_or_else(|error| panic!("{}", error.0));
    let lock = Path::new(package.directory).join(LOCK_FILE);
    // What only the server knows is taken from the lock: its name and what it is able to do.
    if let Ok(locked) = read_file(&lock) {
        surface.server = locked.server.map(|head| Head {
            version: package.version.to_owned(),
            ..head
        });
        surface.capabilities = locked.capabilities;
    }
    report(&Subject {
        items,
        surface,
        places,
        lock,
        is_whole: false,
        bless: bless(),
    });
}

fn bless() -> bool {
    std::env::var_os(BLESS).is_some_and(|value| value == "1")
}

#[track_caller]
fn report(subject: &Subject) {
    let failed = CHECKS.iter().filter_map(|check| {
        (check.run)(subject)
            .err()
            .map(|why| format!("{}: no\n\n{why}", check.name))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n\n"));
}

fn items(subject: &Subject) -> Result<(), String> {
    if subject.items.is_empty() {
        return Err("no annotated item is linked into this test: write it into the crate that has them, or name that \
                    crate: `use your_crate as _;`"
            .into());
    }
    Ok(())
}

fn lock_file(subject: &Subject) -> Result<(), String> {
    let lock = subject.lock.display();
    let text = subject.surface.lock();
    if subject.bless {
        if subject.surface.server.is_none() {
            return Err(format!(
                "{lock} cannot be made here: only the server knows its name. Pass it, `assert_contract!(your_server())`, \
                 or run the server with `schema --write` once"
            ));
        }
        let unchanged = std::fs::read_to_string(&subject.lock).is_ok_and(|before| before == text);
        return match std::fs::write(&subject.lock, text) {
            _ if unchanged => Ok(()),
            Ok(()) => {
                eprintln!("Wrote {lock}.");
                Ok(())
            }
            Err(error) => Err(format!("{lock} cannot be written: {error}")),
        };
    }
    if !subject.lock.exists() {
        let how = if subject.is_whole {
            "MCP_BLESS=1 cargo test"
        } else {
            "the server with `schema --write`"
        };
        return Err(format!(
            "there is no {lock}: make it by running {how}, and commit it"
        ));
    }
    let locked = read_file(&subject.lock).map_err(|e| e.0)?;
    let own = read_text(text.as_bytes()).map_err(|e| e.0)?;
    if let (Some(a), Some(b)) = (&locked.server, &own.server)
        && a.name != b.name
    {
        return Err(format!(
            "{lock} is the lock file of `{}`, and this server is `{}`",
            a.name, b.name
        ));
    }
    // As read: neither white space nor the order of keys is drift.
    if locked.lock() == own.lock() {
        return Ok(());
    }
    let policy = Policy::read(&subject.lock.with_file_name(POLICY_FILE)).map_err(|e| e.0)?;
    let diff = Diff::of(&locked, &own, &policy);
    let report = Report::Diff(&diff).write(
        Format::Text { colours: false },
        &subject.places,
        &lock.to_string(),
    );
    let blocked = if diff.is_blocked() {
        format!(
            "Release a new version (Cargo.toml says {}), waive what is let pass in {POLICY_FILE}, or undo it. ",
            own.server.map(|s| s.version).unwrap_or_default()
        )
    } else {
        String::new()
    };
    Err(format!(
        "{report}\n{blocked}If this is meant, accept it: {BLESS}=1 cargo test, and commit {LOCK_FILE}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str, bless: bool) -> Subject {
        let dir = std::env::temp_dir().join(format!("mcp-assert-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory");
        let lock = r#"{"lockVersion": 1, "server": {"name": "s", "version": "1.0.0"}, "tools": [{"descriptor": {"name": "t",
            "inputSchema": {"type": "object"}}}], "prompts": [], "resources": [], "resourceTemplates": [], "uiResources": []}"#;
        Subject {
            items: Vec::new(),
            surface: read_text(lock.as_bytes()).expect("a lock"),
            places: Places::new(),
            lock: dir.join(LOCK_FILE),
            is_whole: true,
            bless,
        }
    }

    #[test]
    fn a_lock_is_blessed_and_then_holds_until_something_changes() {
        let written = subject("blessed", true);
        let _ = std::fs::remove_file(&written.lock);
        let held = subject("blessed", false);
        assert!(lock_file(&held).is_err_and(|why| why.contains("there is no")));
        assert_eq!(lock_file(&written), Ok(()));
        assert_eq!(lock_file(&held), Ok(()));
        let text = std::fs::read_to_string(&held.lock).expect("written");
        std::fs::write(
            &held.lock,
            text.replace("\"name\": \"t\"", "\"name\": \"old\""),
        )
        .expect("written");
        let why = lock_file(&held).expect_err("differs");
        for part in [
            "tools/old",
            "BREAKING",
            "MCP_BLESS=1",
            "Cargo.toml says 1.0.0",
            "mcp.policy.json",
        ] {
            assert!(why.contains(part), "{part} in {why}");
        }
        std::fs::write(
            &held.lock,
            text.replace("\"name\": \"s\"", "\"name\": \"other\""),
        )
        .expect("written");
        assert!(lock_file(&held).is_err_and(|why| why.contains("lock file of `other`")));
        let _ = std::fs::remove_dir_all(held.lock.parent().expect("a directory"));
    }

    #[test]
    #[should_panic(expected = "something is served: no")]
    fn an_empty_test_says_how_to_link_the_items() {
        report(&subject("empty", false));
    }
}
