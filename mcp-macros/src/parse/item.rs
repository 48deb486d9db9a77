//! Takes an annotated function or const apart, as far as the macros look into it. Bodies stay tokens.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, Signature, Token, Type, Visibility};

use super::types::PRIMITIVE_NAMES;
use crate::errors::Errors;
use crate::model::Origin;

/// What an attribute stands on.
pub(crate) enum Annotated {
    Fn(AnnotatedFn),
    Const(AnnotatedConst),
    /// Something else, at its first tokens.
    Other(TokenStream),
}

pub(crate) struct AnnotatedFn {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

pub(crate) struct AnnotatedConst {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The whole item.
    pub(crate) tokens: TokenStream,
}

impl Parse for Annotated {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let whole = input.fork().parse::<TokenStream>()?;
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        if let Ok(signature) = input.fork().parse::<Signature>() {
            // Parse again to move on: a fork does not.
            input.parse::<Signature>()?;
            let body = input.parse()?;
            return Ok(Self::Fn(AnnotatedFn {
                attributes,
                visibility,
                signature,
                body,
            }));
        }
        if input.peek(Token![const]) && input.peek2(Ident) && input.peek3(Token![:]) {
            input.parse::<Token![const]>()?;
            let ident = input.parse()?;
            input.parse::<Token![:]>()?;
            let ty = input.parse()?;
            input.parse::<TokenStream>()?;
            return Ok(Self::Const(AnnotatedConst {
                attributes,
                visibility,
                ident,
                ty,
                tokens: whole,
            }));
        }
        let mut head = TokenStream::new();
        visibility.to_tokens(&mut head);
        for _ in 0..2 {
            if let Ok(token) = input.parse::<proc_macro2::TokenTree>() {
                token.to_tokens(&mut head);
            }
        }
        input.parse::<TokenStream>()?;
        Ok(Self::Other(head))
    }
}

impl AnnotatedFn {
    pub(crate) fn origin(&self) -> Origin {
        origin(&self.signature.ident, &self.visibility, &self.attributes)
    }
}

impl AnnotatedConst {
    pub(crate) fn origin(&self) -> Origin {
        origin(&self.ident, &self.visibility, &self.attributes)
    }
}

/// The function as the user wrote it, less what only our macros understand.
impl ToTokens for AnnotatedFn {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            visibility,
            signature,
            body,
        } = self;
        let mut signature = signature.clone();
        for input in &mut signature.inputs {
            if let syn::FnArg::Typed(input) = input {
                input
                    .attrs
                    .retain(|a| !IS_OURS.iter().any(|name| a.path().is_ident(name)));
            }
        }
        // On the function it is a mistake, which is reported.
        let attributes = attributes.iter().filter(|a| !a.path().is_ident("arg"));
        tokens.extend(quote!(#(#attributes)* #visibility #signature #body));
    }
}

/// What is taken off a parameter: what describes it, and what the compiler could not place there, which is reported.
const IS_OURS: &[&str] = &[
    "doc", "arg", "serde", "schemars", "validate", "garde", "field",
];

fn origin(ident: &Ident, visibility: &Visibility, attributes: &[Attribute]) -> Origin {
    let of = |name: &str| {
        let found = attributes.iter().filter(|a| a.path().is_ident(name));
        quote!(#(#found)*)
    };
    let (cfgs, mut inherited) = (of("cfg"), of("cfg"));
    inherited.extend(of("allow"));
    if attributes.iter().any(|a| a.path().is_ident("deprecated")) {
        // What we emit uses the item; only the user's own code should hear that it is deprecated.
        inherited.extend(quote!(#[allow(deprecated)]));
    }
    Origin {
        ident: ident.clone(),
        visibility: visibility.clone(),
        inherited,
        cfgs,
    }
}

/// Whether this is another macro that makes an item of the function or const.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    const OURS: &[&str] = &["mcp_tool", "mcp_resource", "mcp_prompt", "mcp_ui_resource"];
    let last = attribute.path().segments.last();
    last.is_some_and(|last| OURS.iter().any(|ours| last.ident == ours))
}

/// What is wrong with putting a macro of ours on this item, whatever the macro.
pub(crate) fn check_item(
    ident: &Ident,
    attributes: &[Attribute],
    macro_name: &str,
    errors: &Errors,
) {
    if let Some(second) = attributes.iter().find(|a| is_ours(a)) {
        let path = second.path();
        let name = path
            .segments
            .last()
            .map(|s| s.ident.to_string())
            .unwrap_or_default();
        errors.at(
            path,
            format!("an item is one thing: `{macro_name}` or `#[{name}]`"),
            "remove one of them; a second function can call the first",
        );
    }
    if let Some(arg) = attributes.iter().find(|a| a.path().is_ident("arg")) {
        errors.at(
            arg.path(),
            "`#[arg]` goes on a parameter, not on the function",
            "write it before the parameter that it describes: `#[arg(default = 6)] sides: u32`",
        );
    }
    if PRIMITIVE_NAMES.iter().any(|name| ident == name) {
        errors.at(
            ident,
            format!("an item named `{ident}` would hide the type `{ident}` in this module"),
            "rename the function, and keep the name for clients with `name = \"…\"`",
        );
    }
}
