//! Section I: clients that prove themselves by a key of their own.

use serde_json::{Value, json};

use crate::support::jwt::{Key, changed, now, unsigned};
use crate::support::{
    Canned, Database, Flow, Names, Params, Reply, Setup, TestServer, Tokens, WEB, Web,
};

/// The claims of a good assertion.
fn claims(server: &TestServer, id: &str) -> Value {
    let now = now();
    json!({
        "iss": id, "sub": id, "aud": server.base, "iat": now, "exp": now + 60,
        "jti": format!("{:x}", rand::random::<u128>()),
    })
}

pub(super) struct World {
    web: Web,
    pub(super) server: TestServer,
    key: Key,
    id: String,
}

impl World {
    /// A client with a document that links to its keys.
    pub(super) fn new(setup: Setup) -> Self {
        let web = Web::start();
        let outbound = web.outbound(&Names::local());
        let server = setup.auth(|auth| auth.outbound(outbound)).start();
        let (id, key) = (web.url("/c.json"), Key::new("one"));
        web.put("/jwks.json", Canned::json(&json!({ "keys": [key.jwk] })));
        let world = Self {
            web,
            server,
            key,
            id,
        };
        world.publish(&["private_key_jwt"]);
        world
    }

    /// The client's document, which says how the client can authenticate, and prefers its key.
    pub(super) fn publish(&self, methods: &[&str]) {
        let document = json!({
            "client_id": self.id, "client_name": "ChatGPT", "redirect_uris": [WEB],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": methods,
            "jwks_uri": self.web.url_at("keys.test", "/jwks.json"),
        });
        self.web.put("/c.json", Canned::json(&document));
    }

    pub(super) fn flow(&self) -> Flow {
        Flow::named(&self.server, &self.id, WEB)
    }

    pub(super) fn good(&self) -> String {
        self.key
            .sign(&self.key.header(), &claims(&self.server, &self.id))
    }

    async fn code(&self) -> (Flow, String) {
        let mut flow = self.flow();
        let code = flow.code().await;
        (flow, code)
    }
}

pub(super) fn asserted(form: Params, assertion: &str) -> Params {
    form.and(
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )
    .and("client_assertion", assertion)
}

async fn redeem(flow: &Flow, code: &str, assertion: &str) -> Reply {
    flow.token(&asserted(flow.redemption(code), assertion))
        .await
}

#[tokio::test]
async fn item_67_a_client_proves_itself_by_its_key() {
    let world = World::new(Setup::new());
    let metadata = world.server.get("/.well-known/oauth-authorization-server");
    let methods = metadata.await.json()["token_endpoint_auth_methods_supported"].clone();
    assert!(
        methods
            .as_array()
            .is_some_and(|m| m.contains(&json!("private_key_jwt")))
    );
    let (flow, code) = world.code().await;
    // Without the assertion it is nobody: it does not list `none`.
    let reply = flow.token(&flow.redemption(&code)).await;
    reply.expect_error(401, "invalid_client");
    let tokens = Tokens::of(&redeem(&flow, &code, &world.good()).await);
    assert!(flow.is_accepted(&tokens.access).await);
    // The assertion names the client: the parameter may be left out.
    let form = asserted(flow.renewal(&tokens.refresh), &world.good()).without("client_id");
    Tokens::of(&flow.token(&form).await);
}

