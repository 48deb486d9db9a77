//! Habits of ordinary pages that a sandboxed frame does not support.

use super::Judge;
use crate::finding::Rule;
use crate::script::{Kind, Token, closing};

/// The names under which a script knows its window.
const WINDOW: [&str; 4] = ["window", "self", "globalThis", "top"];

struct Habit {
    rule: Rule,
    message: String,
    help: &'static str,
}

impl Judge<'_> {
    pub(super) fn habits(&mut self) {
        let mut found = Vec::new();
        for (start, tokens) in &self.scripts {
            let places =
                (0..tokens.len()).filter_map(|i| Some((start + tokens[i].at, habit(tokens, i)?)));
            found.extend(places);
        }
        for (at, habit) in found {
            self.found(habit.rule, at, habit.message, habit.help);
        }
        let equivalents = self.page.elements.iter().filter_map(http_equiv);
        for (at, message) in equivalents.collect::<Vec<_>>() {
            let help = "leave it out: the host sets the policy from `csp`, and decides where its frames lead";
            self.found(Rule::HttpEquiv, at, message, help);
        }
        for at in self.submitted_forms() {
            self.found(
                Rule::FormSubmission,
                at,
                "a sandbox without `allow-forms` submits no form, and tells no script of it either",
                "take a `<button type=\"button\">` and its `click`, and call a tool from there",
            );
        }
        let blank: Vec<_> = self.page.elements.iter().filter_map(blank_target).collect();
        for at in blank {
            self.found(
                Rule::TargetBlank,
                at,
                "`target=\"_blank\"` opens no window from a sandbox",
                "ask the host: `mcp.openLink(url)`, or the request `ui/open-link`",
            );
        }
    }

    /// Forms that lead somewhere, and those of a page that waits for their `submit`: in HTML §4.10.22.3 the sandbox
    /// comes before the event.
    fn submitted_forms(&self) -> Vec<usize> {
        let waited_for = self.scripts.iter().any(|(_, tokens)| {
            tokens.iter().any(|t| match t.kind {
                Kind::Text => t.text == "submit",
                Kind::Word => t.text == "onsubmit",
                _ => false,
            })
        });
        let submitted = |e: &&crate::page::Element| {
            e.name == "form"
                && !e.value("method").eq_ignore_ascii_case("dialog")
                && (waited_for
                    || !e.value("action").is_empty()
                    || e.attribute("onsubmit").is_some())
        };
        let forms = self.page.elements.iter().filter(submitted);
        forms.map(|e| e.at).collect()
    }
}

/// What a `<meta>` does that belongs to the host.
fn http_equiv(element: &crate::page::Element) -> Option<(usize, &'static str)> {
    let name = element.value("http-equiv").to_ascii_lowercase();
    let message = match (element.name.as_str(), name.as_str()) {
        ("meta", "content-security-policy") => {
            "a policy in the page comes on top of the host's, and may stop the page's own scripts and the bridge"
        }
        ("meta", "refresh") => "a refresh leads the frame away, which the sandbox refuses",
        _ => return None,
    };
    Some((element.at, message))
}

fn blank_target(element: &crate::page::Element) -> Option<usize> {
    let target = element.attribute("target")?;
    target
        .value
        .eq_ignore_ascii_case("_blank")
        .then_some(target.at)
}

