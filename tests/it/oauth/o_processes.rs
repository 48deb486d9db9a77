//! Section O: processes that are killed, and commands beside a running server.

use std::time::{Duration, Instant};

use crate::support::process::{Process, run};
use crate::support::{Database, Flow, Tokens, header};

/// Rows of a query that must find none: what no crash may leave behind.
const HALF_DONE: &[(&str, &str)] = &[
    (
        "a code is used, and there is no family",
        "SELECT codes.digest FROM codes WHERE codes.used_at IS NOT NULL AND NOT EXISTS \
            (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.grant_id = codes.grant_id)",
    ),
    (
        "two live successors",
        "SELECT grant_id FROM refresh_tokens WHERE used_at IS NULL GROUP BY grant_id HAVING COUNT(*) > 1",
    ),
    (
        "a grant without its code",
        "SELECT grants.id FROM grants WHERE NOT EXISTS (SELECT 1 FROM codes WHERE codes.grant_id = grants.id)",
    ),
];

#[tokio::test]
async fn item_109_kill_9_in_the_middle_of_everything_loses_nothing_that_was_answered() {
    let database = Database::new();
    let mut process = Process::start(&database).await;
    let (address, base) = (process.address, process.base.clone());
    let mut flow = Flow::new(&process).await;
    let kept = flow.tokens().await;
    let mut acknowledged = 0;
    for round in 0..8 {
        // Somewhere between "nothing arrived" and "all is answered"; in every other round something was answered.
        let moment = Duration::from_millis(round * 5);
        let tokens = flow.tokens().await;
        let code = flow.code().await;
        let mut calls = Vec::new();
        for i in 0..10 {
            let (flow, refresh, code) = (flow.clone(), tokens.refresh.clone(), code.clone());
            calls.push(tokio::spawn(async move {
                match i {
                    0 => flow.token(&flow.redemption(&code)).await,
                    _ => flow.refresh(&refresh).await,
                }
            }));
        }
        tokio::time::sleep(moment).await;
        while round % 2 == 1 && !calls.iter().any(tokio::task::JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process.kill();
        let mut replies = Vec::new();
        for call in calls {
            // A call whose line was cut has no answer.
            replies.push(call.await.ok());
        }
        for (what, sql) in HALF_DONE {
            let rows = database.column(sql).await;
            assert!(rows.is_empty(), "round {round}: {what}: {rows:?}");
        }
        process = Process::start_at(&database, address, &base).await;

        // What was answered is there: the same successor, and a family that goes on.
        let again = Tokens::of(&flow.refresh(&tokens.refresh).await);
        for reply in replies[1..].iter().flatten() {
            assert_eq!(Tokens::of(reply).refresh, again.refresh, "round {round}");
            acknowledged += 1;
        }
        flow.refresh(&again.refresh).await.expect(200);
        match &replies[0] {
            Some(reply) => {
                let redeemed = Tokens::of(reply);
                flow.refresh(&redeemed.refresh).await.expect(200);
                acknowledged += 1;
            }
            // Whether it was used up before the kill, only the store knows; what it says is consistent.
            None => {
                let reply = flow.token(&flow.redemption(&code)).await;
                assert!(matches!(reply.status, 200 | 400), "{reply:?}");
            }
        }
    }
    assert!(
        acknowledged > 0,
        "an answer that came before the kill says nothing"
    );
    flow.refresh(&kept.refresh).await.expect(200);
}

/// Repeats a look until it sees what another process did; the bound is a poll and some room.
async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !look().await {
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "not yet: {what}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn kids(jwks: &serde_json::Value) -> Vec<String> {
    let keys = jwks["keys"].as_array().expect("keys");
    let kid = |key: &serde_json::Value| key["kid"].as_str().expect("a kid").to_owned();
    keys.iter().map(kid).collect()
}

#[tokio::test]
async fn item_85_108_keys_are_rotated_beside_a_running_server() {
    let database = Database::new();
    let server = Process::start(&database).await;
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let before = kids(&server.get("/jwks").await.json());
    let output = run(&database, &["keys", "rotate"]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("keys rotated"), "the audit trail: {said}");
    until("the new key is published", async || {
        kids(&server.get("/jwks").await.json()).len() == 2
    })
    .await;
    // It is published before it signs, and the old one still verifies.
    let next = Tokens::of(&flow.refresh(&tokens.refresh).await);
    assert_eq!(header(&next.access)["kid"], before[0].as_str());
    assert!(flow.is_accepted(&tokens.access).await);

    let output = run(&database, &["keys", "rotate", "--compromised"]);
    assert!(output.status.success(), "{output:?}");
    until("the compromised keys are dropped", async || {
        !flow.is_accepted(&tokens.access).await
    })
    .await;
    let left = kids(&server.get("/jwks").await.json());
    assert!(left.len() == 1 && left != before, "{left:?}");
    let fresh = Tokens::of(&flow.refresh(&next.refresh).await);
    assert!(flow.is_accepted(&fresh.access).await);
}

#[tokio::test]
async fn item_45_78_a_user_is_disabled_and_enabled_beside_a_running_server() {
    let database = Database::new();
    let server = Process::start(&database).await;
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let mut bob = Flow::new(&server).await;
    bob.sign_in("bob", "hunter2").await.answer("code");
    let user = |command: &str| run(&database, &["user", command, "Alice"]);
    let output = user("disable");
    assert!(output.status.success(), "{output:?}");
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    let page = flow.login_page().await;
    assert!(page.asks_for_password(), "the session is over");
    let right = flow.submit(&page, "alice", "password123").await.expect(401);
    let wrong = flow.submit(&page, "alice", "password124").await.expect(401);
    assert_eq!(right.page().text, wrong.page().text);
    until("the access token is refused", async || {
        !flow.is_accepted(&tokens.access).await
    })
    .await;
    let list = run(&database, &["user", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    let notes = |name: &str| {
        list.lines()
            .any(|l| l.starts_with(name) && l.contains("disabled"))
    };
    assert!(notes("alice") && !notes("bob"), "{list}");
    assert!(!bob.login_page().await.asks_for_password(), "nobody else");

    let output = user("enable");
    assert!(output.status.success(), "{output:?}");
    let fresh = flow.tokens().await;
    assert!(flow.is_accepted(&fresh.access).await);
    // What was ended stays so.
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    let unknown = run(&database, &["user", "disable", "nobody"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
}

#[tokio::test]
async fn item_54_108_grants_are_listed_and_ended_beside_a_running_server() {
    let database = Database::new();
    let server = Process::start(&database).await;
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let list = |arguments: &[&str]| {
        let output = run(&database, arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let grants = list(&["grants", "list", "--user", "alice"]);
    assert!(
        grants.contains("alice") && grants.contains("Test Client"),
        "{grants}"
    );
    assert_eq!(list(&["grants", "list", "--user", "bob"]), "");
    let id = grants.split('\t').next().expect("an id");
    list(&["grants", "revoke", id]);
    assert_eq!(list(&["grants", "list"]), "");
    let again = run(&database, &["grants", "revoke", id]);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    until("the access token is refused", async || {
        !flow.is_accepted(&tokens.access).await
    })
    .await;
}
