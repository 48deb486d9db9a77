//! The table of `docs/security.md`: which test holds which rule of the authorization server.
//!
//! A test says by its name which items it holds: `item_46_…`, `item_85_86_…`, `item_98_and_99_…`. The table is
//! written from those names (`cargo xtask bless security`), and CI checks that it is fresh.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use crate::exec::Log;
use crate::run::Tally;
use crate::workspace::Workspace;

const ITEMS: &str = include_str!("security/items.txt");
const PAGE: &str = "docs/security.md";
const BEGIN: &str = "<!-- written by `cargo xtask bless security`: do not edit below -->";

/// Where tests are looked for. The first drives running servers over HTTP, the other looks inside.
const FROM_OUTSIDE: &str = "tests/it";
const FROM_INSIDE: &str = "mcp-runtime/src";

/// Items that may be without a test from outside, and why is said in the pages of their subject.
const OPEN: &[u16] = &[110];

/// Checks that the table is the one that the tests yield, and that no item lost its test.
pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let tests = Tests::find(workspace)?;
    let page = std::fs::read_to_string(workspace.path(PAGE)).context(PAGE)?;
    ensure!(
        page == renewed(&page, &tests)?,
        "{PAGE} is not what the tests say: run `cargo xtask bless security`"
    );
    let lost: Vec<String> = tests.lost(OPEN).collect();
    for problem in &lost {
        log.note(problem)?;
    }
    ensure!(lost.is_empty(), "{} items are without a test", lost.len());
    Ok(Tally::ONE)
}

/// Writes the table anew.
pub(crate) fn bless(workspace: &Workspace) -> Result<bool> {
    let path = workspace.path(PAGE);
    let page = std::fs::read_to_string(&path).context(PAGE)?;
    std::fs::write(&path, renewed(&page, &Tests::find(workspace)?)?)?;
    Ok(true)
}

/// The page with the table of these tests in place of the old one.
fn renewed(page: &str, tests: &Tests) -> Result<String> {
    let (head, _) = page
        .split_once(BEGIN)
        .with_context(|| format!("{PAGE} has no line `{BEGIN}`"))?;
    Ok(format!("{head}{BEGIN}\n\n{}", tests.table()))
}

/// The tests that bear an item's number: for each item, the names by file.
#[derive(Debug, Default)]
struct Tests(BTreeMap<u16, Vec<(String, String)>>);

impl Tests {
    fn find(workspace: &Workspace) -> Result<Self> {
        let mut tests = Self::default();
        for directory in [FROM_OUTSIDE, FROM_INSIDE] {
            tests.walk(&workspace.path(""), &workspace.path(directory))?;
        }
        for all in tests.0.values_mut() {
            // Those from outside first, then in the order of the files.
            all.sort_by_key(|(file, name)| (!is_from_outside(file), file.clone(), name.clone()));
            all.dedup();
        }
        let known: Vec<u16> = items().filter_map(|line| line.item()).collect();
        if let Some(stray) = tests.0.keys().find(|n| !known.contains(n)) {
            bail!("a test bears the number {stray}, which no item has");
        }
        Ok(tests)
    }

