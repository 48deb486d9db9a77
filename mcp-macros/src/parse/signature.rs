//! A signature as parameters: by value what the caller sends, by reference what the server provides.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{FnArg, Pat, PatType, ReturnType, Safety, Signature, Type, parse_quote};

use super::{arg, types};
use crate::errors::Errors;
use crate::model::{Function, Param, ParamKind, Shape};
use crate::text::Case;

/// Reads the signature. Every illegal part is reported at itself.
pub(crate) fn function(signature: &Signature, case: Case, errors: &Errors) -> Function {
    qualifiers(signature, errors);
    let mut params = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => errors.at(
                receiver,
                "a method cannot be served: there is no value to call it on",
                "make it a function; take the value as a parameter by reference, such as `state: &State`, \
                 and give it to the server with `.state(…)`",
            ),
            FnArg::Typed(input) => params.extend(param(input, case, errors)),
        }
    }
    Function {
        is_async: signature.asyncness.is_some(),
        params,
        output: output(signature, errors),
    }
}

fn qualifiers(signature: &Signature, errors: &Errors) {
    let no = |tokens: &dyn quote::ToTokens, what: &str, help: &str| {
        errors.at(tokens, format!("{what} cannot be served"), help);
    };
    if let Some(token) = &signature.constness {
        no(
            token,
            "a `const fn`",
            "write a plain `fn`, which may call it",
        );
    }
    if let Safety::Unsafe(token) = &signature.safety {
        no(
            token,
            "an `unsafe fn`",
            "clients choose the arguments: check them and wrap the call in a safe function",
        );
    }
    if let Some(abi) = &signature.abi {
        no(
            abi,
            "an `extern fn`",
            "write a plain `fn`, which may call it",
        );
    }
    if let Some(variadic) = &signature.variadic {
        no(variadic, "a variadic function", "take a `Vec`");
    }
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        let only_lifetimes = generics.lifetimes().count() == generics.params.len();
        let help = if only_lifetimes {
            "leave the lifetimes out: `&T` and `&str` need none"
        } else {
            "write the concrete types; a generic function can be called by one that is served"
        };
        no(&generics.params, "a generic function", help);
    }
}

fn output(signature: &Signature, errors: &Errors) -> Type {
    let ReturnType::Type(_, ty) = &signature.output else {
        return parse_quote!(());
    };
    match types::peel(ty) {
        Type::ImplTrait(_) => {
            errors.at(
                ty,
                "the return type must have a name",
                "write the type, such as `String` or `Json<T>`",
            );
            parse_quote!(())
        }
        Type::Reference(reference) if !is_static(reference) => {
            errors.at(
                ty,
                "the result cannot borrow: it outlives the call's arguments",
                "return an owned type, such as `String`, or `&'static str` for a constant",
            );
            parse_quote!(())
        }
        _ => (**ty).clone(),
    }
}

fn is_static(reference: &syn::TypeReference) -> bool {
    reference
        .lifetime
        .as_ref()
        .is_some_and(|l| l.ident == "static")
}

fn param(input: &PatType, case: Case, errors: &Errors) -> Option<Param> {
    for attribute in &input.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            errors.at(
                attribute.path(),
                "a parameter cannot depend on a `cfg`",
                "put the `#[cfg]` on the whole function and write it once for each case",
            );
        }
    }
    let handed = handed_over(&input.ty, errors)?;
    let ident = binding(input, matches!(handed, HandedOver::Provided { .. }), errors)?;
    let kind = match handed {
        HandedOver::Provided { ty, optional } => {
            arg::refuse(&input.attrs, &ident, errors);
            ParamKind::Provided { ty, optional }
        }
        HandedOver::Argument(shape) => {
            ParamKind::Argument(Box::new(arg::argument(input, &ident, shape, case, errors)))
        }
    };
    Some(Param { ident, kind })
}

/// The parameter's name. The function may ignore what the server provides, but what a caller sends needs a name.
fn binding(input: &PatType, provided: bool, errors: &Errors) -> Option<Ident> {
    match &*input.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(pat.ident.clone()),
        Pat::Wild(wild) if provided => Some(Ident::new("_", wild.span())),
        pattern => {
            errors.at(
                pattern,
                "a parameter needs a plain name, for the caller sends it under that name",
                "write `name: Type`, and take the value apart in the body",
            );
            None
        }
    }
}

enum HandedOver {
    Argument(Shape),
    Provided { ty: Type, optional: bool },
}

/// The rule of shape: `&T` and `Option<&T>` are provided, `&str` and everything else is sent.
fn handed_over(ty: &Type, errors: &Errors) -> Option<HandedOver> {
    let optional = types::option(ty).and_then(types::reference);
    let Some(reference) = types::reference(ty).or(optional) else {
        return by_value(ty, errors);
    };
    if reference.mutability.is_some() {
        errors.at(
            ty,
            "a parameter cannot be `&mut`: calls run at the same time and share what the server provides",
            "take `&T`, with a lock or an atomic inside `T`; or take the argument by value",
        );
        return None;
    }
    if let Some(lifetime) = &reference.lifetime {
        errors.at(
            lifetime,
            "a parameter lives as long as its call, no longer and no shorter",
            "leave the lifetime out",
        );
        return None;
    }
    let inner = &*reference.elem;
    if types::is_str(inner) {
        let shape = if optional.is_some() {
            Shape::OptionalText
        } else {
            Shape::Text
        };
        return Some(HandedOver::Argument(shape));
    }
    if let Some(owned) = meant_by_value(inner) {
        errors.at(
            ty,
            "what is taken by reference comes from the server, not from the caller",
            format!("take the argument by value: `{owned}`"),
        );
        return None;
    }
    // `& (dyn A + B)`: the parentheses belong to the `&`.
    let ty = match inner {
        Type::Paren(paren) => (*paren.elem).clone(),
        other => other.clone(),
    };
    Some(HandedOver::Provided {
        ty,
        optional: optional.is_some(),
    })
}

fn by_value(ty: &Type, errors: &Errors) -> Option<HandedOver> {
    match types::peel(ty) {
        Type::ImplTrait(_) => errors.at(
            ty,
            "an argument must have one concrete type",
            "write the type itself, such as `String`",
        ),
        Type::Infer(_) => errors.at(
            ty,
            "the type of an argument must be written out",
            "such as `String`",
        ),
        Type::Ptr(_) | Type::FnPtr(_) => {
            errors.at(
                ty,
                "a pointer cannot be sent as JSON",
                "take a value, such as `String`",
            );
        }
        _ => return Some(HandedOver::Argument(Shape::Owned)),
    }
    None
}

/// How to write a borrowed type that is surely meant as an argument: nobody registers *the* `String` of a server.
fn meant_by_value(inner: &Type) -> Option<String> {
    match types::peel(inner) {
        Type::Slice(slice) => Some(format!("Vec<{}>", compact(&slice.elem))),
        Type::Array(_) | Type::Tuple(_) => Some(compact(inner)),
        _ => match types::name(inner)?.as_str() {
            "String" => Some("String` or `&str".to_owned()),
            "Vec" => Some(compact(inner)),
            name if types::PRIMITIVE_NAMES.contains(&name) => Some(name.to_owned()),
            _ => None,
        },
    }
}

/// A type as people write it, without the spaces of a token stream.
fn compact(ty: &Type) -> String {
    ty.to_token_stream()
        .to_string()
        .replace(' ', "")
        .replace(',', ", ")
}
