//! A drive through all that the everything server serves, on one revision, every message checked on arrival.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::Response;
use serde_json::{Map, Value, json};

use crate::answers::{answer, fill};
use crate::schema::Schema;
use crate::stream::Stream;

/// How many rounds a call may take before it has all its answers.
const ROUNDS: usize = 5;

/// What every drive must see, or it went past something.
const EVERYWHERE: &[&str] = &[
    "CallToolResult",
    "GetPromptResult",
    "ListPromptsResult",
    "ListResourceTemplatesResult",
    "ListResourcesResult",
    "ListToolsResult",
    "LoggingMessageNotification",
    "ProgressNotification",
    "ReadResourceResult",
    "error-32601",
    "error-32602",
];
const LEGACY: &[&str] = &[
    "CreateMessageRequest",
    "EmptyResult",
    "InitializeResult",
    "ListRootsRequest",
];
const MODERN: &[&str] = &[
    "DiscoverResult",
    "InputRequiredResult",
    "error-32020",
    "error-32021",
    "error-32022",
];

/// What a drive saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) messages: u32,
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) problems: Vec<String>,
}

struct Driver {
    http: reqwest::Client,
    url: String,
    revision: &'static str,
    session: Option<String>,
    next_id: u64,
    schema: Schema,
    seen: Seen,
}

pub(crate) async fn run(url: &str, revision: &'static str, schema: Schema) -> Result<Seen> {
    let mut driver = Driver {
        http: reqwest::Client::builder().no_proxy().build()?,
        url: url.to_owned(),
        revision,
        session: None,
        next_id: 0,
        schema,
        seen: Seen::default(),
    };
    driver.drive().await?;
    Ok(driver.seen)
}

impl Driver {
    fn is_modern(&self) -> bool {
        self.revision == "2026-07-28"
    }

    async fn drive(&mut self) -> Result<()> {
        let mut listens = false;
        if self.is_modern() {
            let found = self.ask("server/discover", json!({})).await?;
            listens = found["capabilities"]["tools"]["listChanged"] == true;
        } else {
            let hello = json!({
                "protocolVersion": self.revision, "capabilities": capabilities(),
                "clientInfo": { "name": "spec", "version": "0" }
            });
            self.ask("initialize", hello).await?;
            self.tell("notifications/initialized").await?;
            self.ask("ping", json!({})).await?;
            self.ask("logging/setLevel", json!({ "level": "debug" }))
                .await?;
        }
        self.tools().await?;
        self.resources().await?;
        self.prompts().await?;
        self.mistakes().await?;
        if listens {
            self.listen().await?;
        }
        let own = if self.is_modern() { MODERN } else { LEGACY };
        for kind in EVERYWHERE.iter().chain(own) {
            ensure!(
                self.seen.kinds.contains(*kind),
                "{}: no {kind}",
                self.revision
            );
        }
        Ok(())
    }

    async fn tools(&mut self) -> Result<()> {
        let list = self.ask("tools/list", json!({})).await?;
        for tool in list["tools"].as_array().context("no tools")? {
            // It takes a minute, for clients to cancel.
            if tool["name"] == "test_slow" {
                continue;
            }
            let mut arguments = fill(&tool["inputSchema"]);
            // It asks for a phone number or an address by rules that a form does not know.
            if tool["name"] == "json_schema_2020_12_tool" {
                arguments = json!({ "name": "a", "contactMethod": "phone", "phone": "1" });
            }
            let headers = mirrored(tool, &arguments);
            let params = json!({
                "name": tool["name"], "arguments": arguments, "_meta": { "progressToken": "p" }
            });
            self.ask_with("tools/call", params, &headers).await?;
        }
        Ok(())
    }

    async fn resources(&mut self) -> Result<()> {
        let list = self.ask("resources/list", json!({})).await?;
        let templates = self.ask("resources/templates/list", json!({})).await?;
        let fixed = list["resources"].as_array().context("no resources")?;
        let mut uris: Vec<String> = fixed
            .iter()
            .filter_map(|r| r["uri"].as_str().map(str::to_owned))
            .collect();
        for template in templates["resourceTemplates"]
            .as_array()
            .context("no templates")?
        {
            let text = template["uriTemplate"].as_str().context("no template")?;
            let (before, rest) = text.split_once('{').context("no variable")?;
            let (_, after) = rest.split_once('}').context("an open variable")?;
            uris.push(format!("{before}1{after}"));
        }
        for uri in uris {
            self.ask("resources/read", json!({ "uri": uri })).await?;
        }
        if !self.is_modern() {
            let watched = json!({ "uri": "test://watched-resource" });
            self.ask("resources/subscribe", watched.clone()).await?;
            self.ask("resources/unsubscribe", watched).await?;
        }
        let skills = self.ask("skills/list", json!({})).await?;
        let uri = &skills["skills"][0]["uri"];
        self.ask("skills/get", json!({ "uri": uri })).await?;
        let home = uri
            .as_str()
            .context("a skill")?
            .trim_end_matches("/SKILL.md");
        self.ask("resources/directory/read", json!({ "uri": home }))
            .await?;
        Ok(())
    }

