//! The attributes of the items: one function per macro, from its entries to its model.

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, LitStr, Type};

use super::entries::{Entry, entries, literal};
use super::item::{AnnotatedConst, AnnotatedFn};
use super::{docs, signature};
use crate::errors::{Errors, WARNINGS};
use crate::model::{
    About, Csp, Hints, Icon, Literal, Origin, Prompt, Resource, Schema, Source, Tool, UiResource,
};
use crate::text::Case;

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
    "rename_all",
    "allow",
];
const RESOURCE: &[&str] = &[
    "uri",
    "name",
    "title",
    "description",
    "mime_type",
    "icons",
    "audience",
    "priority",
    "scopes",
    "hidden",
    "rename_all",
    "allow",
];
const PROMPT: &[&str] = &[
    "name",
    "title",
    "description",
    "icons",
    "rename_all",
    "allow",
];
const UI_RESOURCE: &[&str] = &[
    "uri",
    "name",
    "title",
    "description",
    "csp",
    "permissions",
    "domain",
    "prefers_border",
    "allow",
];

impl About {
    fn new(ident: &Ident, attributes: &[Attribute]) -> Self {
        let name = LitStr::new(&ident.unraw().to_string(), ident.span());
        Self {
            name,
            title: None,
            description: docs::description(attributes),
            icons: Vec::new(),
        }
    }

    fn read(&mut self, entry: &Entry, errors: &Errors) {
        match entry.key.to_string().as_str() {
            "name" => {
                if let Some(name) = entry.string(errors) {
                    self.name = name;
                }
            }
            "title" => self.title = entry.filled_string(errors),
            "description" => {
                if let Some(text) = entry.text(errors) {
                    self.description = Some(text);
                }
            }
            "icons" => self.icons = icons(entry, errors),
            "allow" => errors.allow(entry.words(WARNINGS, errors)),
            _ => {}
        }
    }
}

/// `#[mcp_tool(…)]`
pub(crate) fn tool(tokens: TokenStream, item: &AnnotatedFn, errors: &Errors) -> Tool {
    let entries = entries(tokens, "#[mcp_tool]", TOOL, errors);
    let case = rename_all(&entries, errors);
    let mut tool = Tool {
        origin: item.origin(),
        about: About::new(&item.signature.ident, &item.attributes),
        function: signature::function(&item.signature, case, errors),
        hints: Hints::default(),
        scopes: Vec::new(),
        hidden: false,
        ui: None,
        visibility: Vec::new(),
        open: false,
        schema: None,
        timeout_ms: None,
        task: None,
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
            "hidden" => tool.hidden = entry.flag(errors) == Some(true),
            "ui" => tool.ui = ui(entry, errors),
            "visibility" => {
                let words = entry.words(&["model", "app"], errors);
                tool.visibility = words.iter().map(|w| variant(&w.to_string(), w)).collect();
            }
            "open" => tool.open = entry.flag(errors) == Some(true),
            "schema" => tool.schema = schema(entry, errors),
            "timeout" => tool.timeout_ms = timeout(entry, errors),
            "task" => {
                let support = entry.one_of(&["forbidden", "optional", "required"], errors);
                tool.task = support.map(|s| variant(&s.value(), &entry.key));
            }
            _ => tool.about.read(entry, errors),
        }
    }
    tool
}

/// `#[mcp_resource(…)]` on a function.
pub(crate) fn resource_fn(tokens: TokenStream, item: &AnnotatedFn, errors: &Errors) -> Resource {
    let entries = entries(tokens, "#[mcp_resource]", RESOURCE, errors);
    let function = signature::function(&item.signature, rename_all(&entries, errors), errors);
    let about = About::new(&item.signature.ident, &item.attributes);
    resource(
        &entries,
        item.origin(),
        about,
        Source::Function(function),
        errors,
    )
}

/// `#[mcp_resource(…)]` on a const.
pub(crate) fn resource_const(
    tokens: TokenStream,
    item: &AnnotatedConst,
    errors: &Errors,
) -> Resource {
    let entries = entries(tokens, "#[mcp_resource]", RESOURCE, errors);
    let about = About::new(&item.ident, &item.attributes);
    resource(
        &entries,
        item.origin(),
        about,
        Source::Const(item.ty.clone()),
        errors,
    )
}

