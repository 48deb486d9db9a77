//! Section D: which authorization requests are served, and who hears of those that are not.

use std::net::TcpListener;

use serde_json::json;

use crate::support::jwt::claims;
use crate::support::{Flow, LOOPBACK, Params, Reply, Setup, TestServer, Tokens, WEB};

/// A redirect that tells the client of an error.
#[track_caller]
fn expect_redirected_error(flow: &Flow, reply: &Reply, error: &str) {
    let location = reply.location();
    let base = flow.redirect_uri.split('?').next().expect("a URI");
    assert!(location.as_str().starts_with(base), "{location}");
    assert_eq!(reply.answer("error").as_deref(), Some(error), "{location}");
    assert_eq!(
        reply.answer("iss"),
        Some(flow.door.base.clone()),
        "{location}"
    );
    assert_eq!(reply.answer("code"), None);
    assert!(reply.is_no_store(), "{reply:?}");
}

/// The request fails with this error: told to a client on loopback by a redirect, shown to the user with a link where
/// the client is elsewhere (item 35).
async fn both_ways(server: &TestServer, error: &str, spoil: impl Fn(Params) -> Params) {
    let mut near = Flow::new(server).await;
    let reply = near.authorize(&spoil(near.request())).await;
    expect_redirected_error(&near, &reply, error);

    let mut far = Flow::at(server, WEB).await;
    let reply = far
        .authorize(&spoil(far.request()))
        .await
        .expect_local_error();
    let page = reply.page();
    assert!(page.text.contains("c.test"), "{}", page.text);
    let links: Vec<_> = page.tags("a").filter_map(|a| a.get("href")).collect();
    assert!(
        links
            .iter()
            .any(|l| l.starts_with(WEB) && l.contains(&format!("error={error}"))),
        "{links:?}"
    );
    assert!(
        page.tags("meta").all(|m| m.get("http-equiv").is_none()),
        "a refresh"
    );
}

async fn expect_local(flow: &mut Flow, request: &Params) -> Reply {
    let reply = flow.authorize(request).await.expect_local_error();
    assert!(!reply.body.contains("<script"), "{reply:?}");
    reply
}

#[tokio::test]
async fn item_28_an_unknown_client_or_redirect_uri_is_answered_here() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let markup = "\"><script>alert(1)</script>";
    for request in [
        flow.request().set("client_id", "client_unknown"),
        flow.request().set("client_id", markup),
        flow.request().without("client_id"),
        flow.request().set("redirect_uri", "https://evil.test/cb"),
        flow.request().set("redirect_uri", markup),
        flow.request()
            .set("client_id", "client_unknown")
            .without("redirect_uri"),
    ] {
        expect_local(&mut flow, &request).await;
    }
}

