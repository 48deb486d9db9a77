//! What can be wrong with a page.

use std::fmt;

/// A rule that a page breaks. Some rules are errors; the others are warnings, each with a name by which it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// There is no HTML.
    Empty,
    /// There is HTML, and no doctype: browsers would go back to the layout of the nineties.
    NoDoctype,
    /// Something is loaded from an origin that the view does not declare, or in a way that the sandbox refuses.
    UndeclaredOrigin,
    /// Something is loaded from a place relative to the page, which has no address.
    RelativeUrl,
    /// More than hosts take.
    TooLarge,
    /// A tag, a comment or an element of text does not end, and swallows the rest of the page.
    Unclosed,

    /// Nothing shakes hands with the host.
    ViewWithoutHandshake,
    /// The handshake lacks its last message.
    UnfinishedHandshake,
    /// The handshake names the view as `clientInfo`; it is `appInfo`.
    HandshakeWithClientInfo,
    /// A script asks an origin that the view does not declare.
    UndeclaredRequest,
    /// A font out of a `data:` url.
    DataFont,
    /// A worker out of a `blob:` url.
    BlobWorker,
    /// Text is run as code.
    Eval,
    /// `localStorage` and its kin.
    Storage,
    /// `document.cookie`.
    Cookie,
    /// `alert`, `confirm` or `prompt`.
    Dialog,
    /// `window.open`.
    WindowOpen,
    /// `target="_blank"`.
    TargetBlank,
    /// The page around the frame is touched, which is another origin's.
    OuterPage,
    /// The frame is led to another page.
    Navigation,
    /// A form that is submitted.
    FormSubmission,
    /// A CSS variable that nobody sets.
    UnknownVariable,
    /// A height in units of the frame, which follows the page's own height.
    ViewportHeight,
    /// More than some hosts take.
    LargeView,
    /// `<meta http-equiv>` with a policy or a refresh.
    HttpEquiv,
    /// An origin that is declared and that the page never names.
    UnusedOrigin,
}

impl Rule {
    /// The rules that can be allowed, by name.
    pub const ALLOWABLE: [(&'static str, Self); 20] = [
        ("view_without_handshake", Self::ViewWithoutHandshake),
        ("unfinished_handshake", Self::UnfinishedHandshake),
        ("handshake_with_client_info", Self::HandshakeWithClientInfo),
        ("undeclared_request", Self::UndeclaredRequest),
        ("data_font", Self::DataFont),
        ("blob_worker", Self::BlobWorker),
        ("eval", Self::Eval),
        ("storage", Self::Storage),
        ("cookie", Self::Cookie),
        ("dialog", Self::Dialog),
        ("window_open", Self::WindowOpen),
        ("target_blank", Self::TargetBlank),
        ("outer_page", Self::OuterPage),
        ("navigation", Self::Navigation),
        ("form_submission", Self::FormSubmission),
        ("unknown_variable", Self::UnknownVariable),
        ("viewport_height", Self::ViewportHeight),
        ("large_view", Self::LargeView),
        ("http_equiv", Self::HttpEquiv),
        ("unused_origin", Self::UnusedOrigin),
    ];

    /// The name by which a warning is allowed; errors have none.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let found = Self::ALLOWABLE.iter().find(|(_, rule)| *rule == self);
        found.map(|(name, _)| *name)
    }

    /// Whether the page cannot work, rather than may not.
    #[must_use]
    pub fn is_error(self) -> bool {
        self.name().is_none()
    }
}

/// One place where a page breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The line of the page, from 1; none where it is about the whole.
    pub line: Option<usize>,
    /// What is wrong, in a sentence without its end.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The declared origin that it is about, if it is about one.
    pub origin: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{} ({})", self.message, self.help)
    }
}
