//! The tables of `docs/performance.md`, written from what was measured.
//!
//! Between `<!-- bench: SECTION -->` and `<!-- end -->` stands what the section's last run found; the text around it is
//! written by people.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

use super::report;
use crate::workspace::Workspace;

const PAGE: &str = "docs/performance.md";
const END: &str = "<!-- end -->";

/// Writes the tables of all sections that were measured; the others stay as they are.
pub(super) fn write(workspace: &Workspace) -> Result<bool> {
    let kept = report::read(workspace)?;
    ensure!(
        !kept.is_empty(),
        "nothing was measured yet: run `cargo xtask bench`"
    );
    let quick: Vec<&str> = kept
        .iter()
        .filter(|(_, section)| section["quick"] == true)
        .map(|(name, _)| name.as_str())
        .collect();
    if !quick.is_empty() {
        bail!(
            "measured with --quick, which is worth little: {}",
            quick.join(", ")
        );
    }
    let path = workspace.path(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("cannot read {PAGE}"))?;
    let page = filled(&page, &kept)?;
    std::fs::write(&path, page).with_context(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE} shows {} sections anew", kept.len());
    Ok(true)
}

fn filled(page: &str, kept: &Map<String, Value>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<!-- bench: ") {
        let (name, after) = after
            .split_once(" -->")
            .context("`<!-- bench:` without `-->`")?;
        let (old, after) = after
            .split_once(END)
            .with_context(|| format!("`<!-- bench: {name} -->` without `{END}`"))?;
        filled.push_str(&format!("{before}<!-- bench: {name} -->"));
        match kept.get(name) {
            Some(section) => {
                filled.push_str(&format!(
                    "\n{}{}",
                    measured_on(section),
                    report::markdown_of(section)
                ));
            }
            None => filled.push_str(old),
        }
        filled.push_str(END);
        rest = after;
    }
    Ok(filled + rest)
}

/// On what machine, and how quiet it was.
fn measured_on(section: &Value) -> String {
    let machine = &section["machine"];
    let text = |key: &str| machine[key].as_str().unwrap_or_default().to_owned();
    format!(
        "{}, {} cores, {} GiB, Linux {}, {}; load before: {}\n\n",
        text("cpu"),
        machine["cores"],
        machine["memory_gib"],
        text("kernel"),
        text("rustc"),
        section["load_before"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_is_replaced_and_the_rest_stays() {
        let page =
            "# P\n<!-- bench: a -->old<!-- end -->\ntext\n<!-- bench: b -->kept<!-- end -->\n";
        let kept = json!({ "a": { "head": ["x", "y"], "rows": [["1", "2"]] } });
        let page = filled(page, kept.as_object().expect("an object")).expect("filled");
        assert!(
            page.contains("| 1 | 2 |") && !page.contains("old"),
            "{page}"
        );
        assert!(page.contains("-->kept<!-- end -->\n"), "{page}");
        assert!(filled("<!-- bench: a -->", &Map::new()).is_err());
    }
}