    async fn prompts(&mut self) -> Result<()> {
        let list = self.ask("prompts/list", json!({})).await?;
        for prompt in list["prompts"].as_array().context("no prompts")? {
            let arguments = prompt["arguments"].as_array().into_iter().flatten();
            let names: Vec<&str> = arguments.filter_map(|a| a["name"].as_str()).collect();
            let values: Map<String, Value> = names
                .iter()
                .map(|name| ((*name).to_owned(), json!("test://x")))
                .collect();
            let params = json!({ "name": prompt["name"], "arguments": values });
            self.ask("prompts/get", params).await?;
            for name in names {
                let reference = json!({ "type": "ref/prompt", "name": prompt["name"] });
                let params = json!({ "ref": reference, "argument": { "name": name, "value": "" } });
                self.ask("completion/complete", params).await?;
            }
        }
        Ok(())
    }

    /// Requests that end in an error, each of its own kind.
    async fn mistakes(&mut self) -> Result<()> {
        for (method, params) in [
            ("no/such", json!({})),
            ("tools/call", json!({ "name": "no_such_tool" })),
            (
                "tools/call",
                json!({ "name": "test_x_mcp_header", "arguments": { "region": 5 } }),
            ),
            ("prompts/get", json!({ "name": "no_such_prompt" })),
            ("resources/read", json!({ "uri": "test://no/such" })),
            ("tools/list", json!({ "cursor": "no such cursor" })),
            ("skills/get", json!({ "uri": "skill://no/SKILL.md" })),
            ("tools/call", json!({ "name": 5 })),
        ] {
            self.ask(method, params).await?;
        }
        if self.is_modern() {
            let bare = json!({ "_meta": { CAPABILITIES: {} } });
            let sample =
                json!({ "name": "test_missing_capability", "_meta": { CAPABILITIES: {} } });
            let future = json!({ "_meta": { VERSION: "2999-01-01" } });
            for (method, params) in [("tools/list", bare), ("tools/call", sample)] {
                self.ask(method, params).await?;
            }
            self.ask_with(
                "tools/list",
                future,
                &[("mcp-protocol-version", "2999-01-01".into())],
            )
            .await?;
            let wrong = [("mcp-method", "prompts/list".to_owned())];
            self.ask_with("tools/list", json!({}), &wrong).await?;
        }
        Ok(())
    }

    /// A stream of changes, with a change on it.
    async fn listen(&mut self) -> Result<()> {
        let wanted = json!({ "toolsListChanged": true, "promptsListChanged": true });
        let params = json!({ "notifications": wanted });
        let (id, response) = self.post("subscriptions/listen", params, &[]).await?;
        let mut stream = Stream::of(response);
        let first = stream.next().await?.context("no acknowledgement")?;
        self.check(&first, Some("subscriptions/listen"), &id);
        for tool in ["test_trigger_tool_change", "test_trigger_prompt_change"] {
            self.ask("tools/call", json!({ "name": tool })).await?;
            let change = stream.next().await?.context("no change")?;
            self.check(&change, None, &id);
        }
        Ok(())
    }

    async fn ask(&mut self, method: &str, params: Value) -> Result<Value> {
        self.ask_with(method, params, &[]).await
    }

