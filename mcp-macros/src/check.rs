//! Judges the model: why did my macro fail? Everything here is a pure function of what was parsed.

mod argument;
mod constraints;
pub(crate) mod json;
mod uri;
#[cfg(feature = "check-views")]
mod view;

pub(crate) use uri::is_template;

use proc_macro2::Ident;
use syn::LitStr;

use crate::errors::Errors;
use crate::lock;
use crate::model::{
    About, DataType, Function, Icon, Prompt, Resource, Schema, Source, Tool, UiResource,
};

pub(crate) fn tool(tool: &Tool, errors: &Errors) {
    about(&tool.about, &tool.origin.ident, "tool", errors);
    tool_name(&tool.about.name, errors);
    for alias in &tool.aliases {
        tool_name(alias, errors);
    }
    arguments(&tool.function, errors);
    for (_, argument) in tool.function.arguments() {
        if let Some(function) = &argument.complete {
            errors.at(
                function,
                "clients complete the arguments of prompts and of resource templates only",
                "leave `complete` out: a model writes the arguments of a tool",
            );
        }
    }
    scopes(&tool.scopes, errors);
    hidden(tool.hidden.as_ref(), &tool.scopes, errors);
    if let (Some(true), Some((true, key))) = (tool.hints.read_only, &tool.hints.destructive) {
        errors.at(
            key,
            "a tool that changes nothing cannot be destructive",
            "keep one of `read_only` and `destructive`",
        );
    }
    constraints::extended(&tool.extend, errors);
    if let Some(Schema::Inline(text)) = &tool.schema {
        inline_schema(text, errors);
    }
    lock::check(tool, errors);
}

pub(crate) fn data_type(data: &DataType, errors: &Errors) {
    constraints::extended(&data.constraints.extend, errors);
    for field in data.fields.iter().flatten() {
        argument::check(&field.argument, errors);
    }
}

pub(crate) fn resource(resource: &Resource, errors: &Errors) {
    about(&resource.about, &resource.origin.ident, "resource", errors);
    scopes(&resource.scopes, errors);
    hidden(resource.hidden.as_ref(), &resource.scopes, errors);
    let function = match &resource.source {
        Source::Function(function) => Some(function),
        Source::Const(_) => None,
    };
    if let Some(function) = function {
        arguments(function, errors);
    }
    match &resource.uri {
        Some(uri) => uri::resource(uri, function, errors),
        None => errors.at(
            &resource.origin.ident,
            "a resource needs a `uri`",
            "write `#[mcp_resource(uri = \"docs://guide\")]`, or with variables `uri = \"docs://{page}\"`",
        ),
    }
}

pub(crate) fn prompt(prompt: &Prompt, errors: &Errors) {
    about(&prompt.about, &prompt.origin.ident, "prompt", errors);
    arguments(&prompt.function, errors);
}

pub(crate) fn ui_resource(resource: &UiResource, errors: &Errors) {
    about(
        &resource.about,
        &resource.origin.ident,
        "ui resource",
        errors,
    );
    match &resource.uri {
        Some(uri) => uri::ui(uri, errors),
        None => errors.at(
            &resource.origin.ident,
            "a ui resource needs a `uri`",
            "write `#[mcp_ui_resource(uri = \"ui://your-server/card\")]`",
        ),
    }
    let csp = &resource.csp;
    for origin in csp
        .connect
        .iter()
        .chain(&csp.resource)
        .chain(&csp.frame)
        .chain(&csp.base_uri)
    {
        uri::origin(origin, errors);
    }
    #[cfg(feature = "check-views")]
    if let Some(html) = &resource.html {
        view::html(resource, html, errors);
    }
    if let (Source::Function(_), Some(key)) = (&resource.source, &resource.versioned) {
        errors.at(
            key,
            "the HTML of a function is known only when it is rendered: there is no hash for its uri",
            "leave it out; `ttl` says how long hosts may keep what was rendered",
        );
    }
    if let Source::Function(function) = &resource.source {
        for (param, _) in function.arguments() {
            errors.at(
                &param.ident,
                "a view is read without arguments",
                "take what the server provides by reference, such as `user: &User`; \
                 a call's own values reach the view as the tool's result",
            );
        }
    }
}

fn about(about: &About, ident: &Ident, kind: &str, errors: &Errors) {
    if about.description.is_none() {
        errors.at(
            ident,
            format!("the {kind} `{ident}` has no description"),
            "write a doc comment above it (`/// …`): models and people choose by it",
        );
    }
    if kind != "tool" && about.name.value().trim().is_empty() {
        errors.at(
            &about.name,
            "the name is empty",
            "leave it out to use the name of the function",
        );
    }
    for icon in &about.icons {
        check_icon(icon, errors);
    }
}

/// The specification's characters for the names of tools, and its length.
fn tool_name(name: &LitStr, errors: &Errors) {
    let text = name.value();
    let help = "a name has 1 to 128 of the characters A–Z, a–z, 0–9, `_`, `-` and `.`";
    if text.is_empty() {
        errors.at(name, "the name is empty", help);
    } else if text.len() > 128 {
        errors.at(
            name,
            format!("the name has {} characters", text.chars().count()),
            help,
        );
    } else if let Some(bad) = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"_-.".contains(*c))
    {
        errors.at(
            name,
            format!("`{bad}` cannot be in the name of a tool"),
            help,
        );
    }
}

