//! The HTML of a view, as far as it is known while the macro runs.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use syn::{Expr, ExprLit, ExprMacro, ItemConst, Lit, LitStr, Token};

use crate::model::Html;

/// The HTML that a const holds: a string, `include_str!`, or a `concat!` of them. Anything else only the compiler knows.
pub(crate) fn html(item: &TokenStream) -> Option<Html> {
    let value = *syn::parse2::<ItemConst>(item.clone()).ok()?.expr;
    if let Some(path) = macro_arguments(&value, "include_str") {
        let (path, span) = text(&syn::parse2(path.clone()).ok()?)?;
        let file = beside(span, &path)?;
        // Where it cannot be read, the compiler says so.
        let text = std::fs::read_to_string(&file).ok()?;
        let shown = Path::new(&path)
            .file_name()
            .map_or(path.clone(), |name| name.to_string_lossy().into_owned());
        return Some(Html {
            text,
            file: Some(shown),
        });
    }
    let (text, _) = text(&value)?;
    Some(Html { text, file: None })
}

/// A text that the macro can know: a literal, `concat!(…)`, or a variable of the build.
fn text(value: &Expr) -> Option<(String, Span)> {
    if let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = value
    {
        return Some((text.value(), text.span()));
    }
    if let Some(name) = macro_arguments(value, "env") {
        let name: LitStr = syn::parse2(name.clone()).ok()?;
        return Some((std::env::var(name.value()).ok()?, name.span()));
    }
    use syn::parse::Parser as _;
    let parts = macro_arguments(value, "concat")?;
    let parser = syn::punctuated::Punctuated::<Expr, Token![,]>::parse_terminated;
    let parts = parser.parse2(parts.clone()).ok()?;
    let mut whole = String::new();
    for part in &parts {
        whole.push_str(&text(part)?.0);
    }
    let span = parts.first().and_then(text)?.1;
    Some((whole, span))
}

fn macro_arguments<'e>(value: &'e Expr, name: &str) -> Option<&'e TokenStream> {
    match value {
        Expr::Macro(ExprMacro { mac, .. })
            if mac.path.segments.last().is_some_and(|s| s.ident == name) =>
        {
            Some(&mac.tokens)
        }
        _ => None,
    }
}

/// A path as `include_str!` takes it: relative to the source file. In an editor that file may be unknown.
fn beside(span: Span, path: &str) -> Option<std::path::PathBuf> {
    if Path::new(path).is_absolute() {
        return Some(path.into());
    }
    // Outside a compiler's macro, as in our own tests, spans know no file.
    if !proc_macro::is_available() {
        return None;
    }
    let source = span.unwrap().local_file()?;
    Some(source.parent()?.join(path))
}
