//! Several servers on one store: a round or a task begins at one of them and goes on at another, or after a restart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_runtime::Items;
use mcp_runtime::auth::Auth;
use mcp_runtime::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stream::Stream;
use crate::support::{Database, Door, Flow, Setup, TestServer};

/// An answer.
#[mcp_type]
struct Name {
    name: String,
}

/// Asks two questions, one after the other; what it drew at first stays.
#[mcp_tool]
async fn two_questions(ctx: &Context) -> Result<String, Error> {
    let drawn = || async { Ok(rand::random::<u64>()) };
    let ticket = ctx.once("ticket", drawn).await?;
    let first = ctx.elicit::<Name>("First?").key("first").await?;
    let kept: u64 = ctx.once("kept", || async { Ok(ticket) }).await?;
    let second = ctx.elicit::<Name>("Second?").key("second").await?;
    Ok(format!("{} {} {}", first.name, second.name, ticket == kept))
}

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

/// Asks in the midst of its work.
#[mcp_tool(task = "required")]
async fn ask_later(ctx: &Context) -> Result<String, Error> {
    let _inside = Inside;
    sleep(Duration::from_millis(1)).await;
    Ok(ctx.elicit::<Name>("Who?").key("who").await?.name)
}

/// Works for a moment.
#[mcp_tool(task = "required")]
async fn work() -> &'static str {
    sleep(Duration::from_millis(1)).await;
    "worked"
}

fn items() -> Items {
    tools![two_questions, ask_later, work]
}

fn accept(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

/// One who calls; `token` is empty where nobody signs in.
struct Caller<'a> {
    door: &'a Door,
    token: &'a str,
}

