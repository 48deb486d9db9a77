//! The grammar that all our attributes share: `key`, `key = value`, `key(…)`, with commas between.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Lit, LitStr, Token, UnOp};

use super::meant::instead;
use crate::errors::Errors;
use crate::model::Literal;
use crate::text::{list, nearest};

/// One entry of an attribute.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    value: Value,
}

enum Value {
    Flag,
    Assigned(Expr),
    List(TokenStream),
}

impl ToTokens for Entry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.key.to_tokens(tokens);
        match &self.value {
            Value::Flag => {}
            Value::Assigned(expr) => expr.to_tokens(tokens),
            Value::List(inner) => inner.to_tokens(tokens),
        }
    }
}

/// Reads the entries of `attribute`. Unknown and repeated keys are reported and left out.
pub(crate) fn entries(
    tokens: TokenStream,
    attribute: &str,
    keys: &[&str],
    errors: &Errors,
) -> Vec<Entry> {
    let mut known: Vec<Entry> = Vec::new();
    for entry in split(tokens, attribute, keys, errors) {
        let key = entry.key.unraw().to_string();
        if !keys.contains(&key.as_str()) {
            let help = match (instead(&key, keys), nearest(&key, keys)) {
                (Some(advice), _) => advice.to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("it knows {}", list(keys)),
            };
            errors.at(
                &entry.key,
                format!("`{attribute}` does not know `{key}`"),
                help,
            );
        } else if known.iter().any(|k| k.key == entry.key) {
            errors.at(
                &entry.key,
                format!("`{key}` is there twice"),
                "remove one of them",
            );
        } else {
            known.push(entry);
        }
    }
    known
}

/// Cuts at the commas; what is malformed is reported and skipped up to the next one.
fn split(tokens: TokenStream, attribute: &str, keys: &[&str], errors: &Errors) -> Vec<Entry> {
    let parser = |input: ParseStream<'_>| {
        let mut found = Vec::new();
        while !input.is_empty() {
            match entry(input) {
                Ok(entry) if input.is_empty() || input.peek(Token![,]) => found.push(entry),
                Ok(_) => {
                    let stray: TokenTree = input.parse()?;
                    errors.at(stray, "expected a comma", "entries are separated by commas");
                    skip(input)?;
                }
                Err(Malformed::Key) => {
                    let stray: TokenTree = input.parse()?;
                    let example = keys.first().copied().unwrap_or("key");
                    errors.at(
                        stray,
                        format!("`{attribute}` takes entries of the form `key = value`"),
                        format!("such as `{example} = …`; it knows {}", list(keys)),
                    );
                    skip(input)?;
                }
                Err(Malformed::Value(error)) => {
                    errors.push(error);
                    skip(input)?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(found)
    };
    parser.parse2(tokens).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    })
}

enum Malformed {
    Key,
    Value(syn::Error),
}

fn entry(input: ParseStream<'_>) -> Result<Entry, Malformed> {
    let key = input.call(Ident::parse_any).map_err(|_| Malformed::Key)?;
    let value = if input.peek(Token![=]) {
        let parsed = input.parse::<Token![=]>().and_then(|_| input.parse());
        Value::Assigned(parsed.map_err(Malformed::Value)?)
    } else if input.peek(syn::token::Paren) {
        let inner = (|| {
            let content;
            syn::parenthesized!(content in input);
            content.parse()
        })();
        Value::List(inner.map_err(Malformed::Value)?)
    } else {
        Value::Flag
    };
    Ok(Entry { key, value })
}

fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

impl Entry {
    /// Reports that the value has the wrong form; `form` is how to write it.
    pub(crate) fn wrong(&self, form: &str, errors: &Errors) {
        errors.at(
            self,
            format!("`{}` is not written like this", self.key),
            format!("write `{form}`"),
        );
    }

    /// `key = "text"`
    pub(crate) fn string(&self, errors: &Errors) -> Option<LitStr> {
        match &self.value {
            Value::Assigned(Expr::Lit(lit)) => {
                if let Lit::Str(text) = &lit.lit {
                    return Some(text.clone());
                }
            }
            Value::Assigned(Expr::Group(group)) => {
                if let Expr::Lit(lit) = &*group.expr
                    && let Lit::Str(text) = &lit.lit
                {
                    return Some(text.clone());
                }
            }
            _ => {}
        }
        self.wrong(&format!("{} = \"…\"", self.key), errors);
        None
    }