fn habit(tokens: &[Token<'_>], i: usize) -> Option<Habit> {
    let token = tokens.get(i).filter(|t| t.kind == Kind::Word)?;
    let next = tokens.get(i + 1);
    let called = next.is_some_and(|t| t.is("("));
    let name = token.text;
    let (rule, message, help) = match name {
        "eval" if called && is_global(tokens, i) => (
            Rule::Eval,
            "`eval` is refused by the sandbox".to_owned(),
            "write the code itself, or `JSON.parse` for data",
        ),
        "Function"
            if called && i > 0 && tokens[i - 1].is_word("new") && has_body(tokens, i + 1) =>
        {
            (
                Rule::Eval,
                "`new Function` is refused by the sandbox".to_owned(),
                "write the function itself",
            )
        }
        "setTimeout" | "setInterval"
            if called
                && is_global(tokens, i)
                && tokens.get(i + 2).is_some_and(|t| t.kind == Kind::Text) =>
        {
            (
                Rule::Eval,
                format!("`{name}` with text runs it as code, which the sandbox refuses"),
                "give it a function",
            )
        }
        "localStorage" | "sessionStorage" | "indexedDB" | "caches" if is_used(tokens, i) => (
            Rule::Storage,
            format!("`{name}` throws in a sandbox without an origin"),
            "keep state in the page, in the tool's result, or on the server behind a tool",
        ),
        "cookie" if i > 1 && tokens[i - 1].is(".") && tokens[i - 2].is_word("document") => (
            Rule::Cookie,
            "`document.cookie` throws in a sandbox without an origin".to_owned(),
            "the server knows the user of each tool call; nothing need be kept here",
        ),
        "alert" | "confirm" | "prompt"
            if called && is_global(tokens, i) && !is_defined(tokens, i) =>
        {
            (
                Rule::Dialog,
                format!("`{name}` shows nothing in a sandbox"),
                "say it in the page; a `<dialog>` works",
            )
        }
        "open" if called && of_window(tokens, i) => (
            Rule::WindowOpen,
            "`window.open` opens nothing from a sandbox".to_owned(),
            "ask the host: `mcp.openLink(url)`, or the request `ui/open-link`",
        ),
        "parent" | "top" | "opener" if is_outer(tokens, i) => (
            Rule::OuterPage,
            format!(
                "`{name}` is the host's page, of another origin: what is not `postMessage` throws"
            ),
            "leave it out, or ask the host by `mcp.request(method, params)`",
        ),
        "location" if is_led_away(tokens, i) => (
            Rule::Navigation,
            "the frame would leave for another page, which the host refuses".to_owned(),
            "ask the host: `mcp.openLink(url)`, or the request `ui/open-link`",
        ),
        "Worker" | "SharedWorker"
            if called && i > 0 && tokens[i - 1].is_word("new") && from_blob(tokens, i + 2) =>
        {
            (
                Rule::BlobWorker,
                format!("a `{name}` out of a `blob:` url is refused by the sandbox"),
                "do the work in the page, or on the server behind a tool",
            )
        }
        _ => return None,
    };
    Some(Habit {
        rule,
        message,
        help,
    })
}

/// Whether a word is `window.word`.
pub(super) fn of_window(tokens: &[Token<'_>], i: usize) -> bool {
    let before = |n: usize| i.checked_sub(n).and_then(|at| tokens.get(at));
    before(1).is_some_and(|t| t.is("."))
        && before(2).is_some_and(|t| t.kind == Kind::Word && WINDOW.contains(&t.text))
        && !before(3).is_some_and(|t| t.is("."))
}

/// Whether this is `parent.document` or the like, and no variable that is called like it.
fn is_outer(tokens: &[Token<'_>], i: usize) -> bool {
    let member = tokens
        .get(i + 1)
        .filter(|t| t.is("."))
        .and(tokens.get(i + 2));
    is_global(tokens, i)
        && !is_defined(tokens, i)
        && member.is_some_and(|t| t.is_word("document") || t.is_word("location"))
}

/// `location = …`, `location.href = …`, `location.assign(…)`, of the frame itself.
fn is_led_away(tokens: &[Token<'_>], i: usize) -> bool {
    let next = |n: usize| tokens.get(i + n);
    let is_set = |n: usize| {
        next(n).is_some_and(|t| t.is("=")) && !next(n + 1).is_some_and(|t| t.is("=") || t.is(">"))
    };
    let defined = i > 0
        && ["const", "let", "var"]
            .iter()
            .any(|w| tokens[i - 1].is_word(w));
    let assigned = match (next(1), next(2)) {
        (Some(dot), Some(member)) if dot.is(".") => match member.text {
            "href" => is_set(3),
            "assign" | "replace" => next(3).is_some_and(|t| t.is("(")),
            _ => false,
        },
        // A key of an object, a default of a parameter, or a variable of the page's own is set too.
        _ => of_window(tokens, i) && is_set(1),
    };
    let of_document = i > 1 && tokens[i - 1].is(".") && tokens[i - 2].is_word("document");
    assigned && (of_document || is_global(tokens, i)) && !defined && !is_defined(tokens, i)
}

/// Whether a word names the global, rather than a member of something or a function of the page's own.
pub(super) fn is_global(tokens: &[Token<'_>], i: usize) -> bool {
    let Some(before) = i.checked_sub(1).and_then(|at| tokens.get(at)) else {
        return true;
    };
    if before.is(".") {
        return of_window(tokens, i);
    }
    !before.is_word("function") && !before.is("#") && !is_method(tokens, i)
}

/// Whether `name(…)` is followed by a body: then it defines a method.
fn is_method(tokens: &[Token<'_>], i: usize) -> bool {
    let body = closing(tokens, i + 1).and_then(|end| tokens.get(end + 1));
    tokens.get(i + 1).is_some_and(|t| t.is("(")) && body.is_some_and(|t| t.is("{"))
}

/// Whether a global is used, rather than named as a key, asked for its type, or a member of something else.
fn is_used(tokens: &[Token<'_>], i: usize) -> bool {
    let next_is = |mark| tokens.get(i + 1).is_some_and(|t: &Token<'_>| t.is(mark));
    let before = i.checked_sub(1).and_then(|at| tokens.get(at));
    let asked =
        before.is_some_and(|t| t.is_word("typeof") || t.is_word("const") || t.is_word("let"));
    is_global(tokens, i) && !asked && (next_is(".") || next_is("["))
}

/// Whether the page has a function of this name itself.
fn is_defined(tokens: &[Token<'_>], i: usize) -> bool {
    let name = tokens[i].text;
    tokens.windows(2).any(|pair| {
        pair[1].is_word(name)
            && ["function", "const", "let", "var"]
                .iter()
                .any(|w| pair[0].is_word(w))
    })
}

/// Whether a call has an argument that is not the empty text: `new Function("")` only tries whether it may.
fn has_body(tokens: &[Token<'_>], open: usize) -> bool {
    match (tokens.get(open + 1), tokens.get(open + 2)) {
        (Some(first), _) if first.is(")") => false,
        (Some(first), Some(after)) => {
            !(first.kind == Kind::Text && first.text.is_empty() && after.is(")"))
        }
        _ => true,
    }
}

/// Whether an argument is a `blob:` url: as such, by `URL.createObjectURL(…)`, or by a variable that holds one.
fn from_blob(tokens: &[Token<'_>], argument: usize) -> bool {
    let makes = |at: usize| {
        tokens.get(at).is_some_and(|t| t.is_word("createObjectURL"))
            || (tokens.get(at + 1).is_some_and(|t| t.is("."))
                && tokens
                    .get(at + 2)
                    .is_some_and(|t| t.is_word("createObjectURL")))
    };
    let Some(first) = tokens.get(argument) else {
        return false;
    };
    match first.kind {
        Kind::Text | Kind::Template => first.text.starts_with("blob:"),
        Kind::Word => {
            let name = first.text;
            let assigned = |(at, pair): (usize, &[Token<'_>])| {
                pair[0].is_word(name) && pair[1].is("=") && makes(at + 2)
            };
            makes(argument) || tokens.windows(2).enumerate().any(assigned)
        }
        _ => false,
    }
}
