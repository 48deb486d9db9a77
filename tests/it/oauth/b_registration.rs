//! Section B: what a stranger may register.

use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::flow::{basic, register};
use crate::support::{Database, Flow, LOOPBACK, Params, Reply, Setup, TestServer, WEB, raw};

/// A good registration with one member changed.
fn with(member: &str, value: Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [WEB], "token_endpoint_auth_method": "none" });
    metadata[member] = value;
    metadata
}

async fn register_uri(server: &TestServer, uri: &str) -> Reply {
    register(server, &with("redirect_uris", json!([uri]))).await
}

#[tokio::test]
async fn item_7_what_was_registered_is_echoed_with_status_201() {
    let server = TestServer::start();
    let metadata = json!({
        "redirect_uris": [WEB, LOOPBACK],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "read dice:roll",
        "client_name": "Zoë's client",
        "client_uri": "https://c.test/",
        "logo_uri": "https://c.test/logo.png",
        "contacts": ["ops@c.test"],
        "software_id": "c",
        "software_version": "1.2",
    });
    let reply = register(&server, &metadata).await.expect(201);
    assert!(reply.is_no_store(), "{reply:?}");
    let registered = reply.json();
    for (member, value) in metadata.as_object().expect("an object") {
        assert_eq!(&registered[member], value, "{member}");
    }
    assert!(
        registered["client_id_issued_at"]
            .as_u64()
            .is_some_and(|t| t > 1_700_000_000)
    );
    assert_eq!(registered["client_secret_expires_at"], 0);
    assert!(
        registered["client_secret"]
            .as_str()
            .is_some_and(|s| s.len() >= 43)
    );
}

