//! What the runtime adds to the page of a view: the bridge to the host, and the value in a copy that stands alone.

use super::UiResourceDescriptor;

/// The script, made small; `cargo xtask test views` holds it to `bridge.js`, from which it is made.
const SCRIPT: &str = include_str!("bridge/bridge.min.js");

/// The page with the bridge, as the first thing in its head.
pub(crate) fn with_bridge(view: &UiResourceDescriptor, html: &str) -> String {
    let name = view.name.replace('&', "&amp;").replace('"', "&quot;");
    let version = view.place.version;
    add(
        html,
        &format!("<script data-name=\"{name}\" data-version=\"{version}\">{SCRIPT}</script>\n"),
    )
}

/// The page with a value in it, for a host that renders embedded HTML but speaks no MCP Apps.
/// The value goes in as inert JSON: no markup of a caller's can get out of it.
pub(crate) fn with_value(html: &str, json: &str) -> String {
    let json = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    add(
        html,
        &format!(
            "<script type=\"application/json\" id=\"mcp-structured-content\">{json}</script>\n"
        ),
    )
}

fn add(html: &str, element: &str) -> String {
    let (before, after) = html.split_at(head(html));
    let gap = if before.ends_with('\n') || before.is_empty() {
        ""
    } else {
        "\n"
    };
    format!(
        "{before}{gap}{element}{}",
        after.trim_start_matches(['\n', '\r'])
    )
}

/// Where the head's content begins: after the tags that may stand before it, as the HTML standard has them
/// (§13.2.6.4.1 to 3). A page may leave out each of them.
fn head(html: &str) -> usize {
    let mut at = html.len() - html.trim_start_matches('\u{feff}').len();
    loop {
        let rest = &html[at..];
        let text = rest.trim_start();
        let start = at + rest.len() - text.len();
        let is = |tag: &str| {
            let after = text
                .get(..tag.len())
                .filter(|t| t.eq_ignore_ascii_case(tag));
            after.is_some() && !text[tag.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        let end = if text.starts_with("<!--") {
            text.find("-->").map(|end| end + 3)
        } else if is("<!doctype") || is("<html") || is("<head") {
            tag_end(text)
        } else {
            None
        };
        let Some(end) = end else { return at };
        at = start + end;
        if is("<head") {
            return at;
        }
    }
}

/// After the `>` that ends this tag: one in quotes does not.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_comes_first_in_the_head() {
        for (html, expected) in [
            ("<!doctype html><html lang=\"a>b\"><head data-x>|<title>", 1),
            (
                "<!DOCTYPE html>\n<!-- <head> -->\n<HTML>\n<Head>|\n<meta charset=utf-8>",
                1,
            ),
            ("<!doctype html>|<header>x</header>", 1),
            ("<!doctype html>\n<html>|\n<title>x</title>", 1),
            ("|<p>x", 1),
            ("\u{feff}<!doctype html>|<p>é", 1),
        ] {
            assert_eq!(html.matches('|').count(), expected);
            let at = html.find('|').expect("a mark");
            assert_eq!(head(&html.replace('|', "")), at, "{html}");
        }
    }

    #[test]
    fn a_value_cannot_end_its_element() {
        let page = with_value(
            "<!doctype html><p>x",
            "{\"a\":\"</script><script>alert(1)//&\"}",
        );
        assert_eq!(page.matches("</script>").count(), 1, "{page}");
        assert!(page.contains("\\u003c/script\\u003e"), "{page}");
    }

    #[test]
    fn the_bridge_is_small_and_nothing_in_it_ends_its_element() {
        assert!(!SCRIPT.contains("</"), "it would end the script");
        let place = super::super::Place::new("acme", "1.2.3", "", "", 0, 0);
        let view = UiResourceDescriptor::new(
            "a \"card\"",
            "",
            "ui://x/y",
            super::super::Html::Text(""),
            place,
        );
        let page = with_bridge(&view, "<!doctype html><p>x");
        assert!(
            page.contains("<script data-name=\"a &quot;card&quot;\" data-version=\"1.2.3\">(()=>{"),
            "{page}"
        );
        assert!(page.len() < 2_800, "{} bytes", page.len());
    }
}
