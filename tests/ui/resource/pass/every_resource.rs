//! Each way to serve a resource.
#![deny(warnings)]

use mcp_runtime::{Error, Json, User, mcp_resource};

/// A guide.
#[mcp_resource(
    uri = "docs://guide",
    mime_type = "text/markdown",
    audience(user, assistant),
    priority = 0.5
)]
const GUIDE: &str = "# Guide";

/// A picture.
#[mcp_resource(
    uri = "docs://picture",
    mime_type = "image/png",
    icons("https://example.com/a.png")
)]
const PICTURE: &[u8] = b"png";

/// A page.
#[mcp_resource(
    uri = "docs://{book}/{+path}{?lang}",
    name = "page",
    title = "Page",
    scopes("docs:read"),
    hidden
)]
async fn page(
    book: String,
    path: &str,
    lang: Option<String>,
    user: &User,
) -> Result<String, Error> {
    Ok(format!("{book} {path} {lang:?} {user}"))
}

/// The settings.
#[mcp_resource(uri = "docs://settings")]
fn settings() -> Json<u32> {
    Json(1)
}

/// Calls them as the functions that they are.
pub fn main() {
    drop(page(String::new(), "", None, &User::named("alice")));
    assert_eq!((settings(), GUIDE.len(), PICTURE.len()), (Json(1), 7, 3));
}