#[tokio::test]
async fn item_7_the_defaults_are_filled_in() {
    let server = TestServer::start();
    let reply = register(&server, &json!({ "redirect_uris": [WEB] }))
        .await
        .expect(201)
        .json();
    assert_eq!(reply["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(reply["response_types"], json!(["code"]));
    assert_eq!(reply["scope"], "read");
    assert!(reply["client_secret"].is_string());
}

#[tokio::test]
async fn item_7_a_public_client_has_no_secret_that_could_expire() {
    let server = TestServer::start();
    let reply = register(&server, &with("client_name", json!("x")))
        .await
        .expect(201)
        .json();
    assert!(reply.get("client_secret").is_none(), "{reply}");
    assert!(reply.get("client_secret_expires_at").is_none(), "{reply}");
}

#[tokio::test]
async fn item_8_identity_and_privilege_are_the_servers_to_give() {
    let server = TestServer::start();
    let mut metadata = with("client_id", json!("https://app.test/c.json"));
    for (member, value) in [
        ("client_secret", json!("mine")),
        ("skip_consent", json!(true)),
        ("trusted", json!(true)),
        ("owner", json!("alice")),
        ("client_id_issued_at", json!(1)),
    ] {
        metadata[member] = value;
    }
    let first = register(&server, &metadata).await.expect(201).json();
    let second = register(&server, &metadata).await.expect(201).json();
    for client in [&first, &second] {
        let id = client["client_id"].as_str().expect("an id");
        // 128 bits are 22 characters of base64url.
        assert!(id.len() >= 22 && !id.contains([':', '/']), "{id}");
        assert_ne!(client["client_id_issued_at"], 1);
        for member in ["client_secret", "skip_consent", "trusted", "owner"] {
            assert!(client.get(member).is_none(), "{client}");
        }
    }
    assert_ne!(first["client_id"], second["client_id"]);
}

#[tokio::test]
async fn item_9_redirect_uris_are_allowed_by_scheme_not_denied_by_text() {
    // Opting in to private-use schemes opens none of these doors.
    for server in [
        TestServer::start(),
        TestServer::with(|auth| auth.private_use_schemes(["cursor"])),
    ] {
        for uri in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "javascript://c.test/%0aalert(1)",
            " https://c.test/cb",
            "https://c.test/cb ",
            "https://c.te\tst/cb",
            "https://c.test/\ncb",
            "java\nscript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "blob:https://c.test/1",
            "file:///etc/passwd",
            "about:blank",
            "https:evil",
            "https:/evil",
            "//evil",
            "/cb",
            "cb",
            "",
            "https://c.test/cb#frag",
            "https://c.test/cb#",
            "https://user@c.test/cb",
            "https://user:pw@c.test/cb",
            "https://*.c.test/cb",
            "https://c.test/*",
            "https://c.test/a/../cb",
            "https://c.test/a/%2e%2e/cb",
            "https://c.test/./cb",
            "https://c.test\\@evil.test/cb",
        ] {
            let reply = register_uri(&server, uri).await;
            reply.expect_error(400, "invalid_redirect_uri");
        }
    }
}

#[tokio::test]
async fn item_9_one_bad_uri_among_good_ones_spoils_all() {
    let server = TestServer::start();
    let metadata = with("redirect_uris", json!([WEB, "javascript:alert(1)"]));
    register(&server, &metadata)
        .await
        .expect_error(400, "invalid_redirect_uri");
}

#[tokio::test]
async fn item_10_https_everywhere_http_on_loopback_only() {
    let server = TestServer::start();
    for uri in [
        WEB,
        LOOPBACK,
        "http://[::1]:9/cb",
        "http://localhost:9/cb",
        "http://127.0.0.1/",
    ] {
        register_uri(&server, uri).await.expect(201);
    }
    for uri in [
        "http://client.test/cb",
        "http://localhost.evil.test/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://10.0.0.1/cb",
        "http://0.0.0.0/cb",
    ] {
        register_uri(&server, uri)
            .await
            .expect_error(400, "invalid_redirect_uri");
    }
}

#[tokio::test]
async fn item_10_an_application_type_is_held_to_what_it_claims() {
    let server = TestServer::start();
    for (kind, uri, status) in [
        ("web", LOOPBACK, 400),
        ("web", WEB, 201),
        ("native", "http://client.test/cb", 400),
        ("native", LOOPBACK, 201),
        ("native", WEB, 201),
    ] {
        let mut metadata = with("redirect_uris", json!([uri]));
        metadata["application_type"] = json!(kind);
        register(&server, &metadata).await.expect(status);
    }
}

#[tokio::test]
async fn item_10_private_use_schemes_are_an_opt_in() {
    let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
    let server = TestServer::start();
    register_uri(&server, uri)
        .await
        .expect_error(400, "invalid_redirect_uri");
    let server = TestServer::with(|auth| auth.private_use_schemes(["cursor"]));
    // Cursor calls itself a web application.
    let mut metadata = with("redirect_uris", json!([uri]));
    metadata["application_type"] = json!("web");
    register(&server, &metadata).await.expect(201);
    // Only those that are named.
    register_uri(&server, "vscode://x/cb")
        .await
        .expect_error(400, "invalid_redirect_uri");
}

#[tokio::test]
async fn item_11_one_to_ten_redirect_uris() {
    let server = TestServer::start();
    let uris = |n: usize| {
        (0..n)
            .map(|i| format!("https://c.test/{i}"))
            .collect::<Vec<_>>()
    };
    register(&server, &with("redirect_uris", json!(uris(10))))
        .await
        .expect(201);
    for n in [0, 11] {
        register(&server, &with("redirect_uris", json!(uris(n))))
            .await
            .expect(400)
            .json();
    }
    let none = json!({ "token_endpoint_auth_method": "none" });
    register(&server, &none).await.expect(400).json();
}

#[tokio::test]
async fn item_11_too_much_is_refused_before_it_is_parsed() {
    let server = TestServer::start();
    let body = format!(
        "{{\"redirect_uris\":[\"{WEB}\"],\"x\":\"{}\"}}",
        "x".repeat(65 * 1024)
    );
    server.json("/register", body.clone()).await.expect(413);
    // Chunked: nothing declares the length.
    let request = format!(
        "POST /register HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        server.authority(),
        body.len(),
    );
    let (status, text) = raw(&server, request.as_bytes());
    assert_eq!(status, 413, "{text}");
}

#[tokio::test]
async fn item_11_only_strict_json_is_read() {
    let server = TestServer::start();
    let uris = format!("\"redirect_uris\":[\"{WEB}\"]");
    let deep = format!("{{{uris},\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for body in [
        format!("{{{uris},\"redirect_uris\":[\"{LOOPBACK}\"]}}"),
        format!("{{{uris},\"jwks\":{{\"a\":1,\"a\":2}}}}"),
        deep,
        format!("{{\"redirect_uris\":\"{WEB}\"}}"),
        "{\"redirect_uris\":[1]}".into(),
        format!("[{{{uris}}}]"),
        format!("{{{uris}"),
        "null".into(),
        String::new(),
    ] {
        server
            .json("/register", body)
            .await
            .expect_error(400, "invalid_client_metadata");
    }
    let latin = [
        b"{\"client_name\":\"\xff\",".as_slice(),
        uris.as_bytes(),
        b"}",
    ]
    .concat();
    server.json("/register", latin).await.expect(400).json();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let headers = [("content-type", kind)];
        let reply = server
            .send(Method::POST, "/register", &headers, format!("{{{uris}}}"))
            .await;
        assert!(matches!(reply.status, 400 | 415), "{reply:?}");
    }
}

