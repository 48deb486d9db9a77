//! Collects mistakes, so that one compile shows them all; and warnings, which do not stop it.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;

/// The warnings that there are, by the names that `allow(…)` takes; those of a view's HTML are [`mcp_views::Rule`]'s.
///
/// A macro cannot warn by itself. What the compiler warns of is the use of a constant that is called like the warning
/// and marked `#[deprecated]` with its text.
pub(crate) const WARNINGS: &[&str] = &[
    CHANGED_DEFAULT,
    CHANGED_PATTERN,
    REMOVED_ARGUMENT,
    MISSING_LOCK,
];

/// A default is another than in the locked version.
pub(crate) const CHANGED_DEFAULT: &str = "changed_default";
/// A pattern is another than in the locked version.
pub(crate) const CHANGED_PATTERN: &str = "changed_pattern";
/// An argument of the locked version is gone, and nothing refuses it.
pub(crate) const REMOVED_ARGUMENT: &str = "removed_argument";
/// A tool is to be compared with a lock file that is not there.
pub(crate) const MISSING_LOCK: &str = "missing_lock";

/// The mistakes found so far.
///
/// It must be taken apart by [`Errors::into_tokens`]: to drop it unread is a bug, for it may hold a mistake that the
/// user would never hear of, and the drop panics.
pub(crate) struct Errors {
    found: RefCell<Option<Vec<syn::Error>>>,
    warnings: RefCell<Vec<Warning>>,
    allowed: RefCell<Vec<Ident>>,
}

struct Warning {
    name: &'static str,
    at: TokenStream,
    text: String,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self {
            found: RefCell::new(Some(Vec::new())),
            warnings: RefCell::default(),
            allowed: RefCell::default(),
        }
    }

    /// A warning at these tokens, by its name among [`WARNINGS`], unless the item allows it.
    pub(crate) fn warn(
        &self,
        name: &'static str,
        tokens: impl ToTokens,
        message: impl Display,
        help: impl Display,
    ) {
        let of_view = mcp_views::Rule::ALLOWABLE.map(|(name, _)| name);
        debug_assert!(
            WARNINGS.contains(&name) || of_view.contains(&name),
            "`{name}` cannot be allowed"
        );
        self.warnings.borrow_mut().push(Warning {
            name,
            at: tokens.into_token_stream(),
            text: format!("{message}; {help}, or write `allow({name})` in the attribute"),
        });
    }

    /// The item says `allow(name, …)`.
    pub(crate) fn allow(&self, names: Vec<Ident>) {
        self.allowed.borrow_mut().extend(names);
    }

    /// What makes the compiler warn; `cfgs` are those of the item.
    pub(crate) fn warning_tokens(&self, cfgs: &TokenStream) -> TokenStream {
        let warnings = self.warnings.borrow();
        let allowed = self.allowed.borrow();
        let heard = warnings
            .iter()
            .filter(|warning| !allowed.iter().any(|name| name == warning.name));
        heard
            .map(|warning| {
                let Warning { name, at, text } = warning;
                let constant = Ident::new(name, proc_macro2::Span::mixed_site());
                // The use stands at the user's token, and so does the warning.
                let span = at.span();
                let used = Ident::new(name, proc_macro2::Span::mixed_site().located_at(span));
                let used = quote_spanned!(span=> #used);
                quote! {
                    #cfgs
                    const _: () = {
                        #[allow(non_upper_case_globals)]
                        #[deprecated(note = #text)]
                        const #constant: () = ();
                        #used
                    };
                }
            })
            .collect()
    }

    /// A mistake at these tokens, with what to do about it.
    pub(crate) fn at(&self, tokens: impl ToTokens, message: impl Display, help: impl Display) {
        let text = format!("{message}\n\nhelp: {help}");
        self.push(syn::Error::new_spanned(tokens, text));
    }

    /// A mistake that `syn` has worded.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(found) = self.found.borrow_mut().as_mut() {
            found.push(error);
        }
    }

    /// What to emit for the mistakes: nothing if there are none.
    pub(crate) fn into_tokens(self) -> Option<TokenStream> {
        let found = self.found.borrow_mut().take().unwrap_or_default();
        if found.is_empty() {
            return None;
        }
        Some(found.iter().map(syn::Error::to_compile_error).collect())
    }

    /// The messages, for tests.
    #[cfg(test)]
    pub(crate) fn messages(self) -> Vec<String> {
        let found = self.found.borrow_mut().take().unwrap_or_default();
        found.iter().map(ToString::to_string).collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        // A panic while panicking would hide the first one.
        if self.found.borrow().is_some() && !std::thread::panicking() {
            panic!("mistakes were collected and not reported");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(allowed: &[&str]) -> String {
        let errors = Errors::new();
        let span = proc_macro2::Span::call_site();
        errors.warn(
            CHANGED_DEFAULT,
            Ident::new("sides", span),
            "it was 6",
            "bless it",
        );
        errors.allow(allowed.iter().map(|name| Ident::new(name, span)).collect());
        let tokens = errors.warning_tokens(&quote!(#[cfg(unix)])).to_string();
        assert!(errors.into_tokens().is_none(), "a warning is no mistake");
        tokens
    }

    #[test]
    fn a_warning_is_the_use_of_a_deprecated_constant_unless_it_is_allowed() {
        let tokens = warnings(&[]);
        assert!(
            tokens.contains("deprecated") && tokens.contains("it was 6; bless it"),
            "{tokens}"
        );
        assert!(
            tokens.starts_with("# [cfg (unix)]") && tokens.matches("changed_default").count() == 3,
            "{tokens}"
        );
        assert_eq!(warnings(&["changed_default"]), "");
    }
}
