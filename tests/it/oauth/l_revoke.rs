//! Section L: a token that was given back is worth nothing, here at once and elsewhere within five seconds.

use std::time::{Duration, Instant};

use crate::support::flow::call;
use crate::support::{Database, Flow, Params, Reply, Setup, TestServer, Tokens};

fn form(token: &str) -> Params {
    Params::of(&[("token", token)])
}

async fn revoke(flow: &Flow, form: Params) -> Reply {
    flow.door.form("/revoke", &[], &flow.as_client(form)).await
}

#[tokio::test]
async fn item_87_whatever_the_token_the_answer_is_200() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    for token in [
        "unknown",
        "a.b.c",
        &tokens.refresh,
        &tokens.refresh,
        &tokens.access,
    ] {
        revoke(&flow, form(token)).await.expect(200);
    }
    server.clock.advance(Duration::from_secs(100 * 24 * 3600));
    revoke(&flow, form(&tokens.refresh)).await.expect(200);
    revoke(&flow, form(&tokens.access)).await.expect(200);
}

#[tokio::test]
async fn item_87_clients_authenticate_as_at_the_token_endpoint() {
    let server = TestServer::start();
    let flow = Flow::confidential(&server, "client_secret_post").await;
    let anonymous = server.form("/revoke", &[], &form("x")).await;
    assert!(matches!(anonymous.status, 400 | 401), "{anonymous:?}");
    let wrong = form("x")
        .and("client_id", &flow.client_id)
        .and("client_secret", "wrong");
    server
        .form("/revoke", &[], &wrong)
        .await
        .expect_error(401, "invalid_client");
    let bare = form("x").and("client_id", &flow.client_id);
    server
        .form("/revoke", &[], &bare)
        .await
        .expect_error(401, "invalid_client");
    revoke(&flow, form("x")).await.expect(200);
    revoke(&flow, Params::default())
        .await
        .expect_error(400, "invalid_request");
    let twice = form("x").and("token", "y");
    revoke(&flow, twice)
        .await
        .expect_error(400, "invalid_request");
    server.get("/revoke?token=x").await.expect(405);
}

#[tokio::test]
async fn item_87_a_wrong_hint_finds_the_token_all_the_same() {
    let server = TestServer::start();
    for hint in ["access_token", "refresh_token", "x"] {
        let mut flow = Flow::new(&server).await;
        let tokens = flow.tokens().await;
        revoke(&flow, form(&tokens.access).and("token_type_hint", hint))
            .await
            .expect(200);
        assert!(!flow.is_accepted(&tokens.access).await, "{hint}");
        revoke(&flow, form(&tokens.refresh).and("token_type_hint", hint))
            .await
            .expect(200);
        flow.refresh(&tokens.refresh)
            .await
            .expect_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn item_87_a_stranger_revokes_nothing() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let other = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    revoke(&other, form(&tokens.access)).await.expect(200);
    revoke(&other, form(&tokens.refresh)).await.expect(200);
    assert!(flow.is_accepted(&tokens.access).await);
    flow.refresh(&tokens.refresh).await.expect(200);
}

#[tokio::test]
async fn item_88_a_revoked_refresh_token_ends_the_family_here_at_once() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    assert!(flow.is_accepted(&first.access).await && flow.is_accepted(&second.access).await);
    revoke(&flow, form(&second.refresh)).await.expect(200);
    assert!(!flow.is_accepted(&first.access).await);
    assert!(!flow.is_accepted(&second.access).await);
    flow.refresh(&second.refresh)
        .await
        .expect_error(400, "invalid_grant");
    flow.refresh(&first.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_88_a_revoked_access_token_ends_alone() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let first = flow.tokens().await;
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    revoke(&flow, form(&first.access)).await.expect(200);
    assert!(!flow.is_accepted(&first.access).await);
    assert!(flow.is_accepted(&second.access).await);
    flow.refresh(&second.refresh).await.expect(200);
}

#[tokio::test]
async fn item_88_another_replica_hears_within_five_seconds() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut flow = Flow::new(&a).await;
    let (of_grant, of_token) = (flow.tokens().await, flow.tokens().await);
    for tokens in [&of_grant, &of_token] {
        call(&b, &tokens.access, "whoami").await.expect(200);
    }
    revoke(&flow, form(&of_grant.refresh)).await.expect(200);
    revoke(&flow, form(&of_token.access)).await.expect(200);
    let revoked = Instant::now();
    for tokens in [&of_grant, &of_token] {
        while call(&b, &tokens.access, "whoami").await.status == 200 {
            // Some room for a machine with much to do.
            assert!(revoked.elapsed() < Duration::from_secs(7), "still accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    // Refreshing asks the store: there is no delay.
    flow.door = (*b).clone();
    flow.refresh(&of_grant.refresh)
        .await
        .expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_88_a_restart_forgets_no_revocation() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let base = server.base.clone();
    let mut flow = Flow::new(&server).await;
    let (revoked, kept) = (flow.tokens().await, flow.tokens().await);
    revoke(&flow, form(&revoked.refresh)).await.expect(200);
    drop(server);
    let server = Setup::new().on(&database).var("PUBLIC_URL", &base).start();
    call(&server, &kept.access, "whoami").await.expect(200);
    call(&server, &revoked.access, "whoami").await.expect(401);
}

#[tokio::test]
async fn item_89_introspection_is_for_authenticated_callers() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let anonymous = server.form("/introspect", &[], &form(&tokens.access)).await;
    assert_eq!(anonymous.status, 401, "{anonymous:?}");
    // A public client proves nothing.
    let public = flow.as_client(form(&tokens.access));
    server.form("/introspect", &[], &public).await.expect(401);

    let mut owner = Flow::confidential(&server, "client_secret_post").await;
    let request = owner.request().set("scope", "read");
    let code = owner.code_of(&request).await;
    let own = Tokens::of(&owner.token(&owner.redemption(&code)).await);
    let ask = async |token: &str| {
        let form = owner.as_client(form(token));
        server
            .form("/introspect", &[], &form)
            .await
            .expect(200)
            .json()
    };
    let answer = ask(&own.access).await;
    assert_eq!(
        (&answer["active"], &answer["scope"]),
        (&true.into(), &"read".into()),
        "{answer}"
    );
    for token in ["unknown", &tokens.access, &tokens.refresh] {
        assert_eq!(ask(token).await, serde_json::json!({ "active": false }));
    }
    revoke(&owner, form(&own.refresh)).await.expect(200);
    assert_eq!(
        ask(&own.access).await,
        serde_json::json!({ "active": false })
    );
}