#[tokio::test]
async fn item_12_links_are_https_and_never_fetched() {
    let server = TestServer::start();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("non-blocking");
    let own = format!("https://{}/x", listener.local_addr().expect("an address"));
    for member in [
        "logo_uri",
        "client_uri",
        "tos_uri",
        "policy_uri",
        "jwks_uri",
    ] {
        for uri in [
            "http://c.test/x",
            "javascript:alert(1)",
            "data:image/png,x",
            "/x",
            "",
        ] {
            let reply = register(&server, &with(member, json!(uri))).await;
            reply.expect_error(400, "invalid_client_metadata");
        }
        register(&server, &with(member, json!(own)))
            .await
            .expect(201);
    }
    let mut flow = Flow::registered(&server, &with("logo_uri", json!(own))).await;
    let page = flow.login_page().await;
    assert!(
        page.all_tags()
            .iter()
            .all(|t| t.get("src") != Some(own.as_str())),
        "{page:?}"
    );
    assert!(listener.accept().is_err(), "the server fetched a link");
}

#[tokio::test]
async fn item_12_names_are_short_and_show_as_they_are() {
    let server = TestServer::start();
    let long = "x".repeat(101);
    for name in [
        long.as_str(),
        "a\u{0}b",
        "a\nb",
        "a\u{1b}[31mb",
        "moc.knab\u{202e}",
    ] {
        let reply = register(&server, &with("client_name", json!(name))).await;
        // Refused, or cleaned.
        if reply.status != 400 {
            let shown = reply.expect(201).json();
            assert_ne!(shown["client_name"], name);
        }
    }
    register(&server, &with("client_name", json!("é".repeat(100))))
        .await
        .expect(201);
}

