//! `POST /mcp`: reads one message and decides which wire it speaks.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::value::RawValue;

use super::accept::Accept;
use super::answer::{Answer, json, refusal, refuse};
use super::exchange::{Exchange, Outcome, Wire, may_stream};
use super::session::Session;
use super::sse::{event_stream, frame};
use super::{Endpoint, SESSION, body, headers};
use crate::dispatch::{Begun, Reply};
use crate::extract::User;
use crate::protocol::{BadMessage, Id, Message, Params, ProtocolVersion, RpcError, code, is_batch};

/// How many messages a batch may hold (2025-03-26 only).
const MAX_BATCH: usize = 50;

pub(super) async fn post(
    request: &HttpRequest,
    payload: &mut Payload,
    endpoint: &Arc<Endpoint>,
) -> HttpResponse {
    let heads = request.headers();
    let user = match endpoint.authenticate(heads, request.method()).await {
        Ok(user) => user,
        Err(refused) => return refusal(&refused),
    };
    if !is_json(heads) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send `Content-Type: application/json`",
        );
    }
    let accept = Accept::of(heads);
    if !accept.json && !accept.sse {
        return refuse(
            StatusCode::NOT_ACCEPTABLE,
            "send `Accept: application/json, text/event-stream`",
        );
    }
    let declared = heads
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse().ok());
    let body = match body::read(payload, declared).await {
        Ok(body) => body,
        Err(status) => return refuse(status, body::why(status)),
    };
    // By reference from here on: what each function on the way owned would wait with the call once more.
    let caller = Caller {
        endpoint,
        heads,
        user,
        accept,
    };
    caller.answer(&body).await
}

/// One authenticated request.
struct Caller<'r> {
    endpoint: &'r Arc<Endpoint>,
    heads: &'r HeaderMap,
    user: Option<Arc<User>>,
    accept: Accept,
}

/// How a message of the stateless wire goes on that is not simply waited for.
enum Otherwise<'a> {
    /// It is answered already.
    Answered(Box<HttpResponse>),
    /// Its answer may have to be a stream.
    Stream,
    /// `subscriptions/listen`.
    Listen(Id<'a>, Box<Params<'a>>),
}

