//! Asking back while a call runs: the user (elicitation), the client's model (sampling), the client's roots.
//!
//! A question is a future that stays pending until its answer is there. On the older wires the answer comes
//! over the request's own stream; on the stateless wire the call ends, and the client sends it again with the
//! answers, so that the code before a question runs once more: [`Context::once`] keeps what must not. A task goes on
//! where it stands once `tasks/update` brings the answer.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::Context;
use super::rounds::Rounds;
use crate::protocol::{Content, ProtocolVersion, Role, RpcError};
use crate::result::Error;
use crate::schema::Form;

/// How often a question is asked on one stream, or in one task, when its answers do not fit.
const ATTEMPTS: usize = 3;

/// What every question shares: how it goes out, and how its answer is read.
struct Question {
    key: Option<String>,
    method: &'static str,
    params: Value,
}

/// Names the questions without a key: by what is asked, and how often it was asked before. So a question never
/// takes the answer to another, also where one of them is not asked again in a later round.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<BTreeMap<String, u32>>);

impl Names {
    fn name(&self, method: &str, params: &Value) -> String {
        let digest = Sha256::digest(format!("{method}\n{params}"));
        let name = digest[..6]
            .iter()
            .fold("q_".to_owned(), |name, byte| format!("{name}{byte:02x}"));
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = names.entry(name.clone()).or_default();
        *times += 1;
        if *times == 1 {
            name
        } else {
            format!("{name}_{times}")
        }
    }
}

impl Question {
    /// Asks until `read` accepts an answer.
    async fn ask<T>(
        self,
        ctx: &Context,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, Error> {
        let Some(rounds) = ctx.rounds() else {
            return self.ask_on_the_stream(ctx, read).await;
        };
        let key = self
            .key
            .unwrap_or_else(|| ctx.questions().name(self.method, &self.params));
        let request = json!({ "method": self.method, "params": self.params });
        let mut problem = String::new();
        // In a task each key is asked once (SEP-2663, task update requests), also where nobody waited for its answer.
        let keys = (1..)
            .map(|n| match n {
                1 => key.clone(),
                n => format!("{key}_{n}"),
            })
            .filter(|key| !rounds.was_withdrawn(key));
        for key in keys.take(ATTEMPTS) {
            let asking = Asking { rounds, key: &key };
            let answer = poll_fn(|cx| rounds.poll_answer(&key, &request, &read, cx)).await;
            drop(asking);
            match answer {
                Ok(value) => return Ok(value),
                Err(why) => problem = why,
            }
        }
        Err(does_not_fit(&problem))
    }

    /// On the wires before 2026-07-28. A key that was answered has its answer, as it has in a later round.
    async fn ask_on_the_stream<T>(
        self,
        ctx: &Context,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, Error> {
        let answered = self
            .key
            .as_deref()
            .and_then(|key| ctx.memory().answered(key));
        if let Some(Ok(value)) = answered.map(|answer| read(&answer)) {
            return Ok(value);
        }
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            let open = ctx.waited().begin();
            let answer = ctx.request(self.method, self.params.clone()).await?;
            drop(open);
            match read(&answer) {
                Ok(value) => {
                    if let Some(key) = self.key {
                        ctx.memory().remember(key, answer);
                    }
                    return Ok(value);
                }
                Err(why) => problem = why,
            }
        }
        Err(does_not_fit(&problem))
    }
}

/// A question that is waited for; withdrawn where its future is dropped.
struct Asking<'a> {
    rounds: &'a Rounds,
    key: &'a str,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.rounds.withdraw(self.key);
    }
}

fn does_not_fit(problem: &str) -> Error {
    Error::tool(format!(
        "The answer to the question does not fit: {problem}"
    ))
}

fn lacks(capability: Value) -> Error {
    Error::rpc(RpcError::missing_capability(capability))
}

/// A question to the user, made by [`Context::elicit`]. Await it for the answer.
#[must_use = "a question is asked when it is awaited"]
pub struct Elicit<'c, T> {
    ctx: &'c Context,
    key: Option<String>,
    message: String,
    schema: Option<Value>,
    answer: PhantomData<fn() -> T>,
}