fn resource(
    entries: &[Entry],
    origin: Origin,
    about: About,
    source: Source,
    errors: &Errors,
) -> Resource {
    let mut resource = Resource {
        origin,
        about,
        uri: None,
        mime_type: None,
        audience: Vec::new(),
        priority: None,
        scopes: Vec::new(),
        hidden: false,
        source,
    };
    for entry in entries {
        match entry.key.to_string().as_str() {
            "uri" => resource.uri = entry.string(errors),
            "mime_type" => resource.mime_type = entry.filled_string(errors),
            "audience" => {
                let words = entry.words(&["user", "assistant"], errors);
                resource.audience = words.iter().map(|w| variant(&w.to_string(), w)).collect();
            }
            "priority" => resource.priority = priority(entry, errors),
            "scopes" => resource.scopes = entry.strings(errors),
            "hidden" => resource.hidden = entry.flag(errors) == Some(true),
            _ => resource.about.read(entry, errors),
        }
    }
    resource
}

/// `#[mcp_prompt(…)]`
pub(crate) fn prompt(tokens: TokenStream, item: &AnnotatedFn, errors: &Errors) -> Prompt {
    let entries = entries(tokens, "#[mcp_prompt]", PROMPT, errors);
    let function = signature::function(&item.signature, rename_all(&entries, errors), errors);
    let mut about = About::new(&item.signature.ident, &item.attributes);
    for entry in &entries {
        about.read(entry, errors);
    }
    Prompt {
        origin: item.origin(),
        about,
        function,
    }
}

/// `#[mcp_ui_resource(…)]` on a function.
pub(crate) fn ui_resource_fn(
    tokens: TokenStream,
    item: &AnnotatedFn,
    errors: &Errors,
) -> UiResource {
    let function = signature::function(&item.signature, Case::default(), errors);
    let about = About::new(&item.signature.ident, &item.attributes);
    ui_resource(
        tokens,
        item.origin(),
        about,
        Source::Function(function),
        errors,
    )
}

/// `#[mcp_ui_resource(…)]` on a const.
pub(crate) fn ui_resource_const(
    tokens: TokenStream,
    item: &AnnotatedConst,
    errors: &Errors,
) -> UiResource {
    let about = About::new(&item.ident, &item.attributes);
    ui_resource(
        tokens,
        item.origin(),
        about,
        Source::Const(item.ty.clone()),
        errors,
    )
}

fn ui_resource(
    tokens: TokenStream,
    origin: Origin,
    about: About,
    source: Source,
    errors: &Errors,
) -> UiResource {
    let mut resource = UiResource {
        origin,
        about,
        uri: None,
        csp: Csp::default(),
        permissions: Vec::new(),
        domain: None,
        prefers_border: None,
        source,
    };
    for entry in &entries(tokens, "#[mcp_ui_resource]", UI_RESOURCE, errors) {
        match entry.key.to_string().as_str() {
            "uri" => resource.uri = entry.string(errors),
            "csp" => resource.csp = csp(entry, errors),
            "permissions" => {
                let legal = ["camera", "microphone", "geolocation", "clipboard_write"];
                resource.permissions = entry.words(&legal, errors);
            }
            "domain" => resource.domain = entry.filled_string(errors),
            "prefers_border" => resource.prefers_border = entry.flag(errors),
            _ => resource.about.read(entry, errors),
        }
    }
    resource
}

/// `user` as `User`: a word of the attribute as the runtime's enum has it, at the user's token.
fn variant(word: &str, at: &Ident) -> Ident {
    format_ident!("{}", Case::Pascal.apply(word), span = at.span())
}

fn rename_all(entries: &[Entry], errors: &Errors) -> Case {
    let entry = entries.iter().find(|e| e.key == "rename_all");
    let name = entry.and_then(|e| e.one_of(Case::NAMES, errors));
    name.and_then(|n| Case::by_name(&n.value()))
        .unwrap_or_default()
}

fn icons(entry: &Entry, errors: &Errors) -> Vec<Icon> {
    use syn::parse::Parser as _;
    let form =
        "icons(\"https://…\", icon(src = \"https://…\", mime = \"image/png\", sizes = \"48x48\"))";
    let Some(inner) = entry.list(form, errors) else {
        return Vec::new();
    };
    let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
    let Ok(list) = parser.parse2(inner) else {
        entry.wrong(form, errors);
        return Vec::new();
    };
    list.iter()
        .filter_map(|one| icon(one, entry, form, errors))
        .collect()
}

