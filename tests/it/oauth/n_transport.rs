//! Section N: names, origins, sizes, and requests that proxies and servers read differently.

use reqwest::Method;

use crate::support::flow::call_with;
use crate::support::{Database, Flow, Setup, TestServer, raw};

#[tokio::test]
async fn item_98_no_route_answers_to_another_name_cve_2026_42559() {
    let server = TestServer::start();
    let port = server.address().port();
    for host in [
        "evil.test".to_owned(),
        format!("evil.test:{port}"),
        format!("127.0.0.1.evil.test:{port}"),
        "127.0.0.1:1".into(),
        format!("user@127.0.0.1:{port}"),
    ] {
        for (method, path) in [
            (Method::POST, "/mcp"),
            (Method::GET, "/mcp"),
            (Method::GET, "/.well-known/oauth-protected-resource"),
            (Method::GET, "/.well-known/oauth-authorization-server"),
            (Method::GET, "/authorize"),
            (Method::GET, "/login"),
            (Method::POST, "/login"),
            (Method::POST, "/token"),
            (Method::POST, "/register"),
            (Method::POST, "/revoke"),
            (Method::POST, "/introspect"),
            (Method::GET, "/jwks"),
        ] {
            let reply = server.send(method, path, &[("host", &host)], "").await;
            assert!(
                matches!(reply.status, 400 | 403 | 421),
                "{host} {path}: {reply:?}"
            );
        }
    }
    server
        .send(Method::GET, "/health", &[("host", "10.0.0.7")], "")
        .await
        .expect(200);
}

#[tokio::test]
async fn item_98_another_loopback_name_may_call_and_is_told_the_right_url() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let bearer = format!("Bearer {}", flow.tokens().await.access);
    let localhost = format!("localhost:{}", server.address().port());
    let host = ("host", localhost.as_str());
    call_with(&server, "whoami", &[host, ("authorization", &bearer)])
        .await
        .expect(200);
    // Whatever carries metadata would contradict the name by which the client came.
    let told = call_with(&server, "whoami", &[host]).await.expect(421);
    assert!(told.body.contains(&server.resource()), "{told:?}");
    let path = "/.well-known/oauth-protected-resource/mcp";
    let told = server
        .send(Method::GET, path, &[host], "")
        .await
        .expect(421);
    assert!(told.body.contains(&server.url(path)), "{told:?}");
}

#[test]
fn item_98_one_host_header_and_no_more() {
    let server = TestServer::start();
    let own = server.authority();
    let path = "/.well-known/oauth-authorization-server";
    let with = |hosts: &str| {
        raw(
            &server,
            format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n").as_bytes(),
        )
    };
    assert_eq!(with(&format!("Host: {own}\r\n")).0, 200);
    for hosts in [
        String::new(),
        format!("Host: {own}\r\nHost: {own}\r\n"),
        format!("Host: {own}\r\nHost: evil.test\r\n"),
        format!("Host: evil.test\r\nHost: {own}\r\n"),
    ] {
        let (status, text) = with(&hosts);
        assert!(matches!(status, 400 | 421), "{hosts}: {text}");
    }
}

#[tokio::test]
async fn item_99_origins_are_listed_or_absent() {
    let server = Setup::new()
        .var("ALLOWED_ORIGINS", "https://app.test")
        .start();
    let mut flow = Flow::new(&server).await;
    let bearer = format!("Bearer {}", flow.tokens().await.access);
    let call = async |origin: &str| {
        let headers = [("authorization", bearer.as_str()), ("origin", origin)];
        call_with(&server, "whoami", &headers).await
    };
    call_with(&server, "whoami", &[("authorization", &bearer)])
        .await
        .expect(200);
    for origin in ["https://app.test", &server.base, "http://localhost:6274"] {
        call(origin).await.expect(200);
    }
    for origin in [
        "https://evil.test",
        "null",
        "https://app.test.evil.test",
        "https://app.test:444",
        "http://app.test",
        "http://localhost.evil.test",
        "",
    ] {
        call(origin).await.expect(403);
    }
    let two = [
        ("authorization", bearer.as_str()),
        ("origin", "https://app.test"),
        ("origin", "https://evil.test"),
    ];
    call_with(&server, "whoami", &two).await.expect(403);
}

#[test]
fn item_100_plain_http_is_for_loopback() {
    let said = Setup::new()
        .var("PUBLIC_URL", "http://as.test")
        .expect_no_start();
    assert!(said.contains("PUBLIC_URL"), "{said}");
    drop(
        Setup::new()
            .var("PUBLIC_URL", "http://as.test")
            .var("ALLOW_INSECURE_HTTP", "1")
            .start(),
    );
    let said = Setup::new().var("HOST", "0.0.0.0").expect_no_start();
    assert!(said.contains("PUBLIC_URL"), "{said}");
}

