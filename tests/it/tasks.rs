//! `io.modelcontextprotocol/tasks` (SEP-2663): calls that outlive their request.

use std::collections::BTreeMap;
use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use mcp_runtime::{Server, TaskOptions};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::open::OpenServer;

/// An answer.
#[mcp_type]
struct Name {
    name: String,
}

/// What the tools wait for, and what happened to them.
struct Site {
    gate: Semaphore,
    begun: AtomicUsize,
    dropped: AtomicUsize,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            gate: Semaphore::new(0),
            begun: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        }
    }
}

impl Site {
    async fn pass(&self) {
        self.gate.acquire().await.expect("open").forget();
    }

    fn let_pass(&self, tools: usize) {
        self.gate.add_permits(tools);
    }
}

struct Inside<'a>(&'a Site);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Works until it is let pass.
#[mcp_tool(task = "optional")]
async fn work(#[arg(default = 1)] n: u32, site: &Site, ctx: &Context) -> String {
    site.begun.fetch_add(1, Ordering::SeqCst);
    let _inside = Inside(site);
    ctx.progress(1.0, Some(3.0), Some("Waiting"));
    site.pass().await;
    format!("worked {n}")
}

/// Is done at once.
#[mcp_tool(task = "required")]
async fn quick() -> &'static str {
    "done"
}

/// Fails in the lane that it is told.
#[mcp_tool(task = "optional")]
async fn fail(lane: String, site: &Site) -> Result<String, Error> {
    site.pass().await;
    match lane.as_str() {
        "tool" => Err(Error::tool("for the model")),
        "protocol" => Err(Error::invalid_params("for the client")),
        "internal" => Err(Error::internal("the password is hunter2")),
        _ => panic!("the password is hunter2"),
    }
}

/// Asks, works, then asks twice at once; draws a number once.
#[mcp_tool(task = "required")]
async fn ask(site: &Site, ctx: &Context) -> Result<String, Error> {
    let drawn = || async { Ok(site.begun.fetch_add(1, Ordering::SeqCst)) };
    let ticket = ctx.once("ticket", drawn).await?;
    let first = ctx.elicit::<Name>("First?").key("first").await?;
    site.pass().await;
    let (second, third) = tokio::try_join!(
        ctx.elicit::<Name>("Second?").key("second").into_future(),
        ctx.elicit::<Name>("Third?").key("third").into_future(),
    )?;
    let again = ctx.once("ticket", drawn).await?;
    Ok(format!(
        "{} {} {} {}",
        first.name,
        second.name,
        third.name,
        ticket == again
    ))
}

/// Asks, but goes on without an answer once it is let pass.
#[mcp_tool(task = "required")]
async fn ask_or_pass(site: &Site, ctx: &Context) -> Result<String, Error> {
    tokio::task::yield_now().await;
    tokio::select! {
        answer = ctx.elicit::<Name>("Well?").key("well").into_future() => Ok(answer?.name),
        () = site.pass() => {
            site.pass().await;
            Ok("nobody".into())
        }
    }
}

/// Asks, and asks the same again each time that it is let pass.
#[mcp_tool(task = "required")]
async fn ask_again(site: &Site, ctx: &Context) -> Result<String, Error> {
    tokio::task::yield_now().await;
    loop {
        tokio::select! {
            answer = ctx.elicit::<Name>("Well?").key("well").into_future() => return Ok(answer?.name),
            () = site.pass() => {}
        }
    }
}

/// Has little time, of which waiting for the user takes none.
#[mcp_tool(task = "required", timeout = "200ms")]
async fn hurry(waste: bool, ctx: &Context) -> Result<String, Error> {
    sleep(Duration::from_millis(1)).await;
    if waste {
        sleep(Duration::from_secs(60)).await;
    }
    Ok(ctx.elicit::<Name>("Who?").key("who").await?.name)
}

fn server(site: &Arc<Site>) -> Server {
    mcp_server!("tasks")
        .only(tools![
            work,
            quick,
            fail,
            ask,
            ask_or_pass,
            ask_again,
            hurry
        ])
        .share(site.clone())
        .auth(Auth::none())
}

