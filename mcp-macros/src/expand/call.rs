//! The adapter around a user's function: reads the arguments, asks for what is provided, calls, converts.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::common::{at, runtime};
use crate::model::{
    Argument, Default, Function, Length, Literal, Number, Origin, Param, ParamKind, Range, Shape,
};
use crate::text::json_string;

/// Whole numbers up to here are told apart by an `f64`.
const EXACT_IN_F64: u128 = 1 << 53;

/// A function, ready to be named by a descriptor.
pub(super) struct Adapter {
    /// The statics and the function `__mcp_call`.
    pub(super) items: TokenStream,
    /// `.params(…).provided(…)`
    pub(super) setters: TokenStream,
}

/// The traits that turn what the function returns into what is served.
pub(super) struct Conversion {
    /// What the adapter returns inside its `Result`.
    pub(super) into: TokenStream,
    /// The path of the function that converts.
    pub(super) with: TokenStream,
}

pub(super) fn adapter(origin: &Origin, function: &Function, conversion: &Conversion) -> Adapter {
    let p = runtime();
    let mut out = Parts::default();
    for (index, param) in function.params.iter().enumerate() {
        match &param.kind {
            ParamKind::Argument(argument) => out.argument(index, argument, function.is_async),
            ParamKind::Provided { ty, optional } => out.provided(index, param, ty, *optional),
        }
    }
    let Parts {
        statics,
        sent,
        types,
        slots,
        values,
        checks,
        provided,
        asked,
        passed,
    } = out;
    let types = types.iter().rfold(
        quote!(()),
        |rest, ty| quote!((::core::option::Option<#ty>, #rest)),
    );
    let pattern = slots
        .iter()
        .rfold(quote!(()), |rest, slot| quote!((#slot, #rest)));
    let parse = if slots.is_empty() {
        quote!(__call.parse::<()>(&[])?;)
    } else {
        quote!(let #pattern = __call.parse::<#types>(&[#(&#sent),*])?;)
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
    let Conversion { into, with } = conversion;
    let body = quote! {
        #parse
        #(#values)*
        #checks
        #(#asked)*
        #with(#run)
    };
    // A future that is not `Send` is reported here: at the name of the function.
    let pinned = quote_spanned!(at(name.span())=> ::std::boxed::Box::pin(async move { #body }));
    let items = quote! {
        #statics
        fn __mcp_call<'a>(
            __call: #p::Call<'a>,
        ) -> #p::BoxFuture<'a, ::core::result::Result<#into, #p::Error>> {
            #pinned
        }
    };
    let params = (!sent.is_empty()).then(|| quote!(.params(&[#(&#sent),*])));
    let provided = (!provided.is_empty()).then(|| quote!(.provided(&[#(&#provided),*])));
    Adapter {
        items,
        setters: quote!(#params #provided),
    }
}

/// What the parameters add to the adapter, in their order.
#[derive(std::default::Default)]
struct Parts {
    statics: TokenStream,
    /// The statics of what the caller sends, …
    sent: Vec<Ident>,
    /// … the types that they are read as, …
    types: Vec<TokenStream>,
    /// … and the variables that they are read into.
    slots: Vec<Ident>,
    values: Vec<TokenStream>,
    checks: Vec<TokenStream>,
    /// The statics of what the server provides.
    provided: Vec<Ident>,
    asked: Vec<TokenStream>,
    /// The expressions of the call.
    passed: Vec<TokenStream>,
}

fn local(prefix: &str, index: usize) -> Ident {
    format_ident!("{prefix}{index}", span = Span::mixed_site())
}

impl Parts {
    fn argument(&mut self, index: usize, argument: &Argument, borrows: bool) {
        let p = runtime();
        let (param, slot, value) = (
            format_ident!("__MCP_PARAM_{index}"),
            local("slot", index),
            local("value", index),
        );
        let ty = &argument.ty;
        let option = quote!(::core::option::Option);
        let (published, read, passed) = match (argument.shape, borrows) {
            (Shape::Owned, _) => (quote!(#ty), quote!(#ty), quote!(#value)),
            (Shape::Text, true) => (
                quote!(::std::string::String),
                quote!(#p::Text<'a>),
                quote!(&*#value),
            ),
            (Shape::Text, false) => (
                quote!(::std::string::String),
                quote!(::std::string::String),
                quote!(&*#value),
            ),
            (Shape::OptionalText, true) => (
                quote!(#option<::std::string::String>),
                quote!(#option<#p::Text<'a>>),
                quote!(#value.as_deref()),
            ),
            (Shape::OptionalText, false) => (
                quote!(#option<::std::string::String>),
                quote!(#option<::std::string::String>),
                quote!(#value.as_deref()),
            ),
        };
        let default = argument
            .default
            .as_ref()
            .map(|default| default_of(default, argument, index));
        self.statics
            .extend(default.as_ref().map(|d| d.item.clone()));
        let wire = &argument.wire;
        let describe = argument
            .description
            .as_ref()
            .map(|text| quote!(.describe(#text)));
        let default_setter = default.as_ref().map(|d| &d.setter);
        let keywords = keywords(argument);
        self.statics.extend(quote! {
            static #param: #p::Param = #p::Param::of::<#published>(#wire) #describe #default_setter #keywords;
        });
        self.values.push(match default {
            None => quote!(let #value: #read = __call.or_absent(#slot)?;),
            Some(DefaultParts { value: default, .. }) => quote! {
                let #value: #read = match #slot {
                    #option::Some(sent) => sent,
                    #option::None => #default,
                };
            },
        });
        self.checks
            .extend(checks(argument, &value, &mut self.statics, index));
        self.sent.push(param);
        self.types.push(read);
        self.slots.push(slot);
        self.passed.push(passed);
    }

    fn provided(&mut self, index: usize, param: &Param, ty: &syn::Type, optional: bool) {
        let p = runtime();
        let (needed, value) = (
            format_ident!("__MCP_PROVIDED_{index}"),
            local("value", index),
        );
        let name = param.ident.to_string();
        let (of, provide) = if optional {
            (quote!(optional), quote!(provide_optional))
        } else {
            (quote!(of), quote!(provide))
        };
        self.statics
            .extend(quote!(static #needed: #p::Provided = #p::Provided::#of::<#ty>(#name);));
        self.asked
            .push(quote!(let #value = __call.#provide::<#ty>(&#needed).await?;));
        self.passed.push(if optional {
            quote!(#value.as_deref())
        } else {
            quote!(&*#value)
        });
        self.provided.push(needed);
    }
}

struct DefaultParts {
    /// `fn __mcp_default_0() -> T`, where the default is computed: one place for one type error.
    item: TokenStream,
    /// `.default_json(…)` or `.default_with(…)`
    setter: TokenStream,
    /// The value for a call that leaves the argument out.
    value: TokenStream,
}

fn default_of(default: &Default, argument: &Argument, index: usize) -> DefaultParts {
    let p = runtime();
    match default {
        Default::Null(null) => DefaultParts {
            item: TokenStream::new(),
            setter: quote!(.default_json("null")),
            value: quote_spanned!(at(null.span())=> ::core::option::Option::None),
        },
        Default::Literal { value, expr } => {
            let json = value.json();
            let is_text = matches!(value, Literal::Str(_));
            let value = if is_text {
                quote!(::core::convert::From::from(#expr))
            } else {
                quote!(#expr)
            };
            DefaultParts {
                item: TokenStream::new(),
                setter: quote!(.default_json(#json)),
                value,
            }
        }
        Default::Computed(expr) => {
            let function = format_ident!("__mcp_default_{index}");
            let (ty, value) = match argument.shape {
                Shape::Owned => (argument.ty.to_token_stream(), quote!(#function())),
                Shape::Text => (
                    quote!(&'static str),
                    quote!(::core::convert::From::from(#function())),
                ),
                Shape::OptionalText => (
                    quote!(::core::option::Option<&'static str>),
                    quote!(#function().map(::core::convert::From::from)),
                ),
            };
            let json = quote_spanned!(at(expr.span())=> #p::serde_json::to_value(#function()));
            DefaultParts {
                item: quote!(fn #function() -> #ty { #expr }),
                setter: quote!(.default_with(|| #json.unwrap_or_default())),
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
        checks.push(quote_spanned!(span=> #p::Lengthy::has_length(&#value, #min, #max)));
    }
    if let Some(pattern) = &argument.pattern {
        let name = format_ident!("__MCP_PATTERN_{index}");
        statics.extend(quote!(static #name: #p::Pattern = #p::Pattern::new(#pattern);));
        checks.push(quote_spanned!(at(pattern.span())=> #p::Textual::matches(&#value, &#name)));
    }
    if let Some(format) = &argument.format {
        checks.push(quote_spanned!(at(format.span())=> #p::Textual::has_format(&#value, #format)));
    }
    checks
}

fn range_check(range: &Range, value: &Ident) -> TokenStream {
    let p = runtime();
    let span = at(range.tokens.span());
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