impl Caller<'_> {
    async fn answer(&self, body: &Bytes) -> HttpResponse {
        let id = self.heads.get(&SESSION);
        let Some(id) = id.map(|v| v.to_str().unwrap_or_default()) else {
            return self.stateless(body).await;
        };
        let owner = User::caller(self.user.as_deref());
        match self.endpoint.sessions.find(id, &owner) {
            Some(session) => Box::pin(self.in_session(session, body.clone())).await,
            None => no_session(),
        }
    }

    /// A message of a session.
    async fn in_session(&self, session: Session, body: Bytes) -> HttpResponse {
        if session.version == ProtocolVersion::V2025_03_26 && is_batch(&body) {
            return self.batch(session, &body).await;
        }
        if let Some(text) = self.heads.get(&headers::VERSION)
            && self.header_version().is_none()
        {
            let error = RpcError::unsupported_version(text.to_str().unwrap_or_default());
            let (id, error) = match Message::parse(&body) {
                Ok(Message::Request { id, .. }) => (Some(id), error),
                Ok(_) => (None, error),
                Err(bad) => (bad.id, bad.error),
            };
            return Answer::error(StatusCode::BAD_REQUEST, id, &error).into_response();
        }
        let (sse, heads) = (self.accept.sse, self.heads);
        let wire = Wire::session(session, &self.endpoint.sessions);
        let exchange = self.exchange(wire);
        if sse {
            return exchange.stream(body, heads).await;
        }
        match exchange.hear(session, &body, None).await {
            Some(outcome) => outcome.into_response(),
            // Nothing is the answer to a call that is no longer wanted.
            None => Answer::none().into_response(),
        }
    }

    fn exchange(&self, wire: Wire) -> Exchange {
        Exchange {
            endpoint: self.endpoint.clone(),
            wire,
            user: self.user.clone(),
            accept: self.accept,
        }
    }

    /// A message outside of any session.
    async fn stateless(&self, body: &Bytes) -> HttpResponse {
        let exchange = self.exchange(Wire::Stateless);
        let (id, mut begun) = match self.begin(&exchange, body) {
            Ok(begun) => begun,
            Err(otherwise) => {
                return Box::pin(self.otherwise(&exchange, otherwise, body)).await;
            }
        };
        let outcome = exchange.end(id, &mut begun).await;
        if self.accept.prefers_sse && !outcome.is_bare() {
            return event_stream().body(frame(&outcome.into_body()));
        }
        outcome.into_response()
    }

    /// Goes on with what is not simply waited for.
    async fn otherwise(
        &self,
        exchange: &Exchange,
        otherwise: Otherwise<'_>,
        body: &Bytes,
    ) -> HttpResponse {
        match otherwise {
            Otherwise::Answered(answer) => *answer,
            Otherwise::Stream => exchange.clone().stream(body.clone(), self.heads).await,
            Otherwise::Listen(id, params) => exchange.listen(id, &params, self.heads).await,
        }
    }

    /// Does what needs no waiting. The parameters are gone when it returns, so that what waits is small.
    fn begin<'a>(
        &self,
        exchange: &'a Exchange,
        body: &'a [u8],
    ) -> Result<(Id<'a>, Begun<'a>), Otherwise<'a>> {
        let answered = |answer| Err(Otherwise::Answered(Box::new(answer)));
        let (id, method, params) = match Message::parse(body) {
            Ok(Message::Request { id, method, params }) => (id, method, params),
            Ok(_) => return answered(Answer::none().into_response()),
            Err(BadMessage { id, error }) => {
                let answer = Answer::error(StatusCode::BAD_REQUEST, id, &error);
                return answered(answer.into_response());
            }
        };
        if method == "initialize" && !self.speaks_stateless(&params) {
            return answered(self.initialize(id, &params));
        }
        if let Err(error) = self.check_stateless(&method, &params) {
            let status = match error.code {
                code::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
                _ => StatusCode::BAD_REQUEST,
            };
            return answered(Answer::error(status, Some(id), &error).into_response());
        }
        if method == "subscriptions/listen" {
            return Err(Otherwise::Listen(id, Box::new(params)));
        }
        if self.accept.sse && may_stream(&method, &params) {
            return Err(Otherwise::Stream);
        }
        Ok((id, exchange.begin(method, params, None)))
    }

    /// Whether the message is of the stateless wire, which has no `initialize`.
    fn speaks_stateless(&self, params: &Params<'_>) -> bool {
        params
            .meta
            .as_ref()
            .is_some_and(|m| m.protocol_version.is_some())
            || self
                .header_version()
                .is_some_and(ProtocolVersion::is_stateless)
    }

    fn header_version(&self) -> Option<ProtocolVersion> {
        self.heads.get(&headers::VERSION).and_then(version_of)
    }

    /// Whether a request without a session keeps to the stateless wire: its headers and its body agree.
    fn check_stateless(&self, method: &str, params: &Params<'_>) -> Result<(), RpcError> {
        let claims_meta = params
            .meta
            .as_ref()
            .is_some_and(|m| m.protocol_version.is_some());
        let header = self.heads.get(&headers::VERSION);
        match (header, header.and_then(version_of)) {
            (Some(_), Some(version)) if !version.is_stateless() && !claims_meta => {
                Err(RpcError::invalid_request(
                    "the header `Mcp-Session-Id` is missing: begin with `initialize`",
                ))
            }
            (None, _) if !claims_meta => Err(RpcError::invalid_request(
                "begin with `initialize`, or speak 2026-07-28: its header `MCP-Protocol-Version` and its `_meta`",
            )),
            _ => headers::check(self.heads, method, params, &self.endpoint.dispatcher),
        }
    }

    fn initialize(&self, id: Id<'_>, params: &Params<'_>) -> HttpResponse {
        let info = self.endpoint.dispatcher.info();
        let (version, result) = info.initialize(params.protocol_version.as_deref());
        let capabilities = params.capabilities.clone().unwrap_or_default();
        let capabilities = capabilities.within(version);
        let owner = User::caller(self.user.as_deref());
        let session = self.endpoint.sessions.open(version, &capabilities, &owner);
        let mut builder = json(StatusCode::OK);
        builder.insert_header((SESSION.clone(), session));
        builder.body(Answer::reply(id, &Reply::Value(result)).into_body())
    }

    /// A batch of 2025-03-26: each message for itself, the answers together, nothing streamed.
    async fn batch(&self, session: Session, body: &[u8]) -> HttpResponse {
        let messages: Vec<&RawValue> = match serde_json::from_slice(body) {
            Ok(messages) => messages,
            Err(error) => {
                let error =
                    RpcError::new(code::PARSE_ERROR, format!("the body is no JSON: {error}"));
                return Answer::error(StatusCode::BAD_REQUEST, None, &error).into_response();
            }
        };
        if messages.is_empty() || messages.len() > MAX_BATCH {
            let error =
                RpcError::invalid_request(format!("a batch holds 1 to {MAX_BATCH} messages"));
            return Answer::error(StatusCode::BAD_REQUEST, None, &error).into_response();
        }
        let wire = Wire::session(session, &self.endpoint.sessions);
        let exchange = self.exchange(wire);
        let mut answers: Vec<u8> = Vec::new();
        for message in messages {
            let outcome = exchange.hear(session, message.get().as_bytes(), None).await;
            let answer = outcome.map(Outcome::into_body).unwrap_or_default();
            if !answer.is_empty() {
                answers.push(if answers.is_empty() { b'[' } else { b',' });
                answers.extend_from_slice(&answer);
            }
        }
        if answers.is_empty() {
            return HttpResponse::Accepted().finish();
        }
        answers.push(b']');
        json(StatusCode::OK).body(answers)
    }
}

/// 404: a client that gets it begins a new session (Streamable HTTP, session management).
pub(super) fn no_session() -> HttpResponse {
    refuse(
        StatusCode::NOT_FOUND,
        "there is no such session: begin again with `initialize`",
    )
}

fn version_of(header: &header::HeaderValue) -> Option<ProtocolVersion> {
    ProtocolVersion::parse(header.to_str().ok()?)
}

fn is_json(heads: &HeaderMap) -> bool {
    let essence = |v: &header::HeaderValue| {
        // Word for word what nearly every client sends; to take it apart was 400 instructions of a call.
        v.as_bytes() == b"application/json"
            || v.to_str()
                .ok()
                .and_then(|t| t.split(';').next())
                .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json"))
    };
    let mut types = heads.get_all(header::CONTENT_TYPE);
    types.next().is_some_and(essence) && types.next().is_none()
}