impl Caller<'_> {
    /// The result, or the error with its HTTP status.
    async fn send(&self, method: &str, mut params: Value) -> Result<Value, (u16, i64)> {
        let name = params["name"].as_str().or(params["taskId"].as_str());
        let name = name.expect("a name").to_owned();
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {
                "elicitation": {}, "extensions": { "io.modelcontextprotocol/tasks": {} },
            },
        });
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", method),
            ("mcp-name", &name),
        ];
        if !self.token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let url = self.door.url("/mcp");
        let reply = self
            .door
            .send(Method::POST, &url, &headers, body.to_string())
            .await;
        let mut answer = reply.json();
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err((
                reply.status,
                answer["error"]["code"].as_i64().unwrap_or_default(),
            )),
        }
    }

    async fn round(&self, state: Option<&Value>, responses: Value) -> Result<Value, (u16, i64)> {
        let mut params = json!({ "name": "two_questions", "inputResponses": responses });
        if let Some(state) = state {
            params["requestState"] = state.clone();
        }
        self.send("tools/call", params).await
    }

    async fn begin(&self, tool: &str) -> String {
        let created = self
            .send("tools/call", json!({ "name": tool }))
            .await
            .expect("created");
        assert_eq!(created["resultType"], "task", "{created}");
        created["taskId"].as_str().expect("an id").to_owned()
    }

    async fn until(&self, id: &str, status: &str) -> Value {
        let mut last = Value::Null;
        for _ in 0..1_000 {
            last = self
                .send("tasks/get", json!({ "taskId": id }))
                .await
                .expect("a task");
            if last["status"] == status {
                return last;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("never {status}: {last}");
    }
}

async fn token(door: &Door) -> String {
    Flow::new(door).await.tokens().await.access
}

fn two_servers() -> (Database, TestServer, TestServer) {
    let database = Database::new();
    let first = Setup::new().serve(items()).on(&database).start();
    let second = Setup::new()
        .serve(items())
        .on(&database)
        .replica_of(&first)
        .start();
    (database, first, second)
}

#[tokio::test]
async fn the_second_answer_may_reach_another_process() {
    let (_database, first, second) = two_servers();
    let token = token(&first).await;
    let here = Caller {
        door: &first,
        token: &token,
    };
    let there = Caller {
        door: &second,
        token: &token,
    };
    let asked = here.round(None, json!({})).await.expect("a round");
    assert_eq!(
        asked["inputRequests"]["first"]["params"]["message"],
        "First?"
    );
    let state = &asked["requestState"];
    let asked = there
        .round(Some(state), json!({ "first": accept("a") }))
        .await
        .expect("a round");
    assert_eq!(
        asked["inputRequests"]["second"]["params"]["message"],
        "Second?"
    );
    let state = &asked["requestState"];
    let done = here
        .round(Some(state), json!({ "second": accept("b") }))
        .await
        .expect("done");
    assert_eq!(done["content"][0]["text"], "a b true");
}

#[tokio::test]
async fn a_round_belongs_to_its_client_and_ends_with_its_time() {
    let (_database, first, second) = two_servers();
    let token_of_one = token(&first).await;
    let here = Caller {
        door: &first,
        token: &token_of_one,
    };
    let asked = here.round(None, json!({})).await.expect("a round");
    let state = &asked["requestState"];
    // The same user, through another client.
    let token_of_other = token(&second).await;
    let other = Caller {
        door: &second,
        token: &token_of_other,
    };
    let answers = || json!({ "first": accept("a") });
    assert_eq!(
        other.round(Some(state), answers()).await,
        Err((200, -32602))
    );
    assert!(here.round(Some(state), answers()).await.is_ok());
    // Still its own client's, but too late.
    let mut flow = Flow::new(&first).await;
    let tokens = flow.tokens().await;
    let early = Caller {
        door: &first,
        token: &tokens.access,
    };
    let asked = early.round(None, json!({})).await.expect("a round");
    first.clock.advance(Duration::from_secs(16 * 60));
    let fresh = flow.refresh(&tokens.refresh).await.json()["access_token"].take();
    let late = Caller {
        door: &second,
        token: fresh.as_str().expect("a token"),
    };
    let refused = late.round(Some(&asked["requestState"]), answers()).await;
    assert_eq!(refused, Err((200, -32602)));
}

#[tokio::test]
async fn a_round_that_another_store_sealed_is_refused() {
    let open = |database: &Database| {
        let setup = Setup::without_users().auth(|_| Auth::none());
        setup.serve(items()).on(database).start()
    };
    let (one, two) = (Database::new(), Database::new());
    let (first, same, other) = (open(&one), open(&one), open(&two));
    let caller = |door| Caller { door, token: "" };
    let asked = caller(&first)
        .round(None, json!({}))
        .await
        .expect("a round");
    let state = &asked["requestState"];
    let answers = || json!({ "first": accept("a") });
    assert_eq!(
        caller(&other).round(Some(state), answers()).await,
        Err((200, -32602))
    );
    let asked = caller(&same)
        .round(Some(state), answers())
        .await
        .expect("a round");
    assert_eq!(asked["resultType"], "input_required");
}

#[tokio::test]
async fn a_task_is_seen_answered_and_cancelled_from_another_process() {
    let (_database, first, second) = two_servers();
    let token = token(&first).await;
    let here = Caller {
        door: &first,
        token: &token,
    };
    let there = Caller {
        door: &second,
        token: &token,
    };
    let id = here.begin("ask_later").await;
    let asks = there.until(&id, "input_required").await;
    assert_eq!(asks["inputRequests"]["who"]["params"]["message"], "Who?");
    let answer =
        json!({ "taskId": id, "inputResponses": { "who": accept("Ann"), "no": accept("x") } });
    there.send("tasks/update", answer).await.expect("taken");
    let task = there
        .send("tasks/get", json!({ "taskId": id }))
        .await
        .expect("a task");
    assert_eq!(task.get("inputRequests"), None, "at the very next look");
    let task = there.until(&id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "Ann");
    assert_eq!(here.until(&id, "completed").await, task);

    let before = DROPPED.load(Ordering::SeqCst);
    let id = here.begin("ask_later").await;
    there
        .send("tasks/cancel", json!({ "taskId": id }))
        .await
        .expect("taken");
    assert_eq!(here.until(&id, "cancelled").await["status"], "cancelled");
    let mut waits = 0;
    while DROPPED.load(Ordering::SeqCst) == before {
        waits += 1;
        assert!(waits < 1_000, "its future is never dropped");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_task_belongs_to_its_client_as_well_as_to_its_user() {
    let (_database, first, second) = two_servers();
    let alice = token(&first).await;
    let another_client = token(&first).await;
    let id = Caller {
        door: &first,
        token: &alice,
    }
    .begin("ask_later")
    .await;
    let other = Caller {
        door: &second,
        token: &another_client,
    };
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let params = json!({ "taskId": id, "inputResponses": { "who": accept("x") } });
        assert_eq!(
            other.send(method, params).await,
            Err((200, -32602)),
            "{method}"
        );
    }
    let own = Caller {
        door: &second,
        token: &alice,
    };
    own.until(&id, "input_required").await;
}

#[tokio::test]
async fn a_result_survives_a_restart_and_what_still_ran_has_failed() {
    let database = Database::new();
    let server = Setup::new().serve(items()).on(&database).start();
    let (token, door) = (token(&server).await, (*server).clone());
    let before = Caller {
        door: &door,
        token: &token,
    };
    let (done, waits) = (before.begin("work").await, before.begin("ask_later").await);
    let result = before.until(&done, "completed").await;
    before.until(&waits, "input_required").await;
    let replica = Setup::new()
        .serve(items())
        .on(&database)
        .replica_of(&server);
    drop(server);
    let server = replica.start();
    let after = Caller {
        door: &server,
        token: &token,
    };
    assert_eq!(after.until(&done, "completed").await, result);
    let task = after.until(&waits, "failed").await;
    assert_eq!(task["error"]["code"], -32603);
    let why = task["error"]["message"].as_str().expect("a message");
    assert!(
        why.contains("the server stopped while this task ran"),
        "{why}"
    );
}

#[tokio::test]
async fn a_task_whose_process_falls_silent_has_failed_for_everyone() {
    let (_database, first, second) = two_servers();
    let token = token(&first).await;
    let here = Caller {
        door: &first,
        token: &token,
    };
    let there = Caller {
        door: &second,
        token: &token,
    };
    let before = DROPPED.load(Ordering::SeqCst);
    let id = here.begin("ask_later").await;
    there.until(&id, "input_required").await;
    // Longer than a process is believed to live without a word.
    first.clock.advance(Duration::from_secs(31));
    let task = there
        .send("tasks/get", json!({ "taskId": id }))
        .await
        .expect("a task");
    assert_eq!(task["status"], "failed", "{task}");
    // Should it come back to life, it finds that out.
    let mut waits = 0;
    while DROPPED.load(Ordering::SeqCst) == before {
        waits += 1;
        assert!(waits < 1_000, "its future is never dropped");
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(here.until(&id, "failed").await, task);
}

#[tokio::test]
async fn who_follows_a_task_is_told_of_it_by_any_process() {
    let (_database, first, second) = two_servers();
    let token = token(&first).await;
    let here = Caller {
        door: &first,
        token: &token,
    };
    let id = here.begin("ask_later").await;
    here.until(&id, "input_required").await;
    let (bearer, host) = (format!("Bearer {token}"), second.authority());
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "subscriptions/listen"),
        ("authorization", &bearer),
        ("host", &host),
    ];
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {
            "notifications": { "taskIds": [id] },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {
                    "extensions": { "io.modelcontextprotocol/tasks": {} },
                },
            },
        },
    });
    let url = format!("http://{}/mcp", second.address());
    let mut stream = Stream::at(&url, headers, Method::POST, body.to_string()).await;
    let mut told = async || stream.next().await.expect("an event").json();
    assert_eq!(
        told().await["params"]["notifications"],
        json!({ "taskIds": [id] })
    );
    assert_eq!(told().await["params"]["status"], "input_required");
    let answer = json!({ "taskId": id, "inputResponses": { "who": accept("Ann") } });
    here.send("tasks/update", answer).await.expect("taken");
    loop {
        let params = told().await["params"].take();
        if params["status"] == "completed" {
            assert_eq!(params["result"]["content"][0]["text"], "Ann");
            break;
        }
    }
}
