//! JSON-RPC over a pair of byte streams, one message a line: stdin and stdout, or a pipe in memory for tests.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::value::RawValue;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::questions::Questions;
use crate::dispatch::{self, Dispatcher, Listener, Request};
use crate::extract::{Answered, Client, ContextParts, Outbound, ShortText, User};
use crate::protocol::{
    BadMessage, CLOSE, ClientCapabilities, Id, LogLevel, Message, Notification, Params,
    ProtocolVersion, RpcError, answer_of, code, one_line, open_result, write_error,
};

/// The longest line, in bytes.
const MAX_LINE: usize = 4 * 1024 * 1024;
/// How long running calls may go on after the input has ended.
const GRACE: Duration = Duration::from_secs(10);
/// How many messages may wait for the reader of our output.
const BACKLOG: usize = 256;

/// Serves one client until its input ends. Every call runs beside the others; a cancelled one is dropped.
///
/// # Errors
/// The input or the output broke.
pub(crate) async fn serve(
    dispatcher: Arc<Dispatcher>,
    user: Option<Arc<User>>,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let (sender, receiver) = channel(BACKLOG);
    let peer = Arc::new(Peer {
        dispatcher,
        user,
        lines: sender,
        state: Mutex::default(),
        running: Mutex::default(),
        questions: Arc::default(),
        listener: Mutex::default(),
        ended: watch::Sender::new(false),
    });
    let mut read = std::pin::pin!(read(peer, input));
    let mut written = std::pin::pin!(write(receiver, output));
    tokio::select! {
        // The writing half ends when the last call has dropped its sender.
        outcome = &mut read => outcome.and(written.await),
        // Where nobody can be answered any more, nothing is done for them either.
        outcome = &mut written => match outcome {
            Ok(()) => read.await,
            Err(error) => Err(error),
        },
    }
}

async fn write(
    mut lines: Receiver<Vec<u8>>,
    mut output: impl AsyncWrite + Unpin,
) -> std::io::Result<()> {
    while let Some(mut line) = lines.recv().await {
        one_line(&mut line);
        line.push(b'\n');
        output.write_all(&line).await?;
        if lines.is_empty() {
            output.flush().await?;
        }
    }
    output.flush().await
}

async fn read(peer: Arc<Peer>, input: impl AsyncRead + Unpin) -> std::io::Result<()> {
    let mut input = BufReader::new(input);
    let mut calls = JoinSet::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 1;
        if (&mut input)
            .take(limit)
            .read_until(b'\n', &mut line)
            .await?
            == 0
        {
            peer.hang_up();
            // The client has said all. What still runs may end; what takes too long is dropped with the set.
            let ended = async { while calls.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(GRACE, ended).await;
            return Ok(());
        }
        while calls.try_join_next().is_some() {}
        if line.len() > MAX_LINE && line.last() != Some(&b'\n') {
            skip_line(&mut input).await?;
            let error = RpcError::invalid_request("the message is over the limit of 4 MiB");
            peer.send_error(None, &error).await;
            continue;
        }
        if line.iter().any(|b| !b.is_ascii_whitespace()) {
            peer.clone()
                .receive(std::mem::take(&mut line), &mut calls)
                .await;
        }
    }
}

