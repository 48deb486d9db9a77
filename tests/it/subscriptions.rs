//! Who is told of what: `subscriptions/listen`, `resources/subscribe`, and changes of the lists.

use std::time::Duration;

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use mcp_runtime::{Server, ServerHandle};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::open::OpenServer;
use crate::post::{Post, meta, modern, open_session};
use crate::stream::Stream;
use crate::support::{Flow, TestServer};

/// Is there at some times only.
#[mcp_tool]
async fn sometimes() -> &'static str {
    "here"
}
/// Brings `sometimes` in.
#[mcp_tool]
async fn bring(server: &ServerHandle) -> Result<(), Error> {
    server.enable(tools![sometimes])
}
/// Takes `sometimes` out.
#[mcp_tool]
async fn take(server: &ServerHandle) -> Result<(), Error> {
    server.disable(tools![sometimes])
}
/// Says that a note has changed.
#[mcp_tool]
async fn edit(server: &ServerHandle, note: &str) {
    server.resource_updated(&format!("notes://{note}"));
}
/// Knows a server that it is none of.
#[mcp_tool]
async fn meddle(server: &ServerHandle) -> Result<(), Error> {
    server.disable(tools![stranger])
}
/// Belongs to no server.
#[mcp_tool]
async fn stranger() {}
/// A note.
#[mcp_resource(uri = "notes://{name}")]
async fn note(name: String) -> String {
    name
}
/// A prompt.
#[mcp_prompt]
async fn ask() -> &'static str {
    "?"
}

fn changing() -> Server {
    mcp_server!("changing")
        .only(tools![sometimes, bring, take, edit, meddle, note, ask])
        .disabled(tools![sometimes])
}

fn server() -> OpenServer {
    OpenServer::start(changing)
}

/// A server whose lists never change.
fn fixed() -> OpenServer {
    OpenServer::start(|| mcp_server!("fixed").only(tools![stranger, note]))
}

fn listen_request(id: &Value, notifications: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "subscriptions/listen",
           "params": {"_meta": meta(), "notifications": notifications}})
    .to_string()
}

async fn listen(server: &OpenServer, id: Value, notifications: Value) -> Stream {
    let post = Post::to(server)
        .with("mcp-protocol-version", "2026-07-28")
        .with("mcp-method", "subscriptions/listen");
    Stream::open(&post, Method::POST, listen_request(&id, &notifications)).await
}

async fn run(server: &OpenServer, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    modern(server, "tools/call", params).await.json()
}

async fn tools_of(server: &OpenServer) -> Vec<String> {
    let list = modern(server, "tools/list", json!({})).await.json();
    let names = list["result"]["tools"].as_array().expect("tools").iter();
    names
        .map(|t| t["name"].as_str().expect("a name").into())
        .collect()
}

const ID: &str = "io.modelcontextprotocol/subscriptionId";

#[tokio::test]
async fn a_subscription_is_acknowledged_first_with_what_is_honoured() {
    let server = server();
    for (id, asked, honoured) in [
        (json!(7), json!({}), json!({})),
        (
            json!("seven"),
            json!({"toolsListChanged": true, "promptsListChanged": false, "somethingElse": true}),
            json!({"toolsListChanged": true}),
        ),
        (
            json!(1),
            json!({"resourcesListChanged": true,
                   "resourceSubscriptions": ["notes://b", "gone://x", "notes://a"]}),
            json!({"resourcesListChanged": true, "resourceSubscriptions": ["notes://a", "notes://b"]}),
        ),
    ] {
        let mut stream = listen(&server, id.clone(), asked).await;
        let first = stream.message().await;
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(first["params"]["notifications"], honoured);
        assert_eq!(first["params"]["_meta"][ID], id);
    }
}

