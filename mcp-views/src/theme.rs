//! Variables and sizes: what a host gives, and what follows from the frame that it makes.

use std::collections::HashSet;

use crate::css::What;
use crate::finding::Rule;
use crate::rules::Judge;

pub(crate) fn check(judge: &mut Judge<'_>) {
    let mut found = Vec::new();
    let defined: HashSet<&str> = judge
        .styles
        .iter()
        .filter_map(|(_, what)| match what {
            What::Define(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let unseen = judge.loads_styles();
    let mut told = HashSet::new();
    for (at, what) in &judge.styles {
        match what {
            What::Use(name)
                if !unseen
                    && !is_hosts(name)
                    && !defined.contains(name.as_str())
                    && !is_set_by_script(judge, name)
                    && told.insert(name.as_str()) =>
            {
                found.push((
                    Rule::UnknownVariable,
                    *at,
                    format!("nobody sets the variable `{name}`: neither the page nor the specification has it"),
                    match nearest(name) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "define it in the page, or use one that hosts set, such as `--color-text-primary`".into(),
                    },
                ));
            }
            What::ViewportHeight(text) => found.push((
                Rule::ViewportHeight,
                *at,
                format!("`{text}` is the height of the frame, which follows the page: the two chase each other"),
                "let the content decide the height, or bound it with `max-height`".to_owned(),
            )),
            _ => {}
        }
    }
    for (rule, at, message, help) in found {
        judge.found(rule, at, message, help);
    }
}

/// A script that names the variable in a text may set it.
fn is_set_by_script(judge: &Judge<'_>, name: &str) -> bool {
    judge
        .page
        .scripts
        .iter()
        .any(|script| script.text.contains(name))
}

/// Whether a host may set it: the variables of MCP Apps (2026-01-26, `McpUiStyleVariableKey`) and Connext's own.
fn is_hosts(name: &str) -> bool {
    name.starts_with("--mcp-color-") || standard().any(|s| s == name)
}

fn standard() -> impl Iterator<Item = String> {
    const KINDS: [&str; 10] = [
        "primary",
        "secondary",
        "tertiary",
        "inverse",
        "ghost",
        "info",
        "danger",
        "success",
        "warning",
        "disabled",
    ];
    const RINGS: [&str; 7] = [
        "primary",
        "secondary",
        "inverse",
        "info",
        "danger",
        "success",
        "warning",
    ];
    const TEXT: [&str; 4] = ["xs", "sm", "md", "lg"];
    const HEADING: [&str; 7] = ["xs", "sm", "md", "lg", "xl", "2xl", "3xl"];
    let colors = ["background", "text", "border"]
        .into_iter()
        .flat_map(|what| KINDS.map(|kind| format!("--color-{what}-{kind}")));
    let rings = RINGS.map(|kind| format!("--color-ring-{kind}"));
    let fonts = |what: &'static str, sizes: &'static [&'static str]| {
        let each = |size: &&str| {
            [
                format!("--font-{what}-{size}-size"),
                format!("--font-{what}-{size}-line-height"),
            ]
        };
        sizes.iter().flat_map(each).collect::<Vec<_>>()
    };
    let weights = ["normal", "medium", "semibold", "bold"].map(|w| format!("--font-weight-{w}"));
    let radii = ["xs", "sm", "md", "lg", "xl", "full"].map(|r| format!("--border-radius-{r}"));
    let shadows = ["hairline", "sm", "md", "lg"].map(|s| format!("--shadow-{s}"));
    let rest = ["--font-sans", "--font-mono", "--border-width-regular"].map(String::from);
    colors
        .chain(rings)
        .chain(fonts("text", &TEXT))
        .chain(fonts("heading", &HEADING))
        .chain(weights)
        .chain(radii)
        .chain(shadows)
        .chain(rest)
}

/// A standard variable that differs by a slip of the pen.
fn nearest(name: &str) -> Option<String> {
    standard()
        .map(|s| (distance(name, &s), s))
        .filter(|(d, _)| *d <= 3)
        .min()
        .map(|(_, s)| s)
}

/// How many letters must change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
