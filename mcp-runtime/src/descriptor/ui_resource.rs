//! Views that a host renders in the chat (MCP Apps).

use super::{HtmlCall, Place, Provided, set};

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
    set!(/// What the server provides to the rendering function.
        provided: &'static [&'static Provided] => provided = provided);
}