#[tokio::test]
async fn a_change_of_a_list_is_real_and_told_to_those_who_asked() {
    let server = server();
    let mut of_tools = listen(&server, json!(1), json!({"toolsListChanged": true})).await;
    let mut of_prompts = listen(&server, json!(2), json!({"promptsListChanged": true})).await;
    let mut of_notes = listen(
        &server,
        json!(3),
        json!({"resourceSubscriptions": ["notes://a"]}),
    )
    .await;
    for stream in [&mut of_tools, &mut of_prompts, &mut of_notes] {
        stream.message().await;
    }
    assert!(!tools_of(&server).await.contains(&"sometimes".to_owned()));
    assert_eq!(
        run(&server, "sometimes", json!({})).await["error"]["code"],
        -32602
    );

    run(&server, "bring", json!({})).await;
    let told = of_tools.message().await;
    assert_eq!(told["method"], "notifications/tools/list_changed");
    assert_eq!(told["params"]["_meta"][ID], 1);
    assert!(tools_of(&server).await.contains(&"sometimes".to_owned()));
    assert_eq!(
        run(&server, "sometimes", json!({})).await["result"]["content"][0]["text"],
        "here"
    );

    // Bringing it in again changes nothing, so nobody is told; what comes next is the next change.
    run(&server, "bring", json!({})).await;
    run(&server, "edit", json!({"note": "a"})).await;
    let told = of_notes.message().await;
    assert_eq!(told["method"], "notifications/resources/updated");
    assert_eq!(told["params"]["uri"], "notes://a");
    assert_eq!(told["params"]["_meta"][ID], 3);
    let silent = tokio::time::timeout(Duration::from_millis(300), async {
        tokio::select! {
            event = of_tools.next() => event,
            event = of_prompts.next() => event,
        }
    });
    assert_eq!(silent.await.ok(), None, "others hear nothing");
}

#[tokio::test]
async fn updates_go_to_exactly_the_subscribers() {
    let server = server();
    let mut streams = Vec::new();
    for (id, uris) in [
        (1, json!(["notes://a"])),
        (2, json!(["notes://b"])),
        (3, json!(["notes://a", "notes://b"])),
    ] {
        let mut stream = listen(&server, json!(id), json!({"resourceSubscriptions": uris})).await;
        stream.message().await;
        streams.push(stream);
    }
    for note in ["a", "c", "b"] {
        run(&server, "edit", json!({"note": note})).await;
    }
    for (stream, expected) in streams.iter_mut().zip([
        &["notes://a"][..],
        &["notes://b"],
        &["notes://a", "notes://b"],
    ]) {
        for uri in expected {
            assert_eq!(stream.message().await["params"]["uri"], *uri);
        }
        let more = tokio::time::timeout(Duration::from_millis(200), stream.next());
        assert!(more.await.is_err());
    }
}

#[tokio::test]
async fn a_thousand_listeners_hear_of_a_change_beside_one_that_does_not_read() {
    // Both ends of a connection are ours.
    let files = rlimit::increase_nofile_limit(8_192).expect("the system's limit");
    assert!(files > 2_500, "a process may open {files} files only");
    let server = server();
    let slow = listen(&server, json!("slow"), json!({"toolsListChanged": true})).await;
    let mut streams = Vec::new();
    for n in 0..1_000 {
        let mut stream = listen(&server, json!(n), json!({"toolsListChanged": true})).await;
        stream.message().await;
        streams.push(stream);
    }
    for tool in ["bring", "take", "bring"] {
        run(&server, tool, json!({})).await;
        for (n, stream) in streams.iter_mut().enumerate() {
            let told = stream.message().await;
            assert_eq!(told["params"]["_meta"][ID], n);
        }
    }
    drop(slow);
}

#[tokio::test]
async fn a_thousand_subscriptions_share_one_pipe() {
    let mut client = changing().test().await.expect("starts");
    for n in 0..1_000 {
        let request = listen_request(&json!(n), &json!({"toolsListChanged": true}));
        client.send_raw(&request).await.expect("sent");
        receive(&mut client).await;
    }
    let call = json!({"jsonrpc": "2.0", "id": "call", "method": "tools/call",
                      "params": {"_meta": meta(), "name": "bring"}});
    client.send_raw(&call.to_string()).await.expect("sent");
    let mut told = std::collections::BTreeSet::new();
    while told.len() < 1_000 {
        let message = receive(&mut client).await;
        if message["method"] == "notifications/tools/list_changed" {
            let id = message["params"]["_meta"][ID].as_u64();
            assert!(told.insert(id.expect("an id")), "{message}");
        }
    }
}