impl<'c, T: DeserializeOwned + JsonSchema + Send + 'c> Elicit<'c, T> {
    /// Names the question, so that its answer finds it again in the next round. Without a name, its text does.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The form's schema, word for word, in place of the one that is derived from `T`.
    pub fn schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self
    }

    /// The answer, or `None` where the user declined or closed the form.
    ///
    /// # Errors
    /// The client cannot show forms.
    pub async fn optional(self) -> Result<Option<T>, Error> {
        if !self.ctx.client_capabilities().supports_form_elicitation() {
            return Err(lacks(json!({ "elicitation": { "form": {} } })));
        }
        let form = Form::build::<T>(self.schema)?;
        let version = self.ctx.protocol_version();
        if version < ProtocolVersion::V2025_11_25
            && let Some(name) = form.list_field()
        {
            return Err(Error::tool(format!(
                "This client speaks MCP {version}, whose forms have no field for several values such as `{name}`."
            )));
        }
        let params =
            json!({ "mode": "form", "message": self.message, "requestedSchema": form.schema() });
        let question = Question {
            key: self.key,
            method: "elicitation/create",
            params,
        };
        let read = |answer: &Value| match answer["action"].as_str() {
            Some("accept") => form.read::<T>(&answer["content"]).map(Some),
            Some("decline" | "cancel") => Ok(None),
            _ => Err("`action` must be accept, decline or cancel".to_owned()),
        };
        question.ask(self.ctx, read).await
    }
}

impl<'c, T: DeserializeOwned + JsonSchema + Send + 'c> IntoFuture for Elicit<'c, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    /// The answer; a user who declines ends the call with a failure that the model reads.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.optional()
                .await?
                .ok_or_else(|| Error::tool("The user declined to answer the question."))
        })
    }
}

/// A request to the client's model, made by [`Context::sample`]. Await it for the message.
#[must_use = "a request is sent when it is awaited"]
pub struct Sample<'c> {
    ctx: &'c Context,
    key: Option<String>,
    params: Value,
}

/// What the client's model said.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Sampled {
    /// Who speaks: the assistant.
    pub role: Role,
    /// What it said; several blocks where it used tools.
    #[serde(deserialize_with = "one_or_more")]
    pub content: Vec<Content>,
    /// The model's name.
    #[serde(default)]
    pub model: String,
    /// Why it stopped.
    #[serde(default)]
    pub stop_reason: Option<String>,
}

impl Sampled {
    /// The text blocks, joined by line breaks.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            Content::Text(text) => Some(text.text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Content>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Several(Vec<Content>),
        One(Box<Content>),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Several(blocks) => blocks,
        Either::One(block) => vec![*block],
    })
}

impl<'c> Sample<'c> {
    /// Names the request, so that its answer finds it again in the next round.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets a further parameter of `sampling/createMessage`, such as `systemPrompt` or `temperature`.
    pub fn with(mut self, parameter: &str, value: impl Into<Value>) -> Self {
        self.params[parameter] = value.into();
        self
    }
}

impl<'c> IntoFuture for Sample<'c> {
    type Output = Result<Sampled, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if !self.ctx.client_capabilities().supports_sampling() {
                return Err(lacks(json!({ "sampling": {} })));
            }
            let question = Question {
                key: self.key,
                method: "sampling/createMessage",
                params: self.params,
            };
            question
                .ask(self.ctx, |answer| {
                    Sampled::deserialize(answer).map_err(|e| e.to_string())
                })
                .await
        })
    }
}

/// A place that the client lets a server work in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Root {
    /// A `file://` uri.
    pub uri: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A request for the client's roots, made by [`Context::roots`]. Await it for the list.
#[must_use = "a request is sent when it is awaited"]
pub struct Roots<'c> {
    ctx: &'c Context,
    key: Option<String>,
}

