//! What a resource may hold.

use serde::Serialize;

use super::error::{Error, ToolFailure};
use super::tool::Json;
use crate::protocol::ResourceContents;

/// What was read: one or more contents. Uri and media type are filled in where a part leaves them open.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ResourceBody {
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug)]
pub(crate) enum Part {
    Text {
        text: String,
        mime_type: Option<&'static str>,
    },
    Bytes(Vec<u8>),
    Whole(Box<ResourceContents>),
}

/// A type that a resource can return.
#[diagnostic::on_unimplemented(
    message = "a resource cannot return `{Self}`",
    label = "this return type",
    note = "return text, bytes (`Vec<u8>`), `Json<T>`, `ResourceContents`, a list of these, or a `Result` of one"
)]
pub trait IntoResource {
    /// The value as contents.
    ///
    /// # Errors
    /// The failure, in its lane.
    fn into_resource(self) -> Result<ResourceBody, Error>;
}

impl IntoResource for ResourceBody {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        Ok(self)
    }
}

fn one(part: Part) -> Result<ResourceBody, Error> {
    Ok(ResourceBody { parts: vec![part] })
}

impl IntoResource for String {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        one(Part::Text {
            text: self,
            mime_type: None,
        })
    }
}
impl IntoResource for &'static str {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        self.to_owned().into_resource()
    }
}
impl IntoResource for Vec<u8> {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        one(Part::Bytes(self))
    }
}
impl IntoResource for &'static [u8] {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        self.to_vec().into_resource()
    }
}
impl<const N: usize> IntoResource for &'static [u8; N] {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        self.to_vec().into_resource()
    }
}
impl<T: Serialize> IntoResource for Json<T> {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        one(Part::Text {
            text: serde_json::to_string(&self.0)?,
            mime_type: Some("application/json"),
        })
    }
}
impl IntoResource for ResourceContents {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        one(Part::Whole(Box::new(self)))
    }
}
impl IntoResource for Vec<ResourceContents> {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        Ok(ResourceBody {
            parts: self.into_iter().map(|c| Part::Whole(Box::new(c))).collect(),
        })
    }
}
impl<T: IntoResource, E: ToolFailure> IntoResource for Result<T, E> {
    fn into_resource(self) -> Result<ResourceBody, Error> {
        self.map_err(ToolFailure::into_error)?.into_resource()
    }
}

impl ResourceBody {
    /// The contents as they go over the wire, for a read of `uri`.
    pub(crate) fn into_contents(
        self,
        uri: &str,
        declared: Option<&'static str>,
    ) -> Vec<ResourceContents> {
        let fill = |part| match part {
            Part::Text { text, mime_type } => ResourceContents::text(uri, text)
                .mime_type(declared.or(mime_type).unwrap_or("text/plain")),
            Part::Bytes(bytes) => ResourceContents::blob(uri, bytes)
                .mime_type(declared.unwrap_or("application/octet-stream")),
            Part::Whole(contents) => {
                let mut contents = *contents;
                if contents.uri.is_empty() {
                    uri.clone_into(&mut contents.uri);
                }
                contents.mime_type = contents.mime_type.or(declared.map(Into::into));
                contents
            }
        };
        self.parts.into_iter().map(fill).collect()
    }
}

/// A type that a rendered view can return: HTML, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "a ui resource cannot return `{Self}`",
    label = "this return type",
    note = "return the HTML as a `String`, or a `Result<String, E>`"
)]
pub trait IntoHtml {
    /// The value as HTML.
    ///
    /// # Errors
    /// The failure, in its lane.
    fn into_html(self) -> Result<String, Error>;
}

impl IntoHtml for String {
    fn into_html(self) -> Result<String, Error> {
        Ok(self)
    }
}
impl IntoHtml for &'static str {
    fn into_html(self) -> Result<String, Error> {
        Ok(self.to_owned())
    }
}
impl<T: IntoHtml, E: ToolFailure> IntoHtml for Result<T, E> {
    fn into_html(self) -> Result<String, Error> {
        self.map_err(ToolFailure::into_error)?.into_html()
    }
}
