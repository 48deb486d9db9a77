//! From the model to code. Nothing here judges, and nothing here looks at an attribute of the user's.
//!
//! Beside the item stands an empty type of the same name, in the namespace of types, by which other macros find it
//! (`ui = CARD`, `tools![roll_dice]`); everything else hides in a `const _`.

mod call;
mod common;
mod constraints;
mod data_type;
mod default;
mod fallback;
mod prompt;
mod resource;
mod tool;
mod ui_resource;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};

use crate::check;
use crate::errors::Errors;
use crate::model::Origin;
use crate::parse::attr;
use crate::parse::item::{Annotated, check_item, is_ours};

pub(crate) use data_type::data_type;

use fallback::Kind;

pub(crate) fn tool(arguments: TokenStream, item: TokenStream) -> TokenStream {
    annotate(
        Kind::Tool,
        item,
        |item, errors| match item {
            Annotated::Fn(item) => {
                let tool = attr::tool(arguments, item, errors);
                check::tool(&tool, errors);
                Some(tool)
            }
            _ => None,
        },
        tool::expand,
    )
}

pub(crate) fn resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    annotate(
        Kind::Resource,
        item,
        |item, errors| {
            let resource = match item {
                Annotated::Fn(item) => attr::resource_fn(arguments, item, errors),
                Annotated::Const(item) => {
                    attr::const_shape(item, errors);
                    attr::resource_const(arguments, item, errors)
                }
                Annotated::Other(_) => return None,
            };
            check::resource(&resource, errors);
            Some(resource)
        },
        resource::expand,
    )
}

pub(crate) fn prompt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    annotate(
        Kind::Prompt,
        item,
        |item, errors| match item {
            Annotated::Fn(item) => {
                let prompt = attr::prompt(arguments, item, errors);
                check::prompt(&prompt, errors);
                Some(prompt)
            }
            _ => None,
        },
        prompt::expand,
    )
}

pub(crate) fn ui_resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    annotate(
        Kind::UiResource,
        item,
        |item, errors| {
            let resource = match item {
                Annotated::Fn(item) => attr::ui_resource_fn(arguments, item, errors),
                Annotated::Const(item) => {
                    attr::text_const(item, errors);
                    attr::ui_resource_const(arguments, item, errors)
                }
                Annotated::Other(_) => return None,
            };
            check::ui_resource(&resource, errors);
            Some(resource)
        },
        ui_resource::expand,
    )
}

/// The steps that all four macros share. `read` is `None` where the macro does not belong on the item.
fn annotate<M>(
    kind: Kind,
    item: TokenStream,
    read: impl FnOnce(&Annotated, &Errors) -> Option<M>,
    expand: impl FnOnce(&M) -> TokenStream,
) -> TokenStream {
    let annotated: Annotated = match syn::parse2(item.clone()) {
        Ok(annotated) => annotated,
        // Not even an item (an editor sees such states): the compiler says it better than we could.
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#item #error);
        }
    };
    let errors = Errors::new();
    let model = read(&annotated, &errors);
    let kept = match &annotated {
        Annotated::Fn(item) => {
            check_item(
                &item.signature.ident,
                &item.attributes,
                kind.attribute(),
                &errors,
            );
            quote!(#item)
        }
        Annotated::Const(item) => {
            check_item(&item.ident, &item.attributes, kind.attribute(), &errors);
            item.tokens.clone()
        }
        Annotated::Other(_) => item,
    };
    if model.is_none() {
        let place = match &annotated {
            Annotated::Fn(item) => item.signature.ident.to_token_stream(),
            Annotated::Const(item) => item.ident.to_token_stream(),
            Annotated::Other(head) => head.clone(),
        };
        let (belongs, help) = kind.belongs_on();
        errors.at(
            place,
            format!("`{}` goes on {belongs}", kind.attribute()),
            help,
        );
    }
    let warnings = origin(&annotated).map(|origin| errors.warning_tokens(&origin.cfgs));
    match (errors.into_tokens(), model) {
        (None, Some(model)) => {
            let beside = expand(&model);
            quote!(#kept #beside #warnings)
        }
        (mistakes, _) => {
            let stub = origin(&annotated)
                .filter(|_| !has_second_macro(&annotated))
                .map(|origin| fallback::stub(kind, &origin));
            // What calls the function is what could not be written: it is not the user's mistake that nothing does.
            quote!(#[allow(dead_code)] #kept #stub #mistakes)
        }
    }
}

/// Where a second macro of ours follows, the companion will be its.
fn has_second_macro(annotated: &Annotated) -> bool {
    match annotated {
        Annotated::Fn(item) => item.attributes.iter().any(is_ours),
        Annotated::Const(item) => item.attributes.iter().any(is_ours),
        Annotated::Other(_) => false,
    }
}

/// The item to stand in for. A method has none: its neighbours cannot stand in an `impl`.
fn origin(annotated: &Annotated) -> Option<Origin> {
    match annotated {
        Annotated::Fn(item) if item.signature.receiver().is_none() => Some(item.origin()),
        Annotated::Const(item) => Some(item.origin()),
        _ => None,
    }
}
