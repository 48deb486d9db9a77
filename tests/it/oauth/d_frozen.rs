//! Section D, after the request is accepted: it is frozen, and its answers carry nothing away.

use reqwest::Method;

use crate::support::browser::filled;
use crate::support::jwt::claims;
use crate::support::{Database, Flow, Params, Setup, TestServer, Tokens, WEB};

#[tokio::test]
async fn item_36_what_the_form_smuggles_in_changes_nothing() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let other = Flow::at(&server, "https://evil.test/cb").await;
    let page = flow
        .login_page_of(&flow.request().set("scope", "read"))
        .await;
    let form = filled(&page.form(), "alice", "password123")
        .and("redirect_uri", &other.redirect_uri)
        .and("client_id", &other.client_id)
        .and("state", "smuggled")
        .and(
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        )
        .and("resource", "https://evil.test/mcp");
    let reply = flow
        .browser
        .post(&page.form().action, &form)
        .await
        .expect(303);
    assert!(reply.location().as_str().starts_with(WEB), "{reply:?}");
    assert_eq!(reply.answer("state").as_ref(), Some(&flow.state));
    let code = reply.answer("code").expect("a code");
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    assert_eq!(tokens.scope, "read");
    assert_eq!(claims(&tokens.access)["client_id"], flow.client_id);
    assert_eq!(claims(&tokens.access)["aud"], server.resource());
}

#[tokio::test]
async fn item_36_a_scope_that_was_not_asked_for_cannot_be_ticked() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow
        .login_page_of(&flow.request().set("scope", "read"))
        .await;
    let form = filled(&page.form(), "alice", "password123").and("scope", "dice:roll");
    let reply = flow.browser.post(&page.form().action, &form).await;
    if let Some(code) = (reply.status == 303)
        .then(|| reply.answer("code"))
        .flatten()
    {
        assert_eq!(
            Tokens::of(&flow.token(&flow.redemption(&code)).await).scope,
            "read"
        );
    } else {
        reply.expect_refusal();
    }
}

#[tokio::test]
async fn item_36_the_form_carries_one_opaque_handle_and_nothing_of_the_request() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let page = flow.login_page().await;
    for field in page.form().fields.iter().filter(|f| f.kind == "hidden") {
        for secret in [
            &flow.client_id,
            &flow.redirect_uri,
            &flow.state,
            &flow.challenge(),
        ] {
            assert!(!field.value.contains(secret.as_str()), "{field:?}");
        }
    }
}

#[tokio::test]
async fn item_36_a_handle_belongs_to_one_browser_and_is_used_once() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let form = filled(&page.form(), "alice", "password123");
    let action = page.form().action;

    let mut stranger = server.browser();
    stranger.post(&action, &form).await.expect(403);
    // With a pre-login cookie of its own, too.
    let mut stranger = flow.in_another_browser();
    stranger.login_page().await;
    stranger.browser.post(&action, &form).await.expect(403);

    flow.browser.post(&action, &form).await.expect(303);
    let again = flow.browser.post(&action, &form).await;
    assert!(matches!(again.status, 400 | 403 | 410), "{again:?}");
    assert!(again.header("location").is_none());
}

#[tokio::test]
async fn item_36_a_request_waits_ten_minutes() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    server.clock.advance(std::time::Duration::from_secs(601));
    let reply = flow.submit(&page, "alice", "password123").await;
    assert!(matches!(reply.status, 400 | 410), "{reply:?}");
}

#[tokio::test]
async fn item_37_a_post_is_answered_with_303_so_that_the_password_stays_here() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let page = flow.login_page().await;
    let reply = flow.submit(&page, "alice", "password123").await.expect(303);
    assert!(!format!("{reply:?}").contains("password123"));
    let page = flow.login_page().await;
    flow.deny(&page).await.expect(303);
}

#[tokio::test]
async fn item_37_an_authorization_request_may_be_posted() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request();
    let target = server.url("/authorize");
    // From the client's own page: no Origin of ours.
    let headers = [
        ("origin", "https://c.test"),
        ("sec-fetch-site", "cross-site"),
    ];
    let reply = flow.browser.post_with(&target, &request, &headers).await;
    assert!(matches!(reply.status, 302 | 303), "{reply:?}");
    let target = reply.header("location").expect("a location").to_owned();
    assert!(
        flow.browser
            .get(&target)
            .await
            .expect(200)
            .page()
            .asks_for_password()
    );
}

