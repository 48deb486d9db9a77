use std::time::Duration;

use actix_web::test::TestRequest;
use serde_json::json;

use super::world::*;

#[tokio::test]
async fn items_1_2_6_documents_are_where_clients_look() {
    let w = world_of("https://as.test/tenant", |auth| auth).await;
    for path in [
        "/.well-known/oauth-protected-resource/tenant/mcp",
        "/.well-known/oauth-protected-resource",
    ] {
        let answer = w.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json()["resource"], "https://as.test/tenant/mcp");
        assert_eq!(
            answer.json()["authorization_servers"],
            json!(["https://as.test/tenant"])
        );
        assert_eq!(answer.header("Cache-Control"), "public, max-age=3600");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "*");
    }
    let answer = w
        .get("/.well-known/oauth-authorization-server/tenant")
        .await;
    assert_eq!(answer.json()["issuer"], "https://as.test/tenant");
    assert_eq!(
        answer.json()["token_endpoint"],
        "https://as.test/tenant/token"
    );
    for path in [
        "/.well-known/oauth-protected-resource/other",
        "/.well-known/oauth-authorization-server/other",
        "/.well-known/openid-configuration",
    ] {
        let answer = w.get(path).await;
        assert_eq!(
            (answer.status, answer.header("Content-Type")),
            (404, "application/json")
        );
    }
    let refusal = w.let_in(&[]).await.expect_err("no token");
    assert_eq!(
        refusal.challenge.as_deref(),
        Some(
            r#"Bearer resource_metadata="https://as.test/.well-known/oauth-protected-resource/tenant/mcp", scope="read""#
        )
    );
    assert_eq!(w.get("/tenant/jwks").await.status, 200);
    let options = TestRequest::default().method(actix_web::http::Method::OPTIONS);
    assert_eq!(w.send(options.uri("/tenant/token")).await.status, 204);
}

#[tokio::test]
async fn item_4_exactly_what_works_is_advertised() {
    let w = world().await;
    let m = w
        .get("/.well-known/oauth-authorization-server")
        .await
        .json();
    assert_eq!(m["response_types_supported"], json!(["code"]));
    assert_eq!(m["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(
        m["authorization_response_iss_parameter_supported"],
        json!(true)
    );
    assert!(
        m["token_endpoint_auth_methods_supported"]
            .to_string()
            .contains("\"none\"")
    );
    assert_eq!(m["scopes_supported"], json!(["read", "dice:roll"]));
}

#[tokio::test]
async fn items_7_8_13_the_server_assigns_identity_and_privilege() {
    let w = world().await;
    let answer = w
        .register(json!({
            "redirect_uris": [WEB], "client_id": "https://evil.test/c.json", "trusted": true,
            "client_secret": "mine",
        }))
        .await;
    let body = answer.json();
    assert_eq!(
        (answer.status, answer.header("Cache-Control")),
        (201, "no-store")
    );
    assert!(!body["client_id"].as_str().expect("an id").contains("://"));
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(
        (&body["client_secret_expires_at"], &body["scope"]),
        (&json!(0), &json!("read"))
    );
    assert_ne!(body["client_secret"], "mine");
    assert!(
        body.get("trusted").is_none() && body.get("_method_named").is_none(),
        "{body}"
    );

    let public = w
        .register(json!({"redirect_uris": [WEB], "token_endpoint_auth_method": "none"}))
        .await
        .json();
    assert!(
        public.get("client_secret").is_none() && public.get("client_secret_expires_at").is_none()
    );

    for (name, value) in [
        ("grant_types", json!(["password"])),
        (
            "grant_types",
            json!(["authorization_code", "client_credentials"]),
        ),
        ("grant_types", json!([])),
        ("response_types", json!(["token"])),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("scope", json!("admin")),
        ("logo_uri", json!("http://c.test/l.png")),
        ("client_uri", json!("javascript:alert(1)")),
        ("jwks_uri", json!("http://127.0.0.1/")),
        ("client_name", json!("x".repeat(101))),
        ("client_name", json!("a\u{202e}b")),
        ("client_name", json!(7)),
        ("redirect_uris", json!("https://c.test/cb")),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(vec![WEB; 11])),
    ] {
        let mut body = json!({ "redirect_uris": [WEB] });
        body[name] = value;
        let answer = w.register(body).await;
        assert_eq!(
            answer.fault(),
            (400, "invalid_client_metadata".into()),
            "{name}"
        );
    }
    for (body, kind) in [
        (
            json!({"redirect_uris": ["http://client.test/cb"]}),
            "public http",
        ),
        (
            json!({"redirect_uris": [LOOPBACK], "application_type": "web"}),
            "web on loopback",
        ),
    ] {
        let fault = w.register(body).await.fault();
        assert_eq!(fault, (400, "invalid_redirect_uri".into()), "{kind}");
    }
}

#[tokio::test]
async fn item_11_registrations_are_parsed_strictly() {
    let w = world().await;
    for body in [
        "",
        "[]",
        "{",
        r#"{"redirect_uris":["https://c.test/cb"],"x":1,"x":2}"#,
    ] {
        assert_eq!(w.register_raw(body).await.status, 400, "{body}");
    }
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(65 * 1024));
    assert_eq!(w.register_raw(&large).await.status, 413);
    let form = w.post("/register", &[("redirect_uris", WEB)]).await;
    assert_eq!(form.status, 415);
    assert_eq!(w.get("/register").await.header("Allow"), "POST, OPTIONS");
}

