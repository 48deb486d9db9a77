//! Who vouches for a client, and how far.

use super::redirect_uri;

/// Who vouches for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody: it registered itself.
    Registered,
    /// The host of its URL: it published a document there.
    #[cfg_attr(not(feature = "fetch"), allow(dead_code))]
    Document,
    /// Whoever runs this server.
    Configured,
}

impl Standing {
    /// What the client of that id goes by: the name that it claims, or else the host that stands for it.
    pub(crate) fn name(self, id: &str, claimed: Option<String>) -> Option<String> {
        match self {
            Standing::Document => claimed.or_else(|| Some(redirect_uri::shown_host(id))),
            Standing::Registered | Standing::Configured => claimed,
        }
    }

    /// The same for the user of the client of that id, in a sentence or two.
    pub(crate) fn about(self, id: &str, to_this_computer: bool) -> String {
        match self {
            Standing::Registered => {
                "An app that registered itself; nobody has checked its name.".into()
            }
            Standing::Configured => "An app that whoever runs this server entered.".into(),
            Standing::Document => {
                let host = redirect_uri::shown_host(id);
                let caution = match to_this_computer {
                    true => format!(
                        " Any program on this computer could say that it is of {host}: go on only if you have just \
                     started it yourself."
                    ),
                    false => String::new(),
                };
                format!("An app of {host}; nobody has checked its name.{caution}")
            }
        }
    }
}
