//! A client that reads an answer event by event, and may hang up in between.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::post::Post;

/// How long an event may take before the test fails; nothing is asserted about less.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream of server-sent events. Dropping it closes the connection.
pub(crate) struct Stream {
    response: Response,
    read: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) retry: Option<String>,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Stream {
    pub(crate) async fn open(post: &Post<'_>, method: Method, body: String) -> Self {
        let headers = post.headers.iter().map(|(n, v)| (*n, v.as_str()));
        Self::at(&post.server.url, headers, method, body).await
    }

    pub(crate) async fn at(
        url: &str,
        headers: impl IntoIterator<Item = (&str, &str)>,
        method: Method,
        body: String,
    ) -> Self {
        // A client of its own, so that dropping the stream closes its connection.
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let mut request = client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            read: String::new(),
        }
    }

    /// The next event, or `None` where the stream has ended. Comments are passed over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                if event.starts_with(':') {
                    continue;
                }
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines.find_map(|l| l.strip_prefix(name).map(|v| v.trim().to_owned()))
                };
                return Some(Event {
                    id: field("id:"),
                    retry: field("retry:"),
                    data: field("data:").unwrap_or_default(),
                });
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            match chunk.await.expect("an event in time") {
                Ok(Some(chunk)) => self
                    .read
                    .push_str(std::str::from_utf8(&chunk).expect("UTF-8")),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The message of the next event.
    pub(crate) async fn message(&mut self) -> Value {
        self.next().await.expect("an event").json()
    }
}