async fn receive(client: &mut TestClient) -> Value {
    let line = client.receive_raw().await.expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

#[tokio::test]
async fn a_pipe_ends_a_subscription_when_it_is_cancelled() {
    let mut client = changing().test().await.expect("starts");
    for id in ["one", "two"] {
        let request = listen_request(&json!(id), &json!({"toolsListChanged": true}));
        client.send_raw(&request).await.expect("sent");
        assert_eq!(receive(&mut client).await["params"]["_meta"][ID], id);
    }
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "one"}});
    client.send_raw(&cancel.to_string()).await.expect("sent");
    client.call("bring", json!({})).await.expect("a result");
    client.call("take", json!({})).await.expect("a result");
    let told = client.take_notifications();
    assert!(!told.is_empty());
    assert!(
        told.iter().all(|n| n["params"]["_meta"][ID] == "two"),
        "{told:?}"
    );
    // The end of the input ends what is left, in order.
    client.end().await.expect("ended");
    loop {
        let message = receive(&mut client).await;
        if message["id"] == "two" {
            assert_eq!(message["result"]["resultType"], "complete");
            assert_eq!(message["result"]["_meta"][ID], "two");
            break;
        }
    }
}

#[tokio::test]
async fn a_pipe_of_the_older_wire_is_told_unasked_of_lists_and_of_what_it_follows() {
    let mut client = changing().test().await.expect("starts");
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}});
    client.send_raw(&hello.to_string()).await.expect("sent");
    let capabilities = receive(&mut client).await["result"]["capabilities"].take();
    assert_eq!(capabilities["tools"], json!({"listChanged": true}));
    assert_eq!(
        capabilities["resources"],
        json!({"listChanged": true, "subscribe": true})
    );
    for message in [
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": {"uri": "notes://a"}}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "edit", "arguments": {"note": "a"}}}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "bring"}}),
    ] {
        client.send_raw(&message.to_string()).await.expect("sent");
    }
    let mut told = Vec::new();
    while told.len() < 2 {
        let message = receive(&mut client).await;
        if let Some(method) = message["method"].as_str() {
            assert!(
                message["params"]["_meta"].is_null(),
                "there are no subscriptions: {message}"
            );
            told.push(method.to_owned());
        }
    }
    told.sort();
    assert_eq!(
        told,
        [
            "notifications/resources/updated",
            "notifications/tools/list_changed"
        ]
    );
}

#[tokio::test]
async fn a_server_that_stops_ends_its_subscriptions_in_order() {
    let server = server();
    let mut stream = listen(&server, json!("s"), json!({"toolsListChanged": true})).await;
    stream.message().await;
    let stopping = std::thread::spawn(move || drop(server));
    let last = stream.message().await;
    assert_eq!(last["id"], "s");
    assert_eq!(
        last["result"],
        json!({"resultType": "complete", "_meta": {ID: "s"}})
    );
    assert_eq!(stream.next().await, None);
    stopping.join().expect("stops");
}

