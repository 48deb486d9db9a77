//! What a tool may ask for: arguments by value, everything else by reference.

mod argument;
mod ask;
mod call;
mod complete;
mod constraint;
mod context;
mod default;
mod provide;
mod rounds;
mod shape;
mod short;
mod user;
mod waited;

pub use argument::{Argument, ArgumentType, Arguments, Text};
pub use ask::{Elicit, Root, Roots, Sample, Sampled};
pub use call::{Call, blocking};
pub use complete::{Completer, Completing, Completions, IntoCompletions};
pub use constraint::{Bounds, Lengthy, Pattern, Ranged, Textual};
pub use context::Context;
pub use default::{Nullish, Published};
pub use shape::{Probe, Shape, Shaped, Unshaped};
pub use user::User;

pub(crate) use argument::{may_be_absent, schema, try_decode};
pub(crate) use ask::{Answered, input_requests};
pub(crate) use call::Scratch;
pub(crate) use context::{Client, ContextParts, Outbound};
pub(crate) use provide::Providers;
pub(crate) use rounds::{Carried, News, Rounds};
pub(crate) use short::ShortText;