#[tokio::test]
async fn item_100_https_says_to_stay_on_https() {
    let server = Setup::without_users()
        .var("PUBLIC_URL", "https://as.test")
        .start();
    for path in ["/.well-known/oauth-authorization-server", "/login", "/mcp"] {
        let reply = server.get(path).await;
        let hsts = reply
            .header("strict-transport-security")
            .unwrap_or_default();
        assert!(hsts.starts_with("max-age="), "{path}: {reply:?}");
    }
    let server = TestServer::start();
    let reply = server.get("/.well-known/oauth-authorization-server").await;
    assert!(
        reply.header("strict-transport-security").is_none(),
        "{reply:?}"
    );
}

#[tokio::test]
async fn demo_passwords_work_on_this_machine_only() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    flow.tokens().await;
    drop(server);
    let server = Setup::new()
        .on(&database)
        .var("PUBLIC_URL", "https://as.test")
        .start();
    // Its grants ended with its password.
    let alive = database
        .column("SELECT id FROM grants WHERE revoked_at IS NULL")
        .await;
    assert!(alive.is_empty(), "{alive:?}");
    flow = flow.at_server(&server);
    flow.sign_in("alice", "password123").await.expect(401);
}

#[tokio::test]
async fn demo_passwords_that_another_server_gave_back_do_not_work_here() {
    let database = Database::new();
    let public = Setup::new()
        .on(&database)
        .var("PUBLIC_URL", "https://as.test")
        .start();
    let private = Setup::new().on(&database).start();
    let mut here = Flow::new(&private).await;
    here.sign_in("alice", "password123").await.expect(303);
    let mut there = Flow::new(&public).await;
    there.sign_in("alice", "password123").await.expect(401);
}

#[tokio::test]
async fn item_102_forms_are_bounded_declared_or_not() {
    let server = TestServer::start();
    let body = format!("grant_type=x&padding={}", "x".repeat(17 * 1024));
    let kind = "application/x-www-form-urlencoded";
    for path in ["/token", "/login", "/revoke", "/introspect", "/authorize"] {
        let headers = [("content-type", kind)];
        let reply = server
            .send(Method::POST, path, &headers, body.clone())
            .await;
        assert_eq!(reply.status, 413, "{path}: {reply:?}");
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            server.authority(),
            body.len(),
        );
        let (status, text) = raw(&server, request.as_bytes());
        assert_eq!(status, 413, "{path}: {text}");
    }
}

#[test]
fn item_102_more_than_96_headers_are_too_many() {
    let server = TestServer::start();
    let many: String = (0..200).map(|i| format!("X-{i}: x\r\n")).collect();
    let request = format!("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{many}\r\n");
    let (status, text) = raw(&server, request.as_bytes());
    assert!(matches!(status, 400 | 431), "{text}");
}

#[test]
fn item_104_requests_of_two_lengths_are_refused() {
    let server = TestServer::start();
    let own = server.authority();
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (version, heads) in [
        ("1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        ("1.1", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        ("1.1", "Content-Length: +5\r\n"),
        ("1.1", "Transfer-Encoding: chunked, identity\r\n"),
        ("1.0", "Transfer-Encoding: chunked\r\n"),
    ] {
        let request = format!(
            "POST /token HTTP/{version}\r\nHost: {own}\r\n{kind}{heads}Connection: close\r\n\r\n\
             0\r\n\r\n"
        );
        let (status, text) = raw(&server, request.as_bytes());
        assert_eq!(status, 400, "{heads}: {text}");
    }
}

#[tokio::test]
async fn item_104_a_wrong_method_is_told_the_right_ones() {
    let server = TestServer::start();
    for (path, right) in [
        ("/token", "POST"),
        ("/register", "POST"),
        ("/revoke", "POST"),
        ("/introspect", "POST"),
        ("/jwks", "GET"),
        ("/authorize", "GET"),
        ("/login", "GET"),
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/oauth-protected-resource/mcp", "GET"),
    ] {
        for method in [Method::DELETE, Method::PATCH] {
            let reply = server.send(method, path, &[], "").await.expect(405);
            let allow = reply.header("allow").unwrap_or_default();
            assert!(allow.contains(right), "{path}: {reply:?}");
            for inside in ["actix", "rust", "src/", ".rs", "panicked"] {
                assert!(
                    !format!("{reply:?}").to_lowercase().contains(inside),
                    "{reply:?}"
                );
            }
        }
    }
}