#[tokio::test]
async fn what_cannot_be_subscribed_is_refused_with_its_code() {
    let server = server();
    let bad = modern(&server, "subscriptions/listen", json!({})).await;
    assert_eq!(
        (bad.status, &bad.json()["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!(-32602))
    );
    let bad = modern(
        &server,
        "subscriptions/listen",
        json!({"notifications": {"toolsListChanged": 1}}),
    )
    .await;
    assert_eq!(
        (bad.status, &bad.json()["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!(-32602))
    );
    let many: Vec<String> = (0..1_001).map(|n| format!("notes://{n}")).collect();
    let bad = modern(
        &server,
        "subscriptions/listen",
        json!({"notifications": {"resourceSubscriptions": many}}),
    )
    .await;
    assert_eq!(bad.json()["error"]["code"], -32602);
    let post = Post::to(&server)
        .with("mcp-protocol-version", "2026-07-28")
        .with("mcp-method", "subscriptions/listen")
        .with("accept", "application/json");
    let no_stream = post.send(listen_request(&json!(1), &json!({}))).await;
    assert_eq!(no_stream.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_server_that_never_changes_says_so_and_honours_nothing() {
    let server = fixed();
    let capabilities =
        modern(&server, "server/discover", json!({})).await.json()["result"]["capabilities"].take();
    assert_eq!(
        (&capabilities["tools"], &capabilities["resources"]),
        (&json!({}), &json!({}))
    );
    let asked = json!({"toolsListChanged": true, "resourceSubscriptions": ["notes://a"]});
    let mut stream = listen(&server, json!(1), asked).await;
    assert_eq!(stream.message().await["params"]["notifications"], json!({}));
    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server).with("mcp-session-id", session);
    assert_eq!(
        post.by(Method::GET, "").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let follow = json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": {"uri": "notes://a"}});
    assert_eq!(
        post.send(follow.to_string()).await.json()["error"]["code"],
        -32601
    );
}

#[tokio::test]
async fn only_ones_own_items_can_be_switched() {
    let server = server();
    let refused = run(&server, "meddle", json!({})).await;
    assert_eq!(refused["result"]["isError"], true);
    let handle = changing().handle();
    let early = handle
        .enable(tools![sometimes])
        .expect_err("it has not started");
    assert!(early.to_string().contains("has not started"), "{early}");
    let stranger = mcp_server!("s")
        .only(tools![ask])
        .disabled(tools![stranger]);
    let error = stranger.test().await.expect_err("not its own").to_string();
    assert!(
        error.contains("`stranger`") && error.contains(".with("),
        "{error}"
    );
}

async fn in_session(post: &Post<'_>, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    post.send(request.to_string()).await.json()
}

#[tokio::test]
async fn a_session_follows_resources_on_its_stream() {
    let server = server();
    let session = open_session(&server, "2025-11-25").await;
    let post = Post::to(&server).with("mcp-session-id", session);
    for uri in ["notes://a", "notes://b"] {
        let done = in_session(&post, "resources/subscribe", json!({"uri": uri})).await;
        assert_eq!(done["result"], json!({}));
    }
    let gone = in_session(&post, "resources/subscribe", json!({"uri": "gone://x"})).await;
    assert_eq!(gone["error"]["code"], -32002);
    in_session(&post, "resources/unsubscribe", json!({"uri": "notes://b"})).await;
    let newer = in_session(&post, "subscriptions/listen", json!({"notifications": {}})).await;
    assert_eq!(newer["error"]["code"], -32601, "another revision's");

    // What happens while no stream is open waits for one, and twice the same is once.
    for note in ["b", "a", "a"] {
        run(&server, "edit", json!({"note": note})).await;
    }
    let mut stream = Stream::open(&post, Method::GET, String::new()).await;
    let told = stream.message().await;
    assert_eq!(told["params"], json!({"uri": "notes://a"}));
    run(&server, "bring", json!({})).await;
    assert_eq!(
        stream.message().await["method"],
        "notifications/tools/list_changed"
    );

    // One stream a session: the newer one takes over.
    let mut newer = Stream::open(&post, Method::GET, String::new()).await;
    assert_eq!(stream.next().await, None);
    run(&server, "edit", json!({"note": "a"})).await;
    assert_eq!(newer.message().await["params"]["uri"], "notes://a");

    // The end of the session is the end of its stream.
    assert_eq!(
        post.by(Method::DELETE, "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(newer.next().await, None);
    assert_eq!(post.by(Method::GET, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stream_needs_a_session_and_an_accept_header() {
    let server = server();
    let post = Post::to(&server);
    assert_eq!(
        post.by(Method::GET, "").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let post = post.with("mcp-session-id", "unknown");
    assert_eq!(post.by(Method::GET, "").await.status, StatusCode::NOT_FOUND);
    let session = open_session(&server, "2025-06-18").await;
    let post = Post::to(&server)
        .with("mcp-session-id", session)
        .with("accept", "application/json");
    assert_eq!(
        post.by(Method::GET, "").await.status,
        StatusCode::NOT_ACCEPTABLE
    );
}

#[tokio::test]
async fn item_94_an_open_stream_ends_when_its_token_is_revoked() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let bearer = format!("Bearer {}", tokens.access);
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "subscriptions/listen"),
        ("authorization", bearer.as_str()),
    ];
    let body = listen_request(&json!(1), &json!({}));
    let mut stream = Stream::at(&server.resource(), headers, Method::POST, body).await;
    stream.message().await;
    let form = flow.as_client(crate::support::Params::of(&[(
        "token",
        tokens.access.as_str(),
    )]));
    server.form("/revoke", &[], &form).await.expect(200);
    assert_eq!(stream.next().await, None, "not even an end in order");
}
