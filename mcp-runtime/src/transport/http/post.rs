//! `POST /mcp`: reads one message and decides which wire it speaks.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::value::RawValue;

use super::accept::Accept;
use super::answer::{Answer, json, refusal, refuse};
use super::exchange::{Exchange, Wire};
use super::session::Session;
use super::{Endpoint, SESSION, body, headers};
use crate::dispatch::Reply;
use crate::extract::User;
use crate::protocol::{
    BadMessage, Id, Message, Params, ProtocolVersion, RpcError, answer_of, code, is_batch,
};

/// How many messages a batch may hold (2025-03-26 only).
const MAX_BATCH: usize = 50;

pub(super) async fn post(
    request: &HttpRequest,
    payload: Payload,
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
    Caller {
        endpoint,
        heads,
        user,
        accept,
    }
    .answer(body)
    .await
}

/// One authenticated request.
struct Caller<'r> {
    endpoint: &'r Arc<Endpoint>,
    heads: &'r HeaderMap,
    user: Option<Arc<User>>,
    accept: Accept,
}

impl Caller<'_> {
    async fn answer(self, body: Bytes) -> HttpResponse {
        let session = match self
            .heads
            .get(SESSION)
            .map(|v| v.to_str().unwrap_or_default())
        {
            None => None,
            Some(id) => match self
                .endpoint
                .sessions
                .find(id, &User::caller(self.user.as_deref()))
            {
                Some(session) => Some(session),
                None => return no_session(),
            },
        };
        if let Some(session) = &session
            && session.version == ProtocolVersion::V2025_03_26
            && is_batch(&body)
        {
            return self.batch(session, &body).await;
        }
        let (id, method, params) = match Message::parse(&body) {
            Ok(Message::Request { id, method, params }) => (id, method, params),
            Ok(Message::Notification { method, params }) => {
                if let Some(session) = &session {
                    hear(self.endpoint, session, &method, params);
                }
                return HttpResponse::Accepted().finish();
            }
            Ok(Message::Response { id, result, error }) => {
                if let Some(session) = &session {
                    let answer = answer_of(result, error);
                    self.endpoint
                        .questions
                        .answer(&session.scope(), id.as_json(), answer);
                }
                return HttpResponse::Accepted().finish();
            }
            Err(BadMessage { id, error }) => {
                return Answer::error(StatusCode::BAD_REQUEST, id, &error).into_response();
            }
        };
        let bad = |error| Answer::error(StatusCode::BAD_REQUEST, Some(id), &error).into_response();
        let params = match Params::parse(params) {
            Ok(params) => params,
            Err(error) => return bad(error),
        };
        if session.is_none() && method == "initialize" && !self.speaks_stateless(&params) {
            return self.initialize(id, &params);
        }
        match self.wire(session, &method, &params) {
            Ok(wire) => {
                let exchange = Exchange {
                    endpoint: self.endpoint.clone(),
                    wire,
                    user: self.user,
                    accept: self.accept,
                };
                exchange.run(id, &method, params, &body, self.heads).await
            }
            Err(error) if error.code == code::METHOD_NOT_FOUND => {
                Answer::error(StatusCode::NOT_FOUND, Some(id), &error).into_response()
            }
            Err(error) => bad(error),
        }
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
        ProtocolVersion::parse(self.heads.get(&headers::VERSION)?.to_str().ok()?)
    }

    /// The wire of a request, unless its headers and its body contradict each other.
    fn wire(
        &self,
        session: Option<Session>,
        method: &str,
        params: &Params<'_>,
    ) -> Result<Wire, RpcError> {
        let header = self.heads.get(&headers::VERSION);
        let version = self.header_version();
        if let Some(session) = session {
            return match (header, version) {
                (Some(text), None) => Err(RpcError::unsupported_version(
                    text.to_str().unwrap_or_default(),
                )),
                _ => Ok(Wire::session(session, &self.endpoint.sessions)),
            };
        }
        let claims_meta = params
            .meta
            .as_ref()
            .is_some_and(|m| m.protocol_version.is_some());
        match (header, version) {
            (Some(_), Some(version)) if !version.is_stateless() && !claims_meta => {
                Err(RpcError::invalid_request(
                    "the header `Mcp-Session-Id` is missing: begin with `initialize`",
                ))
            }
            (None, _) if !claims_meta => Err(RpcError::invalid_request(
                "begin with `initialize`, or speak 2026-07-28: its header `MCP-Protocol-Version` and its `_meta`",
            )),
            _ => {
                headers::check(self.heads, method, params, &self.endpoint.dispatcher)?;
                Ok(Wire::Stateless)
            }
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
        builder.insert_header((SESSION, session));
        builder.body(Answer::reply(id, &Reply::Value(result)).body)
    }

    /// A batch of 2025-03-26: each message for itself, the answers together, nothing streamed.
    async fn batch(self, session: &Session, body: &[u8]) -> HttpResponse {
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
        let exchange = Exchange {
            endpoint: self.endpoint.clone(),
            wire: Wire::session(session.clone(), &self.endpoint.sessions),
            user: self.user,
            accept: self.accept,
        };
        let mut answers: Vec<u8> = Vec::new();
        for message in messages {
            let answer = match Message::parse(message.get().as_bytes()) {
                Ok(Message::Request { id, method, params }) => match Params::parse(params) {
                    Ok(params) => match exchange.cancellable(session, id, &method, params).await {
                        Some(outcome) => outcome.answer,
                        None => continue,
                    },
                    Err(error) => Answer::error(StatusCode::OK, Some(id), &error),
                },
                Ok(Message::Notification { method, params }) => {
                    hear(self.endpoint, session, &method, params);
                    continue;
                }
                Ok(Message::Response { id, result, error }) => {
                    let answer = answer_of(result, error);
                    self.endpoint
                        .questions
                        .answer(&session.scope(), id.as_json(), answer);
                    continue;
                }
                Err(BadMessage { id, error }) => Answer::error(StatusCode::OK, id, &error),
            };
            answers.push(if answers.is_empty() { b'[' } else { b',' });
            answers.extend_from_slice(&answer.body);
        }
        if answers.is_empty() {
            return HttpResponse::Accepted().finish();
        }
        answers.push(b']');
        json(StatusCode::OK).body(answers)
    }
}

/// What a client says in a session without a question.
fn hear(endpoint: &Endpoint, session: &Session, method: &str, params: Option<&RawValue>) {
    if method == "notifications/cancelled"
        && let Some(id) = Params::parse(params).ok().and_then(|p| p.request_id)
    {
        endpoint.calls.cancel(&session.scope(), id.get());
    }
}

/// 404: a client that gets it begins a new session (Streamable HTTP, session management).
pub(super) fn no_session() -> HttpResponse {
    refuse(
        StatusCode::NOT_FOUND,
        "there is no such session: begin again with `initialize`",
    )
}

fn is_json(heads: &HeaderMap) -> bool {
    let essence = |v: &header::HeaderValue| {
        v.to_str()
            .ok()
            .and_then(|t| t.split(';').next())
            .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/json"))
    };
    let mut types = heads.get_all(header::CONTENT_TYPE);
    types.next().is_some_and(essence) && types.next().is_none()
}
