//! Section K and M for the tokens of an outside authorization server, whose keys lie on a real https server.

use std::time::Duration;

use mcp_runtime::auth::Auth;
use serde_json::{Value, json};

use crate::support::flow::{call, call_with};
use crate::support::jwt::{Key, changed, digest, hs256, now, unsigned};
use crate::support::{Canned, Names, Setup, TestServer, Web};

/// An issuer, and a server that trusts it.
struct World {
    web: Web,
    server: TestServer,
    key: Key,
    issuer: String,
}

impl World {
    fn new() -> Self {
        Self::with(|auth| auth.scope("read", "Read"))
    }

    fn with(change: impl FnOnce(Auth) -> Auth) -> Self {
        let (web, key) = (Web::start(), Key::new("one"));
        let issuer = web.url("/tenant");
        let metadata = json!({ "issuer": issuer, "jwks_uri": web.url("/keys.json") });
        web.put(
            "/.well-known/oauth-authorization-server/tenant",
            Canned::json(&metadata),
        );
        web.put("/keys.json", Canned::json(&json!({ "keys": [key.jwk] })));
        let outbound = web.distrusted(&Names::local());
        let server = Setup::of_issuer(&issuer)
            .auth(|auth| change(auth.outbound(outbound)))
            .start();
        Self {
            web,
            server,
            key,
            issuer,
        }
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "sub": "alice-7", "aud": self.server.resource(),
            "iat": now(), "exp": now() + 600, "jti": "j1", "client_id": "an-app",
            "scope": "read dice:roll", "preferred_username": "alice",
        })
    }

    fn header(&self) -> Value {
        changed(&self.key.header(), "typ", json!("at+jwt"))
    }

    fn token(&self) -> String {
        self.key.sign(&self.header(), &self.claims())
    }

    async fn status(&self, token: &str) -> u16 {
        call(&self.server, token, "whoami").await.status
    }

    fn asked(&self, path: &str) -> usize {
        let line = format!("GET {path} ");
        let requests = self.web.requests();
        requests.iter().filter(|r| r.starts_with(&line)).count()
    }
}

#[tokio::test]
async fn item_1_the_resources_metadata_names_the_outside_issuer() {
    let world = World::new();
    let metadata = world
        .server
        .get("/.well-known/oauth-protected-resource/mcp");
    let metadata = metadata.await.expect(200).json();
    assert_eq!(metadata["authorization_servers"], json!([world.issuer]));
    assert_eq!(metadata["resource"], world.server.resource());
    assert_eq!(metadata["scopes_supported"][0], "read");
    for absent in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/jwks",
        "/authorize",
        "/login",
    ] {
        world.server.get(absent).await.expect(404);
    }
    for absent in ["/token", "/register", "/revoke"] {
        world.server.json(absent, "{}").await.expect(404);
    }
}

#[tokio::test]
async fn item_79_a_token_of_the_issuer_is_taken() {
    let world = World::new();
    let reply = call(&world.server, &world.token(), "whoami")
        .await
        .expect(200);
    assert!(reply.body.contains("alice"), "{}", reply.body);
    assert_eq!(world.status(&world.token()).await, 200);
    assert_eq!((world.asked("/keys.json"), world.web.connections()), (1, 2));
}

