//! Section Q: refusals by load, each of which says when to come back.

use reqwest::Method;

use crate::support::browser::filled;
use crate::support::{Database, Flow, Params, Reply, Setup};

#[track_caller]
fn comes_back(reply: &Reply, statuses: &[u16]) {
    assert!(statuses.contains(&reply.status), "{reply:?}");
    let seconds = reply
        .header("retry-after")
        .and_then(|s| s.parse::<u64>().ok());
    assert!(
        seconds.is_some_and(|s| (1..=3600).contains(&s)),
        "{reply:?}"
    );
    if reply.headers["content-type"]
        .to_str()
        .is_ok_and(|t| t.starts_with("application/json"))
    {
        assert_ne!(reply.json()["error"], "invalid_grant", "{reply:?}");
    }
}

#[tokio::test]
async fn item_69_116_every_step_says_when_to_come_back_while_the_store_is_away() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    let tokens = flow.tokens().await;
    let code = flow.code().await;
    let page = flow.login_page().await;
    let waiting = flow.authorize(&flow.request()).await.expect(302);
    let waiting = waiting.header("location").expect("a page").to_owned();

    let tables = [
        "users",
        "clients",
        "transactions",
        "sessions",
        "codes",
        "refresh_tokens",
        "revocations",
        "counters",
    ];
    for table in tables {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_away").leak();
        database.execute(away).await;
    }
    let client = flow.clone();
    let token = |token: &str| client.as_client(Params::of(&[("token", token)]));
    let metadata = r#"{"redirect_uris":["https://c.test/cb"]}"#;
    let request = flow.request();
    let form = filled(&page.form(), "alice", "password123");
    let replies = [
        ("GET /authorize", flow.authorize(&request).await),
        ("GET /login", flow.browser.get(&waiting).await),
        (
            "POST /login",
            flow.browser.post(&page.form().action, &form).await,
        ),
        ("GET /account", flow.browser.get("/account").await),
        ("POST /register", server.json("/register", metadata).await),
        ("a code", flow.token(&flow.redemption(&code)).await),
        ("a refresh token", flow.refresh(&tokens.refresh).await),
        (
            "POST /revoke",
            server.form("/revoke", &[], &token(&tokens.refresh)).await,
        ),
        (
            "POST /introspect",
            server
                .form("/introspect", &[], &token(&tokens.access))
                .await,
        ),
    ];
    for (what, reply) in &replies {
        println!("{what}: {}", reply.status);
        comes_back(reply, &[503]);
    }
    // What needs no store goes on: tokens are verified, documents are served.
    assert!(flow.is_accepted(&tokens.access).await);
    for document in [
        "/jwks",
        "/.well-known/oauth-authorization-server",
        "/health",
    ] {
        let reply = server.send(Method::GET, document, &[], "").await;
        reply.expect(200);
    }

    for table in tables {
        let back = format!("ALTER TABLE {table}_away RENAME TO {table}").leak();
        database.execute(back).await;
    }
    flow.refresh(&tokens.refresh).await.expect(200);
    flow.token(&flow.redemption(&code)).await.expect(200);
    flow.submit(&page, "alice", "password123").await.expect(303);
}

#[tokio::test]
async fn item_116_waiting_sign_ins_are_bounded_here_and_in_all() {
    const FILL: &str = "INSERT INTO transactions (handle, browser, request, expires_at, origin) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
        SELECT 'filled ' || i, 'b', '{}', 9999999999999, 'elsewhere' FROM n";
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request();
    // One place may leave no more than 200 waiting.
    for _ in 0..200 {
        flow.authorize(&request).await.expect(302);
    }
    comes_back(&flow.authorize(&request).await, &[429]);
    // They end after ten minutes at the most, whoever left them.
    server.clock.advance(std::time::Duration::from_secs(601));
    flow.authorize(&request).await.expect(302);
    // All places together may leave no more than 20 000.
    assert_eq!(database.execute(FILL).await, 20_000);
    comes_back(&flow.authorize(&request).await, &[503]);
    // Whoever is signing in already is not held up.
    database
        .execute("DELETE FROM transactions WHERE handle = 'filled 1' OR handle = 'filled 2'")
        .await;
    let page = flow.login_page().await;
    flow.submit(&page, "alice", "password123").await.expect(303);
}

#[tokio::test]
async fn item_116_a_throttled_login_says_when_to_come_back() {
    let server = Setup::new().start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for _ in 0..10 {
        flow.submit(&page, "alice", "a guess").await.expect(401);
    }
    comes_back(&flow.submit(&page, "alice", "a guess").await, &[429]);
}
