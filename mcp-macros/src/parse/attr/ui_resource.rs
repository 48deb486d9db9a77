//! `#[mcp_ui_resource(…)]`

use proc_macro2::TokenStream;

use super::duration;
use crate::errors::Errors;
use crate::model::{About, Csp, Origin, Source, UiResource};
use crate::parse::entries::{Entry, entries};
use crate::parse::item::{AnnotatedConst, AnnotatedFn};
use crate::parse::{signature, types};
use crate::text::Case;

const UI_RESOURCE: &[&str] = &[
    "uri",
    "name",
    "title",
    "description",
    "csp",
    "permissions",
    "domain",
    "prefers_border",
    "bridge",
    "blob",
    "versioned",
    "ttl",
    "allow",
];

/// `#[mcp_ui_resource(…)]` on a function.
pub(crate) fn ui_resource_fn(
    tokens: TokenStream,
    item: &AnnotatedFn,
    errors: &Errors,
) -> UiResource {
    let function = signature::function(&item.signature, Case::default(), errors);
    let about = About::new(&item.signature.ident, &item.attributes);
    let source = Source::Function(function);
    ui_resource(tokens, item.origin(), about, source, errors)
}

/// `#[mcp_ui_resource(…)]` on a const.
pub(crate) fn ui_resource_const(
    tokens: TokenStream,
    item: &AnnotatedConst,
    errors: &Errors,
) -> UiResource {
    let about = About::new(&item.ident, &item.attributes);
    let source = Source::Const(item.ty.clone());
    UiResource {
        #[cfg(feature = "check-views")]
        html: crate::parse::html::html(&item.tokens),
        ..ui_resource(tokens, item.origin(), about, source, errors)
    }
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
        bridge: false,
        blob: false,
        versioned: None,
        ttl_ms: None,
        allowed: Vec::new(),
        #[cfg(feature = "check-views")]
        html: None,
        source,
    };
    for entry in &entries(tokens, "#[mcp_ui_resource]", UI_RESOURCE, errors) {
        let is_set = || entry.flag(errors) == Some(true);
        match entry.key.to_string().as_str() {
            "uri" => resource.uri = entry.string(errors),
            "csp" => resource.csp = csp(entry, errors),
            "permissions" => {
                let legal = ["camera", "microphone", "geolocation", "clipboard_write"];
                resource.permissions = entry.words(&legal, errors);
            }
            "domain" => resource.domain = entry.filled_string(errors),
            "prefers_border" => resource.prefers_border = entry.flag(errors),
            "bridge" => resource.bridge = is_set(),
            "blob" => resource.blob = is_set(),
            "versioned" => resource.versioned = is_set().then(|| entry.key.clone()),
            "ttl" => resource.ttl_ms = duration(entry, errors),
            "allow" => {
                let names = mcp_views::Rule::ALLOWABLE.map(|(name, _)| name);
                resource.allowed = entry.words(&names, errors);
                errors.allow(resource.allowed.clone());
            }
            _ => resource.about.read(entry, errors),
        }
    }
    resource
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

/// What a const must be to be a view: the macros look at the shape only, the compiler at the rest.
pub(crate) fn text_const(item: &AnnotatedConst, errors: &Errors) {
    if !types::reference(&item.ty).is_some_and(|r| types::is_str(&r.elem)) {
        errors.at(
            &item.ty,
            "a view is text",
            "write `const CARD: &str = include_str!(\"card.html\");`",
        );
    }
}
