//! Whether a post comes from a page of ours, as far as the browser says.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::auth::Site;

/// Whether the browser vouches against this post. One that says nothing is let pass: then the cookie and the form's
/// token decide.
pub(super) fn is_foreign(req: &HttpRequest, site: &Site) -> bool {
    let foreign_origin = req
        .headers()
        .get_all(header::ORIGIN)
        .any(|origin| origin.as_bytes() != site.url.origin().as_bytes());
    let foreign_fetch = req
        .headers()
        .get_all("Sec-Fetch-Site")
        .any(|value| value.as_bytes() != b"same-origin" && value.as_bytes() != b"none");
    foreign_origin || foreign_fetch
}

/// Whether the browser says that no page led here, but its user. One that says nothing may be a page's.
pub(super) fn came_by_themselves(req: &HttpRequest) -> bool {
    let mut values = req.headers().get_all("Sec-Fetch-Site");
    let (Some(one), None) = (values.next(), values.next()) else {
        return false;
    };
    one.as_bytes() == b"none"
}