fn arguments(function: &Function, errors: &Errors) {
    let mut seen: Vec<String> = Vec::new();
    let mut headers: Vec<String> = Vec::new();
    for (_, argument) in function.arguments() {
        let wire = argument.wire.value();
        if seen.contains(&wire) {
            errors.at(
                &argument.wire,
                format!("two arguments are called `{wire}`"),
                "give one of them another name with `#[arg(rename = \"…\")]`",
            );
        }
        seen.push(wire);
        argument::check(argument, errors);
        if let Some(header) = &argument.header {
            // Names of headers do not differ by case (RFC 9110 §5.1).
            let name = header.value().to_ascii_lowercase();
            if headers.contains(&name) {
                errors.at(
                    header,
                    format!(
                        "two arguments are mirrored into the header `Mcp-Param-{}`",
                        header.value()
                    ),
                    "give each its own header",
                );
            }
            headers.push(name);
        }
    }
}

/// Scope tokens (RFC 6749 §3.3).
fn scopes(scopes: &[LitStr], errors: &Errors) {
    for scope in scopes {
        let text = scope.value();
        let legal = |b: u8| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if text.is_empty() || !text.bytes().all(legal) {
            errors.at(
                scope,
                "this is no scope",
                "one scope per string, of visible ASCII characters: `scopes(\"dice:roll\", \"dice:read\")`",
            );
        }
    }
}

/// What is hidden is so from callers who lack a scope.
fn hidden(key: Option<&Ident>, scopes: &[LitStr], errors: &Errors) {
    if let (Some(key), []) = (key, scopes) {
        errors.at(
            key,
            "without scopes, everyone sees it",
            "name the scopes of those who may see it: `scopes(\"dice:audit\"), hidden`",
        );
    }
}

fn check_icon(icon: &Icon, errors: &Errors) {
    let src = icon.src.value();
    if !src.starts_with("https://") && !src.starts_with("data:") {
        errors.at(
            &icon.src,
            "clients load icons from `https:` and `data:` urls only",
            "serve it over https, or write it as `data:image/svg+xml;base64,…`",
        );
    }
    for size in &icon.sizes {
        let text = size.value();
        let is_number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        let is_size = text
            .split_once('x')
            .is_some_and(|(w, h)| is_number(w) && is_number(h));
        if !is_size && text != "any" {
            errors.at(
                size,
                "this is no size of an icon",
                "write `48x48`, or `any` for one that scales",
            );
        }
    }
}

fn inline_schema(text: &LitStr, errors: &Errors) {
    let json = text.value();
    match json::root(&json) {
        Err(at) => errors.at(
            text,
            match json[at..].chars().next() {
                Some(found) => format!(
                    "this is no JSON: it goes wrong at its {}",
                    spot(&json, at, found)
                ),
                None => "this is no JSON: it ends too early".to_owned(),
            },
            "write `{\"type\": \"object\", \"properties\": {…}}`",
        ),
        Ok(root) if root.contains(&("\"type\"", "\"object\"")) => {}
        Ok(_) => errors.at(
            text,
            "the root of an input schema is an object",
            "write `{\"type\": \"object\", \"properties\": {…}}`",
        ),
    }
}

/// A place in a text, for people.
fn spot(text: &str, at: usize, found: char) -> String {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    format!("`{found}` (line {line}, column {column})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(judge: impl FnOnce(&Errors)) -> Vec<String> {
        let errors = Errors::new();
        judge(&errors);
        errors.messages()
    }

    #[test]
    fn names_of_tools() {
        let bad = |name: &str| {
            let name = LitStr::new(name, proc_macro2::Span::call_site());
            judge(|errors| tool_name(&name, errors))
        };
        assert!(bad("roll_dice-2.0").is_empty() && bad(&"a".repeat(128)).is_empty());
        assert!(bad("roll dice")[0].starts_with("` ` cannot be"));
        assert!(bad("würfeln")[0].starts_with("`ü` cannot be"));
        assert!(bad("")[0].starts_with("the name is empty"));
        assert!(bad(&"a".repeat(129))[0].starts_with("the name has 129"));
    }

    #[test]
    fn inline_schemas_are_json_objects_at_their_root() {
        let bad = |schema: &str| {
            let schema = LitStr::new(schema, proc_macro2::Span::call_site());
            judge(|errors| inline_schema(&schema, errors))
        };
        assert!(bad(r#"{"properties": {}, "type": "object"}"#).is_empty());
        assert!(bad(r#"{"properties": {"a": {"type":"object"}}}"#)[0].starts_with("the root"));
        assert!(bad(r#"[{"type":"object"}]"#)[0].starts_with("the root"));
        assert!(bad("{\n  type: 1}")[0].contains("at its `t` (line 2, column 3)"));
        assert!(bad("{")[0].contains("ends too early"));
    }

    #[test]
    fn scopes_are_tokens() {
        let bad = |scope: &str| {
            let scope = [LitStr::new(scope, proc_macro2::Span::call_site())];
            judge(|errors| scopes(&scope, errors)).len()
        };
        assert_eq!((bad("dice:roll"), bad("dice roll"), bad("")), (0, 1, 1));
    }
}
