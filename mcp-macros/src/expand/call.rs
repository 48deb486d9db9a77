//! The adapter around a user's function: reads the arguments, asks for what is provided, calls, converts.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::common::{at, runtime, runtime_at};
use crate::model::{
    Argument, Default, Function, Length, Literal, Number, Origin, Param, ParamKind, Range, Shape,
};
use crate::parse::types;
use crate::text::json_string;

/// Whole numbers up to here are told apart by an `f64`.
const EXACT_IN_F64: u128 = 1 << 53;

/// A function, ready to be named by a descriptor.
pub(super) struct Adapter {
    /// Patterns and computed defaults.
    pub(super) items: TokenStream,
    /// The closure that runs the function.
    pub(super) call: TokenStream,
    /// `.params(…).provided(…)`
    pub(super) setters: TokenStream,
}

/// The adapter, whose results go through the function `into` (of one of the runtime's `Into…` traits).
///
/// Each argument has a type of its own that stands for it, and all that is asked of the user's type is asked where that
/// type names it: the compiler reports a type that cannot be sent once, not at every use.
pub(super) fn adapter(origin: &Origin, function: &Function, into: &TokenStream) -> Adapter {
    let mut parts = Parts::default();
    for (index, param) in function.params.iter().enumerate() {
        match &param.kind {
            ParamKind::Argument(argument) => parts.argument(index, argument, function.is_async),
            ParamKind::Provided { ty, optional } => parts.provided(index, param, ty, *optional),
        }
    }
    let call = parts.call(origin, function, into);
    let Parts {
        items,
        sent,
        provided,
        ..
    } = parts;
    // Each in a `const` block of its own: a mere temporary would not live as long as the static.
    let params = (!sent.is_empty()).then(|| quote!(.params(const { &[#(&#sent),*] })));
    let provided = (!provided.is_empty()).then(|| quote!(.provided(const { &[#(&#provided),*] })));
    Adapter {
        items,
        call,
        setters: quote!(#params #provided),
    }
}

/// What the parameters add to the adapter, in their order.
#[derive(std::default::Default)]
struct Parts {
    items: TokenStream,
    /// The descriptions of what the caller sends, …
    sent: Vec<TokenStream>,
    /// … the types that stand for them, …
    markers: Vec<Ident>,
    /// … and the variables that they are read into.
    slots: Vec<Ident>,
    values: Vec<TokenStream>,
    checks: Vec<TokenStream>,
    /// The descriptions of what the server provides.
    provided: Vec<TokenStream>,
    asked: Vec<TokenStream>,
    /// The expressions of the call.
    passed: Vec<TokenStream>,
}

/// The user's function, boxed, with its result as suggestions.
fn complete(function: &syn::Expr) -> TokenStream {
    let p = runtime_at(function.span());
    quote_spanned! {function.span()=>
        .complete(|__typing| ::std::boxed::Box::pin(async move {
            #p::IntoCompletions::into_completions(#function(__typing).await)
        }))
    }
}

fn local(prefix: &str, index: usize) -> Ident {
    format_ident!("{prefix}{index}", span = Span::mixed_site())
}

impl Parts {
    fn argument(&mut self, index: usize, argument: &Argument, borrows: bool) {
        let p = runtime();
        let (slot, value) = (local("slot", index), local("value", index));
        let ty = &argument.ty;
        let option = quote!(::core::option::Option);
        // The blocking pool keeps what it gets: there a text cannot borrow from the request.
        let (lifetime, text) = if borrows {
            ("de", quote!(#p::Text<'de>))
        } else {
            ("static", quote!(::std::string::String))
        };
        let (read, passed) = match argument.shape {
            Shape::Owned => (types::elided_as(lifetime, ty), quote!(#value)),
            Shape::Text => (text, quote!(&*#value)),
            Shape::OptionalText => (quote!(#option<#text>), quote!(#value.as_deref())),
        };
        let marker = format_ident!("__McpArgument{index}");
        self.items.extend(quote! {
            enum #marker {}
            impl #p::Argument for #marker {
                type Value<'de> = #read;
            }
        });
        let default = argument
            .default
            .as_ref()
            .map(|d| default_of(d, argument, index));
        self.items.extend(default.as_ref().map(|d| d.item.clone()));
        let wire = &argument.wire;
        let describe = argument
            .description
            .as_ref()
            .map(|text| quote!(.describe(#text)));
        let setter = default.as_ref().map(|d| &d.setter);
        let keywords = keywords(argument);
        let complete = argument.complete.as_ref().map(complete);
        self.sent
            .push(quote!(#p::Param::of::<#marker>(#wire) #describe #setter #keywords #complete));
        self.values.push(match default {
            None => quote!(let #value = __call.or_absent::<#marker>(#slot)?;),
            Some(DefaultParts { value: default, .. }) => quote! {
                let #value = match #slot {
                    #option::Some(sent) => sent,
                    #option::None => #default,
                };
            },
        });
        self.checks
            .extend(checks(argument, &value, &mut self.items, index));
        self.markers.push(marker);
        self.slots.push(slot);
        self.passed.push(passed);
    }

    fn provided(&mut self, index: usize, param: &Param, ty: &syn::Type, optional: bool) {
        let p = runtime();
        let value = local("value", index);
        let name = param.ident.to_string();
        let (of, provide, passed) = if optional {
            (
                quote!(optional),
                quote!(provide_optional),
                quote!(#value.as_deref()),
            )
        } else {
            (quote!(of), quote!(provide), quote!(&*#value))
        };
        let position = self.provided.len();
        self.provided.push(quote!(#p::Provided::#of::<#ty>(#name)));
        self.asked.push(quote! {
            let #value = __call.#provide::<#ty>(__MCP_ITEM.provided[#position]).await?;
        });
        self.passed.push(passed);
    }

    fn call(&self, origin: &Origin, function: &Function, into: &TokenStream) -> TokenStream {
        let p = runtime();
        let Self {
            markers,
            slots,
            values,
            checks,
            asked,
            passed,
            ..
        } = self;
        let arguments = markers
            .iter()
            .rfold(quote!(()), |rest, marker| quote!((#marker, #rest)));
        let pattern = slots
            .iter()
            .rfold(quote!(()), |rest, slot| quote!((#slot, #rest)));
        let parse = if slots.is_empty() {
            quote!(__call.parse::<()>(&[])?;)
        } else {
            quote!(let #pattern = __call.parse::<#arguments>(__MCP_ITEM.params)?;)
        };
        let checks = (!checks.is_empty()).then(|| {
            quote! {
                if !(#(#checks)&&*) {
                    return ::core::result::Result::Err(__call.refuse());
                }
            }
        });
        let name = &origin.ident;
        let run = if function.is_async {
            quote!(#name(#(#passed),*).await)
        } else {
            quote!(#p::blocking(move || #name(#(#passed),*)).await?)
        };
        let body = quote! {
            #parse
            #(#values)*
            #checks
            #(#asked)*
            #into(#run)
        };
        // A future that is not `Send` is reported here: at the name of the function.
        let span = at(name.span());
        let pinned = quote_spanned!(span=> ::std::boxed::Box::pin(async move { #body }));
        quote!(|__call| #pinned)
    }
}

struct DefaultParts {
    /// `fn __mcp_default_0() -> T`: where a default of the wrong type is reported, once.
    item: TokenStream,
    /// `.default_json(…)` or `.default_with(…)`
    setter: TokenStream,
    /// The value for a call that leaves the argument out.
    value: TokenStream,
}

fn default_of(default: &Default, argument: &Argument, index: usize) -> DefaultParts {
    let function = format_ident!("__mcp_default_{index}");
    let ty = &argument.ty;
    match default {
        Default::Null(null) => {
            let span = at(null.span());
            let p = runtime_at(span);
            DefaultParts {
                item: TokenStream::new(),
                setter: quote!(.default_json("null")),
                value: quote_spanned!(span=> #p::Nullish::null()),
            }
        }
        Default::Literal { value, expr } => {
            let json = value.json();
            let setter = quote!(.default_json(#json));
            if argument.shape != Shape::Owned {
                let item = TokenStream::new();
                let value = quote!(::core::convert::From::from(#expr));
                return DefaultParts {
                    item,
                    setter,
                    value,
                };
            }
            let value = match value {
                Literal::Str(_) => quote!(::core::convert::From::from(#expr)),
                _ => quote!(#expr),
            };
            DefaultParts {
                item: quote!(fn #function() -> #ty { #value }),
                setter,
                value: quote!(#function()),
            }
        }
        Default::Computed(expr) => {
            let (ty, value) = match argument.shape {
                Shape::Owned => (quote!(#ty), quote!(#function())),
                Shape::Text => (
                    quote!(&'static str),
                    quote!(::core::convert::From::from(#function())),
                ),
                Shape::OptionalText => (
                    quote!(::core::option::Option<&'static str>),
                    quote!(#function().map(::core::convert::From::from)),
                ),
            };
            let span = at(expr.span());
            let p = runtime_at(span);
            let reported = respanned(&function, span);
            let json = quote_spanned!(span=> #p::Published::publish(#reported()));
            DefaultParts {
                item: quote!(fn #function() -> #ty { #expr }),
                setter: quote!(.default_with(|| #json)),
                value,
            }
        }
    }
}

/// What the argument adds to its schema: each keyword with its value as JSON text.
fn keywords(argument: &Argument) -> Option<TokenStream> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if let Some(Range {
        min,
        max,
        exclusive,
        ..
    }) = &argument.range
    {
        pairs.extend(min.map(|min| ("minimum", min.json())));
        let keyword = if *exclusive {
            "exclusiveMaximum"
        } else {
            "maximum"
        };
        pairs.extend(max.map(|max| (keyword, max.json())));
    }
    if let Some(Length { min, max, .. }) = &argument.length {
        // The runtime turns these into the words for lists and maps, where the type's schema is one.
        pairs.extend(min.map(|min| ("minLength", min.to_string())));
        pairs.extend(max.map(|max| ("maxLength", max.to_string())));
    }
    for (keyword, text) in [
        ("pattern", &argument.pattern),
        ("format", &argument.format),
        ("x-mcp-header", &argument.header),
    ] {
        pairs.extend(
            text.as_ref()
                .map(|text| (keyword, json_string(&text.value()))),
        );
    }
    let pairs = pairs
        .iter()
        .map(|(keyword, json)| quote!((#keyword, #json)));
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| quote!(.keywords(&[#(#pairs),*])))
}

/// The typed checks of the argument, as boolean expressions.
fn checks(
    argument: &Argument,
    value: &Ident,
    statics: &mut TokenStream,
    index: usize,
) -> Vec<TokenStream> {
    let p = runtime();
    let mut checks = Vec::new();
    if let Some(range) = &argument.range {
        checks.push(range_check(range, value));
    }
    if let Some(length) = &argument.length {
        let end = |end: Option<u64>| match end {
            Some(end) => {
                let end = proc_macro2::Literal::u64_unsuffixed(end);
                quote!(::core::option::Option::Some(#end))
            }
            None => quote!(::core::option::Option::None),
        };
        let (min, max) = (end(length.min), end(length.max));
        let span = at(length.tokens.span());
        let value = respanned(value, span);
        checks.push(quote_spanned!(span=> #p::Lengthy::has_length(&#value, #min, #max)));
    }
    if let Some(pattern) = &argument.pattern {
        let name = format_ident!("__MCP_PATTERN_{index}");
        statics.extend(quote!(static #name: #p::Pattern = #p::Pattern::new(#pattern);));
        let span = at(pattern.span());
        let value = respanned(value, span);
        checks.push(quote_spanned!(span=> #p::Textual::matches(&#value, &#name)));
    }
    if let Some(format) = &argument.format {
        let span = at(format.span());
        let value = respanned(value, span);
        checks.push(quote_spanned!(span=> #p::Textual::has_format(&#value, #format)));
    }
    checks
}

/// The same name, pointing at a constraint or a default: there a value that cannot have it is reported.
fn respanned(value: &Ident, span: Span) -> Ident {
    let mut value = value.clone();
    value.set_span(span);
    value
}

fn range_check(range: &Range, value: &Ident) -> TokenStream {
    let p = runtime();
    let span = at(range.tokens.span());
    let value = respanned(value, span);
    // An excluded whole number as an `f64` excludes neighbours too where they cannot be told apart; there, and only
    // there, the argument must be an integer anyway, and the bound is moved by one.
    let whole = |bound: Option<Number>, shift: i128| match bound {
        None => Some(quote!(::core::option::Option::None)),
        Some(Number::Int(bound)) => {
            let bound = proc_macro2::Literal::i128_suffixed(bound - shift);
            Some(quote!(::core::option::Option::Some(#bound)))
        }
        Some(Number::Float(_)) => None,
    };
    let is_large = matches!(range.max, Some(Number::Int(max)) if max.unsigned_abs() > EXACT_IN_F64);
    if (!range.exclusive || is_large)
        && let (Some(min), Some(max)) = (
            whole(range.min, 0),
            whole(range.max, i128::from(range.exclusive)),
        )
    {
        return quote_spanned!(span=> #p::Ranged::within_int(&#value, #min, #max));
    }
    let bound = |bound: Option<Number>| match bound {
        Some(bound) => {
            let bound = proc_macro2::Literal::f64_suffixed(bound.as_f64());
            quote!(::core::option::Option::Some(#bound))
        }
        None => quote!(::core::option::Option::None),
    };
    let (min, max, exclusive) = (bound(range.min), bound(range.max), range.exclusive);
    quote_spanned! {span=>
        #p::Ranged::within(&#value, #p::Bounds {
            min: #min,
            max: #max,
            exclusive_min: false,
            exclusive_max: #exclusive,
        })
    }
}
