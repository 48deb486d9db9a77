//! Section J: refresh tokens change at every use, forgive a lost answer, and never forgive a thief.

use std::time::Duration;

use crate::support::jwt::claims;
use crate::support::{Database, Flow, LOOPBACK, Setup, TestServer, Tokens};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn item_72_refresh_tokens_are_opaque_and_change_at_every_use() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let mut tokens = flow.tokens().await;
    for _ in 0..3 {
        assert!(
            tokens.refresh.len() >= 43 && !tokens.refresh.contains('.'),
            "{tokens:?}"
        );
        assert!(!database.holds(&tokens.refresh));
        let next = Tokens::of(&flow.refresh(&tokens.refresh).await);
        assert_ne!(next.refresh, tokens.refresh);
        assert_ne!(next.access, tokens.access);
        assert!(flow.is_accepted(&next.access).await);
        tokens = next;
    }
}

#[tokio::test]
async fn item_73_reuse_after_the_window_ends_the_family() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    server.clock.advance(Duration::from_secs(121));
    assert!(flow.is_accepted(&second.access).await);

    flow.refresh(&first.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.refresh(&second.refresh)
        .await
        .expect_error(400, "invalid_grant");
    assert!(!flow.is_accepted(&second.access).await);
    // Committed, not undone by the refusal.
    let base = server.base.clone();
    drop(server);
    let server = Setup::new().on(&database).var("PUBLIC_URL", &base).start();
    flow = flow.at_server(&server);
    flow.refresh(&second.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_74_a_retry_within_the_window_gets_the_same_successor() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    server.clock.advance(Duration::from_secs(119));
    let again = Tokens::of(&flow.refresh(&first.refresh).await);
    assert_eq!(again.refresh, second.refresh);
    assert_ne!(again.access, second.access);
    assert!(flow.is_accepted(&again.access).await);
    flow.refresh(&again.refresh).await.expect(200);
}

#[tokio::test]
async fn item_74_the_window_closes_once_the_successor_was_used() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    let third = Tokens::of(&flow.refresh(&second.refresh).await);
    flow.refresh(&first.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.refresh(&third.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_74_ten_retries_and_no_more() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    for _ in 0..10 {
        let again = Tokens::of(&flow.refresh(&first.refresh).await);
        assert_eq!(again.refresh, second.refresh);
    }
    flow.refresh(&first.refresh)
        .await
        .expect_error(400, "invalid_grant");
    // Refused, but nobody's session ends: that is for a reuse after the successor was used.
    let third = Tokens::of(&flow.refresh(&second.refresh).await);
    flow.refresh(&first.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.refresh(&third.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_74_without_a_window_every_reuse_is_theft() {
    let server = TestServer::with(|auth| auth.refresh_window(Duration::ZERO));
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    flow.refresh(&first.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.refresh(&second.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_75_fifty_at_once_get_one_successor_cve_2026_50631() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut flow = Flow::new(&a).await;
    let first = flow.tokens().await;
    let form = flow.renewal(&first.refresh);
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
    let mut successors = Vec::new();
    for call in calls {
        let reply = call.await.expect("no panic");
        if reply.status == 200 {
            successors.push(Tokens::of(&reply).refresh);
        } else {
            reply.expect_error(400, "invalid_grant");
        }
    }
    assert!(!successors.is_empty());
    successors.dedup();
    assert_eq!(successors.len(), 1, "{successors:?}");
    // A burst of retries is no theft.
    flow.refresh(&successors[0]).await.expect(200);
}

#[tokio::test]
async fn item_75_ten_at_once_all_succeed() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let mut calls = Vec::new();
    for _ in 0..10 {
        let (flow, token) = (flow.clone(), first.refresh.clone());
        calls.push(tokio::spawn(async move { flow.refresh(&token).await }));
    }
    let mut successors = Vec::new();
    for call in calls {
        successors.push(Tokens::of(&call.await.expect("no panic")).refresh);
    }
    successors.dedup();
    assert_eq!(successors.len(), 1, "{successors:?}");
}

#[tokio::test]
async fn item_76_a_refresh_token_is_its_clients_alone() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let other = Flow::new(&server).await;
    let confidential = Flow::confidential(&server, "client_secret_post").await;
    let tokens = flow.tokens().await;
    for thief in [&other, &confidential] {
        thief
            .refresh(&tokens.refresh)
            .await
            .expect_error(400, "invalid_grant");
    }
    let second = Tokens::of(&flow.refresh(&tokens.refresh).await);
    // A used one in a stranger's hand does not end the family either.
    server.clock.advance(Duration::from_secs(121));
    other
        .refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.refresh(&second.refresh).await.expect(200);
}

#[tokio::test]
async fn item_76_a_refresh_may_narrow_and_never_widens() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let narrow = flow.renewal(&tokens.refresh).and("scope", "read");
    let second = Tokens::of(&flow.token(&narrow).await);
    assert_eq!(second.scope, "read");
    assert_eq!(claims(&second.access)["scope"], "read");
    // The family keeps what was granted.
    let third = Tokens::of(&flow.refresh(&second.refresh).await);
    assert_eq!(third.scope, "read dice:roll");

    let mut flow = Flow::at(&server, LOOPBACK).await;
    let request = flow.request().set("scope", "read");
    let code = flow.code_of(&request).await;
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    let wide = flow.renewal(&tokens.refresh).and("scope", "read dice:roll");
    flow.token(&wide).await.expect_error(400, "invalid_scope");
    flow.refresh(&tokens.refresh).await.expect(200);
}

#[tokio::test]
async fn item_77_a_refresh_token_ends_after_thirty_idle_days() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    server.clock.advance(DAY * 29);
    let tokens = Tokens::of(&flow.refresh(&tokens.refresh).await);
    server.clock.advance(DAY * 30 + Duration::from_secs(1));
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_77_rotation_does_not_extend_the_ninety_days() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let mut tokens = flow.tokens().await;
    for _ in 0..4 {
        server.clock.advance(DAY * 22);
        tokens = Tokens::of(&flow.refresh(&tokens.refresh).await);
    }
    server.clock.advance(DAY * 3);
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_78_it_ends_with_its_user() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    database
        .execute("UPDATE users SET disabled = 1 WHERE name = 'alice'")
        .await;
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_78_it_ends_with_its_users_password() {
    let database = Database::new();
    let base = "http://localhost:4444";
    let demo = |password: &str| {
        let setup = Setup::without_users().auth(|auth| auth.demo_user("alice", password));
        setup.on(&database).var("PUBLIC_URL", base)
    };
    let server = demo("password123").start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    drop(server);
    // The same password changes nothing …
    let server = demo("password123").start();
    flow = flow.at_server(&server);
    let tokens = Tokens::of(&flow.refresh(&tokens.refresh).await);
    drop(server);
    // … another one ends it all.
    let server = demo("another").start();
    flow = flow.at_server(&server);
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    assert!(flow.login_page().await.asks_for_password());
}

#[tokio::test]
async fn item_109_a_restart_between_login_and_refresh_loses_nothing() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let base = server.base.clone();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    drop(server);
    let server = Setup::new().on(&database).var("PUBLIC_URL", &base).start();
    flow = flow.at_server(&server);
    assert!(flow.is_accepted(&tokens.access).await);
    let tokens = Tokens::of(&flow.refresh(&tokens.refresh).await);
    assert!(flow.is_accepted(&tokens.access).await);
    // The client is still known, and the browser still signed in.
    let mut page = flow.login_page().await;
    assert!(!page.asks_for_password());
    flow.browser = server.browser();
    page = flow.login_page().await;
    flow.submit(&page, "alice", "password123").await.expect(303);
}

#[tokio::test]
async fn item_83_a_server_under_another_name_has_its_clients_start_anew() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let code = flow.code().await;
    drop(server);
    // Its tokens would be refused for their audience, again and again.
    let server = Setup::new().on(&database).start();
    flow = flow.at_server(&server);
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.token(&flow.redemption(&code))
        .await
        .expect_error(400, "invalid_grant");
}