async fn client(site: &Arc<Site>) -> TestClient {
    able(server(site).test().await.expect("starts"))
}

fn able(client: TestClient) -> TestClient {
    client.with_capabilities(json!({
        "elicitation": {}, "extensions": { "io.modelcontextprotocol/tasks": {} }
    }))
}

async fn begin(client: &mut TestClient, tool: &str, arguments: Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    let created = client.request("tools/call", params).await.expect("created");
    assert_eq!(created["resultType"], "task", "{created}");
    created["taskId"].as_str().expect("an id").to_owned()
}

async fn get(client: &mut TestClient, id: &str) -> Value {
    let task = client.request("tasks/get", json!({ "taskId": id })).await;
    task.expect("a task")
}

/// Asks again and again until the task is in this state.
async fn until(client: &mut TestClient, id: &str, status: &str) -> Value {
    let mut last = Value::Null;
    for _ in 0..2_000 {
        last = get(client, id).await;
        if last["status"] == status {
            return last;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("never {status}: {last}");
}

async fn update(client: &mut TestClient, id: &str, responses: Value) -> Value {
    let params = json!({ "taskId": id, "inputResponses": responses });
    client.request("tasks/update", params).await.expect("taken")
}

fn accept(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

fn code(outcome: Result<Value, mcp_runtime::protocol::RpcError>) -> i32 {
    outcome.expect_err("refused").code
}

#[tokio::test]
async fn a_task_is_there_as_soon_as_its_id_is_known_and_ends_with_the_calls_own_result() {
    let site = Arc::default();
    let mut client = client(&site).await;
    let params = json!({ "name": "work", "arguments": { "n": 7 } });
    let created = client.request("tools/call", params).await.expect("created");
    let keys: Vec<_> = created.as_object().expect("flat").keys().collect();
    assert_eq!(
        keys,
        [
            "resultType",
            "taskId",
            "status",
            "createdAt",
            "lastUpdatedAt",
            "ttlMs",
            "pollIntervalMs"
        ]
    );
    assert_eq!(
        (&created["status"], &created["ttlMs"]),
        (&json!("working"), &json!(3_600_000))
    );
    let id = created["taskId"].as_str().expect("an id");
    assert!(id.len() >= 32, "no guessing: {id}");

    let task = get(&mut client, id).await;
    assert_eq!(
        (&task["resultType"], &task["status"]),
        (&json!("complete"), &json!("working"))
    );
    assert_eq!(
        (&task["taskId"], &task["createdAt"]),
        (&created["taskId"], &created["createdAt"])
    );
    site.let_pass(1);
    let task = until(&mut client, id, "completed").await;
    let text = json!([{ "type": "text", "text": "worked 7" }]);
    assert_eq!(
        task["result"],
        json!({ "content": text, "resultType": "complete" })
    );
    assert_eq!(get(&mut client, id).await, task, "a read changes nothing");
    assert_eq!(
        site.begun.load(Ordering::SeqCst),
        1,
        "the same future went on"
    );
}

#[tokio::test]
async fn a_tool_that_is_done_at_once_needs_no_task() {
    let mut client = client(&Arc::default()).await;
    assert_eq!(
        client.call("quick", json!({})).await.expect("done").text(),
        "done"
    );
    let refused = client
        .call("work", json!({ "n": "x" }))
        .await
        .expect("for the model");
    assert!(
        refused.is_error() && refused.text().contains("$.n"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn without_the_extension_there_are_no_tasks_and_that_comes_before_any_other_error() {
    let site = Arc::default();
    let mut able_one = client(&site).await;
    let mut client = able_one
        .as_user("alice")
        .with_capabilities(json!({ "elicitation": {} }));
    site.let_pass(1);
    assert_eq!(
        client.call("work", json!({})).await.expect("plain").text(),
        "worked 1"
    );
    let needed = json!({ "requiredCapabilities": { "extensions": { "io.modelcontextprotocol/tasks": {} } } });
    let error = client.call("quick", json!({})).await.expect_err("refused");
    assert_eq!((error.code, error.data), (-32021, Some(needed)));
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        for params in [json!({ "taskId": "unknown" }), json!({})] {
            assert_eq!(
                code(client.request(method, params.clone()).await),
                -32021,
                "{method}"
            );
            assert_eq!(
                code(able_one.request(method, params).await),
                -32602,
                "{method}"
            );
        }
    }
    for method in ["tasks/result", "tasks/list"] {
        assert_eq!(
            code(able_one.request(method, json!({})).await),
            -32601,
            "{method}"
        );
    }
}

#[tokio::test]
async fn only_a_server_with_such_a_tool_speaks_of_tasks() {
    let mut client = client(&Arc::default()).await;
    let discovered = client
        .request("server/discover", json!({}))
        .await
        .expect("discovered");
    let capabilities = &discovered["capabilities"];
    assert_eq!(
        capabilities["extensions"],
        json!({ "io.modelcontextprotocol/tasks": {} })
    );
    assert_eq!(capabilities.get("tasks"), None);
    let listed = client.list_tools().await.expect("listed");
    assert!(listed.iter().all(|tool| tool.get("execution").is_none()));

    /// Does nothing.
    #[mcp_tool]
    async fn plain() {}
    let plain = mcp_server!("plain")
        .only(tools![plain])
        .test()
        .await
        .expect("starts");
    let mut plain = able(plain);
    let discovered = plain
        .request("server/discover", json!({}))
        .await
        .expect("discovered");
    assert_eq!(discovered["capabilities"].get("extensions"), None);
    assert_eq!(
        code(plain.request("tasks/get", json!({ "taskId": "x" })).await),
        -32601
    );
}

#[tokio::test]
async fn the_older_wires_have_no_tasks_whatever_their_client_declares() {
    let site = Arc::default();
    let mut client = client(&site).await;
    async fn exchange(client: &mut TestClient, id: u32, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        client.send_raw(&request.to_string()).await.expect("sent");
        serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json")
    }
    let hello = exchange(
        &mut client,
        0,
        "initialize",
        json!({
            "protocolVersion": "2025-11-25", "clientInfo": { "name": "c", "version": "1" },
            "capabilities": { "tasks": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } },
        }),
    );
    let capabilities = hello.await["result"]["capabilities"].take();
    assert!(capabilities.get("tasks").is_none() && capabilities.get("extensions").is_none());
    site.let_pass(1);
    let call = json!({ "name": "work", "task": { "ttl": 60_000 } });
    let answer = exchange(&mut client, 1, "tools/call", call).await;
    assert_eq!(answer["result"]["content"][0]["text"], "worked 1");
    let answer = exchange(&mut client, 2, "tools/call", json!({ "name": "quick" })).await;
    assert_eq!(answer["error"]["code"], -32021);
    let answer = exchange(&mut client, 3, "tasks/get", json!({ "taskId": "x" })).await;
    assert_eq!(answer["error"]["code"], -32601);
}

#[tokio::test]
async fn first_questions_come_in_rounds_and_later_ones_in_the_task() {
    let site: Arc<Site> = Arc::default();
    let mut client = client(&site).await;
    let round = client
        .request("tools/call", json!({ "name": "ask" }))
        .await
        .expect("a round");
    assert_eq!(round["resultType"], "input_required");
    assert_eq!(round.get("taskId"), None);
    let params = json!({
        "name": "ask", "inputResponses": { "first": accept("a") }, "requestState": round["requestState"],
    });
    let created = client.request("tools/call", params).await.expect("created");
    let id = created["taskId"].as_str().expect("an id").to_owned();
    site.let_pass(1);

    let task = until(&mut client, &id, "input_required").await;
    let asked = task["inputRequests"].as_object().expect("questions");
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["second", "third"]);
    assert_eq!(asked["third"]["method"], "elicitation/create");
    assert_eq!(asked["third"]["params"]["message"], "Third?");

    // What nobody asked is ignored; an answered key is gone at once, the other stays.
    let ack = update(
        &mut client,
        &id,
        json!({ "unknown": accept("x"), "third": accept("c") }),
    )
    .await;
    assert_eq!(ack, json!({ "resultType": "complete" }));
    let task = get(&mut client, &id).await;
    assert_eq!(task["status"], "input_required");
    let asked = task["inputRequests"].as_object().expect("questions");
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["second"]);

    // An answer that does not fit uses its key up: the question comes back under another one.
    update(&mut client, &id, json!({ "second": { "action": "accept", "content": { "name": 5 } }, "third": accept("late") })).await;
    let asked = loop {
        let task = get(&mut client, &id).await;
        if let Some(asked) = task["inputRequests"].as_object().filter(|a| !a.is_empty()) {
            break asked.keys().cloned().collect::<Vec<_>>();
        }
        sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(asked, ["second_2"]);
    update(&mut client, &id, json!({ "second_2": accept("b") })).await;
    let task = until(&mut client, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "a b c true");
    assert_eq!(
        site.begun.load(Ordering::SeqCst),
        1,
        "drawn once, over rounds and task"
    );
    assert_eq!(
        update(&mut client, &id, json!({ "second": accept("x") })).await,
        ack
    );
    let bad = client
        .request("tasks/update", json!({ "taskId": id }))
        .await;
    assert_eq!(code(bad), -32602);
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_is_withdrawn() {
    let site: Arc<Site> = Arc::default();
    let mut client = client(&site).await;
    let id = begin(&mut client, "ask_or_pass", json!({})).await;
    until(&mut client, &id, "input_required").await;
    site.let_pass(1);
    let task = until(&mut client, &id, "working").await;
    assert_eq!(task.get("inputRequests"), None);
    site.let_pass(1);
    let task = until(&mut client, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "nobody");
}

#[tokio::test]
async fn a_question_that_is_asked_again_has_another_key() {
    let site: Arc<Site> = Arc::default();
    let mut client = client(&site).await;
    let id = begin(&mut client, "ask_again", json!({})).await;
    let task = until(&mut client, &id, "input_required").await;
    assert!(task["inputRequests"]["well"].is_object(), "{task}");
    site.let_pass(1);
    // A key names one question in all of a task's life (SEP-2663).
    let task = loop {
        let task = until(&mut client, &id, "input_required").await;
        if task["inputRequests"].get("well").is_none() {
            break task;
        }
        sleep(Duration::from_millis(5)).await;
    };
    assert!(task["inputRequests"]["well_2"].is_object(), "{task}");
    update(&mut client, &id, json!({"well_2": accept("Ada")})).await;
    let task = until(&mut client, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "Ada");
}

#[tokio::test]
async fn cancelling_drops_the_future_and_stays() {
    let site: Arc<Site> = Arc::default();
    let mut client = client(&site).await;
    let id = begin(&mut client, "work", json!({})).await;
    let ack = client
        .request("tasks/cancel", json!({ "taskId": id }))
        .await
        .expect("taken");
    assert_eq!(ack, json!({ "resultType": "complete" }));
    let task = get(&mut client, &id).await;
    assert_eq!(
        (&task["status"], task.get("result"), task.get("error")),
        (&json!("cancelled"), None, None)
    );
    while site.dropped.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    site.let_pass(1);
    let again = client
        .request("tasks/cancel", json!({ "taskId": id }))
        .await
        .expect("taken");
    assert_eq!((again, get(&mut client, &id).await), (ack.clone(), task));

    // One that has ended stays as it is.
    site.pass().await;
    let id = begin(&mut client, "fail", json!({ "lane": "tool" })).await;
    site.let_pass(1);
    let ended = until(&mut client, &id, "completed").await;
    let late = client
        .request("tasks/cancel", json!({ "taskId": id }))
        .await
        .expect("taken");
    assert_eq!((late, get(&mut client, &id).await), (ack, ended));
}

#[tokio::test]
async fn a_failure_of_the_tool_completes_the_task_and_a_protocol_error_fails_it() {
    let site: Arc<Site> = Arc::default();
    let mut client = client(&site).await;
    site.let_pass(3);
    for (lane, text) in [
        ("tool", "for the model"),
        ("internal", "internal reason"),
        ("panic", "internal reason"),
    ] {
        let mut done = client
            .call("fail", json!({ "lane": lane }))
            .await
            .expect("an answer")
            .0;
        if done["resultType"] == "task" {
            let id = done["taskId"].as_str().expect("an id").to_owned();
            done = until(&mut client, &id, "completed").await["result"].take();
        }
        assert_eq!(done["isError"], true, "{lane}");
        let said = done["content"][0]["text"].as_str().expect("text");
        assert!(said.contains(text) && !said.contains("hunter2"), "{said}");
    }
    let id = begin(&mut client, "fail", json!({ "lane": "protocol" })).await;
    site.let_pass(1);
    let task = until(&mut client, &id, "failed").await;
    assert_eq!(
        task["error"],
        json!({ "code": -32602, "message": "for the client" })
    );
    assert_eq!(
        (&task["statusMessage"], task.get("result")),
        (&json!("for the client"), None)
    );
}

#[tokio::test]
async fn the_time_limit_counts_work_and_not_the_users_time() {
    let mut client = client(&Arc::default()).await;
    let slow = begin(&mut client, "hurry", json!({ "waste": true })).await;
    let asks = begin(&mut client, "hurry", json!({ "waste": false })).await;
    let task = until(&mut client, &slow, "completed").await;
    assert_eq!(task["result"]["isError"], true);
    let text = task["result"]["content"][0]["text"].as_str().expect("text");
    assert!(
        text.contains("took longer than its limit of 200 ms"),
        "{text}"
    );
    // By now the other one has waited for longer than that.
    update(&mut client, &asks, json!({ "who": accept("Ann") })).await;
    let task = until(&mut client, &asks, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "Ann");
}

#[tokio::test]
async fn progress_becomes_the_status_message() {
    let site: Arc<Site> = Arc::default();
    let mut client = client(&site).await;

    /// Reports once it is a task.
    #[mcp_tool(task = "optional")]
    async fn report(site: &Site, ctx: &Context) -> &'static str {
        tokio::task::yield_now().await;
        ctx.progress(2.0, Some(3.0), Some("Reading"));
        ctx.log(LogLevel::Error, "goes nowhere");
        site.pass().await;
        "read"
    }
    let reporting = mcp_server!("r")
        .only(tools![report])
        .share(site.clone())
        .test()
        .await;
    let mut reporting = able(reporting.expect("starts"));
    let id = begin(&mut reporting, "report", json!({})).await;
    let mut message = Value::Null;
    while message.is_null() {
        message = get(&mut reporting, &id).await["statusMessage"].take();
    }
    assert_eq!(message, "Reading (2 of 3)");
    assert_eq!(reporting.take_notifications(), Vec::<Value>::new());
    site.let_pass(1);
    until(&mut reporting, &id, "completed").await;
    // Before it was a task, the progress went to the stream that asked for it, and nowhere else.
    let id = begin(&mut client, "work", json!({})).await;
    assert_eq!(get(&mut client, &id).await.get("statusMessage"), None);
}

#[tokio::test]
async fn a_task_outlives_its_time_as_a_failure_and_is_forgotten_later() {
    let options = TaskOptions::default()
        .ttl(Duration::from_millis(300))
        .keep(Duration::from_millis(300));
    let site = Arc::default();
    let client = server(&site).tasks(options).test().await.expect("starts");
    let mut client = able(client);
    let id = begin(&mut client, "work", json!({})).await;
    let task = until(&mut client, &id, "failed").await;
    assert_eq!(task["error"]["code"], -32603);
    let ttl = task["ttlMs"].as_i64().expect("a number");
    assert!(ttl >= 600, "readable after its end: {ttl}");
    assert_eq!(site.dropped.load(Ordering::SeqCst), 1);
    let mut gone = client.request("tasks/get", json!({ "taskId": id })).await;
    while gone.is_ok() {
        sleep(Duration::from_millis(5)).await;
        gone = client.request("tasks/get", json!({ "taskId": id })).await;
    }
    assert_eq!(code(gone), -32602);
}

#[tokio::test]
async fn a_task_is_its_users_alone() {
    let site: Arc<Site> = Arc::default();
    let mut alice = able(client(&site).await.as_user("alice"));
    let mut bob = able(alice.as_user("bob"));
    let mut nobody = able(client(&site).await);
    let id = begin(&mut alice, "ask_or_pass", json!({})).await;
    until(&mut alice, &id, "input_required").await;
    for other in [&mut bob, &mut nobody] {
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            let params = json!({ "taskId": id, "inputResponses": { "well": accept("Bob") } });
            let error = other.request(method, params).await.expect_err("refused");
            let unknown = other.request(method, json!({ "taskId": "none", "inputResponses": {} }));
            assert_eq!(
                error,
                unknown.await.expect_err("refused"),
                "as if it were not there"
            );
            assert_eq!(error.code, -32602);
        }
    }
    update(&mut alice, &id, json!({ "well": accept("Ann") })).await;
    let task = until(&mut alice, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "Ann");
}

#[tokio::test]
async fn running_tasks_are_bounded_for_each_user_and_altogether() {
    let site: Arc<Site> = Arc::default();
    let options = TaskOptions::default().running(3).running_per_user(2);
    let client = server(&site).tasks(options).test().await.expect("starts");
    let mut alice = able(client.as_user("alice"));
    let mut bob = able(client.as_user("bob"));
    let first = begin(&mut alice, "work", json!({})).await;
    begin(&mut alice, "work", json!({})).await;
    let refused = alice.call("work", json!({})).await.expect("for the model");
    assert!(
        refused.is_error() && refused.text().starts_with("2 tasks"),
        "{}",
        refused.text()
    );
    begin(&mut bob, "work", json!({})).await;
    let refused = bob.call("work", json!({})).await.expect("for the model");
    assert!(refused.is_error() && refused.text().contains("as many tasks as it can"));
    assert_eq!(
        site.begun.load(Ordering::SeqCst),
        3,
        "nothing of a refused call has run"
    );
    // A place is free again once a task has ended, however it ended.
    alice
        .request("tasks/cancel", json!({ "taskId": first }))
        .await
        .expect("taken");
    while site.dropped.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    begin(&mut alice, "work", json!({})).await;
}

#[tokio::test]
async fn options_that_keep_nothing_stop_the_start() {
    /// Takes its time.
    #[mcp_tool(task = "optional", timeout = "400h")]
    async fn long() {}
    let site = Arc::default();
    let defaults = TaskOptions::default;
    for (server, said) in [
        (server(&site).tasks(defaults().ttl(Duration::ZERO)), "`ttl`"),
        (
            server(&site).tasks(defaults().ttl(Duration::from_secs(8 * 86_400))),
            "7 days",
        ),
        (server(&site).tasks(defaults().running(0)), "`running`"),
        (
            server(&site).tasks(defaults().poll_interval(Duration::ZERO)),
            "`TaskOptions::poll_interval`",
        ),
        (mcp_server!("long").only(tools![long]), "the tool `long`"),
    ] {
        let error = server.test().await.expect_err("refused").to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// A request to an HTTP server, with these headers over the right ones.
async fn post(url: &str, method: &str, params: &Value, extra: &[(&str, &str)]) -> (u16, Value) {
    let name = params["name"].as_str().or(params["taskId"].as_str());
    let mut headers = BTreeMap::from([("mcp-method", method), ("mcp-name", name.unwrap_or("-"))]);
    headers.extend(extra.iter().copied());
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": match headers.remove("unable") {
            Some(_) => json!({}),
            None => json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } }),
        },
    });
    let mut request = reqwest::Client::new()
        .post(url)
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("json"))
}