    /// `key = "text"`, with something between the quotes.
    pub(crate) fn filled_string(&self, errors: &Errors) -> Option<LitStr> {
        let text = self.string(errors)?;
        if text.value().trim().is_empty() {
            errors.at(
                &text,
                format!("`{}` is empty", self.key),
                "write something, or leave it out",
            );
            return None;
        }
        Some(text)
    }

    /// `key = "text"`, or a macro such as `include_str!(…)`.
    pub(crate) fn text(&self, errors: &Errors) -> Option<TokenStream> {
        if let Value::Assigned(Expr::Macro(call)) = &self.value {
            return Some(call.to_token_stream());
        }
        self.filled_string(errors).map(|text| quote!(#text))
    }

    /// `key`, `key = true` or `key = false`
    pub(crate) fn flag(&self, errors: &Errors) -> Option<bool> {
        match &self.value {
            Value::Flag => return Some(true),
            Value::Assigned(Expr::Lit(lit)) => {
                if let Lit::Bool(value) = &lit.lit {
                    return Some(value.value);
                }
            }
            _ => {}
        }
        self.wrong(&format!("{0}` or `{0} = false", self.key), errors);
        None
    }

    /// The key of a flag that is set.
    pub(crate) fn set(&self, errors: &Errors) -> Option<Ident> {
        (self.flag(errors) == Some(true)).then(|| self.key.clone())
    }

    /// `key` alone.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(self.value, Value::Flag)
    }

    /// `key = EXPRESSION`
    pub(crate) fn expr(&self, form: &str, errors: &Errors) -> Option<&Expr> {
        if let Value::Assigned(expr) = &self.value {
            return Some(expr);
        }
        self.wrong(form, errors);
        None
    }

    /// `key(…)`
    pub(crate) fn list(&self, form: &str, errors: &Errors) -> Option<TokenStream> {
        if let Value::List(inner) = &self.value {
            return Some(inner.clone());
        }
        self.wrong(form, errors);
        None
    }

    /// `key("a", "b")`, or `key = "a"`
    pub(crate) fn strings(&self, errors: &Errors) -> Vec<LitStr> {
        let form = format!("{}(\"…\", \"…\")", self.key);
        if let Value::Assigned(Expr::Lit(lit)) = &self.value
            && let Lit::Str(one) = &lit.lit
        {
            return vec![one.clone()];
        }
        let Some(inner) = self.list(&form, errors) else {
            return Vec::new();
        };
        let parser = syn::punctuated::Punctuated::<LitStr, Token![,]>::parse_terminated;
        match parser.parse2(inner) {
            Ok(strings) if !strings.is_empty() => strings.into_iter().collect(),
            _ => {
                self.wrong(&form, errors);
                Vec::new()
            }
        }
    }

    /// `key(a, b)` with words out of `legal`
    pub(crate) fn words(&self, legal: &[&str], errors: &Errors) -> Vec<Ident> {
        let form = format!("{}({})", self.key, legal.join(", "));
        let Some(inner) = self.list(&form, errors) else {
            return Vec::new();
        };
        let entries = entries(inner, &self.key.to_string(), legal, errors);
        for entry in &entries {
            if !matches!(entry.value, Value::Flag) {
                entry.wrong(&entry.key.to_string(), errors);
            }
        }
        entries.into_iter().map(|e| e.key).collect()
    }

    /// `key = "word"` with a word out of `legal`
    pub(crate) fn one_of(&self, legal: &[&str], errors: &Errors) -> Option<LitStr> {
        let text = self.string(errors)?;
        let word = text.value();
        if legal.contains(&word.as_str()) {
            return Some(text);
        }
        let help = match nearest(&word, legal) {
            Some(near) => format!("did you mean `\"{near}\"`?"),
            None => format!("it can be {}", list(legal)),
        };
        errors.at(
            &text,
            format!("`{}` cannot be `\"{word}\"`", self.key),
            help,
        );
        None
    }
}

/// The value of a literal, with or without a sign.
pub(crate) fn literal(expr: &Expr) -> Option<Literal> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) if matches!(int.suffix(), "f32" | "f64") => {
                int.base10_digits().parse().ok().map(Literal::Float)
            }
            Lit::Int(int) => int.base10_parse().ok().map(Literal::Int),
            Lit::Float(float) => float.base10_parse().ok().map(Literal::Float),
            Lit::Bool(value) => Some(Literal::Bool(value.value)),
            Lit::Str(text) => Some(Literal::Str(text.value())),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match literal(&unary.expr)? {
            Literal::Int(value) => value.checked_neg().map(Literal::Int),
            Literal::Float(value) => Some(Literal::Float(-value)),
            _ => None,
        },
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}
