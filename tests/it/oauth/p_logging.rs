//! Section P: what a log gives away. At every level, over the whole flow.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::browser::filled;
use crate::support::flow::{call, call_with};
use crate::support::{Database, Flow, LOOPBACK, Log, Params, Setup, TestServer, Tokens};

#[tokio::test]
async fn item_112_113_114_the_log_names_events_and_callers_and_no_secrets() {
    let log = Log::of_everything();

    let database = Database::new();
    let setup = Setup::new().on(&database);
    let server = setup.var("TRUSTED_PROXIES", "127.0.0.1").start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    flow.state = "state-that-nobody-logs".into();
    let request = flow.request().set("scope", "read");
    let page = flow.login_page_of(&request).await;
    flow.submit(&page, "alice", "my-wrong-password")
        .await
        .expect(401);
    flow.submit(&page, "password-typed-as-name", "x")
        .await
        .expect(401);
    let code = flow
        .submit(&page, "alice", "password123")
        .await
        .answer("code")
        .expect("a code");
    let first = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    call(&server, &second.access, "whoami").await.expect(200);
    let target = format!("/mcp?access_token={}", second.access);
    server.get(&target).await.expect(401);
    call_with(
        &server,
        "whoami",
        &[("authorization", "Bearer a-bad-token-of-a-caller")],
    )
    .await;
    flow.token(&flow.redemption(&code)).await.expect(400);
    let form = flow.as_client(Params::of(&[("token", &second.refresh)]));
    server.form("/revoke", &[], &form).await.expect(200);
    reuse_a_refresh_token(&mut flow, &server).await;
    // What a caller writes into headers and names is no line and no field of the log.
    let headers = [
        ("origin", server.base.as_str()),
        ("x-forwarded-for", "6.6.6.6, 203.0.113.7"),
        ("x-request-id", "from-the-proxy-1"),
        ("user-agent", "x event=\"forged\""),
    ];
    let page = flow
        .login_page_of(&flow.request().and("prompt", "login"))
        .await;
    let form = filled(&page.form(), "al\r\nice\u{1b}[2J", "my-wrong-password");
    flow.browser
        .post_with(&page.form().action, &form, &headers)
        .await
        .expect(401);
    let metadata =
        json!({ "redirect_uris": [LOOPBACK], "client_name": "A \" event=\"forged\" \\" });
    let json = [
        ("content-type", "application/json"),
        ("x-request-id", "two words"),
    ];
    let body = metadata.to_string();
    let reply = server.send(Method::POST, "/register", &json, body).await;
    reply.expect(201);
    // A store in trouble logs its errors, not its values.
    database.execute("ALTER TABLE codes RENAME TO gone").await;
    flow.token(&flow.redemption("code-while-the-store-is-down"))
        .await
        .expect(503);

    let text = log.text();
    let mut secrets = vec![
        code,
        first.refresh,
        first.access,
        second.refresh,
        second.access,
        flow.secret.clone().expect("a secret"),
        flow.verifier.clone(),
        flow.state.clone(),
        flow.challenge(),
    ];
    secrets.extend(
        [
            "password123",
            "hunter2",
            "my-wrong-password",
            "password-typed-as-name",
            "a-bad-token-of-a-caller",
            "code-while-the-store-is-down",
        ]
        .map(str::to_owned),
    );
    secrets.extend(flow.browser.cookies.values().cloned());
    secrets.extend(
        page.form()
            .fields
            .into_iter()
            .map(|f| f.value)
            .filter(|v| v.len() > 20),
    );
    for secret in &secrets {
        let line = text.lines().find(|l| l.contains(secret.as_str()));
        assert!(line.is_none(), "{secret} is logged: {line:?}");
    }
    for event in [
        "register",
        "login",
        "login failed",
        "consent",
        "code redeemed",
        "code replayed, grant revoked",
        "refresh",
        "refresh token reused, grant revoked",
        "access token revoked",
    ] {
        let said = format!("event=\"{event}\"");
        assert!(text.contains(&said), "{said} is not logged");
    }
    assert!(text.contains(&flow.client_id));

    let audit: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" mcp_runtime::audit: "))
        .collect();
    for line in &audit {
        let starts_with_a_time = line.starts_with("20") && line.contains("Z ");
        let says_who = line.contains(" address=\"") && line.contains(" request=\"");
        assert!(starts_with_a_time && says_who, "{line}");
        assert!(
            !line.contains('\u{1b}') && !line.contains("6.6.6.6"),
            "{line}"
        );
    }
    let told = audit
        .iter()
        .find(|line| line.contains("request=\"from-the-proxy-1\""))
        .expect("the login that came through the proxy");
    assert!(
        told.contains("login failed") && told.contains("address=\"203.0.113.7\""),
        "{told}"
    );
    // A quote in a name is escaped, and an id that is none is not taken over.
    let forged = audit.iter().find(|line| line.contains("forged"));
    let forged = forged.expect("the name");
    assert!(
        !forged.contains(" event=\"forged\"") && !forged.contains("two words"),
        "{forged}"
    );
}

/// Uses a refresh token again after its window, and revokes an access token.
async fn reuse_a_refresh_token(flow: &mut Flow, server: &TestServer) {
    let tokens = flow.tokens().await;
    let form = flow.as_client(Params::of(&[("token", &tokens.access)]));
    server.form("/revoke", &[], &form).await.expect(200);
    flow.refresh(&tokens.refresh).await.expect(200);
    server.clock.advance(Duration::from_secs(121));
    flow.refresh(&tokens.refresh).await.expect(400);
}
