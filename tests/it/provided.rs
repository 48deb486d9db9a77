//! By reference = what the server provides: context, user, state, shared values, providers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use serde_json::json;

struct Library {
    books: Vec<&'static str>,
}

trait Clock: Send + Sync {
    fn now(&self) -> u64;
}
struct Stopped;
impl Clock for Stopped {
    fn now(&self) -> u64 {
        42
    }
}

static MADE: AtomicU32 = AtomicU32::new(0);
struct Tenant(String);
struct Missing;

/// Counts.
#[mcp_tool]
async fn count(library: &Library, clock: &dyn Clock) -> String {
    format!("{} books at {}", library.books.len(), clock.now())
}
/// Greets.
#[mcp_tool]
async fn greet(user: &User) -> String {
    format!("hello {}", user.name())
}
/// Greets anyone.
#[mcp_tool]
async fn greet_anyone(user: Option<&User>, missing: Option<&Missing>) -> String {
    format!(
        "hello {} {}",
        user.map_or("stranger", User::name),
        missing.is_none()
    )
}
/// Names the tenant.
#[mcp_tool]
async fn tenant(first: &Tenant, second: &Tenant) -> String {
    format!("{} {}", first.0, std::ptr::eq(first, second))
}
/// Runs beside state on the blocking pool.
#[mcp_tool]
fn count_blocking(library: &Library, user: &User, prefix: &str) -> String {
    format!("{prefix}{} {}", library.books.len(), user.name())
}
/// Tells how far it is.
#[mcp_tool]
async fn works(ctx: &Context) -> String {
    ctx.progress(0.5, Some(1.0), Some("half"));
    ctx.log(LogLevel::Debug, "too quiet");
    ctx.log(LogLevel::Warning, json!({ "what": "warm" }));
    format!(
        "{} {}",
        ctx.protocol_version(),
        ctx.client_info().map_or("?", |c| &c.name)
    )
}

async fn client() -> TestClient {
    mcp_server!("provided")
        .only(tools![
            count,
            greet,
            greet_anyone,
            tenant,
            count_blocking,
            works
        ])
        .state(|| async {
            Library {
                books: vec!["a", "b"],
            }
        })
        .share::<dyn Clock>(Arc::new(Stopped))
        .provide(|ctx: Context| async move {
            MADE.fetch_add(1, Ordering::SeqCst);
            let name = ctx.user().map(User::name).unwrap_or_default();
            match name {
                "mallory" => Err(Error::tool("no tenant for you")),
                name => Ok(Tenant(name.to_owned())),
            }
        })
        .test()
        .await
        .expect("starts")
}

async fn text(client: &mut TestClient, tool: &str) -> String {
    client.call(tool, json!({})).await.expect("a result").text()
}

#[tokio::test]
async fn state_and_shared_values_arrive() {
    assert_eq!(text(&mut client().await, "count").await, "2 books at 42");
    let mut alice = client().await.as_user("alice");
    let answer = alice
        .call("count_blocking", json!({"prefix": "#"}))
        .await
        .expect("a result");
    assert_eq!(answer.text(), "#2 alice");
}

#[tokio::test]
async fn a_user_is_there_or_the_call_is_refused() {
    let mut nobody = client().await;
    let error = nobody.call("greet", json!({})).await.expect_err("refused");
    assert!(error.message.contains("signed-in user"), "{error:?}");
    assert_eq!(
        text(&mut nobody, "greet_anyone").await,
        "hello stranger true"
    );
    let mut alice = nobody.as_user("alice");
    assert_eq!(text(&mut alice, "greet").await, "hello alice");
    assert_eq!(text(&mut alice, "greet_anyone").await, "hello alice true");
}

#[tokio::test]
async fn a_provider_runs_once_a_call_and_its_error_keeps_its_lane() {
    let mut alice = client().await.as_user("alice");
    let before = MADE.load(Ordering::SeqCst);
    assert_eq!(text(&mut alice, "tenant").await, "alice true");
    assert_eq!(MADE.load(Ordering::SeqCst) - before, 1);
    let mut mallory = alice.as_user("mallory");
    let answer = mallory.call("tenant", json!({})).await.expect("a result");
    assert!(answer.is_error());
    assert_eq!(answer.text(), "no tenant for you");
}

#[tokio::test]
async fn progress_and_logs_go_to_a_client_that_asked() {
    let mut client = client().await;
    assert_eq!(text(&mut client, "works").await, "2026-07-28 test");
    assert!(client.take_notifications().is_empty(), "nobody asked");
    let meta = json!({"progressToken": "p1", "io.modelcontextprotocol/logLevel": "info"});
    client
        .request("tools/call", json!({"name": "works", "_meta": meta}))
        .await
        .expect("a result");
    assert_eq!(
        client.take_notifications(),
        [
            json!({"jsonrpc": "2.0", "method": "notifications/progress",
                   "params": {"progressToken": "p1", "progress": 0.5, "total": 1.0, "message": "half"}}),
            json!({"jsonrpc": "2.0", "method": "notifications/message",
                   "params": {"level": "warning", "data": {"what": "warm"}}}),
        ]
    );
}

#[tokio::test]
async fn tools_are_plain_functions_that_a_unit_test_calls() {
    assert_eq!(greet(&User::named("alice")).await, "hello alice");
    assert_eq!(works(&Context::default()).await, "2026-07-28 ?");
}
