//! Resources and resource templates.

use super::{Icon, Param, Place, Provided, ResourceCall, set};

/// A resource's address.
#[derive(Debug, Clone, Copy)]
pub enum Uri {
    /// One resource.
    Fixed(&'static str),
    /// A family of resources (RFC 6570).
    Template(&'static str),
}

impl Uri {
    /// The text of the uri or of the template.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fixed(text) | Self::Template(text) => text,
        }
    }
}

/// A resource or a resource template.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResourceDescriptor {
    /// Its programmatic name.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it holds.
    pub description: &'static str,
    /// Its address.
    pub uri: Uri,
    /// Its media type.
    pub mime_type: Option<&'static str>,
    /// Pictures for it.
    pub icons: &'static [Icon],
    /// For whom it is meant.
    pub audience: &'static [crate::protocol::Role],
    /// From 0 to 1.
    pub priority: Option<f64>,
    /// Scopes that reading it needs.
    pub scopes: &'static [&'static str],
    /// Whether it is left out of the list of a caller without its scopes.
    pub hidden: bool,
    /// The variables of the template.
    pub params: &'static [&'static Param],
    /// What the server provides.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
    pub(crate) call: ResourceCall,
}

impl ResourceDescriptor {
    /// A resource; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        uri: Uri,
        call: ResourceCall,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            uri,
            mime_type: None,
            icons: &[],
            audience: &[],
            priority: None,
            scopes: &[],
            hidden: false,
            params: &[],
            provided: &[],
            place,
            call,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// With a media type.
        mime_type: &'static str => mime_type = Some(mime_type));
    set!(/// With pictures.
        icons: &'static [Icon] => icons = icons);
    set!(/// Meant for these readers.
        audience: &'static [crate::protocol::Role] => audience = audience);
    set!(/// From 0 (entirely optional) to 1 (needed).
        priority: f64 => priority = Some(priority));
    set!(/// Reading it needs these scopes beside the base scope.
        scopes: &'static [&'static str] => scopes = scopes);
    set!(/// The variables of the template.
        params: &'static [&'static Param] => params = params);
    set!(/// What the server provides.
        provided: &'static [&'static Provided] => provided = provided);

    /// Left out of the list of a caller without its scopes.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}
