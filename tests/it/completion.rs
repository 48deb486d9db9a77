//! `completion/complete` on both wires.

use mcp_runtime::prelude::*;
use mcp_runtime::{Completing, Completions};
use serde_json::{Value, json};

use crate::open::OpenServer;
use crate::post::{Post, modern, open_session};

struct Library(Vec<String>);

/// How a text is told.
#[mcp_type]
enum Tone {
    Formal,
    Friendly,
}

async fn books(typing: Completing<'_>) -> Result<Vec<String>, Error> {
    let library = typing.state::<Library>().await?;
    Ok(typing.filter(library.0.clone()))
}

async fn chapters(typing: Completing<'_>) -> Completions {
    let book = typing.other("book").unwrap_or("none");
    Completions::of([format!("{book} 1"), format!("{book} 2")], 12)
}

async fn broken(_: Completing<'_>) -> Result<Vec<String>, std::io::Error> {
    Err(std::io::Error::other("db password is hunter2"))
}

/// Sums a chapter up.
#[mcp_prompt]
async fn sum_up(
    #[arg(complete = books)] book: String,
    #[arg(complete = chapters)] chapter: String,
    tone: Tone,
    #[arg(complete = broken)] other: Option<String>,
    free: Option<String>,
) -> String {
    let _ = (tone, other, free);
    format!("{book} {chapter}")
}

/// A book.
#[mcp_resource(uri = "books://{book}")]
async fn book(#[arg(complete = books)] book: String) -> String {
    book
}

/// A tool, so that there is more than prompts.
#[mcp_tool]
async fn nothing() {}

fn server() -> OpenServer {
    OpenServer::start(|| {
        let titles = (0..150).map(|n| format!("Volume {n}"));
        let library = Library(titles.chain(["The Vole".into()]).collect());
        mcp_server!("library")
            .only(tools![nothing, sum_up, book])
            .share(std::sync::Arc::new(library))
    })
}

fn typing(argument: &str, value: &str) -> Value {
    json!({"ref": {"type": "ref/prompt", "name": "sum_up"}, "argument": {"name": argument, "value": value}})
}

async fn complete(server: &OpenServer, params: Value) -> Value {
    modern(server, "completion/complete", params).await.json()
}

#[tokio::test]
async fn what_begins_with_the_text_comes_first_and_a_hundred_at_most() {
    let server = server();
    let answer = complete(&server, typing("book", "vol")).await;
    assert_eq!(answer["result"]["resultType"], "complete");
    let completion = &answer["result"]["completion"];
    let values = completion["values"].as_array().expect("values");
    assert_eq!(
        (values.len(), &completion["total"], &completion["hasMore"]),
        (100, &json!(151), &json!(true))
    );
    assert_eq!(values[0], "Volume 0");
    let answer = complete(&server, typing("book", "the v")).await;
    assert_eq!(
        answer["result"]["completion"],
        json!({"values": ["The Vole"], "total": 1, "hasMore": false})
    );
}

#[tokio::test]
async fn the_other_arguments_are_known_to_it() {
    let server = server();
    let mut params = typing("chapter", "");
    params["context"] = json!({"arguments": {"book": "Vole"}});
    let answer = complete(&server, params).await;
    assert_eq!(
        answer["result"]["completion"],
        json!({"values": ["Vole 1", "Vole 2"], "total": 12, "hasMore": true})
    );
}

#[tokio::test]
async fn what_the_schema_lists_needs_no_function_and_a_free_text_has_none() {
    let server = server();
    let values = |answer: Value| answer["result"]["completion"]["values"].clone();
    assert_eq!(
        values(complete(&server, typing("tone", "F")).await),
        json!(["Formal", "Friendly"])
    );
    assert_eq!(
        values(complete(&server, typing("tone", "fr")).await),
        json!(["Friendly"])
    );
    assert_eq!(
        values(complete(&server, typing("free", "x")).await),
        json!([])
    );
}

#[tokio::test]
async fn a_template_is_completed_and_a_session_can_ask_too() {
    let server = server();
    let params = json!({"ref": {"type": "ref/resource", "uri": "books://{book}"},
                        "argument": {"name": "book", "value": "the"}});
    let answer = complete(&server, params.clone()).await;
    assert_eq!(
        answer["result"]["completion"]["values"],
        json!(["The Vole"])
    );
    let session = open_session(&server, "2025-06-18").await;
    let post = Post::to(&server).with("mcp-session-id", session);
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "completion/complete", "params": params});
    let answer = post.send(request.to_string()).await.json();
    assert_eq!(
        answer["result"],
        json!({"completion": {"values": ["The Vole"], "total": 1, "hasMore": false}})
    );
}

#[tokio::test]
async fn what_is_not_there_or_fails_has_its_code() {
    let server = server();
    for params in [
        json!({}),
        typing("chapterr", ""),
        json!({"ref": {"type": "ref/prompt", "name": "gone"}, "argument": {"name": "a", "value": ""}}),
        json!({"ref": {"type": "ref/resource", "uri": "gone://{x}"}, "argument": {"name": "x", "value": ""}}),
        json!({"ref": {"type": "ref/tool", "name": "nothing"}, "argument": {"name": "a", "value": ""}}),
        json!({"ref": {"type": "ref/prompt", "name": "sum_up"}, "argument": {"name": "book", "value": 7}}),
    ] {
        let answer = complete(&server, params.clone()).await;
        assert_eq!(answer["error"]["code"], -32602, "{params} {answer}");
    }
    let answer = complete(&server, typing("other", "")).await;
    assert_eq!(answer["error"]["code"], -32603);
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
}

#[tokio::test]
async fn the_capability_is_told_where_something_completes_and_only_there() {
    let server = server();
    let discovered = modern(&server, "server/discover", json!({})).await.json();
    assert_eq!(
        discovered["result"]["capabilities"]["completions"],
        json!({})
    );
    let plain = OpenServer::start(|| mcp_server!("plain").only(tools![nothing]));
    let discovered = modern(&plain, "server/discover", json!({})).await.json();
    assert!(discovered["result"]["capabilities"]["completions"].is_null());
    assert_eq!(
        complete(&plain, typing("book", "")).await["error"]["code"],
        -32601
    );
}