#[tokio::test]
async fn item_13_no_grant_or_method_beyond_the_servers_own() {
    let server = TestServer::start();
    for (member, value) in [
        ("grant_types", json!(["password"])),
        ("grant_types", json!(["implicit"])),
        (
            "grant_types",
            json!(["authorization_code", "client_credentials"]),
        ),
        (
            "grant_types",
            json!(["urn:ietf:params:oauth:grant-type:jwt-bearer"]),
        ),
        ("grant_types", json!(["refresh_token"])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code", "code token"])),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("scope", json!("read admin")),
    ] {
        let reply = register(&server, &with(member, value)).await;
        reply.expect_error(400, "invalid_client_metadata");
    }
    let client = Flow::confidential(&server, "client_secret_basic").await;
    let form = Params::of(&[("grant_type", "client_credentials")]);
    let header = basic(
        &client.client_id,
        client.secret.as_deref().expect("a secret"),
    );
    let reply = server
        .form("/token", &[("authorization", &header)], &form)
        .await;
    reply.expect_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn item_14_a_software_statement_nobody_can_verify_is_refused() {
    let server = TestServer::start();
    register(&server, &with("software_statement", json!("a.b.c")))
        .await
        .expect(400)
        .json();
}

#[tokio::test]
async fn item_16_registrations_are_not_managed_over_http() {
    let server = TestServer::start();
    let client = register(&server, &with("client_name", json!("x")))
        .await
        .expect(201)
        .json();
    for member in ["registration_client_uri", "registration_access_token"] {
        assert!(client.get(member).is_none(), "{client}");
    }
    let id = client["client_id"].as_str().expect("an id");
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        server
            .send(method, &format!("/register/{id}"), &[], "")
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn item_14_an_initial_access_token_can_be_asked_for_cve_2026_9803() {
    let server = TestServer::with(|auth| auth.registration_token("a-token-of-the-operators"));
    let body = with("redirect_uris", json!([WEB])).to_string();
    let register = async |authorization: &[&str]| {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.iter().map(|value| ("authorization", *value)));
        let target = server.url("/register");
        server
            .send(Method::POST, &target, &headers, body.clone())
            .await
    };
    for refused in [
        &[][..],
        &["Bearer"],
        &["Bearer "],
        &["Bearer wrong"],
        &["Basic YTpi"],
        &["a-token-of-the-operators"],
        &["Bearer a-token-of-the-operators", "Bearer x"],
    ] {
        let reply = register(refused).await.expect_error(401, "invalid_token");
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer"), "{refused:?}: {challenge}");
    }
    register(&["Bearer a-token-of-the-operators"])
        .await
        .expect(201);
    register(&["bearer a-token-of-the-operators"])
        .await
        .expect(201);
}

#[tokio::test]
async fn item_4_without_registration_there_is_no_endpoint_and_none_is_named() {
    let server = TestServer::with(|auth| auth.registration(false));
    let metadata = server.get("/.well-known/oauth-authorization-server").await;
    let metadata = metadata.expect(200).json();
    assert!(
        metadata.get("registration_endpoint").is_none(),
        "{metadata}"
    );
    let reply = register(&server, &with("redirect_uris", json!([WEB]))).await;
    assert_eq!(reply.status, 404, "{reply:?}");
}

#[tokio::test]
async fn item_15_a_flood_from_one_place_has_to_wait() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let metadata = with("redirect_uris", json!([WEB]));
    register(&server, &metadata).await.expect(201);
    // As if it had come 299 times more.
    let counted = database
        .execute("UPDATE counters SET n = 300 WHERE n = 1")
        .await;
    assert_eq!(counted, 1);
    let stopped = register(&server, &metadata).await.expect(429);
    let wait = stopped
        .header("retry-after")
        .expect("a time")
        .parse::<u64>();
    let wait = wait.expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    assert!(stopped.is_no_store());
    server
        .clock
        .advance(std::time::Duration::from_secs(wait + 1));
    register(&server, &metadata).await.expect(201);
}

#[tokio::test]
async fn item_15_no_more_clients_are_kept_than_the_store_bears() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let metadata = with("redirect_uris", json!([WEB]));
    register(&server, &metadata).await.expect(201);
    database
        .execute(
            "INSERT INTO clients (id, metadata, created_at) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) \
             SELECT 'client_' || i, '{}', i FROM n",
        )
        .await;
    // The oldest that nobody used make room, one for one.
    let by_number = "SELECT CAST(MIN(created_at) || ' of ' || COUNT(*) AS TEXT) FROM clients";
    for expected in ["2 of 100000", "3 of 100000"] {
        register(&server, &metadata).await.expect(201);
        assert_eq!(database.column(by_number).await, [expected]);
    }
    // Where all were used, nobody is thrown out.
    database
        .execute("UPDATE clients SET last_used_at = 1")
        .await;
    let full = register(&server, &metadata).await.expect(503);
    assert!(full.header("retry-after").is_some(), "{full:?}");
    assert_eq!(database.column(by_number).await, ["3 of 100000"]);
}

#[tokio::test]
async fn item_15_clients_that_nobody_used_vanish() {
    let database = Database::new();
    let first = Setup::new().on(&database).start();
    let mut used = Flow::new(&first).await;
    used.tokens().await;
    let unused = Flow::new(&first).await;
    first
        .clock
        .advance(std::time::Duration::from_secs(25 * 60 * 60));
    // It sweeps soon after its start, and every minute.
    let second = Setup::new().on(&database).replica_of(&first).start();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while database
        .column("SELECT id FROM clients")
        .await
        .contains(&unused.client_id)
    {
        assert!(std::time::Instant::now() < deadline, "it is still there");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let left = database.column("SELECT id FROM clients").await;
    assert_eq!(left, [used.client_id]);
    drop(second);
}
