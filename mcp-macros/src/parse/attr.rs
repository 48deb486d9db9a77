//! The attributes of the items: one function per macro, from its entries to its model. What they share is here.

mod resource;
mod tool;
mod ui_resource;

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Attribute, Expr, LitStr};

use super::entries::{Entry, entries, literal};
use super::item::AnnotatedFn;
use super::{docs, signature};
use crate::errors::{Errors, WARNINGS};
use crate::model::{About, Icon, Literal, Prompt};
use crate::text::Case;

pub(crate) use resource::{const_shape, resource_const, resource_fn};
pub(crate) use tool::tool;
pub(crate) use ui_resource::{text_const, ui_resource_const, ui_resource_fn};

const PROMPT: &[&str] = &[
    "name",
    "title",
    "description",
    "icons",
    "rename_all",
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
            theme: None,
        }),
        Expr::Call(call) if matches!(&*call.func, Expr::Path(p) if p.path.is_ident("icon")) => {
            let args = &call.args;
            let (mut src, mut mime, mut sizes, mut theme) = (None, None, Vec::new(), None);
            for entry in entries(
                quote::quote!(#args),
                "icon",
                &["src", "mime", "sizes", "theme"],
                errors,
            ) {
                match entry.key.to_string().as_str() {
                    "src" => src = entry.filled_string(errors),
                    "mime" => mime = entry.filled_string(errors),
                    "theme" => theme = entry.one_of(&["light", "dark"], errors),
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
            Some(Icon {
                src,
                mime,
                sizes,
                theme,
            })
        }
        _ => {
            whole.wrong(form, errors);
            None
        }
    }
}

/// Milliseconds out of `"30s"`, `"500ms"`, `"2m"` or a number of seconds.
fn duration(entry: &Entry, errors: &Errors) -> Option<u64> {
    let form = format!("{} = \"30s\"", entry.key);
    let expr = entry.expr(&form, errors)?;
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
                format!("`{}` is zero", entry.key),
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
