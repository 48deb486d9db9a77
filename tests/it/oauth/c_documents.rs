//! Section C: clients that are named by the URL of a document. The documents lie on a real https server.

use serde_json::{Value, json};

use crate::support::jwt::{changed, claims};
use crate::support::{
    APP, Canned, Flow, LOOPBACK, Names, Reply, Setup, TestServer, Tokens, WEB, Web,
};

/// A web server with a good document at `/c.json`, and a server that may read it.
struct World {
    web: Web,
    names: Names,
    server: TestServer,
    id: String,
}

impl World {
    fn new() -> Self {
        let (web, names) = (Web::start(), Names::local());
        let outbound = web.outbound(&names);
        let server = TestServer::with(|auth| auth.outbound(outbound));
        let id = web.url("/c.json");
        web.put("/c.json", Canned::json(&document(&id)));
        Self {
            web,
            names,
            server,
            id,
        }
    }

    fn flow(&self) -> Flow {
        Flow::named(&self.server, &self.id, WEB)
    }

    /// What a user gets who signs in for the client of this document.
    async fn outcome_of(&self, path: &str, answer: Canned) -> Reply {
        self.web.put(path, answer);
        let mut flow = Flow::named(&self.server, &self.web.url(path), WEB);
        flow.sign_in("alice", "password123").await
    }
}

