//! Answers: bodies, statuses, headers.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::auth::Refusal;
use crate::dispatch::{Failure, Reply};
use crate::protocol::{CLOSE, Id, RpcError, code, open_result, write_error};

/// What goes back for one request: a status and a JSON body.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn reply(id: Id<'_>, reply: &Reply) -> Self {
        let mut body = Vec::with_capacity(256);
        open_result(&mut body, id);
        reply.write(&mut body);
        body.extend_from_slice(CLOSE);
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    pub(super) fn error(status: StatusCode, id: Option<Id<'_>>, error: &RpcError) -> Self {
        let mut body = Vec::with_capacity(128);
        write_error(&mut body, id, error);
        Self { status, body }
    }

    /// A failure inside a stream or a batch, where it is too late for a status.
    pub(super) fn failure(id: Id<'_>, failure: Failure, stateless: bool) -> Self {
        let error = failure.into_rpc();
        Self::error(status_of(&error, stateless), Some(id), &error)
    }

    pub(super) fn into_response(self) -> HttpResponse {
        json(self.status).body(self.body)
    }
}

/// The HTTP status of a JSON-RPC error. The older wires carry errors under 200.
fn status_of(error: &RpcError, stateless: bool) -> StatusCode {
    match error.code {
        code::METHOD_NOT_FOUND if stateless => StatusCode::NOT_FOUND,
        code::HEADER_MISMATCH
        | code::MISSING_CLIENT_CAPABILITY
        | code::UNSUPPORTED_PROTOCOL_VERSION
            if stateless =>
        {
            StatusCode::BAD_REQUEST
        }
        _ => StatusCode::OK,
    }
}

/// An answer that no cache may share: what a caller gets depends on its token.
pub(super) fn json(status: StatusCode) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder.insert_header((
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    ));
    builder.insert_header((
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    ));
    builder
}

/// A refusal before any message was read, worded for the client's developer.
pub(super) fn refuse(status: StatusCode, message: impl Into<String>) -> HttpResponse {
    let error = RpcError::new(code::INVALID_REQUEST, message.into());
    Answer::error(status, None, &error).into_response()
}

/// 401, 403 or 503, with the challenge that tells a client what to do.
pub(super) fn refusal(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut builder = json(status);
    if let Some(challenge) = &refusal.challenge {
        builder.insert_header((header::WWW_AUTHENTICATE, challenge.as_str()));
    }
    if let Some(seconds) = refusal.retry_after {
        builder.insert_header((header::RETRY_AFTER, seconds));
    }
    // Without a credential there is no error to name (RFC 6750 §3.1).
    let mut body = serde_json::json!({ "error_description": refusal.description });
    if !refusal.error.is_empty() {
        body["error"] = refusal.error.into();
    }
    builder.body(body.to_string())
}
