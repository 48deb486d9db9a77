//! `#[mcp_type(…)]` and the `#[field(…)]`s inside it.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Attribute, Item, LitStr, Meta, Token};

use super::entries::{Entry, entries};
use super::{arg, constraints, docs};
use crate::errors::Errors;
use crate::model::{Argument, Constraints, DataType, Field, Shape};

const KEYS: &[&str] = &["closed", "one_of", "shared", "title", "examples", "extend"];
const FIELD_KEYS: &[&str] = &["default", "rename", "description"];

/// Reads the type. `None` where the attribute does not belong on the item.
pub(crate) fn data_type(tokens: TokenStream, item: Item, errors: &Errors) -> Option<DataType> {
    let ident = match &item {
        Item::Struct(item) => item.ident.clone(),
        Item::Enum(item) => item.ident.clone(),
        other => {
            let head: TokenStream = other.to_token_stream().into_iter().take(2).collect();
            errors.at(
                head,
                "`#[mcp_type]` goes on a struct or an enum",
                "for a function there is #[mcp_tool]",
            );
            return None;
        }
    };
    let mut data = DataType {
        item,
        ident,
        constraints: Constraints::default(),
        closed: false,
        one_of: false,
        shared: None,
        derives: true,
        fields: Vec::new(),
    };
    for entry in entries(tokens, "#[mcp_type]", KEYS, errors) {
        match entry.key.to_string().as_str() {
            "closed" => data.closed = entry.flag(errors) == Some(true),
            "one_of" => {
                data.one_of = entry.flag(errors) == Some(true);
                one_of(&entry, &data.item, errors);
            }
            "shared" => data.shared = shared(&entry, &data, errors),
            _ => data.constraints.read(&entry, errors),
        }
    }
    data.derives = own_derives(attributes(&data.item), errors);
    let mut fields = Vec::new();
    for_each_field(&mut data.item, |field| fields.push(read(field, errors)));
    data.fields = fields;
    Some(data)
}

/// Visits every field, in the order of the source.
pub(crate) fn for_each_field(item: &mut Item, mut visit: impl FnMut(&mut syn::Field)) {
    match item {
        Item::Struct(item) => item.fields.iter_mut().for_each(visit),
        Item::Enum(item) => {
            for variant in &mut item.variants {
                variant.fields.iter_mut().for_each(&mut visit);
            }
        }
        _ => {}
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        _ => &[],
    }
}

/// `shared`, under the type's own name, or `shared = "Name"`.
fn shared(entry: &Entry, data: &DataType, errors: &Errors) -> Option<LitStr> {
    let name = if entry.is_flag() {
        LitStr::new(&data.ident.unraw().to_string(), data.ident.span())
    } else {
        entry.filled_string(errors)?
    };
    if name.value().contains(['/', '~', '%', '#', '"', '\\']) {
        errors.at(
            &name,
            "this cannot be the name of a definition: references would have to escape it",
            "use letters, digits, `_`, `-` and `.`",
        );
    }
    Some(name)
}

fn one_of(entry: &Entry, item: &Item, errors: &Errors) {
    let untagged = attributes(item)
        .iter()
        .any(|a| a.path().is_ident("serde") && has_word(a, "untagged"));
    if !untagged {
        errors.at(
            &entry.key,
            "`one_of` is about the alternatives of an untagged enum",
            "write `#[serde(untagged)]` above the enum too; the alternatives of a tagged one exclude each other anyway",
        );
    }
}

fn has_word(attribute: &Attribute, word: &str) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let mut trees = list.tokens.clone().into_iter();
    trees.any(|tree| matches!(tree, proc_macro2::TokenTree::Ident(ident) if ident == word))
}

/// Takes `#[field(…)]` off a field and reads it.
fn read(field: &mut syn::Field, errors: &Errors) -> Option<Field> {
    let left_out = is_left_out(&field.attrs);
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("arg")) {
        errors.at(
            attribute.path(),
            "`#[arg]` is for the parameters of a function",
            "on a field it is `#[field(…)]`, with the same words inside",
        );
    }
    field.attrs.retain(|a| !a.path().is_ident("arg"));
    let ours = field.attrs.iter().any(|a| a.path().is_ident("field"));
    if !ours && !left_out {
        return None;
    }
    let keys = [FIELD_KEYS, constraints::KEYS].concat();
    let tokens = arg::tokens_of("field", &field.attrs, errors);
    let name = field.ident.as_ref().map_or_else(
        || LitStr::new("0", proc_macro2::Span::call_site()),
        |ident| LitStr::new(&ident.unraw().to_string(), ident.span()),
    );
    let mut argument = Argument {
        ty: field.ty.clone(),
        shape: Shape::Owned,
        wire: name,
        description: docs::description(&field.attrs),
        default: None,
        header: None,
        complete: None,
        constraints: Constraints::default(),
    };
    let mut renamed = false;
    for entry in entries(tokens, "#[field]", &keys, errors) {
        match entry.key.to_string().as_str() {
            "default" => argument.default = arg::default(&entry, errors),
            "rename" => {
                if let Some(name) = entry.filled_string(errors) {
                    argument.wire = name;
                    renamed = true;
                }
            }
            "description" => argument.description = entry.text(errors),
            _ => argument.constraints.read(&entry, errors),
        }
    }
    field.attrs.retain(|a| !a.path().is_ident("field"));
    Some(Field {
        argument,
        left_out,
        renamed,
    })
}

/// Whether serde writes nothing for a `None`: then its schema need not allow `null`.
fn is_left_out(attributes: &[Attribute]) -> bool {
    let mut found = false;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        // What is malformed, serde reports.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip_serializing_if") {
                let path: LitStr = meta.value()?.parse()?;
                found |= path.value().ends_with("Option::is_none");
            } else if meta.input.peek(Token![=]) {
                meta.value()?.parse::<syn::Expr>()?;
            } else if meta.input.peek(syn::token::Paren) {
                let inner;
                syn::parenthesized!(inner in meta.input);
                inner.parse::<TokenStream>()?;
            }
            Ok(())
        });
    }
    found
}

/// Deriving a trait twice would give an error that names neither attribute. Whether all is left to us.
fn own_derives(attributes: &[Attribute], errors: &Errors) -> bool {
    let mut ours = true;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
        // What is malformed here, the compiler reports.
        let _ = attribute.parse_nested_meta(|meta| {
            let last = meta.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            if ["Serialize", "Deserialize", "JsonSchema"].contains(&last.as_str()) {
                ours = false;
                errors.at(
                    &meta.path,
                    format!("`#[mcp_type]` derives `{last}` already"),
                    "remove it from the list; or derive all three by hand and leave `#[mcp_type]` out",
                );
            }
            Ok(())
        });
    }
    ours
}