async fn skip_line(input: &mut BufReader<impl AsyncRead + Unpin>) -> std::io::Result<()> {
    loop {
        let buffered = input.fill_buf().await?;
        if buffered.is_empty() {
            return Ok(());
        }
        let (used, done) = match buffered.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffered.len(), false),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

/// The other side of the pipe.
struct Peer {
    dispatcher: Arc<Dispatcher>,
    user: Option<Arc<User>>,
    lines: Sender<Vec<u8>>,
    state: Mutex<Option<Initialized>>,
    running: Mutex<HashMap<String, AbortHandle>>,
    questions: Arc<Questions>,
    /// What the client is told of outside its requests, on the wires with `initialize`.
    listener: Mutex<Option<Arc<Listener>>>,
    /// Whether the input has ended, and with it what would go on for ever.
    ended: watch::Sender<bool>,
}

/// What `initialize` settled, on the wires that have it.
#[derive(Clone)]
struct Initialized {
    version: ProtocolVersion,
    info: Option<ShortText>,
    capabilities: ClientCapabilities,
    log_level: LogLevel,
}

impl Peer {
    async fn receive(self: Arc<Self>, line: Vec<u8>, calls: &mut JoinSet<()>) {
        match Message::parse(&line) {
            Ok(Message::Request { id, .. }) => {
                let key = id.as_json().to_owned();
                if self.running().contains_key(&key) {
                    let error =
                        RpcError::invalid_request("this id belongs to a request that still runs");
                    return self.send_error(Some(id), &error).await;
                }
                let peer = self.clone();
                let ended = key.clone();
                // Held until the handle is noted, so that a call cannot end before it is known to run.
                let mut running = self.running();
                let handle = calls.spawn(async move {
                    let answer = peer.answer(&line).await;
                    if !answer.is_empty() {
                        let _ = peer.lines.send(answer).await;
                    }
                    peer.running().remove(&ended);
                });
                running.insert(key, handle);
            }
            Ok(Message::Notification { method, params }) if method == "notifications/cancelled" => {
                let id = params.request_id.map(RawValue::get);
                let handle = id.and_then(|id| self.running().remove(id));
                if let Some(handle) = handle {
                    handle.abort();
                }
            }
            Ok(Message::Notification { method, .. }) => {
                if method == "notifications/initialized" && self.state().is_some() {
                    let mut events = self.session_listener().reader();
                    let peer = self.clone();
                    calls.spawn(async move {
                        loop {
                            while let Some(event) = events.next().await {
                                if let Some(message) = event.message(None) {
                                    let _ = peer.lines.send(message).await;
                                }
                            }
                            if !events.was_let_go() {
                                return;
                            }
                            events = peer.session_listener().reader();
                        }
                    });
                }
            }
            Ok(Message::Response { id, result, error }) => {
                self.questions
                    .answer("", id.as_json(), answer_of(result, error));
            }
            Err(BadMessage { id, error }) => self.send_error(id, &error).await,
        }
    }

    fn session_listener(&self) -> Arc<Listener> {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        Listener::of(&mut listener, || self.dispatcher.listen_to_lists())
    }

    /// Ends what would go on for ever.
    fn hang_up(&self) {
        self.ended.send_replace(true);
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send_error(&self, id: Option<Id<'_>>, error: &RpcError) {
        let mut line = Vec::new();
        write_error(&mut line, id, error);
        let _ = self.lines.send(line).await;
    }

    /// The answer to one request.
    async fn answer(&self, line: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let Ok(Message::Request { id, method, params }) = Message::parse(line) else {
            return out;
        };
        let reply = match &*method {
            "initialize" if !claims_version(&params) => {
                Ok(dispatch::Reply::Value(self.initialize(params)))
            }
            "subscriptions/listen" => match self.listen(id, params).await {
                Ok(answer) => return answer,
                Err(error) => Err(error),
            },
            _ => self.dispatch(method, params).await,
        };
        match reply {
            Ok(reply) => {
                open_result(&mut out, id);
                reply.write(&mut out);
                out.extend_from_slice(CLOSE);
            }
            Err(error) => write_error(&mut out, Some(id), &error),
        }
        out
    }

    /// Sends what a subscription tells of, until it ends; then its answer comes back.
    async fn listen(&self, id: Id<'_>, mut params: Params<'_>) -> Result<Vec<u8>, RpcError> {
        let (client, ..) = self.client("subscriptions/listen", &mut params)?;
        if !self
            .dispatcher
            .knows("subscriptions/listen", client.version)
        {
            return Err(RpcError::method_not_found("subscriptions/listen"));
        }
        let user = self.user.as_deref();
        let mut subscription = self
            .dispatcher
            .listen(id, &params, &client.capabilities, user)
            .await?;
        let mut ended = self.ended.subscribe();
        if *ended.borrow() {
            return Ok(subscription.result());
        }
        loop {
            tokio::select! {
                message = subscription.next() => match message {
                    Some(message) => {
                        let _ = self.lines.send(message).await;
                    }
                    None if subscription.was_let_go() => return Ok(subscription.result()),
                    // Its answer was the last message.
                    None => return Ok(Vec::new()),
                },
                _ = ended.changed() => return Ok(subscription.result()),
            }
        }
    }

    fn initialize(&self, params: Params<'_>) -> serde_json::Value {
        let (version, result) = self
            .dispatcher
            .info()
            .initialize(params.protocol_version.as_deref());
        *self.state() = Some(Initialized {
            version,
            info: params.client_info.map(|info| info.get().into()),
            capabilities: params.capabilities.unwrap_or_default().within(version),
            log_level: LogLevel::Info,
        });
        result
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Option<Initialized>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn dispatch(
        &self,
        method: Cow<'_, str>,
        mut params: Params<'_>,
    ) -> Result<dispatch::Reply, RpcError> {
        let (client, log_level, progress_token) = self.client(&method, &mut params)?;
        let parts = ContextParts {
            user: self.user.clone(),
            client,
            outbound: Some(Arc::new(Lines {
                sender: self.lines.clone(),
                questions: self.questions.clone(),
            })),
            progress_token,
            log_level,
            rounds: None,
        };
        let stateless = parts.client.version.is_stateless();
        let session = (!stateless).then_some(self as &dyn dispatch::Session);
        let request = Request { method, params };
        let mut begun = self.dispatcher.begin(request, session, parts);
        begun.end().await.map_err(dispatch::Failure::into_rpc)
    }

    /// What is known of the client: by the request's own `_meta`, or by what `initialize` settled.
    fn client(
        &self,
        method: &str,
        params: &mut Params<'_>,
    ) -> Result<(Client, Option<LogLevel>, Option<serde_json::Value>), RpcError> {
        let meta = params.meta.take().unwrap_or_default();
        if let Some(asked) = meta.protocol_version.as_deref() {
            let version = ProtocolVersion::parse(asked).filter(|v| v.is_stateless());
            let version = version.ok_or_else(|| RpcError::unsupported_version(asked))?;
            let capabilities = meta.client_capabilities.ok_or_else(|| {
                RpcError::invalid_params(
                    "`params._meta` must have `io.modelcontextprotocol/clientCapabilities`",
                )
            })?;
            let client = Client {
                version,
                info: meta.client_info.map(|info| info.get().into()),
                capabilities,
            };
            return Ok((client, meta.log_level, meta.progress_token));
        }
        match self.state().clone() {
            Some(Initialized {
                version,
                info,
                capabilities,
                log_level,
            }) => {
                let client = Client {
                    version,
                    info,
                    capabilities,
                };
                Ok((client, Some(log_level), meta.progress_token))
            }
            None if method == "server/discover" => Err(RpcError::invalid_params(
                "`params._meta` must have `io.modelcontextprotocol/protocolVersion`",
            )),
            None => Err(RpcError::new(
                code::INVALID_REQUEST,
                "begin with `initialize`, or speak 2026-07-28 with its `_meta`",
            )),
        }
    }
}

impl dispatch::Session for Peer {
    fn set_log_level(&self, level: LogLevel) {
        if let Some(state) = self.state().as_mut() {
            state.log_level = level;
        }
    }

    fn listener(&self) -> Arc<Listener> {
        self.session_listener()
    }
}

fn claims_version(params: &Params<'_>) -> bool {
    params
        .meta
        .as_ref()
        .is_some_and(|m| m.protocol_version.is_some())
}

/// The way back while a call runs: the same line of output.
struct Lines {
    sender: Sender<Vec<u8>>,
    questions: Arc<Questions>,
}

impl Outbound for Lines {
    fn request(&self, method: &'static str, params: serde_json::Value) -> Answered {
        self.questions
            .ask("", "", method, params, self.sender.clone())
    }

    fn notify(&self, notification: Notification<'_>) {
        if let Ok(message) = serde_json::to_vec(&notification)
            && self.sender.try_send(message).is_err()
        {
            tracing::debug!("a notification was dropped: its reader is slow or gone");
        }
    }
}