fn document(id: &str) -> Value {
    json!({
        "client_id": id,
        "client_name": "Test App",
        "redirect_uris": [WEB, LOOPBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

#[tokio::test]
async fn item_4_documents_of_clients_are_advertised_where_they_can_be_fetched() {
    let world = World::new();
    let metadata = world.server.get("/.well-known/oauth-authorization-server");
    let metadata = metadata.await.json();
    assert_eq!(metadata["client_id_metadata_document_supported"], true);
}

#[tokio::test]
async fn item_17_what_is_no_identifier_is_a_local_error_and_nobody_is_asked() {
    let world = World::new();
    let port = world.web.address.port();
    let at = |rest: &str| format!("https://{APP}:{port}{rest}");
    for id in [
        format!("http://{APP}:{port}/c.json"),
        at(""),
        at("/"),
        at("/c.json#f"),
        at("/a/../c.json"),
        at("/./c.json"),
        at("/%2e%2e/c.json"),
        at("/a/%2E/c.json"),
        at("\\c.json"),
        at("/c\t.json"),
        at("/c.json "),
        format!("https://user@{APP}:{port}/c.json"),
        format!("https://user:pw@{APP}:{port}/c.json"),
        format!("https:/{APP}:{port}/c.json"),
        format!("HTTPS://{APP}:{port}/c.json"),
        format!("https://APP.test:{port}/c.json"),
        "https://app.test:443/c.json".into(),
        at(&format!("/{}", "a".repeat(2048))),
    ] {
        let mut flow = Flow::named(&world.server, &id, WEB);
        let request = flow.request();
        flow.authorize(&request).await.expect_local_error();
    }
    assert_eq!(world.names.asked(), Vec::<String>::new());
    assert_eq!(world.web.connections(), 0);
}

#[tokio::test]
async fn item_18_a_client_that_published_a_document_needs_no_registration() {
    let world = World::new();
    let mut flow = world.flow();
    let tokens = flow.tokens().await;
    assert_eq!(claims(&tokens.access)["client_id"], world.id);
    assert!(flow.is_accepted(&tokens.access).await);
    let next = Tokens::of(&flow.refresh(&tokens.refresh).await);
    assert_ne!(next.refresh, tokens.refresh);
}

#[tokio::test]
async fn item_18_the_document_must_fit_its_url_and_be_complete() {
    let world = World::new();
    let url = world.web.url("/bad.json");
    let good = document(&url);
    let with = |name: &str, value: Value| changed(&good, name, value);
    let bare = url.replace(&format!(":{}", world.web.address.port()), "");
    for bad in [
        with("client_id", json!(format!("{url}/"))),
        with("client_id", json!(format!("{bare}:443"))),
        with("client_id", json!(url.to_uppercase())),
        with("client_id", json!(format!("{url} "))),
        with("client_id", Value::Null),
        with("client_name", Value::Null),
        with("client_name", json!("  ")),
        with("client_name", json!("a\u{202e}b")),
        with("redirect_uris", Value::Null),
        with("redirect_uris", json!([])),
        with("redirect_uris", json!(WEB)),
        with("redirect_uris", json!(["javascript:alert(1)"])),
        with("grant_types", json!(["client_credentials"])),
        with("response_types", json!(["token"])),
        with("token_endpoint_auth_method", json!("tls_client_auth")),
        json!([good]),
        json!("text"),
    ] {
        let reply = world.outcome_of("/bad.json", Canned::json(&bad)).await;
        assert_eq!(reply.status, 400, "{bad}");
        reply.expect_local_error();
    }
    let twice = good
        .to_string()
        .replacen('{', r#"{"client_name":"Other","#, 1);
    let answer = Canned::of(200, &[("content-type", "application/json")], &twice);
    world
        .outcome_of("/bad.json", answer)
        .await
        .expect_local_error();
    // The same path with a good document: it was the documents.
    let reply = world.outcome_of("/bad.json", Canned::json(&good)).await;
    assert!(reply.answer("code").is_some());
}

#[tokio::test]
async fn item_18_a_redirect_uri_that_is_not_in_the_document_gets_nothing() {
    let world = World::new();
    let mut flow = Flow::named(&world.server, &world.id, "https://evil.test/cb");
    let page = flow.login_page().await;
    let reply = flow.submit(&page, "alice", "password123").await;
    reply.expect_local_error();
    // Once the document is here, the request itself is refused.
    let request = flow.request();
    flow.authorize(&request).await.expect_local_error();
}

#[tokio::test]
async fn item_18_capabilities_beyond_the_servers_own_do_not_matter() {
    let world = World::new();
    let url = world.web.url("/rich.json");
    let rich = json!({
        "client_id": url,
        "client_name": "ChatGPT",
        "redirect_uris": [WEB, "custom://x/cb"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "response_types": ["code", "code id_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt", "tls_client_auth"],
        "jwks_uri": "https://keys.test/jwks.json",
        "logo_uri": "https://app.test/logo.png",
        "an_extension": { "of": ["theirs"] },
    });
    world.web.put("/rich.json", Canned::json(&rich));
    // It lists `none`, so it may come without an assertion.
    let mut flow = Flow::named(&world.server, &url, WEB);
    let tokens = flow.tokens().await;
    assert!(flow.is_accepted(&tokens.access).await);
}

#[tokio::test]
async fn item_19_a_document_shares_no_secret_and_no_private_key() {
    let world = World::new();
    let url = world.web.url("/bad.json");
    let good = document(&url);
    let with = |name: &str, value: Value| changed(&good, name, value);
    let key = |member: &str| {
        let mut key = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
        key[member] = json!("AA");
        json!({ "keys": [key] })
    };
    for bad in [
        with("client_secret", json!("s3cret")),
        with("client_secret_expires_at", json!(0)),
        with("token_endpoint_auth_method", json!("client_secret_post")),
        with("token_endpoint_auth_method", json!("client_secret_basic")),
        with("token_endpoint_auth_method", json!("client_secret_jwt")),
        with("jwks", key("d")),
        with("jwks", key("k")),
        with("jwks", json!({ "keys": [{ "kty": "oct" }] })),
    ] {
        let reply = world.outcome_of("/bad.json", Canned::json(&bad)).await;
        assert_eq!(reply.status, 400, "{bad}");
        reply.expect_local_error();
    }
}

#[tokio::test]
async fn item_24_one_fetch_serves_many_and_is_kept_for_a_while() {
    let world = World::new();
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "max-age=0"),
    ];
    let body = document(&world.id).to_string();
    world.web.put("/c.json", Canned::of(200, &headers, &body));
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut flow = world.flow();
        logins.spawn(async move { flow.sign_in("alice", "password123").await });
    }
    for reply in logins.join_all().await {
        assert!(reply.answer("code").is_some());
    }
    assert_eq!(world.web.requests().len(), 1, "the floor of the cache");

    let long = [
        ("content-type", "application/json"),
        ("cache-control", "max-age=99999999"),
    ];
    world.web.put("/c.json", Canned::of(200, &long, &body));
    let hours = |n: u64| std::time::Duration::from_secs(n * 60 * 60);
    world.server.clock.advance(hours(1));
    world.flow().tokens().await;
    assert_eq!(world.web.requests().len(), 2, "the floor has passed");
    world.server.clock.advance(hours(25));
    world.flow().tokens().await;
    assert_eq!(world.web.requests().len(), 3, "the ceiling of the cache");
}

#[tokio::test]
async fn item_24_failures_are_not_kept() {
    let world = World::new();
    let path = "/late.json";
    world
        .outcome_of(path, Canned::of(404, &[], ""))
        .await
        .expect_local_error();
    let good = document(&world.web.url(path));
    let reply = world.outcome_of(path, Canned::json(&good)).await;
    assert!(reply.answer("code").is_some());
}

#[tokio::test]
async fn item_25_nothing_is_fetched_before_someone_signed_in() {
    let world = World::new();
    let mut flow = world.flow();
    let page = flow.login_page().await;
    assert!(page.asks_for_password());
    flow.submit(&page, "alice", "wrong").await.expect(401);
    let token = flow.token(&flow.redemption("a-guessed-code")).await;
    token.expect_error(401, "invalid_client");
    let token = flow.refresh("a-guessed-token").await;
    token.expect_error(401, "invalid_client");
    assert_eq!(world.web.connections(), 0);
    let page = flow.login_page().await;
    let reply = flow.submit(&page, "alice", "password123").await;
    assert!(reply.answer("code").is_some());
    assert_eq!(world.web.connections(), 1);
}

#[tokio::test]
async fn item_25_one_origin_is_asked_within_a_budget() {
    let world = World::new();
    let mut browser = world.flow();
    browser.tokens().await;
    let mut refused = 0;
    for n in 0..60 {
        let mut flow = Flow::named(&world.server, &world.web.url(&format!("/{n}.json")), WEB);
        flow.browser = browser.browser.clone();
        let request = flow.request();
        let reply = flow.authorize(&request).await;
        match reply.status {
            400 => {}
            503 => {
                refused += 1;
                let seconds = reply.header("retry-after").expect("Retry-After");
                assert!(seconds.parse::<u32>().is_ok_and(|s| (1..=60).contains(&s)));
            }
            other => panic!("{other}: {reply:?}"),
        }
    }
    assert!(world.web.connections() <= 20, "{}", world.web.connections());
    assert_eq!(refused, 60 - (world.web.connections() - 1));
}

#[tokio::test]
async fn item_26_failures_are_no_oracle() {
    let world = World::new();
    let gone = Web::start();
    let closed = gone.url("/c.json");
    drop(gone);
    world
        .web
        .put("/slow.json", Canned::of(200, &[], "").that_stalls());
    world.web.put(
        "/text.json",
        Canned::of(200, &[("content-type", "application/json")], "{"),
    );
    world.web.put(
        "/moved.json",
        Canned::of(302, &[("location", &world.id)], ""),
    );
    let mut seen = Vec::new();
    for id in [
        closed,
        world.web.url("/slow.json"),
        world.web.url("/404.json"),
        world.web.url("/text.json"),
        world.web.url("/moved.json"),
        format!("https://10.0.0.1:{}/c.json", world.web.address.port()),
    ] {
        let mut flow = Flow::named(&world.server, &id, WEB);
        let reply = flow.sign_in("alice", "password123").await;
        seen.push((reply.status, reply.page().text));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
    assert_eq!(seen[0].0, 400);
}

#[tokio::test]
async fn item_27_the_page_shows_whose_client_it_is_and_where_it_leads() {
    let world = World::new();
    let mut flow = world.flow();
    let host = format!("{APP}:{}", world.web.address.port());
    let page = flow.login_page().await;
    assert!(page.text.contains(&host), "{}", page.text);
    assert!(page.text.contains("c.test"), "{}", page.text);
    assert!(
        !page.text.contains("Any program on this computer"),
        "{}",
        page.text
    );
    flow.tokens().await;
    // Once the document is here, the page has the name too, and does not vouch for it.
    let page = flow.login_page().await;
    for shown in ["Test App", "unverified", &host] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let mut local = Flow::named(&world.server, &world.id, LOOPBACK);
    let page = local.login_page().await;
    assert!(
        page.text.contains("Any program on this computer"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn item_27_hosts_can_be_denied_without_being_asked() {
    let (web, names) = (Web::start(), Names::local());
    let outbound = web.outbound(&names);
    let server = Setup::new()
        .auth(|auth| {
            auth.outbound(outbound)
                .client_documents(|url| url.host_str() != Some(APP))
        })
        .start();
    let id = web.url("/c.json");
    web.put("/c.json", Canned::json(&document(&id)));
    let mut flow = Flow::named(&server, &id, WEB);
    let request = flow.request();
    flow.authorize(&request).await.expect_local_error();
    assert_eq!(web.connections(), 0);
    let other = web.url_at("other.test", "/o.json");
    web.put("/o.json", Canned::json(&document(&other)));
    let mut flow = Flow::named(&server, &other, WEB);
    flow.tokens().await;
}

#[tokio::test]
async fn item_35_an_unread_document_vouches_for_no_redirect() {
    let world = World::new();
    let mut flow = world.flow();
    let request = flow.request().set("response_type", "token");
    flow.authorize(&request).await.expect_local_error();
    let page = flow.login_page().await;
    let reply = flow.deny(&page).await;
    assert!(reply.header("location").is_none(), "{reply:?}");
    assert_eq!(world.web.connections(), 0);
    // After a login the document is there, and the client is told.
    flow.tokens().await;
    let page = flow.login_page().await;
    let reply = flow.deny(&page).await;
    assert_eq!(reply.answer("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn clients_of_the_configuration_need_no_registration() {
    use mcp_runtime::auth::ClientRegistration;
    let directory = std::env::temp_dir().join(format!("mcp-clients-{:x}", rand::random::<u64>()));
    let file = json!([{ "client_id": "from-a-file", "redirect_uris": [WEB] }]);
    std::fs::write(&directory, file.to_string()).expect("written");
    let secret = "0123456789abcdef0123456789abcdef";
    let server = Setup::new()
        .auth(|auth| {
            let portal = ClientRegistration::new("portal", [WEB]).name("The Portal");
            auth.client(portal.secret(secret))
        })
        .var("CLIENTS_FILE", &directory.display().to_string())
        .start();
    std::fs::remove_file(&directory).expect("removed");
    let mut flow = Flow::named(&server, "from-a-file", WEB);
    let tokens = flow.tokens().await;
    assert!(flow.is_accepted(&tokens.access).await);

    let mut flow = Flow::named(&server, "portal", WEB);
    let page = flow.login_page().await;
    assert!(page.text.contains("The Portal"), "{}", page.text);
    assert!(!page.text.contains("unverified"), "{}", page.text);
    let reply = flow.submit(&page, "alice", "password123").await;
    let code = reply.answer("code").expect("a code");
    let without = flow.token(&flow.redemption(&code)).await;
    without.expect_error(401, "invalid_client");
    flow.secret = Some(secret.into());
    let basic = flow.basic();
    let form = flow.redemption(&code).without("client_secret");
    let headers = [("authorization", basic.as_str())];
    let reply = server.form(&server.url("/token"), &headers, &form).await;
    assert!(flow.is_accepted(&Tokens::of(&reply).access).await);
    // Whoever runs the server stands for its name, on each page.
    let account = flow.browser.get("/account").await.expect(200).page();
    let (portal, other) = account.text.split_once("The Portal").expect("its name");
    assert!(!portal.contains("unverified"), "{}", account.text);
    assert!(!other.contains("unverified"), "{}", account.text);

    let bad = |client: ClientRegistration| {
        Setup::new()
            .auth(|auth| auth.client(client))
            .expect_no_start()
    };
    for (client, why) in [
        (ClientRegistration::new("https://x.test/c", [WEB]), "URL"),
        (
            ClientRegistration::new("a", ["http://x.test/"]),
            "http://x.test/",
        ),
        (ClientRegistration::new("a", [WEB]).secret("short"), "32"),
        (
            ClientRegistration::new("a", Vec::<String>::new()),
            "redirect",
        ),
    ] {
        let said = bad(client);
        assert!(said.contains(why), "{said}");
    }
}
