//! One request with its answer: as one JSON object, or as a stream once something comes before the result.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::future::{Abortable, BoxFuture, ready};
use futures_util::{FutureExt as _, StreamExt as _};

use super::Endpoint;
use super::accept::Accept;
use super::answer::{Answer, refusal, refuse};
use super::messages::{Messages, Sending, Sent};
use super::session::{InSession, Session, Sessions};
use super::sse::{Body, KEEP_ALIVE, event_stream, frame};
use crate::auth::{Credentials, Refusal};
use crate::dispatch::{self, Begun, Failure, Request};
use crate::extract::{Client, ContextParts, Outbound, User};
use crate::protocol::{BadMessage, Id, LogLevel, Message, Params, ProtocolVersion, answer_of};

/// Which wire a request speaks, with what the wire remembers of the client.
#[derive(Debug, Clone)]
pub(super) enum Wire {
    Stateless,
    Session {
        session: Session,
        log_level: LogLevel,
    },
}

impl Wire {
    pub(super) fn session(session: Session, sessions: &Sessions) -> Self {
        let log_level = sessions.log_level(&session);
        Self::Session { session, log_level }
    }

    fn version(&self) -> ProtocolVersion {
        match self {
            Self::Stateless => ProtocolVersion::V2026_07_28,
            Self::Session { session, .. } => session.version,
        }
    }
}

/// What is needed to answer one request.
#[derive(Clone)]
pub(super) struct Exchange {
    pub endpoint: Arc<Endpoint>,
    pub wire: Wire,
    pub user: Option<Arc<User>>,
    pub accept: Accept,
}

/// An executed request.
pub(super) struct Outcome {
    answer: Answer,
    /// Whether a function of the user's ran for it.
    ran: bool,
    /// In HTTP's own words, where it has some: a status and a challenge.
    refused: Option<Refusal>,
}

impl Outcome {
    /// Whether HTTP has a status of its own for it, and so no stream can carry it.
    pub(super) fn is_bare(&self) -> bool {
        self.refused.is_some() || self.answer.status != StatusCode::OK
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.answer.into_body()
    }

    pub(super) fn into_response(self) -> HttpResponse {
        match self.refused {
            Some(refused) => refusal(&refused),
            None => self.answer.into_response(),
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            ran: false,
            refused: None,
        }
    }
}

impl Exchange {
    /// Takes one message of a session and does what it says; nothing comes of a call that its client cancelled.
    pub(super) async fn hear(
        &self,
        session: Session,
        message: &[u8],
        outbound: Option<Arc<dyn Outbound>>,
    ) -> Option<Outcome> {
        match Message::parse(message) {
            Ok(Message::Request { id, method, params }) => {
                let begun = self.begin(method, params, outbound);
                self.cancellable(session, id, begun).await
            }
            Ok(Message::Notification { method, params }) => {
                if method == "notifications/cancelled"
                    && let Some(id) = params.request_id
                {
                    self.endpoint.calls.cancel(&session.scope(), id.get());
                }
                Some(Answer::none().into())
            }
            Ok(Message::Response { id, result, error }) => {
                let answer = answer_of(result, error);
                let questions = &self.endpoint.questions;
                questions.answer(&session.scope(), id.as_json(), answer);
                Some(Answer::none().into())
            }
            Err(BadMessage { id, error }) => {
                Some(Answer::error(StatusCode::BAD_REQUEST, id, &error).into())
            }
        }
    }

    /// Executes a request of a session; `notifications/cancelled` may end it before it has an outcome.
    async fn cancellable(
        &self,
        session: Session,
        id: Id<'_>,
        mut begun: Begun<'_>,
    ) -> Option<Outcome> {
        let mut outcome = pin!(self.end(id, &mut begun));
        // Most calls are done at the first poll, and are never among those that can be cancelled. What comes while a
        // function keeps that poll to itself comes too late.
        if let Poll::Ready(outcome) = futures_util::poll!(outcome.as_mut()) {
            return Some(outcome);
        }
        let calls = &self.endpoint.calls;
        let (_running, cancelled) = calls.begin(&session.scope(), id.as_json());
        Abortable::new(outcome, cancelled).await.ok()
    }

