//! `GET /mcp` on the wires before 2026-07-28: what happens outside any request, or the rest of a stream that broke.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use std::future::ready;

use futures_util::StreamExt as _;

use super::accept::Accept;
use super::answer::{refusal, refuse};
use super::session::InSession;
use super::sse::{Body, event_stream, frame};
use super::{Endpoint, SESSION, method_not_allowed, post};
use crate::dispatch::Session as _;
use crate::extract::User;

static LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

pub(super) async fn get(heads: &HeaderMap, endpoint: &Arc<Endpoint>) -> HttpResponse {
    let user = match endpoint.authenticate(heads, &Method::GET).await {
        Ok(user) => user,
        Err(refused) => return refusal(&refused),
    };
    let text = |name: &HeaderName| heads.get(name).map(|v| v.to_str().unwrap_or_default());
    let Some(id) = text(&SESSION) else {
        return method_not_allowed();
    };
    let Some(session) = endpoint.sessions.find(id, &User::caller(user.as_deref())) else {
        return post::no_session();
    };
    if !Accept::of(heads).sse {
        return refuse(
            StatusCode::NOT_ACCEPTABLE,
            "this is answered by a stream: send `Accept: text/event-stream`",
        );
    }
    let recheck = endpoint.recheck(heads);
    if let Some(last) = text(&LAST_EVENT) {
        return match endpoint.streams.resume(&session.scope(), last) {
            Some(rest) => event_stream().streaming(Body::new(rest, recheck)),
            None => refuse(
                StatusCode::BAD_REQUEST,
                "nothing is left of that stream: send the request again",
            ),
        };
    }
    if !endpoint.dispatcher.info().lists_change() {
        return method_not_allowed();
    }
    let session = InSession {
        sessions: &endpoint.sessions,
        session: &session,
        dispatcher: &endpoint.dispatcher,
    };
    // One stream a session: a client that opens another one has lost the first.
    let events = session.listener().reader();
    let events =
        events.filter_map(|event| ready(event.message(None).map(|message| frame(&message))));
    event_stream().streaming(Body::new(events, recheck))
}
