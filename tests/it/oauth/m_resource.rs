//! Section M: what the resource server tells those whom it does not serve.

use reqwest::Method;
use serde_json::json;

use crate::support::flow::{call, call_with, tool_call};
use crate::support::{Flow, Reply, Setup, TestServer, Tokens, raw};

/// The parameters of a Bearer challenge.
#[track_caller]
fn challenge(reply: &Reply) -> Vec<(String, String)> {
    let value = reply
        .header("www-authenticate")
        .unwrap_or_else(|| panic!("none: {reply:?}"));
    let params = value
        .strip_prefix("Bearer ")
        .unwrap_or_else(|| panic!("{value}"));
    let params = params
        .strip_suffix('"')
        .unwrap_or_else(|| panic!("{value}"));
    params
        .split("\", ")
        .map(|pair| pair.split_once("=\"").unwrap_or_else(|| panic!("{value}")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn get<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.as_str())
}

#[tokio::test]
async fn item_90_without_a_token_the_challenge_names_the_metadata_and_no_error() {
    let server = TestServer::start();
    for path in ["/mcp", "/mcp/"] {
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let reply = server.send(method, path, &[], "").await.expect(401);
            let params = challenge(&reply);
            let metadata = server.url("/.well-known/oauth-protected-resource/mcp");
            assert_eq!(get(&params, "resource_metadata"), Some(metadata.as_str()));
            assert_eq!(get(&params, "scope"), Some("read"));
            assert_eq!(get(&params, "error"), None);
            // The URL works as it stands.
            assert_eq!(
                server.get(&metadata).await.json()["resource"],
                server.resource()
            );
        }
    }
}

#[tokio::test]
async fn item_90_a_bad_token_is_told_to_be_one() {
    let server = TestServer::start();
    for token in ["unknown", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let params = challenge(&call(&server, token, "whoami").await.expect(401));
        assert_eq!(get(&params, "error"), Some("invalid_token"));
        assert!(get(&params, "resource_metadata").is_some() && get(&params, "scope").is_some());
    }
}

#[tokio::test]
async fn item_90_the_challenge_is_read_across_origins() {
    let server = Setup::new()
        .var("ALLOWED_ORIGINS", "https://app.test")
        .start();
    let origin = [("origin", "https://app.test")];
    let reply = call_with(&server, "whoami", &origin).await.expect(401);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("https://app.test")
    );
    let exposed = reply
        .header("access-control-expose-headers")
        .unwrap_or_default();
    assert!(
        exposed.to_lowercase().contains("www-authenticate"),
        "{exposed}"
    );
}

#[tokio::test]
async fn item_91_a_token_that_is_too_narrow_is_told_all_it_needs() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code_of(&flow.request().set("scope", "read")).await;
    let narrow = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    call(&server, &narrow.access, "whoami").await.expect(200);
    let reply = call(&server, &narrow.access, "roll").await.expect(403);
    let params = challenge(&reply);
    assert_eq!(get(&params, "error"), Some("insufficient_scope"));
    let mut scopes: Vec<_> = get(&params, "scope").expect("scopes").split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["dice:roll", "read"]);
    assert!(get(&params, "resource_metadata").is_some());

    let wide = flow.tokens().await;
    let reply = call(&server, &wide.access, "roll").await.expect(200);
    assert_eq!(reply.json()["result"]["content"][0]["text"], "6");
}

#[tokio::test]
async fn item_91_every_request_needs_the_base_scope() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow
        .code_of(&flow.request().set("scope", "dice:roll"))
        .await;
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    for tool in ["roll", "whoami"] {
        let params = challenge(&call(&server, &tokens.access, tool).await.expect(403));
        assert_eq!(get(&params, "error"), Some("insufficient_scope"));
        assert!(get(&params, "scope").is_some_and(|s| s.contains("read")));
    }
}

#[tokio::test]
async fn item_91_what_a_function_asks_for_is_told_with_what_its_tool_declares() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let params = challenge(&call(&server, &tokens.access, "bet").await.expect(403));
    assert_eq!(get(&params, "error"), Some("insufficient_scope"));
    assert_eq!(get(&params, "scope"), Some("read dice:roll dice:audit"));
}

