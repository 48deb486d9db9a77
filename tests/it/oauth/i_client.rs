//! Section I: how a client says who it is at the token endpoint.

use serde_json::json;

use crate::support::flow::basic;
use crate::support::{Flow, LOOPBACK, Params, Reply, TestServer};

/// A token request that fails for nothing but its client: the refresh token is unknown.
fn probe() -> Params {
    Params::of(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "unknown"),
    ])
}

async fn send(server: &TestServer, authorization: Option<&str>, form: &Params) -> Reply {
    let headers: Vec<_> = authorization
        .map(|a| ("authorization", a))
        .into_iter()
        .collect();
    server.form("/token", &headers, form).await
}

/// The client passed: only the grant is refused.
#[track_caller]
fn expect_known(reply: Reply) {
    reply.expect_error(400, "invalid_grant");
}

/// A failure of client authentication; where Basic was tried, Basic is asked for (RFC 6749 §5.2).
#[track_caller]
fn expect_unknown(reply: Reply, with_basic: bool) -> Reply {
    let reply = reply.expect_error(401, "invalid_client");
    let challenge = reply.header("www-authenticate");
    if with_basic {
        assert!(
            challenge.is_some_and(|c| c.starts_with("Basic")),
            "{reply:?}"
        );
    }
    reply
}

#[tokio::test]
async fn item_66_basic_is_form_decoded_and_its_scheme_has_no_case() {
    let server = TestServer::start();
    let client = Flow::confidential(&server, "client_secret_basic").await;
    let header = client.basic();
    for scheme in ["Basic", "basic", "BASIC"] {
        let header = header.replacen("Basic", scheme, 1);
        expect_known(send(&server, Some(&header), &probe()).await);
    }
    // As RFC 6749 §2.3.1 has it, every character may be escaped.
    let escape = |text: &str| {
        text.bytes()
            .map(|b| format!("%{b:02x}"))
            .collect::<String>()
    };
    let secret = client.secret.clone().expect("a secret");
    let raw = format!("{}:{}", escape(&client.client_id), escape(&secret));
    let header = format!("Basic {}", base64(raw.as_bytes()));
    expect_known(send(&server, Some(&header), &probe()).await);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn item_66_a_client_id_beside_basic_must_match() {
    let server = TestServer::start();
    let client = Flow::confidential(&server, "client_secret_basic").await;
    let other = Flow::new(&server).await;
    let header = client.basic();
    let form = probe().and("client_id", &client.client_id);
    expect_known(send(&server, Some(&header), &form).await);
    let form = probe().and("client_id", &other.client_id);
    let reply = send(&server, Some(&header), &form).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    assert_ne!(reply.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn item_66_two_methods_at_once_are_refused() {
    let server = TestServer::start();
    let client = Flow::confidential(&server, "client_secret_basic").await;
    let form = client.as_client(probe());
    let reply = send(&server, Some(&client.basic()), &form).await;
    reply.expect_error(400, "invalid_request");
    let header = client.basic();
    let twice = [
        ("authorization", header.as_str()),
        ("authorization", header.as_str()),
    ];
    let reply = server.form("/token", &twice, &probe()).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    assert_ne!(reply.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn item_66_the_registered_method_is_the_one() {
    let server = TestServer::start();
    let post = Flow::confidential(&server, "client_secret_post").await;
    expect_known(post.token(&post.as_client(probe())).await);
    expect_unknown(send(&server, Some(&post.basic()), &probe()).await, true);
    let basic = Flow::confidential(&server, "client_secret_basic").await;
    expect_known(send(&server, Some(&basic.basic()), &probe()).await);
    expect_unknown(basic.token(&basic.as_client(probe())).await, false);
}

#[tokio::test]
async fn item_66_a_client_that_named_no_method_may_use_either() {
    let server = TestServer::start();
    let client = Flow::registered(&server, &json!({ "redirect_uris": [LOOPBACK] })).await;
    assert!(client.secret.is_some());
    expect_known(send(&server, Some(&client.basic()), &probe()).await);
    expect_known(client.token(&client.as_client(probe())).await);
}

#[tokio::test]
async fn item_66_a_confidential_client_without_its_secret_is_nobody() {
    let server = TestServer::start();
    for method in ["client_secret_basic", "client_secret_post"] {
        let client = Flow::confidential(&server, method).await;
        let form = probe().and("client_id", &client.client_id);
        expect_unknown(send(&server, None, &form).await, false);
        expect_unknown(
            send(&server, None, &form.and("client_secret", "")).await,
            false,
        );
        let header = basic(&client.client_id, "");
        expect_unknown(send(&server, Some(&header), &probe()).await, true);
    }
}

#[tokio::test]
async fn item_66_a_public_client_has_no_secret_to_show() {
    let server = TestServer::start();
    let client = Flow::new(&server).await;
    expect_known(client.token(&client.as_client(probe())).await);
    let form = client.as_client(probe()).and("client_secret", "x");
    expect_unknown(client.token(&form).await, false);
}

#[tokio::test]
async fn item_66_an_unknown_client_looks_like_a_wrong_secret() {
    let server = TestServer::start();
    let client = Flow::confidential(&server, "client_secret_basic").await;
    let wrong = basic(&client.client_id, "wrong");
    let unknown = basic("client_unknown", "wrong");
    let wrong = expect_unknown(send(&server, Some(&wrong), &probe()).await, true);
    let unknown = expect_unknown(send(&server, Some(&unknown), &probe()).await, true);
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(
        wrong.header("www-authenticate"),
        unknown.header("www-authenticate")
    );
}

#[tokio::test]
async fn item_66_nobody_at_all_is_refused() {
    let server = TestServer::start();
    let reply = send(&server, None, &probe()).await;
    assert!(matches!(reply.status, 400 | 401), "{reply:?}");
    assert!(matches!(
        reply.json()["error"].as_str(),
        Some("invalid_client" | "invalid_request")
    ));
}

#[tokio::test]
async fn item_66_broken_credentials_are_401_and_never_500() {
    let server = TestServer::start();
    for header in [
        "Basic !!!".to_owned(),
        "Basic".into(),
        "Basic ".into(),
        "Basic YQ".into(),
        format!("Basic {}", base64(b"no colon")),
        format!("Basic {}", base64(b"\xff\xfe:\xff")),
        format!("Basic {}", base64(b"%ff:%ff")),
        format!("Basic {}", base64(b":")),
    ] {
        let reply = send(&server, Some(&header), &probe()).await;
        expect_unknown(reply, true);
    }
}