    /// Asks, answers what is asked back, and returns the last result; null where there was an error.
    async fn ask_with(
        &mut self,
        method: &str,
        params: Value,
        headers: &[(&'static str, String)],
    ) -> Result<Value> {
        let mut round = params.clone();
        for _ in 0..ROUNDS {
            let (id, response) = self.post(method, round.clone(), headers).await?;
            if method == "initialize" {
                let session = response.headers().get("mcp-session-id");
                self.session = session.and_then(|s| s.to_str().ok()).map(str::to_owned);
            }
            let result = self.receive(method, &id, response).await?;
            if result["resultType"] != "input_required" {
                return Ok(result);
            }
            round = params.clone();
            let asked = result["inputRequests"].as_object().context("no requests")?;
            let answers: Map<String, Value> = asked
                .iter()
                .map(|(key, request)| (key.clone(), answer(request)))
                .collect();
            round["inputResponses"] = Value::Object(answers);
            if let Some(state) = result.get("requestState") {
                round["requestState"] = state.clone();
            }
        }
        bail!("{method} asks for ever: {params}")
    }

    async fn receive(&mut self, method: &str, id: &Value, response: Response) -> Result<Value> {
        let kind = response.headers().get("content-type");
        let is_stream = kind.is_some_and(|k| k.as_bytes().starts_with(b"text/event-stream"));
        if !is_stream {
            let message: Value = serde_json::from_str(&response.text().await?)
                .with_context(|| format!("{method}: no JSON"))?;
            self.check(&message, Some(method), id);
            return Ok(message["result"].clone());
        }
        let mut stream = Stream::of(response);
        loop {
            let Some(message) = stream.next().await? else {
                // The server let go before the result: it must be there on a stream that goes on from here.
                let last = stream.last_id.clone();
                let last = last.with_context(|| format!("{method}: a stream without a result"))?;
                tokio::time::sleep(Duration::from_millis(300)).await;
                stream = Stream::of(self.resume(&last).await?);
                continue;
            };
            self.check(&message, Some(method), id);
            if message.get("method").is_some() && message.get("id").is_some() {
                let mut reply = json!({ "jsonrpc": "2.0", "id": message["id"] });
                reply["result"] = answer(&message);
                self.send(&reply, &[]).await?;
            } else if message["id"] == *id {
                return Ok(message["result"].clone());
            }
        }
    }

    fn check(&mut self, message: &Value, asked: Option<&str>, id: &Value) {
        self.seen.messages += 1;
        if message.get("method").is_none() && message["id"] != *id {
            let problem = format!(
                "{}: an answer to {id} has another id: {message}",
                self.revision
            );
            self.seen.problems.push(problem);
        }
        match self.schema.check(message, asked) {
            Ok(kind) => drop(self.seen.kinds.insert(kind)),
            Err(errors) => {
                let asked = asked.unwrap_or("-");
                for error in errors {
                    let problem = format!("{} {asked}: {error}\n   {message}", self.revision);
                    self.seen.problems.push(problem);
                }
            }
        }
    }

    async fn post(
        &mut self,
        method: &str,
        mut params: Value,
        headers: &[(&'static str, String)],
    ) -> Result<(Value, Response)> {
        self.next_id += 1;
        let id = json!(self.next_id);
        let mut all = Vec::new();
        if self.is_modern() {
            if !params["_meta"].is_object() {
                params["_meta"] = json!({});
            }
            let own = params["_meta"].as_object_mut().context("an object")?;
            for (key, value) in [
                (VERSION, json!(self.revision)),
                (CAPABILITIES, capabilities()),
                (
                    "io.modelcontextprotocol/clientInfo",
                    json!({ "name": "spec", "version": "0" }),
                ),
                ("io.modelcontextprotocol/logLevel", json!("debug")),
            ] {
                own.entry(key).or_insert(value);
            }
            all.push(("mcp-protocol-version", self.revision.to_owned()));
            all.push(("mcp-method", method.to_owned()));
            let named = params["name"].as_str().or(params["uri"].as_str());
            all.extend(named.map(|name| ("mcp-name", name.to_owned())));
        }
        for (name, value) in headers {
            all.retain(|(n, _)| n != name);
            all.push((name, value.clone()));
        }
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        Ok((id, self.send(&body, &all).await?))
    }

    async fn tell(&self, method: &str) -> Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method }), &[])
            .await?;
        Ok(())
    }

    async fn send(&self, body: &Value, headers: &[(&'static str, String)]) -> Result<Response> {
        let mut request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body.to_string());
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        Ok(request.send().await?)
    }

    async fn resume(&self, last: &str) -> Result<Response> {
        let session = self.session.as_deref().unwrap_or_default();
        let request = self
            .http
            .get(&self.url)
            .header("accept", "text/event-stream")
            .header("mcp-session-id", session)
            .header("last-event-id", last);
        Ok(request.send().await?.error_for_status()?)
    }
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn capabilities() -> Value {
    json!({
        "sampling": {}, "roots": { "listChanged": true }, "elicitation": { "form": {}, "url": {} },
        "extensions": { "io.modelcontextprotocol/tasks": {} }
    })
}

/// The headers that repeat arguments.
fn mirrored(tool: &Value, arguments: &Value) -> Vec<(&'static str, String)> {
    let properties = tool["inputSchema"]["properties"].as_object();
    properties
        .into_iter()
        .flatten()
        .filter(|(_, part)| part["x-mcp-header"] == "Region")
        .map(|(name, _)| {
            (
                "mcp-param-region",
                arguments[name].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}
