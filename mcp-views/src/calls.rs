//! Which tools a page's scripts call, as far as it is written out.

use crate::page::Page;
use crate::script::{self, Kind, Token, closing};

/// One call of a tool in a page's script.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolUse {
    /// The line of the page, from 1.
    pub line: usize,
    /// The tool's name; none where it is computed.
    pub tool: Option<String>,
    /// The arguments that are sent.
    pub keys: Keys,
}

/// The names of the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// All of them.
    Written(Vec<String>),
    /// These, and some that are computed.
    AtLeast(Vec<String>),
    /// They are computed.
    Computed,
}

/// The calls of tools in a page: `callTool("x", {…})` of the bridge, `callServerTool({ name: "x", arguments: {…} })` of
/// the official SDK, and the request `"tools/call"` itself.
#[must_use]
pub fn tool_calls(html: &str) -> Vec<ToolUse> {
    let page = Page::read(html);
    let mut calls = Vec::new();
    for inline in &page.scripts {
        let tokens = script::read(inline.text);
        for i in 0..tokens.len() {
            if let Some((tool, keys)) = call(&tokens, i) {
                let line = page.line(inline.at + tokens[i].at);
                calls.push(ToolUse { line, tool, keys });
            }
        }
    }
    calls
}

fn call(tokens: &[Token<'_>], i: usize) -> Option<(Option<String>, Keys)> {
    let token = tokens[i];
    let called = tokens.get(i + 1).is_some_and(|t| t.is("("));
    let is_definition = || {
        let before = i.checked_sub(1).map(|at| tokens[at]);
        let end = closing(tokens, i + 1);
        before.is_some_and(|t| t.is_word("function"))
            || end.is_some_and(|end| tokens.get(end + 1).is_some_and(|t| t.is("{")))
    };
    if token.is_word("callTool") && called && !is_definition() {
        // `callTool("x", {…})`, or with one object as the SDKs' clients have it.
        if tokens.get(i + 2).is_some_and(|t| t.is("{")) {
            return Some(of_params(tokens, i + 2));
        }
        let name = literal(tokens, i + 2);
        let end = closing(tokens, i + 1)?;
        let keys = match (tokens.get(i + 3), tokens.get(i + 4)) {
            _ if end == i + 3 => Keys::Written(Vec::new()),
            (Some(comma), Some(open)) if comma.is(",") && open.is("{") => keys(tokens, i + 4),
            _ => Keys::Computed,
        };
        return Some((name, keys));
    }
    if token.is_word("callServerTool") && called && !is_definition() {
        return Some(if tokens.get(i + 2).is_some_and(|t| t.is("{")) {
            of_params(tokens, i + 2)
        } else {
            (None, Keys::Computed)
        });
    }
    if token.kind == Kind::Text && token.text == "tools/call" {
        // `request("tools/call", {…})` or `{ method: "tools/call", params: {…} }`
        let comma = tokens.get(i + 1).is_some_and(|t| t.is(","));
        let open = match tokens.get(i + 2) {
            Some(t) if comma && t.is("{") => i + 2,
            Some(t)
                if comma && t.is_word("params") && tokens.get(i + 4).is_some_and(|t| t.is("{")) =>
            {
                i + 4
            }
            _ => return None,
        };
        // Without a name this is a library's own text, not a call.
        let (name, keys) = of_params(tokens, open);
        return name.map(|name| (Some(name), keys));
    }
    None
}

fn literal(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let token = tokens.get(at).filter(|t| t.kind == Kind::Text)?;
    // `"a" + b` is computed.
    let alone = tokens
        .get(at + 1)
        .is_none_or(|t| t.is(",") || t.is(")") || t.is("}"));
    alone.then(|| token.text.to_owned())
}

/// Name and arguments out of `{ name: "x", arguments: {…} }`.
fn of_params(tokens: &[Token<'_>], open: usize) -> (Option<String>, Keys) {
    let mut name = None;
    let mut found = Keys::Written(Vec::new());
    for (key, value) in members(tokens, open) {
        match (key, value) {
            (Some("name"), Some(value)) => name = literal(tokens, value),
            (Some("arguments"), Some(value)) if tokens.get(value).is_some_and(|t| t.is("{")) => {
                found = keys(tokens, value);
            }
            (Some("arguments") | None, _) => found = Keys::Computed,
            _ => {}
        }
    }
    (name, found)
}

fn keys(tokens: &[Token<'_>], open: usize) -> Keys {
    let members = members(tokens, open);
    let named = members
        .iter()
        .filter_map(|(key, _)| key.map(str::to_owned))
        .collect();
    if members.iter().all(|(key, _)| key.is_some()) {
        Keys::Written(named)
    } else {
        Keys::AtLeast(named)
    }
}

/// The members of an object: the key, if it is written out, and where the value starts, if it is not the key itself.
fn members<'s>(tokens: &[Token<'s>], open: usize) -> Vec<(Option<&'s str>, Option<usize>)> {
    let Some(end) = closing(tokens, open) else {
        return vec![(None, None)];
    };
    let mut found = Vec::new();
    let mut i = open + 1;
    while i < end {
        let token = tokens[i];
        let written = matches!(token.kind, Kind::Word | Kind::Text);
        let value = tokens
            .get(i + 1)
            .is_some_and(|t| t.is(":"))
            .then_some(i + 2);
        let alone = tokens.get(i + 1).is_some_and(|t| t.is(",") || t.is("}"));
        found.push(if written && (value.is_some() || alone) {
            (Some(token.text), value)
        } else {
            (None, None)
        });
        // On to the comma after this member.
        while i < end && !tokens[i].is(",") {
            let opens = ["(", "[", "{"].iter().any(|m| tokens[i].is(m));
            i = if opens {
                closing(tokens, i).unwrap_or(end)
            } else {
                i
            } + 1;
        }
        i += 1;
    }
    found
}