#[tokio::test]
async fn item_28_one_of_several_redirect_uris_must_be_named() {
    let server = TestServer::start();
    let metadata = json!({
        "redirect_uris": [WEB, LOOPBACK], "token_endpoint_auth_method": "none",
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    let request = flow.request().without("redirect_uri");
    expect_local(&mut flow, &request).await;
}

#[tokio::test]
async fn item_29_redirect_uris_are_compared_exactly_cve_2025_4143() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    for uri in [
        "https://c.test/cb/",
        "https://c.test/CB",
        "https://C.test/cb",
        "HTTPS://c.test/cb",
        "https://c.test/cb?x=1",
        "https://c.test/cb?",
        "https://c.test/cb#",
        "https://c.test/cb/..",
        "https://c.test/x/../cb",
        "https://c.test:443/cb",
        "https://c.test.evil/cb",
        "https://c.test@evil/cb",
        "https://c.test/%63b",
        "https://c.test/cb ",
        " https://c.test/cb",
        "http://c.test/cb",
        "https://c.test/",
    ] {
        let request = flow.request().set("redirect_uri", uri);
        expect_local(&mut flow, &request).await;
    }
    flow.login_page().await;
}

#[tokio::test]
async fn item_30_only_the_port_of_a_loopback_uri_may_vary() {
    let server = TestServer::start();
    for (registered, good, bad) in [
        (
            "http://127.0.0.1:5/cb",
            ["http://127.0.0.1:61000/cb", "http://127.0.0.1/cb"],
            [
                "http://127.0.0.1:5/cb2",
                "http://127.0.0.1:5/cb?x=1",
                "https://127.0.0.1:5/cb",
                "http://localhost:5/cb",
                "http://[::1]:5/cb",
                "http://127.1:5/cb",
                "http://2130706433:5/cb",
                "http://127.0.0.1:5@evil.test/cb",
            ],
        ),
        (
            "http://[::1]:5/cb",
            ["http://[::1]:61000/cb", "http://[::1]/cb"],
            [
                "http://[::1]:5/cb2",
                "http://[::1]:5/cb?x=1",
                "https://[::1]:5/cb",
                "http://localhost:5/cb",
                "http://127.0.0.1:5/cb",
                "http://[0:0::1]:5/cb",
                "http://[::1].evil.test:5/cb",
                "http://[::2]:5/cb",
            ],
        ),
        (
            "http://localhost:5/cb",
            ["http://localhost:61000/cb", "http://localhost/cb"],
            [
                "http://localhost:5/cb2",
                "http://localhost:5/cb?x=1",
                "https://localhost:5/cb",
                "http://127.0.0.1:5/cb",
                "http://[::1]:5/cb",
                "http://LOCALHOST:5/cb",
                "http://localhost.evil.test:5/cb",
                "http://localhost.:5/cb",
            ],
        ),
    ] {
        let mut flow = Flow::at(&server, registered).await;
        for uri in good {
            flow.redirect_uri = uri.into();
            let reply = flow.sign_in("alice", "password123").await;
            assert!(reply.location().as_str().starts_with(uri), "{reply:?}");
            let code = reply.answer("code").expect("a code");
            Tokens::of(&flow.token(&flow.redemption(&code)).await);
            flow = flow.in_another_browser();
        }
        for uri in bad {
            let request = flow.request().set("redirect_uri", uri);
            expect_local(&mut flow, &request).await;
        }
    }
}

#[tokio::test]
async fn item_30_localhost_is_loopback_only_while_that_is_switched_on() {
    let server = TestServer::with(|auth| auth.localhost_redirects(false));
    let metadata = json!({ "redirect_uris": ["http://localhost:5/cb"] });
    let reply = crate::support::flow::register(&server, &metadata).await;
    reply.expect_error(400, "invalid_redirect_uri");
}

#[tokio::test]
async fn item_31_a_repeated_client_or_redirect_uri_is_answered_here_cve_2026_9689() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    for request in [
        flow.request().and("client_id", &flow.client_id),
        flow.request().and("client_id", "other"),
        flow.request().and("redirect_uri", LOOPBACK),
        flow.request().and("redirect_uri", "https://evil.test/"),
    ] {
        expect_local(&mut flow, &request).await;
    }
}

#[tokio::test]
async fn item_31_other_parameters_stand_there_once_except_resource() {
    let server = TestServer::start();
    for (name, value) in [
        ("scope", "read"),
        ("state", "other"),
        ("response_type", "code"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ] {
        both_ways(&server, "invalid_request", |request| {
            request.and(name, value)
        })
        .await;
    }
    let mut flow = Flow::new(&server).await;
    let request = flow.request().and("resource", &server.resource());
    flow.login_page_of(&request).await;
}

#[tokio::test]
async fn item_31_response_type_and_scope_are_checked() {
    let server = TestServer::start();
    for kind in ["token", "code token", "id_token", "CODE"] {
        both_ways(&server, "unsupported_response_type", |r| {
            r.set("response_type", kind)
        })
        .await;
    }
    both_ways(&server, "invalid_request", |r| r.without("response_type")).await;
    for scope in [
        "re\"ad",
        "read\u{7}",
        "read\\",
        "rëad",
        "admin",
        "read admin",
    ] {
        both_ways(&server, "invalid_scope", |r| r.set("scope", scope)).await;
    }
}

#[tokio::test]
async fn item_31_offline_access_is_taken_without_effect() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let request = flow.request().set("scope", "read offline_access");
    let code = flow.code_of(&request).await;
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    assert_eq!(tokens.scope, "read");
}

#[tokio::test]
async fn item_32_code_state_and_iss_come_back_exactly_once() {
    let server = TestServer::start();
    let registered = "https://c.test/cb?iss=x&a=%ff&code=old&state=old&error=old";
    let mut flow = Flow::at(&server, registered).await;
    flow.state = "Zoë +&=%20\"<>#/?".into();
    let page = flow.login_page().await;
    let denied = flow.clone().deny(&page).await;
    let page = flow.login_page().await;
    let approved = flow.submit(&page, "alice", "password123").await;
    for (reply, own, other) in [(&approved, "code", "error"), (&denied, "error", "code")] {
        let location = reply.header("location").expect("a location");
        assert!(location.starts_with("https://c.test/cb?"), "{location}");
        assert!(location.contains("a=%ff"), "{location}");
        assert_eq!(reply.answer("state").as_ref(), Some(&flow.state));
        assert_eq!(reply.answer("iss").as_ref(), Some(&server.base));
        assert!(reply.answer(own).is_some_and(|v| v != "old"), "{location}");
        assert_eq!(reply.answer(other), None, "{location}");
    }
}

