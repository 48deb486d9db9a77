//! Answers: bodies, statuses, headers.

use std::convert::Infallible;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream;

use crate::auth::Refusal;
use crate::dispatch::{Failure, Reply};
use crate::protocol::{CLOSE, Id, RpcError, code, open_result, write_error};

/// What goes back for one message: a status and a JSON body.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    body: Vec<u8>,
    /// A result that was written before, which ends the body but for [`CLOSE`]. Copied only where it must be: of a
    /// list that was half of the time.
    written: Option<Bytes>,
}

impl Answer {
    pub(super) fn reply(id: Id<'_>, reply: &Reply) -> Self {
        let mut body = Vec::with_capacity(256);
        open_result(&mut body, id);
        let written = match reply {
            Reply::Written(result) => Some(result.clone()),
            _ => {
                reply.write(&mut body);
                body.extend_from_slice(CLOSE);
                None
            }
        };
        Self {
            status: StatusCode::OK,
            body,
            written,
        }
    }

    /// 202: what was no request is not answered.
    pub(super) fn none() -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            body: Vec::new(),
            written: None,
        }
    }

    pub(super) fn error(status: StatusCode, id: Option<Id<'_>>, error: &RpcError) -> Self {
        let mut body = Vec::with_capacity(128);
        write_error(&mut body, id, error);
        Self {
            status,
            body,
            written: None,
        }
    }

    /// A failure inside a stream or a batch, where it is too late for a status.
    pub(super) fn failure(id: Id<'_>, failure: Failure, stateless: bool) -> Self {
        let error = failure.into_rpc();
        Self::error(status_of(&error, stateless), Some(id), &error)
    }

    /// The whole body.
    pub(super) fn into_body(mut self) -> Vec<u8> {
        if let Some(written) = self.written {
            self.body.reserve_exact(written.len() + CLOSE.len());
            self.body.extend_from_slice(&written);
            self.body.extend_from_slice(CLOSE);
        }
        self.body
    }

    pub(super) fn into_response(self) -> HttpResponse {
        if self.status == StatusCode::ACCEPTED {
            return HttpResponse::Accepted().finish();
        }
        let mut response = json(self.status);
        let Some(written) = self.written else {
            return response.body(self.body);
        };
        let parts = [self.body.into(), written, Bytes::from_static(CLOSE)];
        let size = parts.iter().map(Bytes::len).sum::<usize>();
        let parts = stream::iter(parts.map(Ok::<_, Infallible>));
        response.body(SizedStream::new(size as u64, parts))
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
