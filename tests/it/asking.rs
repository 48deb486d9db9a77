//! Asking back while a call runs: the same function on the stateless wire and on the older ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use serde_json::{Value, json};

/// An answer.
#[mcp_type]
struct Name {
    name: String,
}

/// How often the work began that must not happen twice.
#[derive(Default)]
struct Starts(AtomicUsize);

/// Asks two questions, one after the other, and does something once.
#[mcp_tool]
async fn two_questions(ctx: &Context, starts: &Starts) -> Result<String, Error> {
    let ticket = ctx
        .once("ticket", || async {
            Ok(starts.0.fetch_add(1, Ordering::SeqCst))
        })
        .await?;
    let first = ctx.elicit::<Name>("First?").key("first").await?;
    let second = ctx.elicit::<Name>("Second?").key("second").await?;
    // A key names one question and one piece of work, on every wire.
    let again = ctx.once("ticket", || async { Ok(usize::MAX) }).await?;
    let repeated = ctx.elicit::<Name>("First?").key("first").await?;
    let same = ticket == again && repeated.name == first.name;
    Ok(format!("{} {} {same}", first.name, second.name))
}

/// Has a tenth of a second, and a user who thinks for longer.
#[mcp_tool(timeout = "100ms")]
async fn hurried(ctx: &Context) -> Result<String, Error> {
    let name = ctx.elicit::<Name>("Who?").await?.name;
    if name == "dawdler" {
        std::future::pending::<()>().await;
    }
    Ok(name)
}

/// Sends the user somewhere, twice.
#[mcp_tool]
async fn two_pages(ctx: &Context) -> Result<bool, Error> {
    let first = ctx
        .elicit_url("a", "Pay.", "https://example.com/pay")
        .await?;
    Ok(first
        && ctx
            .elicit_url("b", "Pay.", "https://example.com/pay")
            .await?)
}

/// Asks two questions at once, beside work that takes its time.
#[mcp_tool]
async fn at_once(ctx: &Context) -> Result<String, Error> {
    let work = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        Ok::<_, Error>("worked")
    };
    let (a, b, work) = tokio::try_join!(
        ctx.elicit::<Name>("A?").optional(),
        ctx.elicit::<Name>("B?").key("b").optional(),
        work
    )?;
    let name = |n: Option<Name>| n.map_or("nobody".into(), |n| n.name);
    Ok(format!("{} {} {work}", name(a), name(b)))
}

async fn client() -> TestClient {
    client_with(Arc::default()).await
}

async fn client_with(starts: Arc<Starts>) -> TestClient {
    let client = mcp_server!("asking")
        .only(tools![two_questions, at_once, hurried, two_pages])
        .share(starts)
        .test()
        .await
        .expect("starts");
    client.with_capabilities(json!({"elicitation": {"form": {}, "url": {}}}))
}

async fn round(client: &mut TestClient, tool: &str, responses: Value, state: &Value) -> Value {
    let mut params = json!({"name": tool, "inputResponses": responses});
    if !state.is_null() {
        params["requestState"] = state.clone();
    }
    client
        .request("tools/call", params)
        .await
        .expect("a result")
}