#[tokio::test]
async fn over_http_the_name_of_a_task_stands_in_a_header() {
    let site: Arc<Site> = Arc::default();
    let shared = site.clone();
    let open = OpenServer::start(move || server(&shared));
    let call = json!({ "name": "work", "arguments": {} });
    let (_, created) = post(&open.url, "tools/call", &call, &[]).await;
    let id = created["result"]["taskId"].clone();
    let task = json!({ "taskId": id });
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let (status, answer) = post(&open.url, method, &task, &[("mcp-name", "other")]).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!(-32020)),
            "{method}"
        );
        // A header is the transport's, a capability the method's: the former is seen first.
        let wrong = [("mcp-name", "other"), ("unable", "")];
        let (_, answer) = post(&open.url, method, &task, &wrong).await;
        assert_eq!(answer["error"]["code"], -32020, "{method}");
        let (status, answer) = post(&open.url, method, &task, &[("unable", "")]).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!(-32021)),
            "{method}"
        );
    }
    let (status, answer) = post(&open.url, "tasks/get", &task, &[]).await;
    assert_eq!(
        (status, &answer["result"]["status"]),
        (200, &json!("working"))
    );
    let (status, answer) = post(&open.url, "tasks/get", &json!({ "taskId": "unknown" }), &[]).await;
    assert_eq!((status, &answer["error"]["code"]), (200, &json!(-32602)));
    site.let_pass(1);
    loop {
        let (_, answer) = post(&open.url, "tasks/get", &task, &[]).await;
        if answer["result"]["status"] == "completed" {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn who_follows_a_task_is_told_of_every_change_until_its_end() {
    const ID: &str = "io.modelcontextprotocol/subscriptionId";
    async fn listen(client: &mut TestClient, id: &str, ids: &Value, capabilities: Value) -> Value {
        let request = json!({
            "jsonrpc": "2.0", "id": id, "method": "subscriptions/listen", "params": {
                "notifications": { "taskIds": ids },
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": capabilities,
                },
            },
        });
        client.send_raw(&request.to_string()).await.expect("sent");
        receive(client).await
    }
    async fn receive(client: &mut TestClient) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(20), client.receive_raw()).await;
        let line = line.expect("told in time").expect("a line");
        serde_json::from_str(&line).expect("json")
    }
    let able_to = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let site: Arc<Site> = Arc::default();
    let mut caller = able(client(&site).await.as_user("alice"));
    let mut listener = caller.as_user("alice");
    let mut stranger = caller.as_user("bob");
    let id = begin(&mut caller, "ask_or_pass", json!({})).await;
    until(&mut caller, &id, "input_required").await;

    let ids = json!([id, "unknown"]);
    let refused = listen(&mut listener, "no", &ids, json!({})).await;
    assert_eq!(refused["error"]["code"], -32021);
    let ack = listen(&mut stranger, "s", &ids, able_to.clone()).await;
    assert_eq!(ack["params"]["notifications"], json!({ "taskIds": [] }));
    let ack = listen(&mut listener, "l", &ids, able_to).await;
    assert_eq!(ack["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(ack["params"]["notifications"], json!({ "taskIds": [id] }));

    // How it stands comes first, so that nothing between the call and the subscription is missed.
    let mut told = vec![receive(&mut listener).await];
    update(&mut caller, &id, json!({ "well": accept("Ann") })).await;
    while told.last().expect("one")["params"]["status"] != "completed" {
        told.push(receive(&mut listener).await);
    }
    for message in &told {
        assert_eq!(message["method"], "notifications/tasks");
        assert_eq!(message["params"]["_meta"], json!({ ID: "l" }));
        assert_eq!(message["params"].get("resultType"), None);
    }
    assert_eq!(told[0]["params"]["status"], "input_required");
    assert_eq!(
        told[0]["params"]["inputRequests"]["well"]["method"],
        "elicitation/create"
    );
    // Word for word what `tasks/get` says.
    let mut last = told.pop().expect("one")["params"].take();
    last.as_object_mut().expect("an object").remove("_meta");
    let mut task = get(&mut caller, &id).await;
    task.as_object_mut()
        .expect("an object")
        .remove("resultType");
    assert_eq!(last, task);
    // The stranger heard of nothing: the next that comes is the answer to its own request.
    let pong = stranger.request("server/discover", json!({})).await;
    assert!(pong.is_ok() && stranger.take_notifications().is_empty());
}