#[tokio::test]
async fn item_32_a_request_without_state_gets_none_back() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page_of(&flow.request().without("state")).await;
    let reply = flow.submit(&page, "alice", "password123").await;
    assert!(reply.answer("code").is_some());
    assert_eq!(reply.answer("state"), None);
    assert_eq!(reply.answer("iss").as_ref(), Some(&server.base));
}

#[tokio::test]
async fn item_33_the_resource_is_this_server_and_no_other() {
    let server = TestServer::start();
    for resource in [
        "https://evil.test/mcp".to_owned(),
        "/mcp".into(),
        "mcp".into(),
        format!("{}#x", server.resource()),
        format!("{}2", server.resource()),
        format!("{}/x", server.resource()),
        format!("{}?x", server.resource()),
        server.resource().replace("127.0.0.1", "user@127.0.0.1"),
        server.resource().replace("http:", "https:"),
    ] {
        both_ways(&server, "invalid_target", |r| r.set("resource", &resource)).await;
        both_ways(&server, "invalid_target", |r| r.and("resource", &resource)).await;
    }
}

#[tokio::test]
async fn item_33_spellings_of_the_resource_mean_the_same_audience() {
    let server = Setup::new()
        .var("PUBLIC_URL", "http://localhost:4444")
        .start();
    for resource in [
        Some("http://localhost:4444/mcp"),
        Some("http://localhost:4444/mcp/"),
        Some("HTTP://LOCALHOST:4444/mcp"),
        None,
    ] {
        let mut flow = Flow::new(&server).await;
        let request = flow.request().without("resource");
        let request = resource.map_or(request.clone(), |r| request.and("resource", r));
        let code = flow.code_of(&request).await;
        let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
        assert_eq!(
            claims(&tokens.access)["aud"],
            server.resource(),
            "{resource:?}"
        );
    }
}

#[tokio::test]
async fn item_34_nothing_is_fetched_by_reference() {
    let server = TestServer::start();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let own = format!(
        "http://{}/request",
        listener.local_addr().expect("an address")
    );
    both_ways(&server, "request_uri_not_supported", |r| {
        r.and("request_uri", &own)
    })
    .await;
    both_ways(&server, "request_not_supported", |r| {
        r.and("request", "a.b.c")
    })
    .await;
    assert!(listener.accept().is_err(), "the server fetched a request");
}

#[tokio::test]
async fn item_34_prompt_none_never_shows_and_prompt_login_always_asks() {
    let server = TestServer::start();
    both_ways(&server, "login_required", |r| r.and("prompt", "none")).await;

    let mut flow = Flow::new(&server).await;
    flow.tokens().await;
    let request = flow.request().and("prompt", "none");
    let reply = flow.authorize(&request).await;
    expect_redirected_error(&flow, &reply, "consent_required");
    let request = flow.request().and("prompt", "login");
    assert!(flow.login_page_of(&request).await.asks_for_password());
    assert!(
        !flow.login_page().await.asks_for_password(),
        "the session is still there"
    );
}

#[tokio::test]
async fn item_34_a_session_older_than_max_age_is_not_enough() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    flow.tokens().await;
    let request = |flow: &Flow, seconds: &str| flow.request().and("max_age", seconds);
    let (zero, hour) = (request(&flow, "0"), request(&flow, "3600"));
    assert!(flow.login_page_of(&zero).await.asks_for_password());
    assert!(!flow.login_page_of(&hour).await.asks_for_password());
    server.clock.advance(std::time::Duration::from_secs(3601));
    assert!(flow.login_page_of(&hour).await.asks_for_password());
    assert!(!flow.login_page().await.asks_for_password());
}

#[tokio::test]
async fn item_35_errors_go_to_where_this_user_has_let_this_client_go_before() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let bad = flow.request().set("response_type", "token");
    flow.authorize(&bad).await.expect_local_error();
    flow.tokens().await;
    let reply = flow.authorize(&bad).await;
    expect_redirected_error(&flow, &reply, "unsupported_response_type");
    // Not for another user, nor for another client of the same user.
    flow.in_another_browser()
        .authorize(&bad)
        .await
        .expect_local_error();
    let mut other = Flow::at(&server, WEB).await;
    other.browser = flow.browser.clone();
    let bad = other.request().set("response_type", "token");
    other.authorize(&bad).await.expect_local_error();
}
