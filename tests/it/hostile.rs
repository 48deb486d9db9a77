//! Clients that are broken, hasty or hostile: each gets its error, and the next client its answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use mcp_runtime::prelude::*;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::open::OpenServer;
use crate::post::{Post, modern, open_session};

/// Lets the slow tool end, once a quick one was answered.
static GATE: Semaphore = Semaphore::const_new(0);

/// Repeats.
#[mcp_tool]
async fn repeat(message: String) -> String {
    message
}
/// Takes anything.
#[mcp_tool]
async fn swallow(anything: Value) -> usize {
    anything.to_string().len()
}
/// Waits for the gate.
#[mcp_tool]
async fn slow() -> &'static str {
    drop(GATE.acquire().await);
    "slow"
}
/// Opens the gate.
#[mcp_tool]
async fn quick() -> &'static str {
    GATE.add_permits(1);
    "quick"
}

fn server() -> OpenServer {
    OpenServer::start(|| mcp_server!("hostile").only(tools![repeat, swallow, slow, quick]))
}

fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": "tools/call", "params": params })
        .to_string()
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_default()
}

/// The next client is served as if nothing had been.
async fn expect_alive(server: &OpenServer) {
    let echo = json!({ "name": "repeat", "arguments": { "message": "alive" } });
    assert_eq!(
        text(&modern(server, "tools/call", echo).await.json()),
        "alive"
    );
}

#[tokio::test]
async fn half_a_body_holds_up_nobody_and_gets_no_answer_of_a_tool() {
    let server = server();
    let body = call(1, "repeat", json!({ "message": "half" }));
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: {}\r\n\r\n",
        server.authority(),
        body.len()
    );
    let mut stream = TcpStream::connect(server.authority()).expect("connects");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream.write_all(head.as_bytes()).expect("sent");
    stream
        .write_all(&body.as_bytes()[..body.len() / 2])
        .expect("sent");
    // It still owes us the other half.
    expect_alive(&server).await;
    stream.shutdown(Shutdown::Write).expect("closed");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    expect_alive(&server).await;
}

#[tokio::test]
async fn two_requests_on_one_id_are_each_answered_to_the_one_who_asked() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = || Post::to(&server).with("mcp-session-id", session.clone());
    let (one, two) = (post(), post());
    let (one, two) = tokio::join!(
        one.send(call(7, "repeat", json!({ "message": "one" }))),
        two.send(call(7, "repeat", json!({ "message": "two" }))),
    );
    for (answer, expected) in [(one, "one"), (two, "two")] {
        let answer = answer.json();
        assert_eq!((&answer["id"], text(&answer)), (&json!(7), expected));
    }
    // 7 and "7" are two ids.
    let number = post()
        .send(call(7, "repeat", json!({ "message": "n" })))
        .await
        .json();
    let string = post()
        .send(call("7", "repeat", json!({ "message": "s" })))
        .await
        .json();
    assert_eq!((&number["id"], &string["id"]), (&json!(7), &json!("7")));
}

#[tokio::test]
async fn requests_of_one_session_overtake_each_other() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = || Post::to(&server).with("mcp-session-id", session.clone());
    let waiting = post();
    let first = waiting.send(call("first", "slow", json!({})));
    let second = async {
        let mut echoes = Vec::new();
        for n in 0..20 {
            let message = json!({ "message": n.to_string() });
            echoes.push(post().send(call(n, "repeat", message)).await.json());
        }
        let answer = post().send(call("second", "quick", json!({}))).await.json();
        (answer, echoes)
    };
    let (first, (second, echoes)) = tokio::join!(first, second);
    assert_eq!((&second["id"], text(&second)), (&json!("second"), "quick"));
    assert_eq!(
        (&first.json()["id"], text(&first.json())),
        (&json!("first"), "slow")
    );
    for (n, echo) in echoes.iter().enumerate() {
        assert_eq!(
            (&echo["id"], text(echo)),
            (&json!(n), n.to_string().as_str())
        );
    }
}

#[tokio::test]
async fn json_that_nests_without_end_is_refused_wherever_it_stands() {
    let server = server();
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let arguments = |n| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"swallow","arguments":{{"anything":{}}}}}}}"#,
            deep(n)
        )
    };
    let params = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}}"#,
        deep(100_000)
    );
    let unknown = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","x":{}}}"#,
        deep(100_000)
    );
    let id = format!(
        r#"{{"jsonrpc":"2.0","id":{},"method":"ping"}}"#,
        deep(100_000)
    );
    let session = open_session(&server, "2025-11-25").await;
    let post = || Post::to(&server).with("mcp-session-id", session.clone());
    // Within reason, it is a value like any other.
    assert_eq!(text(&post().send(arguments(100)).await.json()), "200");
    for body in [
        arguments(100_000),
        params,
        unknown,
        id,
        deep(1_000_000),
        "{\"a\":".repeat(200_000),
    ] {
        let shown = body[..body.len().min(70)].to_owned();
        let answer = post().send(body).await;
        let refused = answer.json();
        let is_error = refused["error"]["code"].is_i64() || refused["result"]["isError"] == true;
        // What is ignored anyway may be ignored at any depth.
        let is_ignored = shown.contains("\"x\":") && refused["result"] == json!({});
        assert!(is_error || is_ignored, "{shown}: {refused}");
        expect_alive(&server).await;
    }
}

