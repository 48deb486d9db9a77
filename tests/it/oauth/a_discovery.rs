//! Section A: how a client finds its way, and whether what it finds is true.

use reqwest::Method;
use serde_json::json;

use crate::support::flow::{call_with, register};
use crate::support::{Flow, LOOPBACK, Setup, TestServer};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn item_1_resource_metadata_stands_at_both_well_known_urls() {
    let server = TestServer::start();
    for path in [format!("{RESOURCE}/mcp"), RESOURCE.to_owned()] {
        let metadata = server.get(&path).await.expect(200).json();
        assert_eq!(metadata["resource"], server.resource());
        assert_eq!(metadata["authorization_servers"], json!([server.base]));
        assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
        assert_eq!(
            metadata["scopes_supported"],
            json!(["read", "dice:roll", "dice:audit"])
        );
    }
}

#[tokio::test]
async fn item_1_metadata_of_an_unknown_resource_is_a_json_404() {
    let server = TestServer::start();
    for path in ["/other", "/mcp2", "/mcp/x"] {
        server
            .get(&format!("{RESOURCE}{path}"))
            .await
            .expect(404)
            .json();
    }
}

#[tokio::test]
async fn item_2_server_metadata_stands_where_rfc_8414_says() {
    let server = TestServer::start();
    let metadata = server.get(SERVER).await.expect(200).json();
    assert_eq!(metadata["issuer"], server.base);
    server
        .get("/.well-known/openid-configuration")
        .await
        .expect(404);
    server.get(&format!("{SERVER}/tenant")).await.expect(404);
}

#[tokio::test]
async fn item_2_the_path_of_the_issuer_is_inserted() {
    let server = Setup::new()
        .var("PUBLIC_URL", "https://as.test/tenant")
        .start();
    let metadata = server
        .get(&format!("{SERVER}/tenant"))
        .await
        .expect(200)
        .json();
    assert_eq!(metadata["issuer"], "https://as.test/tenant");
    assert_eq!(metadata["token_endpoint"], "https://as.test/tenant/token");
    let metadata = server
        .get(&format!("{RESOURCE}/tenant/mcp"))
        .await
        .expect(200)
        .json();
    assert_eq!(metadata["resource"], "https://as.test/tenant/mcp");

    let refused = call_with(&server, "whoami", &[]).await.expect(401);
    let challenge = refused.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.contains(&format!("\"https://as.test{RESOURCE}/tenant/mcp\"")),
        "{challenge}"
    );
    server
        .get("/tenant/.well-known/openid-configuration")
        .await
        .expect(404);
}

#[tokio::test]
async fn item_3_no_header_moves_an_absolute_url() {
    let server = TestServer::start();
    let lies = [
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.test;proto=https"),
        ("x-original-url", "https://evil.test/"),
    ];
    let flow = Flow::new(&server).await;
    let authorize = format!("/authorize?{}", flow.request().encoded());
    for path in [
        &format!("{RESOURCE}/mcp"),
        RESOURCE,
        SERVER,
        "/jwks",
        &authorize,
        "/nowhere",
    ] {
        let reply = server.send(Method::GET, path, &lies, "").await;
        assert!(!format!("{reply:?}").contains("evil.test"), "{reply:?}");
        let honest = server.get(path).await;
        assert_eq!(reply.status, honest.status);
    }
    let reply = call_with(&server, "whoami", &lies).await.expect(401);
    assert!(!format!("{reply:?}").contains("evil.test"), "{reply:?}");
}

#[tokio::test]
async fn item_3_another_host_gets_no_metadata() {
    let server = TestServer::start();
    for path in [
        &format!("{RESOURCE}/mcp"),
        SERVER,
        "/jwks",
        "/authorize",
        "/login",
    ] {
        let reply = server
            .send(Method::GET, path, &[("host", "evil.test")], "")
            .await;
        assert!(matches!(reply.status, 403 | 421), "{reply:?}");
        assert!(!reply.body.contains("evil.test"), "{reply:?}");
    }
}

#[tokio::test]
async fn item_4_what_is_advertised_is_exactly_what_works() {
    let server = TestServer::start();
    let metadata = server.get(SERVER).await.json();
    for (member, value) in [
        ("response_types_supported", json!(["code"])),
        (
            "grant_types_supported",
            json!(["authorization_code", "refresh_token"]),
        ),
        ("code_challenge_methods_supported", json!(["S256"])),
        (
            "authorization_response_iss_parameter_supported",
            json!(true),
        ),
        (
            "scopes_supported",
            json!(["read", "dice:roll", "dice:audit"]),
        ),
    ] {
        assert_eq!(metadata[member], value, "{member}");
    }
    let methods = &metadata["token_endpoint_auth_methods_supported"];
    assert_eq!(
        methods,
        &json!([
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt"
        ])
    );
    // Every one of these methods can be registered, and no other.
    for method in methods.as_array().expect("a list") {
        let mut client =
            json!({ "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": method });
        if method == "private_key_jwt" {
            client["jwks_uri"] = json!("https://keys.test/jwks.json");
        }
        register(&server, &client).await.expect(201);
    }
    assert_eq!(metadata.get("request_uri_parameter_supported"), None);
}

#[tokio::test]
async fn item_4_every_advertised_url_is_absolute_and_there() {
    let server = TestServer::start();
    let metadata = server.get(SERVER).await.json();
    let members = metadata.as_object().expect("an object");
    let urls: Vec<_> = members
        .iter()
        .filter(|(n, _)| n.ends_with("_endpoint") || n.ends_with("_uri"))
        .collect();
    assert!(urls.len() >= 5, "{urls:?}");
    for (name, url) in urls {
        let url = url.as_str().expect("a URL");
        assert!(url.starts_with(&server.base), "{name}: {url}");
        assert_ne!(server.get(url).await.status, 404, "{name}: {url}");
    }
}

#[test]
fn item_5_an_issuer_of_the_wrong_kind_does_not_start() {
    for (url, why) in [
        ("https://as.test/?tenant=1", "query"),
        ("https://as.test/#x", "fragment"),
        ("https://me:pw@as.test", "user name"),
        ("http://as.test", "plain http"),
        ("as.test", "absolute"),
    ] {
        let said = Setup::new().var("PUBLIC_URL", url).expect_no_start();
        assert!(
            said.contains("PUBLIC_URL") && said.contains(why),
            "{url}: {said}"
        );
    }
}

#[tokio::test]
async fn item_6_public_documents_are_open_to_all_and_cached_for_a_short_time() {
    let server = TestServer::start();
    for path in [&format!("{RESOURCE}/mcp"), RESOURCE, SERVER, "/jwks"] {
        let origin = [("origin", "https://app.test")];
        let reply = server
            .send(Method::GET, path, &origin, "")
            .await
            .expect(200);
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            None,
            "{path}"
        );
        let cache = reply.header("cache-control").expect("cacheable");
        let age = cache
            .strip_prefix("public, max-age=")
            .and_then(|a| a.parse::<u32>().ok());
        assert!(age.is_some_and(|a| a <= 3600), "{path}: {cache}");

        let asked = [
            ("origin", "https://app.test"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "mcp-protocol-version"),
        ];
        let preflight = server.send(Method::OPTIONS, path, &asked, "").await;
        assert!(matches!(preflight.status, 200 | 204), "{preflight:?}");
        assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
        let headers = preflight
            .header("access-control-allow-headers")
            .unwrap_or_default();
        assert!(
            headers.to_lowercase().contains("mcp-protocol-version"),
            "{headers}"
        );
    }
}
