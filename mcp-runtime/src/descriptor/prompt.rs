//! Prompts.

use super::{Icon, Param, Place, PromptCall, Provided, set};

/// A prompt.
#[derive(Debug)]
#[non_exhaustive]
pub struct PromptDescriptor {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name for people.
    pub title: Option<&'static str>,
    /// What it is for.
    pub description: &'static str,
    /// Pictures for it.
    pub icons: &'static [Icon],
    /// What the caller sends.
    pub params: &'static [&'static Param],
    /// What the server provides.
    pub provided: &'static [&'static Provided],
    /// Where it is written.
    pub place: Place,
    pub(crate) call: PromptCall,
}

impl PromptDescriptor {
    /// A prompt; chain the rest.
    pub const fn new(
        name: &'static str,
        description: &'static str,
        call: PromptCall,
        place: Place,
    ) -> Self {
        Self {
            name,
            title: None,
            description,
            icons: &[],
            params: &[],
            provided: &[],
            place,
            call,
        }
    }

    set!(/// With a name for people.
        title: &'static str => title = Some(title));
    set!(/// With pictures.
        icons: &'static [Icon] => icons = icons);
    set!(/// What the caller sends.
        params: &'static [&'static Param] => params = params);
    set!(/// What the server provides.
        provided: &'static [&'static Provided] => provided = provided);
}