#[tokio::test]
async fn items_28_29_without_a_trusted_target_nothing_is_redirected() {
    let w = world().await;
    let client = w.client().await;
    for extra in [
        ("client_id", "unknown"),
        ("client_id", "<script>"),
        ("redirect_uri", "https://evil.test/cb"),
        ("redirect_uri", "https://c.test/cb/"),
        ("redirect_uri", "http://127.0.0.1:5/other"),
        ("redirect_uri", ""),
    ] {
        let form = with(&request(&client), &[extra]);
        let answer = w.authorize(&mut Jar::default(), &form).await;
        assert_eq!((answer.status, answer.location()), (400, ""), "{extra:?}");
        assert!(!answer.body.contains("<script") && !answer.body.contains("evil"));
    }
    let twice = format!("/authorize?{}&client_id=x", encode(&request(&client)));
    assert_eq!(
        (w.get(&twice).await.status, w.get(&twice).await.location()),
        (400, "")
    );
    let long = format!(
        "/authorize?{}&x={}",
        encode(&request(&client)),
        "x".repeat(9000)
    );
    assert_eq!(w.get(&long).await.status, 414);
}

#[tokio::test]
async fn items_31_33_34_61_errors_go_back_to_loopback() {
    let w = world().await;
    let client = w.client().await;
    for (extra, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("scope", "re\"ad"), "invalid_scope"),
        (("scope", "admin"), "invalid_scope"),
        (("resource", "https://other.test/mcp"), "invalid_target"),
        (("resource", "/mcp"), "invalid_target"),
        (("resource", "https://as.test/mcp#f"), "invalid_target"),
        (("resource", "https://as.test/mcp2"), "invalid_target"),
        (("resource", "https://as.test"), "invalid_target"),
        (
            ("request_uri", "http://127.0.0.1:1/"),
            "request_uri_not_supported",
        ),
        (("request", "x"), "request_not_supported"),
        (("prompt", "none"), "login_required"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "x"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", "s256"), "invalid_request"),
    ] {
        let form = with(&request(&client), &[extra]);
        let answer = w.authorize(&mut Jar::default(), &form).await;
        assert_eq!(answer.status, 302, "{extra:?}");
        assert_eq!(answer.param("error").as_deref(), Some(error), "{extra:?}");
        assert_eq!(answer.param("state").as_deref(), Some("a b/+é&"));
        assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));

        // The same towards a web address that this browser never approved: no redirect (item 35).
        let form = with(&form, &[("redirect_uri", WEB)]);
        let answer = w.authorize(&mut Jar::default(), &form).await;
        assert_eq!((answer.status, answer.location()), (400, ""), "{extra:?}");
        assert!(answer.body.contains("c.test"));
    }
    for resource in [
        "https://as.test/mcp",
        "https://as.test/mcp/",
        "HTTPS://AS.test:443/mcp",
    ] {
        let form = with(&request(&client), &[("resource", resource)]);
        let answer = w.authorize(&mut Jar::default(), &form).await;
        assert!(answer.location().starts_with("/login"), "{resource}");
    }
    let path = format!(
        "/authorize?{}&scope=read&scope=read",
        encode(&request(&client))
    );
    assert_eq!(
        w.get(&path).await.param("error").as_deref(),
        Some("invalid_request")
    );
}

#[tokio::test]
async fn item_35_an_approved_target_is_told_at_once() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let answer = w.sign_in(&mut jar, &client, &[("redirect_uri", WEB)]).await;
    assert!(answer.param("code").is_some());
    let form = with(
        &request(&client),
        &[("redirect_uri", WEB), ("prompt", "none")],
    );
    let answer = w.authorize(&mut jar, &form).await;
    assert_eq!(answer.param("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn items_32_37_the_code_goes_back_once_with_state_and_issuer() {
    let w = world().await;
    let odd = "https://c.test/cb?iss=x&a=%ff";
    let body = json!({"redirect_uris": [odd], "token_endpoint_auth_method": "none"});
    let client = w.register(body).await.json()["client_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let mut jar = Jar::default();
    let answer = w.sign_in(&mut jar, &client, &[("redirect_uri", odd)]).await;
    assert_eq!(answer.status, 303);
    assert!(
        answer
            .location()
            .starts_with("https://c.test/cb?a=%ff&code="),
        "{}",
        answer.location()
    );
    assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.param("state").as_deref(), Some("a b/+é&"));
    assert_eq!(answer.header("Referrer-Policy"), "no-referrer");

    let posted_request = w
        .send(posted("/authorize", &request(&w.client().await)))
        .await;
    assert_eq!(posted_request.status, 303);
}

#[tokio::test]
async fn item_116_a_request_does_not_wait_for_ever() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &client, &[]).await;
    w.clock.advance(Duration::from_secs(601));
    let form = [("username", "alice"), ("password", PASSWORD)];
    assert_eq!(w.decide(&mut jar, &page, &form).await.status, 400);
    w.clock.advance(Duration::from_secs(366 * 24 * 60 * 60));
    assert!(w.server.sweep().await.expect("swept") >= 2);
    assert_eq!(w.server.sweep().await.expect("swept"), 0);
}
