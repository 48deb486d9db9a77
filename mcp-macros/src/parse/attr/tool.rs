//! `#[mcp_tool(…)]`

use proc_macro2::TokenStream;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Expr, LitStr, Token, Type};

use super::{duration, rename_all, variant};
use crate::errors::Errors;
use crate::model::{About, Hints, Schema, Tool};
use crate::parse::entries::{Entry, entries};
use crate::parse::item::AnnotatedFn;
use crate::parse::signature;

const TOOL: &[&str] = &[
    "name",
    "title",
    "description",
    "icons",
    "read_only",
    "destructive",
    "idempotent",
    "open_world",
    "scopes",
    "hidden",
    "ui",
    "visibility",
    "open",
    "schema",
    "timeout",
    "task",
    "aliases",
    "locked",
    "rename_all",
    "annotations",
    "meta",
    "extend",
    "definitions",
    "allow",
];

/// `#[mcp_tool(…)]`
pub(crate) fn tool(tokens: TokenStream, item: &AnnotatedFn, errors: &Errors) -> Tool {
    let entries = entries(tokens, "#[mcp_tool]", TOOL, errors);
    let case = rename_all(&entries, errors);
    let mut tool = Tool {
        origin: item.origin(),
        about: About::new(&item.signature.ident, &item.attributes),
        function: signature::function(&item.signature, case, errors),
        hints: Hints::default(),
        annotations_title: None,
        meta: Vec::new(),
        extend: Vec::new(),
        definitions: Vec::new(),
        scopes: Vec::new(),
        hidden: None,
        ui: None,
        visibility: Vec::new(),
        open: false,
        schema: None,
        timeout_ms: None,
        task: None,
        aliases: Vec::new(),
        locked: None,
    };
    for entry in &entries {
        match entry.key.to_string().as_str() {
            "read_only" => tool.hints.read_only = entry.flag(errors),
            "destructive" => {
                tool.hints.destructive = entry.flag(errors).map(|hint| (hint, entry.key.clone()));
            }
            "idempotent" => tool.hints.idempotent = entry.flag(errors),
            "open_world" => tool.hints.open_world = entry.flag(errors),
            "scopes" => tool.scopes = entry.strings(errors),
            "hidden" => tool.hidden = entry.set(errors),
            "ui" => tool.ui = ui(entry, errors),
            "visibility" => {
                let words = entry.words(&["model", "app"], errors);
                tool.visibility = words.iter().map(|w| variant(&w.to_string(), w)).collect();
            }
            "open" => tool.open = entry.flag(errors) == Some(true),
            "schema" => tool.schema = schema(entry, errors),
            "timeout" => tool.timeout_ms = duration(entry, errors),
            "annotations" => tool.annotations_title = annotations(entry, errors),
            "meta" => tool.meta = entry.pairs(errors),
            "extend" => tool.extend = entry.pairs(errors),
            "definitions" => tool.definitions = definitions(entry, errors),
            "task" => {
                let support = entry.one_of(&["optional", "required"], errors);
                tool.task = support.map(|s| variant(&s.value(), &entry.key));
            }
            "aliases" => tool.aliases = entry.strings(errors),
            "locked" => tool.locked = entry.set(errors),
            _ => tool.about.read(entry, errors),
        }
    }
    tool
}

/// `annotations(title = "…")`: the hints have keys of their own.
fn annotations(entry: &Entry, errors: &Errors) -> Option<LitStr> {
    let inner = entry.list("annotations(title = \"…\")", errors)?;
    let keys = [
        "title",
        "read_only",
        "destructive",
        "idempotent",
        "open_world",
    ];
    let (titles, hints): (Vec<_>, Vec<_>) = entries(inner, "annotations", &keys, errors)
        .into_iter()
        .partition(|entry| entry.key == "title");
    for hint in hints {
        errors.at(
            &hint.key,
            "a hint is a key of the tool itself",
            format!("write `#[mcp_tool({})]`", hint.key),
        );
    }
    titles.first()?.filled_string(errors)
}

fn definitions(entry: &Entry, errors: &Errors) -> Vec<Type> {
    let form = "definitions(Point, Shape)";
    let Some(inner) = entry.list(form, errors) else {
        return Vec::new();
    };
    let parser = Punctuated::<Type, Token![,]>::parse_terminated;
    match parser.parse2(inner) {
        Ok(types) => types.into_iter().collect(),
        Err(_) => {
            entry.wrong(form, errors);
            Vec::new()
        }
    }
}

fn ui(entry: &Entry, errors: &Errors) -> Option<syn::Path> {
    match entry.expr("ui = GREETING_CARD", errors)? {
        Expr::Path(path) if path.qself.is_none() => Some(path.path.clone()),
        other => {
            errors.at(
                other,
                "`ui` names the view by its Rust path, not by its uri",
                "write `ui = GREETING_CARD`, the const or function with #[mcp_ui_resource]",
            );
            None
        }
    }
}

fn schema(entry: &Entry, errors: &Errors) -> Option<Schema> {
    let text = entry.filled_string(errors)?;
    let inline = text.value().trim_start().starts_with(['{', '[']);
    Some(if inline {
        Schema::Inline(text)
    } else {
        Schema::File(text)
    })
}