    /// Hands a request to dispatch, which does what needs no waiting.
    pub(super) fn begin<'a>(
        &'a self,
        method: Cow<'a, str>,
        mut params: Params<'a>,
        outbound: Option<Arc<dyn Outbound>>,
    ) -> Begun<'a> {
        let dispatcher = &self.endpoint.dispatcher;
        let parts = self.parts(&mut params, outbound);
        let session = match &self.wire {
            Wire::Stateless => None,
            Wire::Session { session, .. } => Some(InSession {
                sessions: &self.endpoint.sessions,
                session,
                dispatcher,
            }),
        };
        let session = session.as_ref().map(|s| s as &dyn dispatch::Session);
        let request = Request { method, params };
        dispatcher.begin(request, session, parts)
    }

    /// Waits for what was begun, and writes what comes of it.
    pub(super) async fn end(&self, id: Id<'_>, begun: &mut Begun<'_>) -> Outcome {
        let failure = match begun.end().await {
            Ok(reply) => {
                return Outcome {
                    ran: begun.runs(),
                    ..Answer::reply(id, &reply).into()
                };
            }
            Err(failure) => failure,
        };
        Outcome {
            ran: begun.runs(),
            ..Box::pin(self.failed(id, failure)).await
        }
    }

    async fn failed(&self, id: Id<'_>, failure: Failure) -> Outcome {
        let refused = match (&failure, self.user.as_deref()) {
            (Failure::Scopes(scopes), Some(user)) => {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                self.endpoint.guard.step_up(&scopes, user)
            }
            // Where there is something to sign in to: the challenge of a call without a token.
            (Failure::Unauthenticated, _) => {
                let nobody = Credentials::default();
                self.endpoint.guard.authenticate(nobody).await.err()
            }
            _ => None,
        };
        let stateless = self.wire.version().is_stateless();
        Outcome {
            answer: Answer::failure(id, failure, stateless),
            ran: false,
            refused,
        }
    }

    fn parts(&self, params: &mut Params<'_>, outbound: Option<Arc<dyn Outbound>>) -> ContextParts {
        let meta = params.meta.take().unwrap_or_default();
        let (capabilities, log_level) = match &self.wire {
            Wire::Stateless => (meta.client_capabilities.unwrap_or_default(), meta.log_level),
            Wire::Session { session, log_level } => (session.capabilities(), Some(*log_level)),
        };
        ContextParts {
            user: self.user.clone(),
            client: Client {
                version: self.wire.version(),
                info: meta.client_info.map(|info| info.get().into()),
                capabilities,
            },
            outbound,
            progress_token: meta.progress_token,
            log_level,
            rounds: None,
        }
    }

    /// `subscriptions/listen`: the answer is a stream from the start, and lasts.
    pub(super) async fn listen(
        &self,
        id: Id<'_>,
        params: &Params<'_>,
        heads: &HeaderMap,
    ) -> HttpResponse {
        if !self.accept.sse {
            return refuse(
                StatusCode::NOT_ACCEPTABLE,
                "this is answered by a stream: send `Accept: application/json, text/event-stream`",
            );
        }
        let dispatcher = &self.endpoint.dispatcher;
        let meta = params.meta.as_ref();
        let capabilities = meta.and_then(|m| m.client_capabilities.clone());
        let (capabilities, user) = (capabilities.unwrap_or_default(), self.user.as_deref());
        match dispatcher.listen(id, params, &capabilities, user).await {
            Ok(subscription) => {
                let events = subscription.map(|message| frame(&message));
                event_stream().streaming(Body::new(events, self.endpoint.recheck(heads)))
            }
            Err(error) => Answer::error(StatusCode::BAD_REQUEST, Some(id), &error).into_response(),
        }
    }

    /// Answers a message that may send something before its result. If it does not, the answer stays one JSON object.
    pub(super) async fn stream(self, body: Bytes, heads: &HeaderMap) -> HttpResponse {
        let prefers_sse = self.accept.prefers_sse;
        let session = match &self.wire {
            Wire::Stateless => None,
            Wire::Session { session, .. } => Some(*session),
        };
        let questions = self.endpoint.questions.clone();
        let sending = Arc::new(Sending::new(questions, session, self.user.clone()));
        let (whole, outbound) = (self.clone(), sending.clone());
        // The future owns the message, so that it can go on inside the response.
        let call = async move {
            if let Some(session) = session {
                return self.hear(session, &body, Some(outbound)).await;
            }
            let Ok(Message::Request { id, method, params }) = Message::parse(&body) else {
                return None;
            };
            let mut begun = self.begin(method, params, Some(outbound));
            Some(self.end(id, &mut begun).await)
        };
        let mut call = call.boxed();
        // Most calls are done at the first poll: then a refusal still has its status and its challenge.
        match futures_util::poll!(&mut call) {
            Poll::Ready(Some(outcome)) if outcome.is_bare() => {
                if !sending.close_unused() {
                    drop(sending.receiver());
                }
                outcome.into_response()
            }
            // Where no function ran there is nothing to come back for.
            Poll::Ready(Some(outcome)) if prefers_sse && !outcome.ran => {
                event_stream().body(frame(&outcome.into_body()))
            }
            Poll::Ready(Some(outcome)) if !prefers_sse && sending.close_unused() => {
                outcome.into_response()
            }
            done => Box::pin(whole.stream_on(done, call, &sending, heads)).await,
        }
    }

    /// Goes on with a call that was not done at once, or that has sent something.
    async fn stream_on(
        self,
        done: Poll<Option<Outcome>>,
        mut call: BoxFuture<'static, Option<Outcome>>,
        sending: &Sending,
        heads: &HeaderMap,
    ) -> HttpResponse {
        let mut receiver = sending.receiver();
        let prefers_sse = self.accept.prefers_sse;
        let body_of =
            |outcome: Option<Outcome>| outcome.map(Outcome::into_body).unwrap_or_default();
        let (done, first) = match done {
            Poll::Ready(outcome) => (Some(outcome), None),
            Poll::Pending if prefers_sse => (None, None),
            Poll::Pending => tokio::select! {
                biased;
                outcome = &mut call => (Some(outcome), None),
                first = receiver.recv() => (None, first),
                // A silent connection is cut on the way; a stream has something to say.
                () = tokio::time::sleep(KEEP_ALIVE) => (None, None),
            },
        };
        match done {
            // Cancelled: there is nothing to come back for.
            Some(None) => event_stream().finish(),
            Some(Some(outcome)) if outcome.is_bare() => outcome.into_response(),
            Some(Some(outcome)) if receiver.is_empty() && !prefers_sse => outcome.into_response(),
            Some(outcome) => {
                let done = ready(body_of(outcome)).boxed();
                self.respond(Messages::new(done, receiver, first), heads)
            }
            None => {
                let call = call.map(body_of).boxed();
                self.respond(Messages::new(call, receiver, first), heads)
            }
        }
    }

    /// The messages of a call as events: in a session so that its client can come back for them, otherwise bound to
    /// this connection.
    fn respond(self, messages: Messages, heads: &HeaderMap) -> HttpResponse {
        let recheck = self.endpoint.recheck(heads);
        let messages = match &self.wire {
            Wire::Stateless => messages,
            Wire::Session { session, .. } => {
                // Clients of earlier revisions take an event without data for a broken message.
                let primed = session.version >= ProtocolVersion::V2025_11_25;
                let streams = &self.endpoint.streams;
                match streams.begin(&session.scope(), messages, primed) {
                    Ok(reader) => return event_stream().streaming(Body::new(reader, recheck)),
                    Err(messages) => messages,
                }
            }
        };
        let events = messages.filter_map(|sent| {
            ready(match sent {
                Sent::Message(message) => Some(frame(&message)),
                Sent::LetGo => None,
            })
        });
        event_stream().streaming(Body::new(events, recheck))
    }
}

/// Whether a request of the stateless wire may send something before its result: it runs a function, and its client
/// asked for progress or for log messages.
pub(super) fn may_stream(method: &str, params: &Params<'_>) -> bool {
    let meta = params.meta.as_ref();
    let asked = meta.is_some_and(|m| m.progress_token.is_some() || m.log_level.is_some());
    asked && matches!(method, "tools/call" | "prompts/get" | "resources/read")
}
