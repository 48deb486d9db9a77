//! Reading what was posted: bounded in size and time, and only in the one form that is spoken here.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;

use crate::auth::fault::Fault;
use crate::auth::params::Params;

/// Bytes of a form.
const FORM: usize = 16 * 1024;

/// Bytes of a registration.
pub(super) const REGISTRATION: usize = 64 * 1024;

/// Bytes of a query.
pub(super) const QUERY: usize = 8 * 1024;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body of at most `limit` bytes, announced or not.
pub(super) async fn read(
    req: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<Vec<u8>, Fault> {
    let too_large = || Fault {
        status: 413,
        ..Fault::invalid_request("the body is too large")
    };
    let announced = req.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut payload = payload;
    let all = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Fault::invalid_request("the body cannot be read"))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.to_vec())
    };
    match tokio::time::timeout(PATIENCE, all).await {
        Ok(body) => body,
        Err(_) => Err(Fault {
            status: 408,
            ..Fault::invalid_request("the body took too long to arrive")
        }),
    }
}

/// The pairs of a form.
pub(super) async fn form(req: &HttpRequest, payload: Payload) -> Result<Params, Fault> {
    if !is(req, "application/x-www-form-urlencoded") {
        let text = "the body must be application/x-www-form-urlencoded";
        return Err(Fault {
            status: 415,
            ..Fault::invalid_request(text)
        });
    }
    Params::parse(&read(req, payload, FORM).await?)
}

/// Whether the one content type of a request is this one.
pub(super) fn is(req: &HttpRequest, media_type: &str) -> bool {
    let mut types = req.headers().get_all(header::CONTENT_TYPE);
    let (Some(one), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = one
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(media_type)
}