#[tokio::test]
async fn item_91_a_broader_scope_implies_narrower_ones() {
    let server = TestServer::with(|auth| {
        auth.scope("dice:admin", "Run the table")
            .scope_implies("dice:admin", ["dice:roll", "read"])
            .scope_implies("dice:roll", ["dice:audit"])
    });
    let mut flow = Flow::new(&server).await;
    let request = flow.request().set("scope", "dice:admin");
    let code = flow.code_of(&request).await;
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    // The token says what was granted; the rest follows from it.
    assert_eq!(tokens.scope, "dice:admin");
    for tool in ["whoami", "roll", "audit", "bet"] {
        call(&server, &tokens.access, tool).await.expect(200);
    }
    // A refresh may narrow to what is implied, and not widen again from there.
    let narrow = flow.renewal(&tokens.refresh).and("scope", "read dice:roll");
    let narrow = Tokens::of(&flow.token(&narrow).await);
    assert_eq!(narrow.scope, "read dice:roll");
    call(&server, &narrow.access, "roll").await.expect(200);
    let mut plain = Flow::new(&server).await;
    let tokens = plain.tokens().await;
    let wider = plain.renewal(&tokens.refresh).and("scope", "dice:admin");
    plain.token(&wider).await.expect_error(400, "invalid_scope");
}

/// What a list names, and how it may be cached.
async fn list(server: &TestServer, access_token: &str, method: &str) -> (Vec<String>, String) {
    let authorization = format!("Bearer {access_token}");
    let headers = [
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
        ("authorization", authorization.as_str()),
    ];
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": method,
        "params": { "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    let reply = server.send(Method::POST, "/mcp", &headers, body.to_string());
    let result = reply.await.expect(200).json()["result"].clone();
    let tools = result["tools"].as_array().expect("tools");
    let names = tools.iter().filter_map(|tool| tool["name"].as_str());
    (
        names.map(str::to_owned).collect(),
        result["cacheScope"].as_str().expect("a scope").to_owned(),
    )
}

#[tokio::test]
async fn item_95_the_call_is_authorized_whatever_the_list_shows() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let without = flow.tokens().await.access;
    let request = flow.request().set("scope", "read dice:audit");
    let code = flow.code_of(&request).await;
    let with = Tokens::of(&flow.token(&flow.redemption(&code)).await).access;

    let (seen, cache) = list(&server, &without, "tools/list").await;
    assert!(!seen.contains(&"audit".to_owned()), "{seen:?}");
    // What is listed in spite of its scope is refused as well.
    assert!(seen.contains(&"roll".to_owned()), "{seen:?}");
    assert_eq!(cache, "private");
    let (seen, cache) = list(&server, &with, "tools/list").await;
    assert!(seen.contains(&"audit".to_owned()), "{seen:?}");
    assert_eq!(cache, "private");

    let reply = call(&server, &without, "audit").await.expect(403);
    let params = challenge(&reply);
    assert_eq!(get(&params, "error"), Some("insufficient_scope"));
    assert_eq!(get(&params, "scope"), Some("read dice:audit"));
    assert!(!reply.body.contains("6, 6, 6"), "{}", reply.body);
    call(&server, &with, "roll").await.expect(403);
    let reply = call(&server, &with, "audit").await.expect(200);
    assert!(reply.body.contains("6, 6, 6"), "{}", reply.body);
}

#[tokio::test]
async fn item_92_a_token_counts_in_the_header_only() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let token = flow.tokens().await.access;
    let json_type = ("content-type", "application/json");
    let accept = ("accept", "application/json");
    let target = format!("/mcp?access_token={token}");
    let reply = server
        .send(
            Method::POST,
            &target,
            &[json_type, accept],
            tool_call("whoami"),
        )
        .await;
    let reply = reply.expect(401);
    assert_eq!(
        get(&challenge(&reply), "error"),
        None,
        "it is not even looked at"
    );
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        accept,
    ];
    let body = format!("access_token={token}");
    server
        .send(Method::POST, "/mcp", &form, body)
        .await
        .expect(401);
    let cookie = format!("access_token={token}");
    call_with(&server, "whoami", &[("cookie", &cookie)])
        .await
        .expect(401);
}