#[tokio::test]
async fn a_body_just_within_the_limit_is_served_whatever_it_holds() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = || Post::to(&server).with("mcp-session-id", session.clone());
    let message = "x".repeat(4 * 1024 * 1024 - 200);
    let answer = post()
        .send(call(1, "repeat", json!({ "message": message })))
        .await
        .json();
    assert_eq!(text(&answer).len(), message.len());
    // As many small things as fit.
    let many: Vec<u8> = vec![1; 200_000];
    let answer = post()
        .send(call(2, "swallow", json!({ "anything": many })))
        .await
        .json();
    assert_eq!(text(&answer), (2 * many.len() + 1).to_string());
    let keys: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("key{n}"), json!(n))).collect();
    let answer = post()
        .send(call(3, "repeat", Value::Object(keys)))
        .await
        .json();
    assert_eq!(answer["result"]["isError"], true);
    assert!(text(&answer).len() < 100_000, "the answer is bounded");
}

#[tokio::test]
async fn bytes_that_are_no_utf8_are_no_json_wherever_they_stand() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    for (before, after) in [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"repeat","arguments":{"message":""#,
            r#""}}}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"repeat"#,
            r#""}}"#,
        ),
        (r#"{"jsonrpc":"2.0","id":""#, r#"","method":"ping"}"#),
    ] {
        for bad in [
            &b"\xff"[..],
            b"\xc3(",
            b"\xed\xa0\x80",
            b"\xf8\x88\x80\x80\x80",
        ] {
            let body = [before.as_bytes(), bad, after.as_bytes()].concat();
            let post = Post::to(&server).with("mcp-session-id", session.clone());
            let answer = post.send(body).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (StatusCode::BAD_REQUEST, &json!(-32700)),
                "{before} {bad:x?}"
            );
        }
    }
    // An escaped lone surrogate is JSON of a kind, and no text.
    let lone = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"repeat","arguments":{"message":"\ud800"}}}"#;
    let post = Post::to(&server).with("mcp-session-id", session.clone());
    let answer = post.send(lone).await.json();
    assert!(
        answer["error"].is_object() || answer["result"]["isError"] == true,
        "{answer}"
    );
    expect_alive(&server).await;
}

#[tokio::test]
async fn what_nobody_knows_is_ignored_and_what_is_twice_is_refused() {
    let server = server();
    let mut params = json!({ "name": "repeat", "arguments": { "message": "hi" }, "future": [1] });
    params["_meta"] =
        json!({ "com.example/trace": { "id": 1 }, "progressToken": "p", "unknown": null });
    assert_eq!(
        text(&modern(&server, "tools/call", params).await.json()),
        "hi"
    );
    let session = open_session(&server, "2025-11-25").await;
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"repeat","name":"quick","arguments":{}}}"#,
    ] {
        let post = Post::to(&server).with("mcp-session-id", session.clone());
        let answer = post.send(body).await.json();
        assert!(answer["error"]["code"].is_i64(), "{body}: {answer}");
    }
}

#[tokio::test]
async fn garbage_of_every_kind_ends_in_an_error_and_not_in_the_server() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    // A fixed seed: what fails once fails again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let good = call(1, "repeat", json!({ "message": "good", "n": 1 }));
    for round in 0..300 {
        let mut body = good.clone().into_bytes();
        for _ in 0..=random() % 6 {
            if body.is_empty() {
                break;
            }
            let at = (random() % body.len() as u64) as usize;
            match random() % 3 {
                0 => body[at] = random() as u8,
                1 => drop(body.remove(at)),
                _ => body.truncate(at),
            }
        }
        let shown = String::from_utf8_lossy(&body).into_owned();
        let post = Post::to(&server).with("mcp-session-id", session.clone());
        let answer = post.send(body).await;
        assert!(answer.status.as_u16() < 500, "{round}: {shown}: {answer:?}");
        // A notification has no answer; all else has one that says what it is.
        if !answer.text.is_empty() {
            let answer = answer.json();
            assert!(
                answer["error"].is_object() || answer["result"].is_object(),
                "{shown}: {answer}"
            );
        }
    }
    expect_alive(&server).await;
}
