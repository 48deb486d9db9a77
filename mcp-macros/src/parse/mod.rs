//! From tokens to the model. Nothing here stops at the first mistake.

pub(crate) mod arg;
pub(crate) mod attr;
pub(crate) mod constraints;
pub(crate) mod data_type;
pub(crate) mod docs;
pub(crate) mod entries;
#[cfg(feature = "check-views")]
mod html;
pub(crate) mod item;
pub(crate) mod json;
pub(crate) mod meant;
pub(crate) mod signature;
pub(crate) mod types;
