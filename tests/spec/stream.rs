//! An event stream, read message by message.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::Response;
use serde_json::Value;

/// How long a message may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The messages of an event stream.
pub(crate) struct Stream {
    response: Response,
    buffer: String,
    pub(crate) last_id: Option<String>,
}

impl Stream {
    pub(crate) fn of(response: Response) -> Self {
        Self {
            response,
            buffer: String::new(),
            last_id: None,
        }
    }

    /// The next message; nothing where the stream ends.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let event: String = self.buffer.drain(..end + 2).collect();
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|l| l.strip_prefix(name))
                        .map(str::trim)
                };
                if let Some(id) = field("id:") {
                    self.last_id = Some(id.to_owned());
                }
                if let Some(data) = field("data:").filter(|data| !data.is_empty()) {
                    return Ok(Some(serde_json::from_str(data)?));
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            match chunk.await.context("the stream is silent")?? {
                Some(chunk) => self.buffer.push_str(&String::from_utf8_lossy(&chunk)),
                None => return Ok(None),
            }
        }
    }
}
