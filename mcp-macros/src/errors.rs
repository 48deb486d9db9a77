//! Collects mistakes, so that one compile shows them all.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far.
///
/// It must be taken apart by [`Errors::into_tokens`]: to drop it unread is a bug, for it may hold a mistake that the
/// user would never hear of, and the drop panics.
pub(crate) struct Errors {
    found: RefCell<Option<Vec<syn::Error>>>,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self {
            found: RefCell::new(Some(Vec::new())),
        }
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
