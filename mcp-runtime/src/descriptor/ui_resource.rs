//! Views that a host renders in the chat (MCP Apps).

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::{HtmlCall, Place, Provided, bridge, set};

/// Where a view may reach, as bare origins (`https://cdn.example.com`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Csp {
    /// `connectDomains`: fetch, WebSocket.
    pub connect: &'static [&'static str],
    /// `resourceDomains`: scripts, styles, images, fonts, media.
    pub resource: &'static [&'static str],
    /// `frameDomains`: nested frames.
    pub frame: &'static [&'static str],
    /// `baseUriDomains`: `<base>`.
    pub base_uri: &'static [&'static str],
}

/// What a view asks the browser for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permissions {
    /// The camera.
    pub camera: bool,
    /// The microphone.
    pub microphone: bool,
    /// The place of the device.
    pub geolocation: bool,
    /// Writing to the clipboard.
    pub clipboard_write: bool,
}

/// Where a view's HTML comes from.
#[derive(Debug, Clone, Copy)]
pub enum Html {
    /// Known at compile time.
    Text(&'static str),
    /// Rendered for each read.
    Render(HtmlCall),
}

/// A view that a host renders in the chat (MCP Apps, `io.modelcontextprotocol/ui`).
#[derive(Debug)]
#[non_exhaustive]
pub struct UiResourceDescriptor {
    /// Its programmatic name.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it shows.
    pub description: &'static str,
    /// Its `ui://` uri.
    pub uri: &'static str,
    /// Its HTML.
    pub html: Html,
    /// Where it may reach.
    pub csp: Csp,
    /// What it asks the browser for.
    pub permissions: Permissions,
    /// A dedicated origin that the host should use.
    pub domain: Option<&'static str>,
    /// Whether the host should draw a border.
    pub prefers_border: Option<bool>,
    /// Whether the runtime adds its script that talks with the host.
    pub bridge: bool,
    /// Whether the HTML goes out as bytes (`blob`) in place of text.
    pub blob: bool,
    /// Whether its uri carries a hash of the HTML, so that no host shows an old one after a deploy.
    pub versioned: bool,
    /// How long a host may keep it, in milliseconds; `None` for the default of its kind.
    pub ttl_ms: Option<u64>,
    /// Warnings about its HTML that are not to be heard of, by name.
    pub allowed: &'static [&'static str],
    /// What the server provides to the rendering function.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
}

impl UiResourceDescriptor {
    /// A view; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        uri: &'static str,
        html: Html,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            uri,
            html,
            csp: Csp {
                connect: &[],
                resource: &[],
                frame: &[],
                base_uri: &[],
            },
            permissions: Permissions {
                camera: false,
                microphone: false,
                geolocation: false,
                clipboard_write: false,
            },
            domain: None,
            prefers_border: None,
            bridge: false,
            blob: false,
            versioned: false,
            ttl_ms: None,
            allowed: &[],
            provided: &[],
            place,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// May reach these origins.
        csp: Csp => csp = csp);
    set!(/// Asks the browser for these.
        permissions: Permissions => permissions = permissions);
    set!(/// On a dedicated origin.
        domain: &'static str => domain = Some(domain));
    set!(/// With or without a border.
        prefers_border: bool => prefers_border = Some(prefers_border));
    set!(/// May be kept by a host for so long, in milliseconds.
        ttl_ms: u64 => ttl_ms = Some(ttl_ms));
    set!(/// Without these warnings about its HTML.
        allowed: &'static [&'static str] => allowed = allowed);
    set!(/// What the server provides to the rendering function.
        provided: &'static [&'static Provided] => provided = provided);

    /// With the runtime's script that talks with the host.
    #[must_use]
    pub const fn bridge(mut self) -> Self {
        self.bridge = true;
        self
    }

    /// As bytes in place of text.
    #[must_use]
    pub const fn blob(mut self) -> Self {
        self.blob = true;
        self
    }

    /// Under a uri that carries a hash of the HTML; for a view that is known at compile time.
    #[must_use]
    pub const fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// The HTML as a host gets it, the bridge in it, where it is known without rendering.
    pub fn page(&self) -> Option<Cow<'static, str>> {
        match self.html {
            Html::Text(html) if self.bridge => Some(Cow::Owned(bridge::with_bridge(self, html))),
            Html::Text(html) => Some(Cow::Borrowed(html)),
            Html::Render(_) => None,
        }
    }

    /// What was rendered, as a host gets it.
    pub(crate) fn finish(&self, html: String) -> String {
        if self.bridge {
            bridge::with_bridge(self, &html)
        } else {
            html
        }
    }

    /// What will not work in a host, of HTML that this view holds or rendered; less what it allows.
    #[cfg(feature = "check-views")]
    pub(crate) fn findings(&self, html: &str) -> Vec<mcp_views::Finding> {
        let mut findings = mcp_views::check(&mcp_views::View {
            html,
            connect: self.csp.connect,
            resource: self.csp.resource,
            frame: self.csp.frame,
            base_uri: self.csp.base_uri,
            bridge: self.bridge,
        });
        let allowed = |name: &str| self.allowed.contains(&name);
        findings.retain(|f| !f.rule.name().is_some_and(allowed));
        findings
    }

    /// A hash of the page that changes whenever it does: 16 hexadecimal digits of SHA-256.
    pub fn version(&self) -> Option<String> {
        let digest = Sha256::digest(self.page()?.as_bytes());
        Some(
            digest
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// The uri under which the view is listed: with its version, if it is versioned.
    pub fn listed_uri(&self) -> Cow<'static, str> {
        match self.version().filter(|_| self.versioned) {
            Some(version) => Cow::Owned(format!("{}?v={version}", self.uri)),
            None => Cow::Borrowed(self.uri),
        }
    }
}
