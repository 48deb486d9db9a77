//! How answers look: JSON for programs, pages for people, and the headers that each must carry.

use actix_web::HttpResponse;
use actix_web::HttpResponseBuilder;
use actix_web::http::StatusCode;
use actix_web::http::header;
use maud::Markup;
use serde_json::{Value, json};

use crate::auth::fault::Fault;

const NO_STORE: (&str, &str) = ("Cache-Control", "no-store");
const ANY_ORIGIN: (&str, &str) = ("Access-Control-Allow-Origin", "*");
const NOSNIFF: (&str, &str) = ("X-Content-Type-Options", "nosniff");

fn with_status(status: u16) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
}

/// A public document that anyone may read and keep for a while.
pub(super) fn document(body: &str, max_age: u32) -> HttpResponse {
    with_status(200)
        .insert_header(("Cache-Control", format!("public, max-age={max_age}")))
        .insert_header(ANY_ORIGIN)
        .insert_header(NOSNIFF)
        .content_type("application/json")
        .body(body.to_owned())
}

/// An answer to a program that no one else may see.
pub(super) fn json(status: u16, body: &Value) -> HttpResponse {
    with_status(status)
        .insert_header(NO_STORE)
        .insert_header(("Pragma", "no-cache"))
        .insert_header(ANY_ORIGIN)
        .insert_header(NOSNIFF)
        .content_type("application/json")
        .body(body.to_string())
}

/// A refusal to a program (RFC 6749 §5.2).
pub(super) fn fault(fault: &Fault) -> HttpResponse {
    let body = json!({ "error": fault.error, "error_description": fault.description });
    let mut answer = json(fault.status, &body);
    let headers = answer.headers_mut();
    if let Some(seconds) = fault.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if fault.basic {
        let challenge = header::HeaderValue::from_static(r#"Basic realm="token", charset="UTF-8""#);
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if fault.bearer {
        let challenge = header::HeaderValue::from_static("Bearer realm=\"register\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

/// Tells a client the nonce for its next proof (RFC 9449 §8.2), a page of another origin too.
pub(super) fn give_nonce(answer: &mut HttpResponse, nonce: &str) {
    let headers = answer.headers_mut();
    if let Ok(nonce) = header::HeaderValue::from_str(nonce) {
        headers.insert(header::HeaderName::from_static("dpop-nonce"), nonce);
    }
    let exposed = header::HeaderValue::from_static("DPoP-Nonce");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// 404 for a program.
pub(super) fn not_found() -> HttpResponse {
    json(
        404,
        &json!({ "error": "not_found", "error_description": "there is nothing here" }),
    )
}

/// 405 (RFC 9110 §15.5.6). It is for every endpoint, so it opens none to other origins.
pub(super) fn method_not_allowed(allow: &'static str) -> HttpResponse {
    let description = format!("use {allow}");
    let body = json!({ "error": "invalid_request", "error_description": description });
    let mut answer = json(405, &body);
    let headers = answer.headers_mut();
    headers.insert(header::ALLOW, header::HeaderValue::from_static(allow));
    headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    answer
}

/// The answer to a preflight: credentials are never part of it.
pub(super) fn preflight(allow: &'static str) -> HttpResponse {
    with_status(204)
        .insert_header(ANY_ORIGIN)
        .insert_header(("Access-Control-Allow-Methods", allow))
        .insert_header((
            "Access-Control-Allow-Headers",
            "Authorization, Content-Type, DPoP, MCP-Protocol-Version",
        ))
        .insert_header(("Access-Control-Max-Age", "3600"))
        .finish()
}

/// A page. `nonce` is that of its one style element; `has_form` keeps the origin in the form's post.
pub(super) fn page(status: u16, markup: Markup, nonce: &str, has_form: bool) -> HttpResponse {
    // No `form-action`: Chromium applies it to every redirect that follows the post, the client's own included.
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    );
    // Under `no-referrer` Chromium posts `Origin: null`, and the post would be refused.
    let referrer = if has_form {
        "same-origin"
    } else {
        "no-referrer"
    };
    with_status(status)
        .insert_header(NO_STORE)
        .insert_header(NOSNIFF)
        .insert_header(("Content-Security-Policy", policy))
        .insert_header(("X-Frame-Options", "DENY"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header(("Referrer-Policy", referrer))
        .content_type("text/html; charset=utf-8")
        .body(markup.into_string())
}

/// A redirect: 302 after a GET; 303 after a POST, so that no form travels on (RFC 9700 §4.12).
pub(super) fn redirect(to: &str, after_post: bool) -> HttpResponse {
    with_status(if after_post { 303 } else { 302 })
        .insert_header(NO_STORE)
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header((header::LOCATION, to))
        .finish()
}