fn accept(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

#[tokio::test]
async fn rounds_follow_each_other_until_all_is_answered() {
    let starts = Arc::<Starts>::default();
    let mut client = client_with(starts.clone()).await;
    let first = round(&mut client, "two_questions", Value::Null, &Value::Null).await;
    assert_eq!(first["resultType"], "input_required");
    assert_eq!(
        first["inputRequests"],
        json!({"first": {"method": "elicitation/create", "params": {
            "mode": "form", "message": "First?",
            "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        }}})
    );
    let second = round(
        &mut client,
        "two_questions",
        json!({"first": accept("a")}),
        &first["requestState"],
    )
    .await;
    assert_eq!(
        second["inputRequests"]
            .as_object()
            .map(|r| r.keys().collect::<Vec<_>>()),
        Some(vec![&"second".to_owned()])
    );
    assert_ne!(second["requestState"], first["requestState"]);
    // An answer that does not fit is asked for again; unknown ones are ignored.
    let wrong = json!({"second": 12345, "other": accept("x")});
    let again = round(&mut client, "two_questions", wrong, &second["requestState"]).await;
    assert!(again["inputRequests"]["second"].is_object(), "{again}");
    let done = round(
        &mut client,
        "two_questions",
        json!({"second": accept("b")}),
        &again["requestState"],
    )
    .await;
    assert_eq!(done["content"][0]["text"], "a b true");
    assert_eq!(
        starts.0.load(Ordering::SeqCst),
        1,
        "what must happen once has happened once"
    );
}

#[tokio::test]
async fn questions_that_wait_together_are_asked_together_once_the_work_is_done() {
    let mut client = client().await;
    let asked = round(&mut client, "at_once", Value::Null, &Value::Null).await;
    assert_eq!(
        asked["inputRequests"].as_object().map(serde_json::Map::len),
        Some(2),
        "{asked}"
    );
    let mut keys = asked["inputRequests"]
        .as_object()
        .expect("questions")
        .keys();
    let unnamed = keys.find(|key| *key != "b").expect("another");
    let answers = json!({unnamed: {"action": "decline"}, "b": accept("bea")});
    let done = round(&mut client, "at_once", answers, &Value::Null).await;
    assert_eq!(done["content"][0]["text"], "nobody bea worked");
}

#[tokio::test]
async fn a_state_is_good_for_its_own_call_and_its_own_caller_only() {
    let client = client().await;
    let mut alice = client
        .as_user("alice")
        .with_capabilities(json!({"elicitation": {}}));
    let mut bob = client
        .as_user("bob")
        .with_capabilities(json!({"elicitation": {}}));
    let state =
        round(&mut alice, "two_questions", Value::Null, &Value::Null).await["requestState"].clone();
    let tampered = json!(format!("{}x", state.as_str().expect("a state")));
    let call = |tool: &str, state: &Value, arguments: Value| {
        json!({
            "name": tool, "inputResponses": {"first": accept("a")}, "requestState": state, "arguments": arguments
        })
    };
    for (client, params) in [
        (&mut alice, call("two_questions", &tampered, json!({}))),
        (&mut bob, call("two_questions", &state, json!({}))),
    ] {
        let error = client
            .request("tools/call", params)
            .await
            .expect_err("refused");
        assert_eq!(error.code, -32602);
    }
    let other_tool = alice
        .request("tools/call", call("at_once", &state, json!({})))
        .await;
    assert_eq!(other_tool.expect_err("refused").code, -32602);
    let other_arguments = alice
        .request("tools/call", call("two_questions", &state, json!({"a": 1})))
        .await;
    assert_eq!(other_arguments.expect_err("refused").code, -32602);
    assert!(
        alice
            .request("tools/call", call("two_questions", &state, json!({})))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_told_what_it_lacks() {
    let mut client = client().await.with_capabilities(json!({}));
    let error = client
        .call("two_questions", json!({}))
        .await
        .expect_err("refused");
    assert_eq!(
        (error.code, error.data),
        (
            -32021,
            Some(json!({"requiredCapabilities": {"elicitation": {"form": {}}}}))
        )
    );
}

async fn receive(client: &mut TestClient) -> Value {
    serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json")
}

/// A client of 2025-11-25 that has called a tool.
async fn calling(tool: &str) -> TestClient {
    let mut client = client().await;
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {"elicitation": {"form": {}, "url": {}}},
        "clientInfo": {"name": "c", "version": "1"}}});
    client.send_raw(&hello.to_string()).await.expect("sent");
    receive(&mut client).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool}});
    client.send_raw(&call.to_string()).await.expect("sent");
    client
}

async fn answer(client: &mut TestClient, asked: &Value, result: Value) {
    let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result});
    client.send_raw(&answer.to_string()).await.expect("sent");
}

