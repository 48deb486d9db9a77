//! Section I: the token endpoint's manners.

use reqwest::Method;
use serde_json::json;

use crate::support::{Database, Flow, LOOPBACK, Params, Setup, TestServer, Tokens};

#[tokio::test]
async fn item_64_only_a_posted_form_is_read() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let form = flow.redemption(&code);
    let reply = server
        .get(&format!("/token?{}", form.encoded()))
        .await
        .expect(405);
    assert!(
        reply.header("allow").is_some_and(|a| a.contains("POST")),
        "{reply:?}"
    );
    let as_json = json!({ "grant_type": "authorization_code", "code": code }).to_string();
    for (kind, body) in [
        ("application/json", as_json),
        ("multipart/form-data; boundary=x", "--x--".to_owned()),
        (
            "application/json, application/x-www-form-urlencoded",
            form.encoded(),
        ),
        ("text/plain", form.encoded()),
        ("", form.encoded()),
    ] {
        let headers = [("content-type", kind)];
        let reply = server.send(Method::POST, "/token", &headers, body).await;
        assert!(matches!(reply.status, 400 | 415), "{reply:?}");
        assert!(reply.json()["error"].is_string());
    }
    let kind = [(
        "content-type",
        "application/x-www-form-urlencoded; charset=UTF-8",
    )];
    server
        .send(Method::POST, "/token", &kind, form.encoded())
        .await
        .expect(200);
}

#[tokio::test]
async fn item_64_nothing_is_read_from_the_url() {
    let server = TestServer::start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    let request = flow.request().set("scope", "read");
    let code = flow.code_of(&request).await;
    let form = flow.redemption(&code);
    let secret = flow.secret.clone().expect("a secret");
    let url = Params::of(&[("client_id", &flow.client_id), ("client_secret", &secret)]);
    let target = format!("/token?{}", url.encoded());
    let bare = form.clone().without("client_id").without("client_secret");
    let reply = server.form(&target, &[], &bare).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    let target = format!("/token?{}", form.encoded());
    let reply = server.form(&target, &[], &Params::default()).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    flow.token(&form).await.expect(200);
}

#[tokio::test]
async fn item_64_a_form_that_is_not_utf_8_is_refused() {
    let server = TestServer::start();
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    for body in [
        b"grant_type=%ff".as_slice(),
        b"grant_type=\xff",
        b"%ff=x",
        b"\0",
    ] {
        let reply = server
            .send(Method::POST, "/token", &kind, body.to_vec())
            .await;
        assert!(matches!(reply.status, 400 | 401), "{reply:?}");
        reply.json();
    }
}

#[tokio::test]
async fn item_65_only_resource_may_repeat() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let good = flow.redemption(&code);
    for name in [
        "grant_type",
        "code",
        "redirect_uri",
        "client_id",
        "code_verifier",
    ] {
        for value in [
            good.get(name).unwrap_or_default().to_owned(),
            "other".into(),
        ] {
            let form = good.clone().and(name, &value);
            flow.token(&form).await.expect_error(400, "invalid_request");
        }
    }
    let unknown = good.clone().and("extra", "1").and("extra", "1");
    flow.token(&unknown)
        .await
        .expect_error(400, "invalid_request");
    let resource = server.resource();
    let form = good
        .and("resource", &resource)
        .and("resource", &format!("{resource}/"));
    flow.token(&form).await.expect(200);
}

#[tokio::test]
async fn item_68_a_success_says_all_and_is_not_cached() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let first = flow.token(&flow.redemption(&code)).await;
    let second = flow.refresh(&Tokens::of(&first).refresh).await;
    for reply in [first, second] {
        let reply = reply.expect(200);
        assert!(reply.is_no_store(), "{reply:?}");
        let json = reply.json();
        assert_eq!(json["token_type"], "Bearer");
        assert_eq!(json["expires_in"], 600);
        assert_eq!(json["scope"], "read dice:roll");
        assert!(json["access_token"].is_string() && json["refresh_token"].is_string());
    }
}

#[tokio::test]
async fn item_68_failures_of_the_grant_are_400() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let renewal = flow.renewal(&tokens.refresh);
    for (form, error) in [
        (flow.redemption("unknown"), "invalid_grant"),
        (flow.renewal("unknown"), "invalid_grant"),
        (renewal.clone().and("scope", "admin"), "invalid_scope"),
        (renewal.clone().and("scope", "re\"ad"), "invalid_scope"),
        (
            renewal.clone().and("resource", "https://evil.test/"),
            "invalid_target",
        ),
        (
            renewal.clone().set("grant_type", "password"),
            "unsupported_grant_type",
        ),
        (
            renewal.clone().set("grant_type", "client_credentials"),
            "unsupported_grant_type",
        ),
        (
            renewal.clone().set("grant_type", "x"),
            "unsupported_grant_type",
        ),
        (renewal.clone().without("grant_type"), "invalid_request"),
        (renewal.clone().without("refresh_token"), "invalid_request"),
        (flow.redemption("x").without("code"), "invalid_request"),
    ] {
        flow.token(&form).await.expect_error(400, error);
    }
    // Item 70: none of that used the refresh token up.
    flow.token(&renewal).await.expect(200);
}