fn icon(one: &Expr, whole: &Entry, form: &str, errors: &Errors) -> Option<Icon> {
    match one {
        Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(src),
            ..
        }) => Some(Icon {
            src: src.clone(),
            mime: None,
            sizes: Vec::new(),
        }),
        Expr::Call(call) if matches!(&*call.func, Expr::Path(p) if p.path.is_ident("icon")) => {
            let args = &call.args;
            let (mut src, mut mime, mut sizes) = (None, None, Vec::new());
            for entry in entries(
                quote::quote!(#args),
                "icon",
                &["src", "mime", "sizes"],
                errors,
            ) {
                match entry.key.to_string().as_str() {
                    "src" => src = entry.filled_string(errors),
                    "mime" => mime = entry.filled_string(errors),
                    _ => sizes = entry.strings(errors),
                }
            }
            let Some(src) = src else {
                errors.at(
                    call,
                    "an icon needs a `src`",
                    "write `icon(src = \"https://…\")`",
                );
                return None;
            };
            Some(Icon { src, mime, sizes })
        }
        _ => {
            whole.wrong(form, errors);
            None
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

/// Milliseconds out of `"30s"`, `"500ms"`, `"2m"` or a number of seconds.
fn timeout(entry: &Entry, errors: &Errors) -> Option<u64> {
    let form = "timeout = \"30s\"";
    let expr = entry.expr(form, errors)?;
    let ms = match literal(expr) {
        Some(Literal::Int(seconds)) => u64::try_from(seconds)
            .ok()
            .and_then(|s| s.checked_mul(1_000)),
        Some(Literal::Str(text)) => milliseconds(&text),
        _ => None,
    };
    match ms {
        Some(0) => {
            errors.at(
                expr,
                "a tool needs some time",
                format!("write `{form}`, or leave it out"),
            );
            None
        }
        Some(ms) => Some(ms),
        None => {
            errors.at(
                expr,
                "this is no duration",
                format!("write `{form}`, with `ms`, `s`, `m` or `h` after a whole number"),
            );
            None
        }
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(factor)
}

fn priority(entry: &Entry, errors: &Errors) -> Option<f64> {
    let expr = entry.expr("priority = 0.5", errors)?;
    let value = match literal(expr) {
        Some(Literal::Float(value)) => value,
        Some(Literal::Int(0)) => 0.0,
        Some(Literal::Int(1)) => 1.0,
        _ => f64::NAN,
    };
    if (0.0..=1.0).contains(&value) {
        return Some(value);
    }
    errors.at(
        expr,
        "a priority lies between 0 and 1",
        "1 is the most important: `priority = 0.5`",
    );
    None
}

fn csp(entry: &Entry, errors: &Errors) -> Csp {
    let mut csp = Csp::default();
    let Some(inner) = entry.list("csp(connect(\"https://api.example.com\"))", errors) else {
        return csp;
    };
    for entry in entries(
        inner,
        "csp",
        &["connect", "resource", "frame", "base_uri"],
        errors,
    ) {
        let origins = entry.strings(errors);
        match entry.key.to_string().as_str() {
            "connect" => csp.connect = origins,
            "resource" => csp.resource = origins,
            "frame" => csp.frame = origins,
            _ => csp.base_uri = origins,
        }
    }
    csp
}

/// What a const must be for a macro to serve it: the macros look at the shape only, the compiler at the rest.
pub(crate) fn text_const(item: &AnnotatedConst, errors: &Errors) {
    use super::types;
    if !types::reference(&item.ty).is_some_and(|r| types::is_str(&r.elem)) {
        errors.at(
            &item.ty,
            "a view is text",
            "write `const CARD: &str = include_str!(\"card.html\");`",
        );
    }
}

/// The same for a resource, which may be bytes too.
pub(crate) fn const_shape(item: &AnnotatedConst, errors: &Errors) {
    let is_reference = matches!(super::types::peel(&item.ty), Type::Reference(_));
    if item.ident == "_" || !is_reference {
        errors.at(
            &item.ty,
            "a served const is text or bytes",
            "write `const NAME: &str`, or for bytes `&[u8]`; a function can return anything else",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(milliseconds("30s"), Some(30_000));
        assert_eq!(milliseconds("500ms"), Some(500));
        assert_eq!(milliseconds("2 m"), Some(120_000));
        assert_eq!(milliseconds("30"), None);
        assert_eq!(milliseconds("s"), None);
        assert_eq!(milliseconds("99999999999999999999h"), None);
    }
}