#[tokio::test]
async fn item_38_pages_of_the_flow_are_neither_cached_nor_shared_nor_leaked() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let origin = [
        ("origin", "https://c.test"),
        ("sec-fetch-site", "cross-site"),
    ];
    let authorize = server.url(&format!("/authorize?{}", flow.request().encoded()));
    let begun = flow.browser.get_with(&authorize, &origin).await.expect(302);
    let login = begun.header("location").expect("a location").to_owned();
    let shown = flow.browser.get_with(&login, &origin).await.expect(200);
    let form = filled(&shown.page().form(), "alice", "wrong password");
    let action = shown.page().form().action;
    let wrong = flow.browser.post(&action, &form).await.expect(401);
    let bad = server.url("/authorize?client_id=unknown");
    let refused = flow.browser.get_with(&bad, &origin).await.expect(400);
    let form = filled(&wrong.page().form(), "alice", "password123");
    let approved = flow.browser.post(&action, &form).await.expect(303);

    for (reply, has_form) in [
        (&begun, false),
        (&shown, true),
        (&wrong, true),
        (&refused, false),
        (&approved, false),
    ] {
        assert!(reply.is_no_store(), "{reply:?}");
        let policy = if has_form {
            "same-origin"
        } else {
            "no-referrer"
        };
        assert_eq!(reply.header("referrer-policy"), Some(policy), "{reply:?}");
        for name in reply.headers.keys() {
            assert!(!name.as_str().starts_with("access-control-"), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn item_38_a_query_beyond_8_kib_is_refused() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request().set("state", &"x".repeat(9 * 1024));
    let reply = flow.authorize(&request).await;
    assert!(matches!(reply.status, 400 | 414), "{}", reply.status);
    assert!(reply.header("location").is_none());
    let request = flow.request().set("state", &"x".repeat(4 * 1024));
    flow.authorize(&request).await.expect(302);
}

#[tokio::test]
async fn item_38_other_sites_get_no_preflight() {
    let server = TestServer::start();
    for path in ["/authorize", "/login"] {
        let asked = [
            ("origin", "https://c.test"),
            ("access-control-request-method", "POST"),
        ];
        let reply = server.send(Method::OPTIONS, path, &asked, "").await;
        assert!(
            reply.header("access-control-allow-origin").is_none(),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn item_48_where_to_return_is_no_parameter() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    for target in [
        "//evil.test",
        "/\\evil.test",
        "https:evil.test",
        "https://evil.test/",
    ] {
        let page = flow.login_page().await;
        let mut form: Params = filled(&page.form(), "alice", "password123");
        for name in ["next", "return_to", "redirect", "continue", "url"] {
            form = form.and(name, target);
        }
        let reply = flow
            .browser
            .post(&page.form().action, &form)
            .await
            .expect(303);
        assert!(
            reply.location().as_str().starts_with(&flow.redirect_uri),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn item_116_waiting_sign_ins_of_one_place_are_bounded_and_short_lived() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request();
    for _ in 0..200 {
        flow.authorize(&request).await.expect(302);
    }
    for _ in 0..20 {
        let stopped = flow.authorize(&request).await.expect(429);
        assert!(stopped.header("retry-after").is_some(), "{stopped:?}");
    }
    let rows = "SELECT CAST(COUNT(*) AS TEXT) FROM transactions";
    assert_eq!(database.column(rows).await, ["200"]);
    // None waits for more than ten minutes.
    server.clock.advance(std::time::Duration::from_secs(601));
    flow.authorize(&request).await.expect(302);
}

#[tokio::test]
async fn item_116_waiting_sign_ins_are_bounded_in_all() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request();
    flow.authorize(&request).await.expect(302);
    database
        .execute(
            "INSERT INTO transactions (handle, browser, request, expires_at, origin) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 19999) \
             SELECT 'h' || i, 'b', '{}', (SELECT expires_at FROM transactions), 'o' || i FROM n",
        )
        .await;
    let full = flow.authorize(&request).await.expect(503);
    assert!(full.header("retry-after").is_some(), "{full:?}");
}
