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
    foreign(&input.attrs, errors);
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

/// Attributes of derives, which a parameter cannot have.
fn foreign(attributes: &[syn::Attribute], errors: &Errors) {
    const DERIVES: &[&str] = &["serde", "schemars", "validate", "garde", "field"];
    for attribute in attributes {
        if DERIVES.iter().any(|name| attribute.path().is_ident(name)) {
            errors.at(
                attribute.path(),
                "a parameter is described by `#[arg(…)]`",
                "such as `#[arg(default = 6, range(1..=100), rename = \"n\")]`",
            );
        }
    }
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
    Provided { ty: Box<Type>, optional: bool },
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
    // A named one is reported where it is declared.
    if let Some(lifetime) = &reference.lifetime
        && is_static(reference)
    {
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
        ty: Box::new(ty),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(signature: &str) -> (Function, Vec<String>) {
        let errors = Errors::new();
        let signature = syn::parse_str(signature).unwrap_or_else(|e| panic!("{signature}: {e}"));
        let function = function(&signature, Case::AsWritten, &errors);
        (function, errors.messages())
    }

    /// How each parameter is handed over: by its wire name, or as `&` or `?&`.
    fn shapes(signature: &str) -> Vec<String> {
        let (function, errors) = read(signature);
        assert!(errors.is_empty(), "{errors:?}");
        let shape = |param: &Param| match &param.kind {
            ParamKind::Argument(argument) => {
                format!("{}: {:?}", argument.wire.value(), argument.shape)
            }
            ParamKind::Provided { optional, .. } => if *optional { "?&" } else { "&" }.to_owned(),
        };
        function.params.iter().map(shape).collect()
    }

    #[test]
    fn the_shape_decides_who_gives_a_parameter() {
        assert_eq!(
            shapes("async fn f(a: u32, b: &str, c: Option<&str>, r#type: Vec<&'static str>)"),
            ["a: Owned", "b: Text", "c: OptionalText", "type: Owned"]
        );
        assert_eq!(
            shapes(
                "fn f(_: &User, u: Option<&User>, s: &dyn Store, both: &(dyn A + B), o: std::option::Option<&T>)"
            ),
            ["&", "?&", "&", "&", "?&"]
        );
        // A name says nothing: an alias that hides a `&` reads as by value.
        assert_eq!(shapes("fn f(user: UserRef)"), ["user: Owned"]);
    }

    #[test]
    fn each_illegal_part_is_one_error() {
        for signature in [
            "fn f(&self)",
            "fn f(a: &mut T)",
            "fn f(a: Option<&mut T>)",
            "fn f<T>(a: T)",
            "fn f<'a>(a: &'a str)",
            "fn f(a: &'static str)",
            "fn f(a: impl Into<String>)",
            "fn f(a: &[u8])",
            "fn f(a: &String)",
            "fn f(a: &u32)",
            "fn f(_: u32)",
            "fn f(Point { x, y }: Point)",
            "fn f(ref a: u32)",
            "fn f(a: *const u8)",
            "fn f() -> impl Display",
            "fn f() -> &str",
            "unsafe fn f()",
            "const fn f()",
            "extern \"C\" fn f()",
        ] {
            let (_, errors) = read(signature);
            assert_eq!(errors.len(), 1, "{signature}: {errors:?}");
            assert!(errors[0].contains("\n\nhelp: "), "{signature}: {errors:?}");
        }
    }

    #[test]
    fn legal_results() {
        for signature in [
            "fn f()",
            "fn f() -> &'static str",
            "fn f() -> Result<(), E>",
        ] {
            assert!(read(signature).1.is_empty(), "{signature}");
        }
    }
}
