//! The protocol as it goes over the wire: names and shapes of the specification, both wires.

mod borrowed;
mod client;
mod content;
mod error;
mod message;
#[cfg(feature = "messages")]
pub mod messages;
mod notification;
mod request;
mod version;

pub use client::{ClientCapabilities, Elicitation, Implementation};
pub use content::{
    Annotations, Audio, Content, EmbeddedResource, Image, ResourceBytes, ResourceContents,
    ResourceLink, Role, Text,
};
pub use error::{RpcError, code};
pub use notification::LogLevel;
pub use version::ProtocolVersion;

pub(crate) use borrowed::string;
pub(crate) use client::{SKILLS_EXTENSION, TASKS_EXTENSION, UI_EXTENSION, UI_MIME_TYPE};
pub(crate) use message::{
    BadMessage, CLOSE, Id, Message, answer_of, is_batch, one_line, open_result, write_error,
};
pub(crate) use notification::{Listing, Notification, SUBSCRIPTION_ID};
pub(crate) use request::Params;