impl Roots<'_> {
    /// Names the request, so that its answer finds it again in the next round.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl<'c> IntoFuture for Roots<'c> {
    type Output = Result<Vec<Root>, Error>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            if !self.ctx.client_capabilities().supports_roots() {
                return Err(lacks(json!({ "roots": {} })));
            }
            let question = Question {
                key: self.key,
                method: "roots/list",
                params: json!({}),
            };
            let read = |answer: &Value| {
                Vec::<Root>::deserialize(&answer["roots"]).map_err(|e| e.to_string())
            };
            question.ask(self.ctx, read).await
        })
    }
}

impl Context {
    /// Asks the user to fill in a form; its fields are those of `T`, a flat struct.
    ///
    /// Several questions are asked at once by `tokio::join!` or `try_join!`. (A `FuturesUnordered` hides from the
    /// server that nothing but answers is awaited; the call then waits for its time limit.)
    ///
    /// ```
    /// # use mcp_runtime::prelude::*;
    /// #[mcp_type]
    /// struct Name { name: String }
    ///
    /// /// Greet whoever sits there.
    /// #[mcp_tool]
    /// async fn greet(ctx: &Context) -> Result<String, Error> {
    ///     let answer = ctx.elicit::<Name>("What is your name?").key("user_name").await?;
    ///     Ok(format!("Hello, {}!", answer.name))
    /// }
    /// ```
    pub fn elicit<T>(&self, message: impl Into<String>) -> Elicit<'_, T> {
        Elicit {
            ctx: self,
            key: None,
            message: message.into(),
            schema: None,
            answer: PhantomData,
        }
    }

    /// Sends the user to a URL for what must not pass through the client, such as a payment. Returns whether the
    /// user agreed to go there.
    ///
    /// # Errors
    /// The client cannot open URLs.
    pub async fn elicit_url(
        &self,
        key: &str,
        message: impl Into<String>,
        url: impl Into<String>,
    ) -> Result<bool, Error> {
        if !self.client_capabilities().supports_url_elicitation() {
            return Err(lacks(json!({ "elicitation": { "url": {} } })));
        }
        let mut params = json!({ "mode": "url", "message": message.into(), "url": url.into() });
        if !self.protocol_version().is_stateless() {
            // Unique on this server, says the revision that has it.
            params["elicitationId"] = format!("{:032x}", rand::random::<u128>()).into();
        }
        let question = Question {
            key: Some(key.to_owned()),
            method: "elicitation/create",
            params,
        };
        let read = |answer: &Value| match answer["action"].as_str() {
            Some("accept") => Ok(true),
            Some("decline" | "cancel") => Ok(false),
            _ => Err("`action` must be accept, decline or cancel".to_owned()),
        };
        question.ask(self, read).await
    }

    /// Asks the client's model, with one message of the user and a limit on the answer, in tokens.
    pub fn sample(&self, message: impl Into<Content>, max_tokens: u32) -> Sample<'_> {
        let message = json!({ "role": "user", "content": message.into() });
        Sample {
            ctx: self,
            key: None,
            params: json!({ "messages": [message], "maxTokens": max_tokens }),
        }
    }

    /// Asks the client in which places it lets the server work.
    pub fn roots(&self) -> Roots<'_> {
        Roots {
            ctx: self,
            key: None,
        }
    }

    /// Does something once, however often the call is sent again with answers: its value is kept, sealed, with
    /// the client until the call is done.
    ///
    /// # Errors
    /// What the work says; a value that cannot be written as JSON.
    pub async fn once<T, F, Fut>(&self, key: &str, work: F) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let rounds = self.memory();
        if let Some(kept) = rounds.kept(key) {
            return Ok(serde_json::from_value(kept)?);
        }
        let value = work().await?;
        rounds.keep(key, serde_json::to_value(&value)?);
        Ok(value)
    }
}

/// The answer to an `input_required` request, as `inputRequests` shows the questions.
pub(crate) fn input_requests(asked: BTreeMap<String, Value>) -> Map<String, Value> {
    asked.into_iter().collect()
}

/// A boxed answer of the client, on the wires with requests of their own.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;