#[tokio::test]
async fn item_92_the_scheme_has_no_case_and_others_are_none() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let token = flow.tokens().await.access;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let header = format!("{scheme} {token}");
        call_with(&server, "whoami", &[("authorization", &header)])
            .await
            .expect(200);
    }
    for header in [
        token.clone(),
        format!("Basic {token}"),
        format!("DPoP {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token} x"),
        "Bearer".into(),
        "Bearer ".into(),
    ] {
        let reply = call_with(&server, "whoami", &[("authorization", &header)]).await;
        assert!(matches!(reply.status, 400 | 401), "{header}: {reply:?}");
    }
}

#[tokio::test]
async fn item_92_two_credentials_are_none() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let token = flow.tokens().await.access;
    let good = format!("Bearer {token}");
    for other in [good.as_str(), "Bearer x", "Basic eDp5"] {
        for (one, two) in [(good.as_str(), other), (other, good.as_str())] {
            let headers = [("authorization", one), ("authorization", two)];
            // Reqwest appends, so both are sent.
            call_with(&server, "whoami", &headers).await.expect(400);
        }
    }
    let body = tool_call("whoami");
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: tools/call\r\nMcp-Name: whoami\r\nConnection: close\r\n\
         AUTHORIZATION: {good}\r\nauthorization: {good}\r\nContent-Length: {}\r\n\r\n{body}",
        server.authority(),
        body.len(),
    );
    let (status, text) = raw(&server, request.as_bytes());
    assert_eq!(status, 400, "{text}");
}

#[test]
fn item_93_a_scope_that_breaks_a_header_does_not_start() {
    for name in [
        "a\"b",
        "a\r\nX-Evil: 1",
        "a b",
        "a\\b",
        "",
        "offline_access",
    ] {
        let said = Setup::new()
            .auth(|auth| auth.scope(name, "Words"))
            .expect_no_start();
        assert!(said.contains("scope") && !said.contains('\n'), "{said}");
    }
    let said = Setup::new()
        .auth(|auth| auth.scope("fine", "a\r\nb"))
        .expect_no_start();
    assert!(said.contains("fine"), "{said}");
    for narrow in ["unknown", "a\"b", "read"] {
        let said = Setup::new()
            .auth(|auth| auth.scope_implies("read", [narrow]))
            .expect_no_start();
        assert!(
            said.contains("scope_implies") && !said.contains('\n'),
            "{said}"
        );
    }
}

#[tokio::test]
async fn item_96_a_legacy_session_belongs_to_one_user() {
    let server = TestServer::start();
    let mut alice = Flow::new(&server).await;
    let token = alice.tokens().await;
    let mut bob = Flow::new(&server).await;
    let code = bob
        .sign_in("bob", "hunter2")
        .await
        .answer("code")
        .expect("a code");
    let bobs = Tokens::of(&bob.token(&bob.redemption(&code)).await);

    let send = async |token: &str, session: Option<&str>, body: serde_json::Value| {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("authorization", authorization.as_str()),
        ];
        if let Some(session) = session {
            headers.push(("mcp-session-id", session));
            headers.push(("mcp-protocol-version", "2025-11-25"));
        }
        server
            .send(Method::POST, "/mcp", &headers, body.to_string())
            .await
    };
    let hello = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    });
    let opened = send(&token.access, None, hello).await.expect(200);
    let session = opened
        .header("mcp-session-id")
        .expect("a session")
        .to_owned();
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    send(&token.access, Some(&session), list.clone())
        .await
        .expect(200);
    // A newer token of the same user and client will do; bob's will not, nor alice's by another client.
    let newer = Tokens::of(&alice.refresh(&token.refresh).await);
    send(&newer.access, Some(&session), list.clone())
        .await
        .expect(200);
    let mut elsewhere = Flow::new(&server).await;
    let other_client = elsewhere.tokens().await;
    for stranger in [&bobs.access, &other_client.access] {
        let reply = send(stranger, Some(&session), list.clone()).await;
        assert!(matches!(reply.status, 403 | 404), "{reply:?}");
    }
    send(&token.access, Some(&session), list).await.expect(200);
}

#[tokio::test]
async fn item_97_answers_to_a_user_are_not_shared() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let token = flow.tokens().await.access;
    for reply in [
        call(&server, &token, "whoami").await.expect(200),
        call(&server, "bad", "whoami").await.expect(401),
    ] {
        let cache = reply.header("cache-control").unwrap_or_default();
        assert!(
            cache.contains("private") || cache.contains("no-store"),
            "{reply:?}"
        );
    }
}
