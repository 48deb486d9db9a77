//! Section G: a code is worth one exchange, by the one who asked for it.

use std::time::Duration;

use crate::support::{Database, Flow, LOOPBACK, Params, Setup, TestServer, Tokens, WEB};

#[tokio::test]
async fn item_55_a_code_has_256_bits_and_is_not_in_the_store() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let (first, second) = (flow.code().await, flow.code().await);
    // 43 characters of base64url.
    assert!(first.len() >= 43 && first != second, "{first}");
    assert!(!database.holds(&first));
}

#[tokio::test]
async fn item_55_a_code_lives_for_a_minute() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    server.clock.advance(Duration::from_secs(61));
    flow.token(&flow.redemption(&code))
        .await
        .expect_error(400, "invalid_grant");
    let code = flow.code().await;
    server.clock.advance(Duration::from_secs(59));
    flow.token(&flow.redemption(&code)).await.expect(200);
}

#[test]
fn item_55_no_code_lives_for_more_than_ten_minutes() {
    let long = Setup::new().auth(|auth| auth.code_lifetime(Duration::from_secs(601)));
    assert!(long.expect_no_start().contains("600"));
}

#[tokio::test]
async fn item_56_of_fifty_redemptions_on_two_replicas_one_wins_cve_2026_47386() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut flow = Flow::new(&a).await;
    let code = flow.code().await;
    let form = flow.redemption(&code);
    let mut calls = Vec::new();
    for i in 0..50 {
        let door = if i % 2 == 0 {
            (*a).clone()
        } else {
            (*b).clone()
        };
        let form = form.clone();
        calls.push(tokio::spawn(async move {
            door.form("/token", &[], &form).await
        }));
    }
    let mut won = 0;
    for call in calls {
        let reply = call.await.expect("no panic");
        if reply.status == 200 {
            won += 1;
        } else {
            reply.expect_error(400, "invalid_grant");
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn item_57_a_proven_replay_ends_all_that_came_of_the_code() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let first = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    assert!(flow.is_accepted(&first.access).await && flow.is_accepted(&second.access).await);

    flow.token(&flow.redemption(&code))
        .await
        .expect_error(400, "invalid_grant");
    assert!(!flow.is_accepted(&first.access).await);
    assert!(!flow.is_accepted(&second.access).await);
    for token in [&first.refresh, &second.refresh] {
        flow.refresh(token).await.expect_error(400, "invalid_grant");
    }
    // Committed: a new process knows it too.
    let base = server.base.clone();
    drop(server);
    let server = Setup::new().on(&database).var("PUBLIC_URL", &base).start();
    flow = flow.at_server(&server);
    flow.refresh(&second.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_58_an_unproven_replay_ends_nothing() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let other = Flow::new(&server).await;
    let code = flow.code().await;
    let good = flow.redemption(&code);
    let tokens = Tokens::of(&flow.token(&good).await);
    let mut tail = code.clone();
    tail.replace_range(42.., if code.ends_with('A') { "B" } else { "A" });
    for replay in [
        good.clone().set("client_id", &other.client_id),
        good.clone().set("code_verifier", &"x".repeat(43)),
        good.clone().without("code_verifier"),
        good.clone().set("redirect_uri", WEB),
        good.clone().set("code", &tail),
    ] {
        flow.token(&replay).await.expect_error(400, "invalid_grant");
    }
    assert!(flow.is_accepted(&tokens.access).await);
    flow.refresh(&tokens.refresh).await.expect(200);
}

#[tokio::test]
async fn item_59_a_code_is_bound_to_its_request() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let other = Flow::new(&server).await;
    let confidential = Flow::confidential(&server, "client_secret_post").await;
    type Spoil<'a> = Box<dyn Fn(Params) -> Params + 'a>;
    let spoils: Vec<(&str, Spoil<'_>)> = vec![
        (
            "invalid_grant",
            Box::new(|f: Params| f.set("client_id", &other.client_id)),
        ),
        (
            "invalid_grant",
            Box::new(|f: Params| confidential.as_client(f.without("client_id"))),
        ),
        (
            "invalid_grant",
            Box::new(|f: Params| f.set("redirect_uri", WEB)),
        ),
        (
            "invalid_grant",
            // The same but for the port, which the authorization request has fixed.
            Box::new(|f: Params| f.set("redirect_uri", "http://127.0.0.1:33419/cb")),
        ),
        (
            "invalid_grant",
            Box::new(|f: Params| f.set("code_verifier", &"y".repeat(64))),
        ),
        (
            "invalid_target",
            Box::new(|f: Params| f.and("resource", "https://evil.test/mcp")),
        ),
    ];
    for (error, spoil) in spoils {
        let code = flow.code().await;
        let good = flow.redemption(&code);
        flow.token(&spoil(good.clone()))
            .await
            .expect_error(400, error);
        // The rightful caller can still redeem it.
        flow.token(&good).await.expect(200);
    }
}

#[tokio::test]
async fn item_59_a_code_bears_five_failures() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    for (failures, status) in [(4, 200), (6, 400)] {
        let code = flow.code().await;
        let good = flow.redemption(&code);
        for _ in 0..failures {
            let wrong = good.clone().set("code_verifier", &"y".repeat(64));
            flow.token(&wrong).await.expect_error(400, "invalid_grant");
        }
        flow.token(&good).await.expect(status);
    }
}

#[tokio::test]
async fn item_59_a_redirect_uri_that_was_left_out_may_be_left_out_again() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request().without("redirect_uri");
    let code = flow.code_of(&request).await;
    flow.token(&flow.redemption(&code).without("redirect_uri"))
        .await
        .expect(200);
    // OAuth 2.1 clients do not repeat it at all; one that does repeats the registered one.
    let code = flow.code_of(&request).await;
    let wrong = flow.redemption(&code).set("redirect_uri", WEB);
    flow.token(&wrong).await.expect_error(400, "invalid_grant");
    assert_eq!(flow.redirect_uri, LOOPBACK);
    flow.token(&flow.redemption(&code)).await.expect(200);
}

#[tokio::test]
async fn item_60_a_user_who_was_disabled_in_between_gets_nothing() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    database
        .execute("UPDATE users SET disabled = 1 WHERE name = 'alice'")
        .await;
    flow.token(&flow.redemption(&code))
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_60_a_grant_that_was_revoked_in_between_gives_nothing() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    assert_eq!(
        database
            .execute("UPDATE grants SET revoked_at = created_at")
            .await,
        1
    );
    flow.token(&flow.redemption(&code))
        .await
        .expect_error(400, "invalid_grant");
}
