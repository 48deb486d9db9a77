//! One request with its answer: as one JSON object, or as a stream once something comes before the result.

use std::sync::Arc;
use std::task::Poll;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::future::{Abortable, ready};
use futures_util::{FutureExt as _, StreamExt as _};

use super::Endpoint;
use super::accept::Accept;
use super::answer::{Answer, refusal, refuse};
use super::messages::{Messages, Sent, sending};
use super::session::{InSession, Session, Sessions};
use super::sse::{Body, KEEP_ALIVE, event_stream, frame};
use crate::auth::{Credentials, Refusal};
use crate::dispatch::{self, Failure, Request};
use crate::extract::{Client, ContextParts, Outbound, User};
use crate::protocol::{Id, LogLevel, Message, Params, ProtocolVersion};

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

    /// Under which name questions of this session wait for their answers.
    fn session_scope(&self) -> String {
        match self {
            Self::Stateless => String::new(),
            Self::Session { session, .. } => session.scope(),
        }
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
    pub answer: Answer,
    /// In HTTP's own words, where it has some: a status and a challenge.
    refused: Option<Refusal>,
}

impl Outcome {
    /// Whether HTTP has a status of its own for it.
    fn is_refused(&self) -> bool {
        self.refused.is_some() || !self.answer.status.is_success()
    }

    fn into_response(self) -> HttpResponse {
        match self.refused {
            Some(refused) => refusal(&refused),
            None => self.answer.into_response(),
        }
    }
}

impl Exchange {
    /// Answers a request whose message lies in `body`.
    pub(super) async fn run(
        self,
        id: Id<'_>,
        method: &str,
        params: Params<'_>,
        body: &Bytes,
        heads: &HeaderMap,
    ) -> HttpResponse {
        let listens = method == "subscriptions/listen";
        if listens && self.endpoint.dispatcher.knows(method, self.wire.version()) {
            return self.listen(id, &params, heads).await;
        }
        if self.accept.sse && self.may_stream(method, &params) {
            return self.stream(body.clone(), heads).await;
        }
        let outcome = match &self.wire {
            Wire::Stateless => self.execute(id, method, params, None).await,
            Wire::Session { session, .. } => {
                match self.cancellable(session, id, method, params).await {
                    Some(outcome) => outcome,
                    // Nothing is the answer to a call that is no longer wanted.
                    None => return HttpResponse::Accepted().finish(),
                }
            }
        };
        if self.accept.prefers_sse && !outcome.is_refused() {
            return event_stream().body(frame(&outcome.answer.body));
        }
        outcome.into_response()
    }

    /// Whether the request may send something before its result: it runs a function, and its client asked for
    /// progress or for log messages.
    fn may_stream(&self, method: &str, params: &Params<'_>) -> bool {
        let meta = params.meta.as_ref();
        let asked = meta.is_some_and(|m| m.progress_token.is_some() || m.log_level.is_some());
        let runs = matches!(method, "tools/call" | "prompts/get" | "resources/read");
        runs && (asked || matches!(self.wire, Wire::Session { .. }))
    }

    /// Executes a request of a session; `notifications/cancelled` may end it before it has an outcome.
    pub(super) async fn cancellable(
        &self,
        session: &Session,
        id: Id<'_>,
        method: &str,
        params: Params<'_>,
    ) -> Option<Outcome> {
        let calls = &self.endpoint.calls;
        let (_running, cancelled) = calls.begin(&session.scope(), id.as_json());
        let outcome = self.execute(id, method, params, None);
        Abortable::new(outcome, cancelled).await.ok()
    }

    /// Hands the request to dispatch and writes what comes back.
    async fn execute(
        &self,
        id: Id<'_>,
        method: &str,
        mut params: Params<'_>,
        outbound: Option<Arc<dyn Outbound>>,
    ) -> Outcome {
        let parts = self.parts(&mut params, outbound);
        let stateless = parts.client.version.is_stateless();
        let dispatcher = &self.endpoint.dispatcher;
        let session = match &self.wire {
            Wire::Stateless => None,
            Wire::Session { session, .. } => Some(InSession {
                sessions: &self.endpoint.sessions,
                session,
                dispatcher,
            }),
        };
        let session = session.as_ref().map(|s| s as &dyn dispatch::Session);
        let request = Request {
            method,
            params,
            session,
        };
        let failure = match dispatcher.dispatch(request, parts).await {
            Ok(reply) => {
                return Outcome {
                    answer: Answer::reply(id, &reply),
                    refused: None,
                };
            }
            Err(failure) => failure,
        };
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
        Outcome {
            answer: Answer::failure(id, failure, stateless),
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
                info: meta.client_info,
                capabilities,
            },
            outbound,
            progress_token: meta.progress_token,
            log_level,
            rounds: None,
        }
    }

    /// `subscriptions/listen`: the answer is a stream from the start, and lasts.
    async fn listen(self, id: Id<'_>, params: &Params<'_>, heads: &HeaderMap) -> HttpResponse {
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

    /// Runs a call that may send something before its result. If it does not, the answer stays one JSON object.
    async fn stream(self, body: Bytes, heads: &HeaderMap) -> HttpResponse {
        let prefers_sse = self.accept.prefers_sse;
        let questions = self.endpoint.questions.clone();
        let (outbound, mut receiver) =
            sending(questions, self.wire.session_scope(), self.user.clone());
        let whole = self.clone();
        // The future owns what it needs, so that it can go on inside the response; that costs a second look at
        // the envelope.
        let call = async move {
            let Ok(Message::Request { id, method, params }) = Message::parse(&body) else {
                return None;
            };
            let params = Params::parse(params).ok()?;
            let Wire::Session { session, .. } = &self.wire else {
                return Some(self.execute(id, &method, params, Some(outbound)).await);
            };
            let calls = &self.endpoint.calls;
            let (_running, cancelled) = calls.begin(&session.scope(), id.as_json());
            let outcome = self.execute(id, &method, params, Some(outbound));
            // A cancelled call has no outcome, and gets no answer.
            Abortable::new(outcome, cancelled).await.ok()
        };
        let mut call = call.boxed();
        let body_of = |outcome: Option<Outcome>| outcome.map(|o| o.answer.body).unwrap_or_default();
        // Most calls are done at the first poll: then a refusal still has its status and its challenge.
        let done = match futures_util::poll!(&mut call) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        };
        let (done, first) = match done {
            Some(outcome) => (Some(outcome), None),
            None if prefers_sse => (None, None),
            None => tokio::select! {
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
            Some(Some(outcome)) if outcome.is_refused() => outcome.into_response(),
            Some(Some(outcome)) if receiver.is_empty() && !prefers_sse => outcome.into_response(),
            Some(outcome) => {
                let done = ready(body_of(outcome)).boxed();
                whole.respond(Messages::new(done, receiver, first), heads)
            }
            None => {
                let call = call.map(body_of).boxed();
                whole.respond(Messages::new(call, receiver, first), heads)
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
