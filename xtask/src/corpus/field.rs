//! A type of Rust with what must be said beside it, and parameters and fields of such types.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::names::camel;

/// A type, and the words of `#[arg]` or `#[field]` that make its schema the wanted one.
#[derive(Debug, Clone, Default)]
pub(super) struct Ty {
    pub(super) rust: String,
    pub(super) words: Vec<String>,
    /// The enum's variants by their values, for defaults.
    pub(super) variants: BTreeMap<String, String>,
}

impl Ty {
    pub(super) fn new(rust: impl Into<String>) -> Self {
        Self {
            rust: rust.into(),
            ..Self::default()
        }
    }

    pub(super) fn with(mut self, word: String) -> Self {
        self.words.push(word);
        self
    }
}

/// A parameter or a field.
pub(super) struct Field {
    pub(super) wire: String,
    pub(super) ident: String,
    pub(super) ty: String,
    pub(super) words: Vec<String>,
    pub(super) serde: Option<&'static str>,
}

impl Field {
    fn plain(&self) -> &str {
        self.ident.trim_start_matches("r#")
    }

    pub(super) fn needs_rename(&self) -> bool {
        self.plain() != self.wire
    }

    /// Whether `rename_all = "camelCase"` gives the name on the wire.
    pub(super) fn is_camel(&self) -> bool {
        camel(self.plain()) == self.wire
    }

    fn words(&self, renamed: bool) -> Vec<String> {
        let mut words = self.words.clone();
        let is_right = if renamed {
            self.is_camel()
        } else {
            !self.needs_rename()
        };
        if !is_right {
            words.insert(0, format!("rename = {:?}", self.wire));
        }
        words
    }

    pub(super) fn param(&self, renamed: bool) -> String {
        let words = self.words(renamed);
        let attribute = match words.as_slice() {
            [] => String::new(),
            words => format!("#[arg({})] ", words.join(", ")),
        };
        format!("{attribute}{}: {}", self.ident, self.ty)
    }

    pub(super) fn member(&self, renamed: bool) -> String {
        let mut text = String::new();
        let words = self.words(renamed);
        if !words.is_empty() {
            let _ = writeln!(text, "        #[field({})]", words.join(", "));
        }
        if let Some(serde) = self.serde {
            let _ = writeln!(text, "        #[serde({serde})]");
        }
        let _ = writeln!(text, "        pub {}: {},", self.ident, self.ty);
        text
    }
}