#[tokio::test]
async fn item_67_every_flaw_of_an_assertion_is_a_401_and_the_code_lives() {
    let world = World::new(Setup::new());
    let (flow, code) = world.code().await;
    let key = &world.key;
    let good = claims(&world.server, &world.id);
    let with = |name: &str, value: Value| key.sign(&key.header(), &changed(&good, name, value));
    let header = |name: &str, value: Value| {
        key.sign(
            &changed(&key.header(), name, value),
            &claims(&world.server, &world.id),
        )
    };
    let now = good["iat"].as_i64().expect("a time");
    let other = Key::new("one");
    let flaws = [
        ("issuer", with("iss", json!("https://other.test/c.json"))),
        ("no issuer", with("iss", Value::Null)),
        ("audience", with("aud", json!("https://other.test"))),
        (
            "two audiences",
            with("aud", json!([world.server.base, "https://other.test"])),
        ),
        ("no audience", with("aud", Value::Null)),
        ("expired", with("exp", json!(now - 31))),
        ("no expiry", with("exp", Value::Null)),
        ("lives too long", with("exp", json!(now + 3600))),
        ("text expiry", with("exp", json!("4102444800"))),
        ("not yet", with("nbf", json!(now + 120))),
        ("no jti", with("jti", Value::Null)),
        ("none", header("alg", json!("none"))),
        ("HS256", header("alg", json!("HS256"))),
        ("RS256", header("alg", json!("RS256"))),
        ("crit", header("crit", json!(["exp"]))),
        ("unknown key", header("kid", json!("two"))),
        ("another's key", other.sign(&other.header(), &good)),
        ("no signature", unsigned(&key.header(), &good) + "."),
        ("no token", "x.y.z".to_owned()),
    ];
    for (flaw, assertion) in flaws {
        let reply = redeem(&flow, &code, &assertion).await;
        assert_eq!(reply.status, 401, "{flaw}: {reply:?}");
        reply.expect_error(401, "invalid_client");
    }
    let form = flow.redemption(&code);
    for (mixed, status) in [
        (
            asserted(form.clone(), &world.good()).and("client_secret", "s"),
            400,
        ),
        (form.clone().and("client_assertion", &world.good()), 400),
        (
            form.and("client_assertion_type", "urn:other")
                .and("client_assertion", &world.good()),
            400,
        ),
    ] {
        flow.token(&mixed)
            .await
            .expect_error(status, "invalid_request");
    }
    Tokens::of(&redeem(&flow, &code, &world.good()).await);
}

#[tokio::test]
async fn item_67_an_assertion_works_once_ghsa_3p3g_vpw6_4w66() {
    let database = Database::new();
    let world = World::new(Setup::new().on(&database));
    let replica = Setup::new().replica_of(&world.server).on(&database);
    let replica = replica.auth(|auth| auth.outbound(world.web.outbound(&Names::local())));
    let replica = replica.start();
    let (flow, code) = world.code().await;
    let assertion = world.good();
    let tokens = Tokens::of(&redeem(&flow, &code, &assertion).await);
    let again = asserted(flow.renewal(&tokens.refresh), &assertion);
    flow.token(&again).await.expect_error(401, "invalid_client");
    let there = flow.at_server(&replica);
    there
        .token(&again)
        .await
        .expect_error(401, "invalid_client");
    let fresh = asserted(flow.renewal(&tokens.refresh), &world.good());
    Tokens::of(&there.token(&fresh).await);
}

#[tokio::test]
async fn item_67_a_new_key_is_found_and_not_looked_for_too_often() {
    let world = World::new(Setup::new());
    let (flow, code) = world.code().await;
    let tokens = Tokens::of(&redeem(&flow, &code, &world.good()).await);
    let fetches = || {
        let of_keys = |head: &&String| head.starts_with("GET /jwks.json ");
        world.web.requests().iter().filter(of_keys).count()
    };
    assert_eq!(fetches(), 1);
    let new = Key::new("two");
    let by_new = || new.sign(&new.header(), &claims(&world.server, &world.id));
    for _ in 0..5 {
        let form = asserted(flow.renewal(&tokens.refresh), &by_new());
        flow.token(&form).await.expect_error(401, "invalid_client");
    }
    assert_eq!(fetches(), 2, "one look for five tries");
    world
        .web
        .put("/jwks.json", Canned::json(&json!({ "keys": [new.jwk] })));
    world
        .server
        .clock
        .advance(std::time::Duration::from_secs(11));
    Tokens::of(
        &flow
            .token(&asserted(flow.renewal(&tokens.refresh), &by_new()))
            .await,
    );
}

#[tokio::test]
async fn item_67_keys_can_be_registered() {
    let server = TestServer::start();
    let key = Key::new("one");
    let metadata = json!({
        "redirect_uris": [WEB], "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [key.jwk] },
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    assert_eq!(flow.secret, None);
    let code = flow.code().await;
    let assertion = key.sign(&key.header(), &claims(&server, &flow.client_id));
    Tokens::of(&redeem(&flow, &code, &assertion).await);
    for bad in [
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [] } }),
        json!({ "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [changed(&key.jwk, "d", json!("AA"))] } }),
        json!({ "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": vec![&key.jwk; 11] } }),
        json!({ "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [changed(&key.jwk, "note", json!("x".repeat(17_000)))] } }),
        json!({ "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [key.jwk] }, "jwks_uri": "https://keys.test/jwks.json" }),
    ] {
        let mut metadata = bad.clone();
        metadata["redirect_uris"] = json!([WEB]);
        let reply = crate::support::flow::register(&server, &metadata).await;
        reply.expect_error(400, "invalid_client_metadata");
    }
}