#[tokio::test]
async fn on_the_older_wire_the_same_function_asks_over_its_own_stream() {
    let mut client = calling("two_questions").await;
    for (message, name) in [("First?", "a"), ("Second?", "b")] {
        let asked = receive(&mut client).await;
        assert_eq!(
            (&asked["method"], &asked["params"]["message"]),
            (&json!("elicitation/create"), &json!(message))
        );
        answer(&mut client, &asked, accept(name)).await;
    }
    assert_eq!(
        receive(&mut client).await["result"],
        json!({"content": [{"type": "text", "text": "a b true"}]})
    );
}

#[tokio::test]
async fn the_time_that_a_user_thinks_is_not_the_tools() {
    let mut client = calling("hurried").await;
    let asked = receive(&mut client).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    answer(&mut client, &asked, accept("a")).await;
    assert_eq!(
        receive(&mut client).await["result"]["content"][0]["text"],
        "a"
    );
    let mut client = calling("hurried").await;
    let asked = receive(&mut client).await;
    answer(&mut client, &asked, accept("dawdler")).await;
    let stopped = receive(&mut client).await["result"].clone();
    assert_eq!(
        stopped["isError"], true,
        "its own time is limited: {stopped}"
    );
}

#[tokio::test]
async fn a_page_that_the_user_is_sent_to_has_an_id_of_its_own_where_the_revision_has_one() {
    let mut client = calling("two_pages").await;
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let asked = receive(&mut client).await;
        assert_eq!(asked["params"]["url"], "https://example.com/pay");
        let id = asked["params"]["elicitationId"].as_str().expect("an id");
        ids.insert(id.to_owned());
        answer(&mut client, &asked, json!({"action": "accept"})).await;
    }
    assert_eq!(ids.len(), 2);
    assert_eq!(
        receive(&mut client).await["result"]["content"][0]["text"],
        "true"
    );
    let mut client = self::client().await;
    let asked = round(&mut client, "two_pages", Value::Null, &Value::Null).await;
    let params = &asked["inputRequests"]["a"]["params"];
    assert_eq!(params["mode"], "url");
    assert_eq!(params.get("elicitationId"), None);
}

/// Some of many.
#[mcp_type]
struct Several {
    #[allow(dead_code, reason = "asked for, not read")]
    colours: Vec<String>,
}

/// Asks for several values.
#[mcp_tool]
async fn several(ctx: &Context) -> Result<bool, Error> {
    Ok(ctx.elicit::<Several>("Which?").optional().await?.is_some())
}

#[tokio::test]
async fn a_client_is_asked_only_what_its_revision_has() {
    let calls = |tool: &str| json!({"jsonrpc": "2.0", "id": tool, "method": "tools/call", "params": {"name": tool}});
    for (version, form, list) in [
        ("2025-03-26", false, false),
        ("2025-06-18", true, false),
        ("2025-11-25", true, true),
    ] {
        let server = mcp_server!("revisions").only(tools![two_questions, several]);
        let server = server.share(Arc::<Starts>::default());
        let mut client = server.test().await.expect("starts");
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {"elicitation": {"form": {}, "url": {}}},
            "clientInfo": {"name": "c", "version": "1"}}});
        let mut exchange = async |message: Value| -> Value {
            client.send_raw(&message.to_string()).await.expect("sent");
            serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json")
        };
        assert_eq!(exchange(hello).await["result"]["protocolVersion"], version);
        let asked = exchange(calls("two_questions")).await;
        assert_eq!(
            asked["method"] == "elicitation/create",
            form,
            "{version}: {asked}"
        );
        assert_eq!(
            asked["error"]["code"] == -32021,
            !form,
            "{version}: {asked}"
        );
        let asked = exchange(calls("several")).await;
        assert_eq!(
            asked["method"] == "elicitation/create",
            list,
            "{version}: {asked}"
        );
        if form && !list {
            let told = asked["result"]["content"][0]["text"]
                .as_str()
                .expect("a text");
            assert!(told.contains("colours") && told.contains(version), "{told}");
        }
    }
}
