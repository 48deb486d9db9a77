//! A client of `/mcp` that sends what a test says, headers included, and reads answers whole.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::open::OpenServer;

pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}
    })
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// The messages of an event stream; the event that only gives an id holds none.
    pub(crate) fn events(&self) -> Vec<Value> {
        let data = self.text.lines().filter_map(|l| l.strip_prefix("data: "));
        data.filter(|d| !d.is_empty())
            .map(|d| serde_json::from_str(d).expect("json"))
            .collect()
    }
}

pub(crate) struct Post<'s> {
    pub(crate) server: &'s OpenServer,
    pub(crate) headers: Vec<(&'static str, String)>,
}

pub(crate) const BOTH: &str = "application/json, text/event-stream";

impl<'s> Post<'s> {
    pub(crate) fn to(server: &'s OpenServer) -> Self {
        let headers = vec![
            ("content-type", "application/json".into()),
            ("accept", BOTH.into()),
        ];
        Self { server, headers }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self
    }

    pub(crate) async fn send(&self, body: impl Into<reqwest::Body>) -> Answer {
        self.by(Method::POST, body).await
    }

    pub(crate) async fn by(&self, method: Method, body: impl Into<reqwest::Body>) -> Answer {
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let mut request = client.request(method, &self.server.url).body(body);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer {
            status,
            headers,
            text: response.text().await.expect("a body"),
        }
    }
}

/// A request on the stateless wire, with the headers that repeat it.
pub(crate) async fn modern(server: &OpenServer, method: &str, params: Value) -> Answer {
    modern_with(Post::to(server), method, params).await
}

pub(crate) async fn modern_with(post: Post<'_>, method: &str, mut params: Value) -> Answer {
    let name = params["name"]
        .as_str()
        .or(params["uri"].as_str())
        .map(str::to_owned);
    if params["_meta"].is_null() {
        params["_meta"] = meta();
    } else if let (Some(own), Some(all)) = (params["_meta"].as_object_mut(), meta().as_object()) {
        all.iter().for_each(|(k, v)| {
            own.entry(k).or_insert(v.clone());
        });
    }
    let mut post = post
        .with("mcp-protocol-version", "2026-07-28")
        .with("mcp-method", method);
    if let Some(name) = name {
        post = post.with("mcp-name", name);
    }
    post.send(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string())
        .await
}

pub(crate) async fn open_session(server: &OpenServer, version: &str) -> String {
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}});
    let answer = Post::to(server).send(hello.to_string()).await;
    assert_eq!(
        (answer.status, &answer.json()["result"]["protocolVersion"]),
        (StatusCode::OK, &json!(version))
    );
    answer.header("mcp-session-id").to_owned()
}
