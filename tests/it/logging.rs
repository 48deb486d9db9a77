//! Which log messages reach a client: those that it asked for, and no others.

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

use crate::open::OpenServer;
use crate::post::{Answer, Post, modern, open_session};

const LEVELS: [(&str, LogLevel); 8] = [
    ("debug", LogLevel::Debug),
    ("info", LogLevel::Info),
    ("notice", LogLevel::Notice),
    ("warning", LogLevel::Warning),
    ("error", LogLevel::Error),
    ("critical", LogLevel::Critical),
    ("alert", LogLevel::Alert),
    ("emergency", LogLevel::Emergency),
];

/// Logs at every level, the least severe first.
#[mcp_tool]
async fn log_everything(ctx: &Context) {
    for (_, level) in LEVELS {
        ctx.log(level, json!({ "at": level }));
    }
}

fn server() -> OpenServer {
    OpenServer::start(|| mcp_server!("logging").only(tools![log_everything]))
}

/// The levels of the messages that came before the result.
fn levels(answer: &Answer) -> Vec<String> {
    let messages = match answer.header("content-type") {
        "text/event-stream" => answer.events(),
        _ => vec![answer.json()],
    };
    let (last, before) = messages.split_last().expect("a result");
    assert!(last["result"].is_object(), "{last}");
    let levels = before.iter().map(|message| {
        assert_eq!(message["method"], "notifications/message");
        let params = &message["params"];
        assert_eq!(params["data"]["at"], params["level"]);
        params["level"].as_str().expect("a level").to_owned()
    });
    levels.collect()
}

fn from(level: &str) -> Vec<&'static str> {
    let names = LEVELS.iter().map(|(name, _)| *name);
    names.skip_while(|name| *name != level).collect()
}

#[tokio::test]
async fn a_request_gets_what_it_asks_for_on_the_stateless_wire() {
    let server = server();
    for (level, _) in LEVELS {
        let meta = json!({ "io.modelcontextprotocol/logLevel": level });
        let params = json!({ "name": "log_everything", "_meta": meta });
        assert_eq!(
            levels(&modern(&server, "tools/call", params).await),
            from(level)
        );
    }
    let silent = modern(&server, "tools/call", json!({ "name": "log_everything" })).await;
    assert!(levels(&silent).is_empty(), "nothing without a level");
    let meta = json!({ "io.modelcontextprotocol/logLevel": "loud" });
    let params = json!({ "name": "log_everything", "_meta": meta });
    let refused = modern(&server, "tools/call", params).await.json();
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[tokio::test]
async fn a_session_gets_what_it_set_and_no_other_session_does() {
    let server = server();
    let request = |method: &str, params: Value| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
    };
    let logged = async |session: &str| {
        let post = Post::to(&server).with("mcp-session-id", session);
        levels(
            &post
                .send(request("tools/call", json!({ "name": "log_everything" })))
                .await,
        )
    };
    let other = open_session(&server, "2025-11-25").await;
    let untouched = logged(&other).await;
    let session = open_session(&server, "2025-11-25").await;
    for (level, _) in LEVELS {
        let post = Post::to(&server).with("mcp-session-id", session.clone());
        let set = post
            .send(request("logging/setLevel", json!({ "level": level })))
            .await;
        assert_eq!(set.json()["result"], json!({}));
        assert_eq!(logged(&session).await, from(level));
    }
    assert_eq!(logged(&other).await, untouched);
    for bad in [json!({ "level": "loud" }), json!({ "level": 3 }), json!({})] {
        let post = Post::to(&server).with("mcp-session-id", session.clone());
        let refused = post
            .send(request("logging/setLevel", bad.clone()))
            .await
            .json();
        assert_eq!(refused["error"]["code"], -32602, "{bad}: {refused}");
    }
    assert_eq!(
        logged(&session).await,
        ["emergency"],
        "a bad level changes nothing"
    );
}
