//! How the sign-in page presents itself.

/// The name, the mark, the colour and the words of the sign-in page.
///
/// ```
/// # use mcp_runtime::auth::{Auth, Brand};
/// let brand = Brand::new().name("Acme").accent("#0f766e").help("Trouble? Write to help@acme.example.");
/// let auth = Auth::embedded().brand(brand);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Brand {
    pub(crate) name: Option<String>,
    pub(crate) logo_svg: Option<String>,
    pub(crate) accent: Option<String>,
    pub(crate) help: Option<String>,
}

impl Brand {
    /// The plain look, under the server's own name.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name to show in place of the server's.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A mark above the name: SVG markup, put into the page as it stands, so it must be your own.
    #[must_use]
    pub fn logo_svg(mut self, markup: impl Into<String>) -> Self {
        self.logo_svg = Some(markup.into());
        self
    }

    /// The colour of the button and of the focus ring, `#rrggbb`; white text stands on it. Another notation is
    /// refused at start-up.
    #[must_use]
    pub fn accent(mut self, colour: impl Into<String>) -> Self {
        self.accent = Some(colour.into());
        self
    }

    /// A line below the form: whom to ask.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}