#[tokio::test]
async fn item_82_every_flaw_of_an_outside_token_is_a_401() {
    let world = World::new();
    let (key, header, good) = (&world.key, world.header(), world.claims());
    let with = |name: &str, value: Value| key.sign(&header, &changed(&good, name, value));
    let head = |name: &str, value: Value| key.sign(&changed(&header, name, value), &good);
    let other = Key::new("one");
    let resource = world.server.resource();
    for (flaw, token) in [
        ("issuer", with("iss", json!("https://other.test"))),
        (
            "issuer with a slash",
            with("iss", json!(format!("{}/", world.issuer))),
        ),
        ("issuer in a list", with("iss", json!([world.issuer]))),
        ("no issuer", with("iss", Value::Null)),
        ("audience", with("aud", json!(format!("{resource}2")))),
        (
            "audience with a slash",
            with("aud", json!(format!("{resource}/"))),
        ),
        (
            "audience of the origin",
            with("aud", json!(world.server.base)),
        ),
        ("audience of numbers", with("aud", json!([resource, 1]))),
        (
            "audience in an object",
            with("aud", json!({ "a": resource })),
        ),
        ("no audience", with("aud", Value::Null)),
        ("no subject", with("sub", Value::Null)),
        ("numeric subject", with("sub", json!(7))),
        ("expired", with("exp", json!(now() - 30))),
        ("no expiry", with("exp", Value::Null)),
        ("expiry as text", with("exp", json!("4102444800"))),
        ("not yet", with("nbf", json!(now() + 60))),
        ("not yet, as text", with("nbf", json!("0"))),
        ("issued later", with("iat", json!(now() + 60))),
        ("typ JWT", head("typ", json!("JWT"))),
        ("typ of another kind", head("typ", json!("logout+jwt"))),
        ("no typ", head("typ", Value::Null)),
        ("crit", head("crit", json!(["exp"]))),
        ("alg none", head("alg", json!("none"))),
        ("alg of another family", head("alg", json!("RS256"))),
        ("alg ES384", head("alg", json!("ES384"))),
        ("unknown kid", head("kid", json!("../one"))),
        ("another's key", other.sign(&header, &good)),
        (
            "a key inside",
            other.sign(&changed(&header, "jwk", other.jwk.clone()), &good),
        ),
        ("no signature", unsigned(&header, &good) + "."),
        (
            "HS256 with the public key",
            hs256(
                &changed(&header, "alg", json!("HS256")),
                &good,
                key.jwk["x"].as_str().expect("x").as_bytes(),
            ),
        ),
    ] {
        let reply = call(&world.server, &token, "whoami").await;
        assert_eq!(reply.status, 401, "{flaw}: {reply:?}");
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(
            challenge.contains(r#"error="invalid_token""#),
            "{challenge}"
        );
        assert!(
            challenge.contains("/.well-known/oauth-protected-resource/mcp"),
            "{challenge}"
        );
    }
    assert_eq!(world.status(&world.token()).await, 200);
    // Providers list an audience of their own beside ours.
    assert_eq!(
        world
            .status(&with("aud", json!([resource, "https://id.test/userinfo"])))
            .await,
        200
    );
}

#[tokio::test]
async fn item_84_an_unknown_key_is_looked_for_once_in_ten_seconds() {
    let world = World::new();
    let new = Key::new("two");
    let token = || {
        new.sign(
            &changed(&new.header(), "typ", json!("at+jwt")),
            &world.claims(),
        )
    };
    let looks = || world.asked("/keys.json");
    let begun = looks();
    for _ in 0..20 {
        assert_eq!(world.status(&token()).await, 401);
    }
    assert_eq!(
        looks(),
        begun,
        "keys that were had less than 10 seconds ago"
    );
    world.server.clock.advance(Duration::from_secs(11));
    for _ in 0..20 {
        assert_eq!(world.status(&token()).await, 401);
    }
    assert_eq!(looks(), begun + 1);
    // Rotation: the new key is there, and both work.
    let both = json!({ "keys": [world.key.jwk, new.jwk] });
    world.web.put("/keys.json", Canned::json(&both));
    world.server.clock.advance(Duration::from_secs(11));
    assert_eq!(world.status(&token()).await, 200);
    assert_eq!(world.status(&world.token()).await, 200);
    assert_eq!(looks(), begun + 2);
}

#[tokio::test]
async fn item_85_a_key_that_the_issuer_dropped_is_dropped_here() {
    let world = World::new();
    assert_eq!(world.status(&world.token()).await, 200);
    let new = Key::new("two");
    world
        .web
        .put("/keys.json", Canned::json(&json!({ "keys": [new.jwk] })));
    world.server.clock.advance(Duration::from_secs(59 * 10));
    // Later than any floor or ceiling; the claims are made at the present of the machine.
    world.server.clock.advance(Duration::from_secs(5));
    let old = changed(&world.claims(), "exp", json!(now() + 4000));
    world.server.clock.advance(Duration::from_secs(3000));
    assert_eq!(
        world.status(&world.key.sign(&world.header(), &old)).await,
        401
    );
    let header = changed(&new.header(), "typ", json!("at+jwt"));
    assert_eq!(world.status(&new.sign(&header, &old)).await, 200);
}

#[tokio::test]
async fn item_69_an_issuer_that_is_away_is_no_reason_to_drop_a_token() {
    let web = Web::start();
    let issuer = web.url("/tenant");
    let outbound = web.distrusted(&Names::local());
    // Nothing lies there yet: the server starts all the same.
    let server = Setup::of_issuer(&issuer)
        .auth(|auth| auth.outbound(outbound))
        .start();
    let key = Key::new("one");
    let claims = json!({
        "iss": issuer, "sub": "a", "aud": server.resource(), "exp": now() + 600,
    });
    let token = key.sign(&changed(&key.header(), "typ", json!("at+jwt")), &claims);
    let reply = call(&server, &token, "whoami").await.expect(503);
    assert_eq!(reply.header("retry-after"), Some("10"));
    assert_eq!(reply.header("www-authenticate"), None);
    // By the other of the two addresses, and with a document that names another issuer first.
    let wrong = json!({ "issuer": "https://evil.test", "jwks_uri": web.url("/evil.json") });
    web.put(
        "/.well-known/oauth-authorization-server/tenant",
        Canned::json(&wrong),
    );
    let right = json!({ "issuer": issuer, "jwks_uri": web.url("/keys.json") });
    web.put(
        "/tenant/.well-known/openid-configuration",
        Canned::json(&right),
    );
    web.put("/keys.json", Canned::json(&json!({ "keys": [key.jwk] })));
    server.clock.advance(Duration::from_secs(11));
    call(&server, &token, "whoami").await.expect(200);
}

#[tokio::test]
async fn item_91_scopes_and_step_up_work_with_outside_tokens() {
    let world = World::new();
    let scoped = |name: &str, scope: Value| {
        let claims = changed(&changed(&world.claims(), "scope", Value::Null), name, scope);
        world.key.sign(&world.header(), &claims)
    };
    let reply = call(&world.server, &scoped("scope", json!("other")), "whoami")
        .await
        .expect(403);
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(challenge.contains(r#"scope="read""#), "{challenge}");
    let reply = call(&world.server, &scoped("scope", json!("read")), "roll")
        .await
        .expect(403);
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.contains(r#"scope="read dice:roll""#),
        "{challenge}"
    );
    for full in [
        scoped("scope", json!("read dice:roll")),
        scoped("scp", json!(["read", "dice:roll"])),
        scoped("scp", json!("dice:roll read")),
    ] {
        call(&world.server, &full, "roll").await.expect(200);
    }
}

#[tokio::test]
async fn item_90_without_a_configured_scope_none_is_asked_for() {
    let world = World::with(|auth| auth);
    let reply = call_with(&world.server, "whoami", &[]).await.expect(401);
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(
        !challenge.contains("scope=") && !challenge.contains("error="),
        "{challenge}"
    );
    let claims = changed(&world.claims(), "scope", Value::Null);
    assert_eq!(
        world
            .status(&world.key.sign(&world.header(), &claims))
            .await,
        200
    );
}

#[tokio::test]
async fn providers_that_differ_can_be_accommodated() {
    let world = World::with(|auth| auth.audience("api://mcp").plain_jwt());
    let claims = changed(&world.claims(), "aud", json!("api://mcp"));
    for typ in [json!("JWT"), Value::Null, json!("at+jwt")] {
        let header = changed(&world.header(), "typ", typ);
        assert_eq!(world.status(&world.key.sign(&header, &claims)).await, 200);
    }
    let header = changed(&world.header(), "typ", json!("logout+jwt"));
    assert_eq!(world.status(&world.key.sign(&header, &claims)).await, 401);
    assert_eq!(
        world.status(&world.token()).await,
        401,
        "the usual audience is not one now"
    );
}

#[tokio::test]
async fn no_store_is_opened_for_outside_tokens() {
    let directory = std::env::temp_dir().join(format!("mcp-none-{:x}", rand::random::<u64>()));
    let url = format!("sqlite:{}/auth.db", directory.display());
    let setup = Setup::of_issuer("http://127.0.0.1:1");
    let server = setup.var("DATABASE_URL", &url).start();
    server.get("/health").await.expect(200);
    assert!(!directory.exists());
    for bad in ["http://id.test", "https://id.test/?a=b", "id.test"] {
        assert!(Setup::of_issuer(bad).expect_no_start().contains(bad));
    }
}

#[tokio::test]
async fn item_122_a_token_that_the_issuer_bound_to_a_key_needs_its_proof() {
    let world = World::new();
    let (holder, thief) = (Key::new(""), Key::new(""));
    let token = |cnf: Value| {
        let claims = changed(&world.claims(), "cnf", cnf);
        world.key.sign(&world.header(), &claims)
    };
    let bound = token(json!({ "jkt": holder.thumbprint() }));
    let authorization = format!("DPoP {bound}");
    let proof = |key: &Key| {
        let claims = json!({
            "htm": "POST", "htu": world.server.resource(), "iat": now(), "jti": "one",
            "ath": digest(&bound),
        });
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() });
        key.sign(&header, &claims)
    };
    let by = async |proof: &str| {
        let headers = [("authorization", authorization.as_str()), ("dpop", proof)];
        call_with(&world.server, "whoami", &headers).await.status
    };
    assert_eq!(world.status(&bound).await, 401, "as a bearer token");
    assert_eq!(by(&proof(&thief)).await, 401);
    let good = proof(&holder);
    assert_eq!(by(&good).await, 200);
    assert_eq!(by(&good).await, 401, "used");
    // Bound by what cannot be checked here, or badly, is no bearer token either.
    for other in [
        json!({ "x5t#S256": digest("a certificate") }),
        json!({ "jkt": holder.thumbprint(), "x5t#S256": digest("a certificate") }),
        json!({ "jkt": 1 }),
        json!({}),
        json!("text"),
    ] {
        assert_eq!(world.status(&token(other.clone())).await, 401, "{other}");
    }
}