    fn walk(&mut self, root: &Path, directory: &Path) -> Result<()> {
        let entries = std::fs::read_dir(directory)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                self.walk(root, &path)?;
            } else if path.extension().is_some_and(|e| e == "rs") {
                let file = path.strip_prefix(root)?.display().to_string();
                self.read(&file, &std::fs::read_to_string(&path)?);
            }
        }
        Ok(())
    }

    fn read(&mut self, file: &str, source: &str) {
        for name in source.split("fn item_").skip(1) {
            let end = name
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(name.len());
            let name = format!("item_{}", &name[..end]);
            for item in numbers(&name) {
                let tests = self.0.entry(item).or_default();
                tests.push((file.to_owned(), name.clone()));
            }
        }
    }

    fn state(&self, item: u16) -> &'static str {
        match self.0.get(&item) {
            None => "open",
            Some(tests) if tests.iter().any(|(file, _)| is_from_outside(file)) => "held",
            Some(_) => "held inside",
        }
    }

    /// The items that no test from outside holds, but for those that may be open.
    fn lost<'a>(&'a self, open: &'a [u16]) -> impl Iterator<Item = String> + 'a {
        let items = items().filter_map(|line| line.item());
        let lost = items.filter(|item| self.state(*item) != "held" && !open.contains(item));
        lost.map(|item| format!("item {item} has no test from outside: name one `item_{item}_…`"))
    }

    fn table(&self) -> String {
        let count = |state| {
            let all = items().filter_map(|line| line.item());
            all.filter(|item| self.state(*item) == state).count()
        };
        let all = items().filter(|line| line.item().is_some()).count();
        let mut text = format!(
            "Of {all} items, {} are held by a test from outside",
            count("held")
        );
        if count("held inside") > 0 {
            let _ = write!(text, ", {} by one from inside", count("held inside"));
        }
        if count("open") > 0 {
            let _ = write!(text, ", and {} have none yet", count("open"));
        }
        text.push_str(".\n");
        for line in items() {
            match line {
                Line::Section(title) => {
                    let _ = write!(
                        text,
                        "\n### {title}\n\n| | what holds | test | state |\n|--:|---|---|---|\n"
                    );
                }
                Line::Item(number, rule) => {
                    let state = self.state(number);
                    let tests = self.0.get(&number).map_or(String::new(), |t| links(t));
                    let _ = writeln!(text, "| {number} | {rule} | {tests} | {state} |");
                }
            }
        }
        text
    }
}

fn links(tests: &[(String, String)]) -> String {
    let link = |(file, name): &(String, String)| format!("[`{name}`](../{file})");
    tests.iter().map(link).collect::<Vec<_>>().join("<br>")
}

fn is_from_outside(file: &str) -> bool {
    file.starts_with(FROM_OUTSIDE)
}

/// The items of a test's name: all numbers that follow `item_`, with `and` between them or not.
fn numbers(name: &str) -> Vec<u16> {
    let words = name.split('_').skip(1).filter(|word| *word != "and");
    words.map_while(|word| word.parse().ok()).collect()
}

enum Line {
    Section(&'static str),
    Item(u16, &'static str),
}

impl Line {
    fn item(&self) -> Option<u16> {
        match self {
            Self::Section(_) => None,
            Self::Item(number, _) => Some(*number),
        }
    }
}

fn items() -> impl Iterator<Item = Line> {
    ITEMS.lines().filter_map(|line| {
        if let Some(title) = line.strip_prefix("## ") {
            return Some(Line::Section(title));
        }
        let (number, rule) = line.split_once(' ')?;
        Some(Line::Item(number.parse().ok()?, rule))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_numbered_without_a_gap() {
        let numbers: Vec<u16> = items().filter_map(|line| line.item()).collect();
        assert_eq!(numbers, (1..=122).collect::<Vec<_>>());
    }

    #[test]
    fn a_name_may_hold_several_items_and_years_are_none() {
        assert_eq!(numbers("item_46_the_11th_waits_cve_2026_1"), [46]);
        assert_eq!(numbers("item_85_86_keys_rotate"), [85, 86]);
        assert_eq!(numbers("item_98_and_99_the_login"), [98, 99]);
    }

    #[test]
    fn a_lost_test_is_told() {
        let mut tests = Tests::default();
        for item in 1..=122 {
            let source = format!("async fn item_{item}_x() {{}}");
            tests.read("tests/it/oauth/a.rs", &source);
        }
        assert_eq!(tests.lost(&[]).count(), 0);
        tests.0.remove(&7);
        assert_eq!(tests.lost(&[7]).count(), 0);
        tests.read("mcp-runtime/src/a.rs", "fn item_7_x() {}");
        let lost: Vec<_> = tests.lost(&[]).collect();
        assert_eq!(
            lost,
            ["item 7 has no test from outside: name one `item_7_…`"]
        );
        assert_eq!(tests.state(7), "held inside");
    }

    #[test]
    fn a_stale_table_is_written_anew() {
        let mut tests = Tests::default();
        let page = format!("# Head\n\n{BEGIN}\nyesterday's");
        let first = renewed(&page, &tests).expect("a page");
        assert!(first.starts_with("# Head\n") && !first.contains("yesterday"));
        assert_eq!(renewed(&first, &tests).expect("a page"), first);
        tests.read("tests/it/a.rs", "fn item_1_x() {}");
        assert_ne!(renewed(&first, &tests).expect("a page"), first);
    }
}