#[tokio::test]
async fn item_68_a_grant_type_that_was_not_registered_is_unauthorized() {
    let server = TestServer::start();
    let metadata = json!({
        "redirect_uris": [LOOPBACK],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code"],
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    let tokens = flow.tokens().await;
    assert_eq!(
        tokens.refresh, "",
        "no refresh token for who cannot use one"
    );
    let form = flow.renewal("anything");
    flow.token(&form)
        .await
        .expect_error(400, "unauthorized_client");
}

#[tokio::test]
async fn item_69_a_store_in_trouble_spoils_no_credential() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let code = flow.code().await;

    for (break_it, mend_it, form) in [
        (
            "ALTER TABLE refresh_tokens RENAME TO gone",
            "ALTER TABLE gone RENAME TO refresh_tokens",
            flow.renewal(&tokens.refresh),
        ),
        (
            "ALTER TABLE codes RENAME TO gone",
            "ALTER TABLE gone RENAME TO codes",
            { flow.redemption(&code) },
        ),
        (
            "ALTER TABLE clients RENAME TO gone",
            "ALTER TABLE gone RENAME TO clients",
            { flow.renewal(&tokens.refresh) },
        ),
    ] {
        database.execute(break_it).await;
        let reply = flow.token(&form).await.expect(503);
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
        assert_ne!(reply.json()["error"], "invalid_grant");
        // Item 104: nothing of the inside is told.
        for inside in ["sqlite", "no such table", "gone", "refresh_tokens"] {
            assert!(!reply.body.to_lowercase().contains(inside), "{reply:?}");
        }
        database.execute(mend_it).await;
        flow.token(&form).await.expect(200);
    }
}

#[tokio::test]
async fn item_69_the_flow_says_so_too() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    database.execute("ALTER TABLE users RENAME TO gone").await;
    let reply = flow.submit(&page, "alice", "password123").await.expect(503);
    assert!(reply.header("retry-after").is_some(), "{reply:?}");
    reply.page();
    database.execute("ALTER TABLE gone RENAME TO users").await;
    flow.submit(&page, "alice", "password123").await.expect(303);
}

#[tokio::test]
async fn item_70_a_refused_request_uses_nothing_up() {
    let server = TestServer::start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    let request = flow.request().set("scope", "read");
    let code = flow.code_of(&request).await;
    let good = flow.redemption(&code);
    flow.token(&good.clone().set("client_secret", "wrong"))
        .await
        .expect(401);
    flow.token(&good.clone().and("resource", "https://evil.test/"))
        .await
        .expect(400);
    let tokens = Tokens::of(&flow.token(&good).await);

    let good = flow.renewal(&tokens.refresh);
    flow.token(&good.clone().set("client_secret", "wrong"))
        .await
        .expect(401);
    flow.token(&good.clone().and("scope", "dice:roll"))
        .await
        .expect_error(400, "invalid_scope");
    flow.token(&good.clone().and("resource", "https://evil.test/"))
        .await
        .expect(400);
    let once = Tokens::of(&flow.token(&good).await);
    assert_ne!(once.refresh, tokens.refresh);
}

#[tokio::test]
async fn item_71_machine_endpoints_are_open_to_every_origin_without_credentials() {
    let server = TestServer::start();
    let flow = Flow::new(&server).await;
    let origin = [("origin", "https://app.test")];
    for (path, body) in [
        ("/token", flow.renewal("unknown")),
        (
            "/revoke",
            flow.as_client(Params::of(&[("token", "unknown")])),
        ),
        ("/register", Params::default()),
    ] {
        let reply = server.form(path, &origin, &body).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}: {reply:?}"
        );
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            None,
            "{path}"
        );
        let asked = [
            ("origin", "https://app.test"),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,content-type",
            ),
        ];
        let reply = server.send(Method::OPTIONS, path, &asked, "").await;
        assert!(matches!(reply.status, 200 | 204), "{path}: {reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        let methods = reply
            .header("access-control-allow-methods")
            .unwrap_or_default();
        assert!(methods.contains("POST"), "{methods}");
        let headers = reply
            .header("access-control-allow-headers")
            .unwrap_or_default();
        // `*` does not cover it (Fetch standard).
        assert!(
            headers.to_lowercase().contains("authorization"),
            "{headers}"
        );
    }
}

#[tokio::test]
async fn item_71_a_session_cookie_means_nothing_to_the_token_endpoint() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    flow.tokens().await;
    let (with, without) = (flow.renewal("unknown"), Params::of(&[("grant_type", "x")]));
    for form in [with, without] {
        let cookies: Vec<_> = flow
            .browser
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let cookies = cookies.join("; ");
        let plain = server.form("/token", &[], &form).await;
        let reply = server.form("/token", &[("cookie", &cookies)], &form).await;
        assert_eq!((reply.status, reply.body), (plain.status, plain.body));
        assert!(reply.headers.get("set-cookie").is_none());
    }
}
