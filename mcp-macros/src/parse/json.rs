//! JSON, written in an attribute: `extend("examples" = ["a", {"b": null}])`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Lit, LitStr, Token};

use super::entries::Entry;
use crate::errors::Errors;
use crate::model::Json;
use crate::text::json_string;

impl Parse for Json {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let start = input.fork();
        let text = value(input)?;
        let mut tokens = TokenStream::new();
        while start.cursor() < input.cursor() {
            tokens.extend([start.parse::<TokenTree>()?]);
        }
        Ok(Self { text, tokens })
    }
}

/// Any JSON value, as JSON text.
fn value(input: ParseStream<'_>) -> syn::Result<String> {
    let content;
    if input.peek(syn::token::Bracket) {
        syn::bracketed!(content in input);
        let items = content.parse_terminated(value, Token![,])?;
        let items: Vec<_> = items.into_iter().collect();
        return Ok(format!("[{}]", items.join(",")));
    }
    if input.peek(syn::token::Brace) {
        syn::braced!(content in input);
        let entries = content.parse_terminated(member, Token![,])?;
        let entries: Vec<_> = entries.into_iter().collect();
        return Ok(format!("{{{}}}", entries.join(",")));
    }
    if input.peek(syn::Ident) {
        let word: syn::Ident = input.parse()?;
        if word == "null" {
            return Ok("null".into());
        }
        return Err(syn::Error::new(word.span(), NO_JSON));
    }
    let negative = input.parse::<Option<Token![-]>>()?.is_some();
    let literal: Lit = input
        .parse()
        .map_err(|error| syn::Error::new(error.span(), NO_JSON))?;
    let sign = if negative { "-" } else { "" };
    match &literal {
        Lit::Int(int) => Ok(format!("{sign}{}", int.base10_digits())),
        Lit::Float(float) => match float.base10_parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(format!("{sign}{number:?}")),
            _ => Err(syn::Error::new_spanned(float, NO_JSON)),
        },
        Lit::Str(text) if !negative => Ok(json_string(&text.value())),
        Lit::Bool(truth) if !negative => Ok(truth.value.to_string()),
        other => Err(syn::Error::new_spanned(other, NO_JSON)),
    }
}

fn member(input: ParseStream<'_>) -> syn::Result<String> {
    let key: LitStr = input
        .parse()
        .map_err(|error| syn::Error::new(error.span(), NO_JSON))?;
    input.parse::<Token![:]>()?;
    Ok(format!("{}:{}", json_string(&key.value()), value(input)?))
}

const NO_JSON: &str = "this is no JSON\n\nhelp: write a value such as `\"text\"`, `6`, `null`, `[1, 2]` or `{\"key\": true}`";

impl Entry {
    /// `key("name" = JSON, …)`
    pub(crate) fn pairs(&self, errors: &Errors) -> Vec<(LitStr, Json)> {
        let form = format!("{}(\"name\" = …)", self.key);
        let Some(inner) = self.list(&form, errors) else {
            return Vec::new();
        };
        let pair = |input: ParseStream<'_>| {
            let name: LitStr = input.parse()?;
            input.parse::<Token![=]>()?;
            Ok((name, input.parse()?))
        };
        let parser = |input: ParseStream<'_>| input.parse_terminated(pair, Token![,]);
        match parser.parse2(inner) {
            Ok(pairs) => pairs.into_iter().collect(),
            Err(error) if error.to_string().starts_with("this is no JSON") => {
                errors.push(error);
                Vec::new()
            }
            Err(_) => {
                self.wrong(&form, errors);
                Vec::new()
            }
        }
    }

    /// `key(JSON, …)`
    pub(crate) fn values(&self, errors: &Errors) -> Vec<Json> {
        let form = format!("{}(\"a\", \"b\")", self.key);
        let Some(inner) = self.list(&form, errors) else {
            return Vec::new();
        };
        let parser = |input: ParseStream<'_>| input.parse_terminated(Json::parse, Token![,]);
        match parser.parse2(inner) {
            Ok(values) => values.into_iter().collect(),
            Err(error) => {
                errors.push(error);
                Vec::new()
            }
        }
    }

    /// `key = JSON`
    pub(crate) fn json(&self, form: &str, errors: &Errors) -> Option<Json> {
        let tokens = self.expr(form, errors)?;
        match syn::parse2(quote::quote!(#tokens)) {
            Ok(json) => Some(json),
            Err(error) => {
                errors.push(error);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_is_written() {
        let read = |text: &str| syn::parse_str::<Json>(text).map(|json| json.text);
        for (written, json) in [
            (r#""a\"b""#, r#""a\"b""#),
            ("-6", "-6"),
            ("0.5", "0.5"),
            ("1_000", "1000"),
            ("null", "null"),
            ("[1, true, []]", "[1,true,[]]"),
            (
                r#"{"a": {"b": null}, "c": "é"}"#,
                r#"{"a":{"b":null},"c":"é"}"#,
            ),
        ] {
            assert_eq!(read(written).ok().as_deref(), Some(json), "{written}");
        }
        for bad in ["nul", "-\"a\"", "{a: 1}", "'a'", "[1 2]", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
