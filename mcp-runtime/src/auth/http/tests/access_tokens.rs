use std::time::Duration;

use serde_json::{Value, json};

use super::world::*;
use crate::auth::secret;

fn claims(token: &str) -> (Value, Value) {
    let mut parts = token
        .split('.')
        .map(|part| secret::decode(part).expect("base64url"));
    let mut next = || serde_json::from_slice(&parts.next().expect("a part")).unwrap_or_default();
    (next(), next())
}

/// A token with another header or other claims, signed with the server's own key.
fn forge(w: &World, header: &Value, claims: &Value) -> String {
    let message = format!(
        "{}.{}",
        secret::encode(header.to_string().as_bytes()),
        secret::encode(claims.to_string().as_bytes())
    );
    let keys = w.server.keys();
    let signer = keys.signer(w.server.now()).expect("a key");
    let signature = signer.sign(message.as_bytes()).expect("signed");
    format!("{message}.{signature}")
}

#[tokio::test]
async fn items_79_to_84_access_tokens_are_read_strictly() {
    let w = world().await;
    let client = w.client().await;
    let (token, _) = w.tokens(&client).await;
    let (header, good) = claims(&token);
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("at+jwt"), &json!("ES256"))
    );
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "jti",
        "client_id",
        "scope",
    ] {
        assert!(good.get(name).is_some(), "{name}");
    }
    assert_ne!(good["sub"], good["client_id"]);
    assert_eq!(w.call(&forge(&w, &header, &good)).await, 200);

    let now = w.server.now() / 1000;
    for (name, value) in [
        ("iss", Value::Null),
        ("iss", json!(7)),
        ("iss", json!([ISSUER])),
        ("iss", json!("https://as.test/")),
        ("aud", Value::Null),
        ("aud", json!({})),
        ("aud", json!(["https://other.test", "https://as.test/mcp"])),
        ("aud", json!("https://as.test/mcp2")),
        ("aud", json!("https://as.test")),
        ("aud", json!("https://as.test/mcp/")),
        ("exp", json!(format!("{}", now + 60))),
        ("exp", json!(now - 30)),
        ("exp", Value::Null),
        ("nbf", json!(format!("{now}"))),
        ("nbf", json!(now + 60)),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("scope", json!(["read"])),
    ] {
        let mut bad = good.clone();
        bad[name] = value.clone();
        assert_eq!(
            w.call(&forge(&w, &header, &bad)).await,
            401,
            "{name}: {value}"
        );
        bad.as_object_mut().expect("an object").remove(name);
        let without = w.call(&forge(&w, &header, &bad)).await;
        assert_eq!(
            without,
            if name == "nbf" { 200 } else { 401 },
            "without {name}"
        );
    }
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES384")),
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("crit", json!(["x"])),
        ("jwk", json!({})),
        ("jku", json!("https://evil.test")),
        ("x5c", json!([])),
        ("kid", json!("unknown")),
        ("kid", json!("../x")),
        ("kid", json!("' OR 1=1")),
        ("kid", json!("x".repeat(10 * 1024))),
    ] {
        let mut bad = header.clone();
        bad[name] = value.clone();
        assert_eq!(
            w.call(&forge(&w, &bad, &good)).await,
            401,
            "{name}: {value}"
        );
    }
    assert_eq!(w.call(&format!("{token}x")).await, 401);
    assert_eq!(
        w.call(&token[..token.rfind('.').expect("a dot") + 1]).await,
        401
    );
    assert_eq!(w.call("x").await, 401);

    w.clock.advance(Duration::from_secs(600));
    assert_eq!(w.call(&token).await, 401, "cached, and expired");
}

#[tokio::test]
async fn item_85_86_keys_rotate_without_a_gap() {
    let w = world().await;
    let client = w.client().await;
    let (old, _) = w.tokens(&client).await;
    let rotate = async |compromised| {
        let now = w.server.now();
        let rotated = crate::auth::keys::rotate(&*w.server.store, now, 3_600_000, compromised);
        rotated.await.expect("rotated");
        w.server.look_around().await.expect("seen");
    };
    let kid = |token: &str| claims(token).0["kid"].clone();
    rotate(false).await;
    let jwks = w.get("/jwks").await.json();
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(2));
    for key in jwks["keys"].as_array().expect("keys") {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none());
        }
    }
    assert_eq!(
        kid(&w.tokens(&client).await.0),
        kid(&old),
        "not before caches have seen it"
    );
    w.clock.advance(Duration::from_secs(301));
    let (new, _) = w.tokens(&client).await;
    assert_ne!(kid(&new), kid(&old));
    assert_eq!((w.call(&old).await, w.call(&new).await), (200, 200));
    rotate(true).await;
    assert_eq!(
        (w.call(&old).await, w.call(&new).await),
        (401, 401),
        "a compromised key is dropped"
    );
    assert_eq!(w.call(&w.tokens(&client).await.0).await, 200);
}

#[tokio::test]
async fn items_87_88_revocation() {
    let w = world().await;
    let (client, other) = (w.client().await, w.client().await);
    let revoke = async |client: &str, token: &str| {
        let form = [
            ("client_id", client),
            ("token", token),
            ("token_type_hint", "wrong"),
        ];
        w.post("/revoke", &form).await.status
    };
    let (access, refresh) = w.tokens(&client).await;
    assert_eq!(revoke("unknown", &refresh).await, 401);
    assert_eq!(
        (revoke(&client, "x").await, revoke(&other, &refresh).await),
        (200, 200)
    );
    assert_eq!(revoke(&other, &access).await, 200);
    assert_eq!(w.call(&access).await, 200, "foreign tokens are not touched");
    assert_eq!(revoke(&client, &access).await, 200);
    assert_eq!(w.call(&access).await, 401);
    let (access, refresh) = pair(&w.refresh(&client, &refresh).await);
    assert_eq!(
        (
            revoke(&client, &refresh).await,
            revoke(&client, &refresh).await
        ),
        (200, 200)
    );
    assert_eq!(w.call(&access).await, 401);
    assert_eq!(w.refresh(&client, &refresh).await.status, 400);
}

#[tokio::test]
async fn items_54_108_another_process_revokes() {
    let w = world().await;
    let client = w.client().await;
    let (access, _) = w.tokens(&client).await;
    assert_eq!(w.call(&access).await, 200);
    let gid = claims(&access).1["gid"]
        .as_str()
        .expect("a grant")
        .to_owned();
    let (now, until) = (w.server.now(), w.server.denied_until());
    assert!(
        w.server
            .store
            .revoke_grant(&gid, now, until)
            .await
            .expect("revoked")
    );
    w.server.look_around().await.expect("polled");
    assert_eq!(w.call(&access).await, 401);
}

#[tokio::test]
async fn item_89_introspection_is_for_confidential_clients() {
    let w = world().await;
    let body = w
        .register(json!({ "redirect_uris": [LOOPBACK] }))
        .await
        .json();
    let text = |name: &str| body[name].as_str().expect("text");
    let (id, secret) = (text("client_id"), text("client_secret"));
    let ask = async |token: &str| {
        let form = [
            ("client_id", id),
            ("client_secret", secret),
            ("token", token),
        ];
        w.post("/introspect", &form).await.json()
    };
    let public = w.client().await;
    let (foreign, _) = w.tokens(&public).await;
    assert_eq!(w.post("/introspect", &[("token", "x")]).await.status, 401);
    let anonymous = [("client_id", public.as_str()), ("token", foreign.as_str())];
    assert_eq!(w.post("/introspect", &anonymous).await.status, 401);
    assert_eq!(ask("x").await, json!({"active": false}));
    assert_eq!(ask(&foreign).await, json!({"active": false}));

    let code = w.code(id).await;
    let mut form = redemption(id, &code);
    form.push(("client_secret", secret));
    let (access, refresh) = pair(&w.post("/token", &form).await);
    assert_eq!(ask(&access).await["active"], true);
    assert_eq!(ask(&refresh).await["sub"], ask(&access).await["sub"]);
}

#[tokio::test]
async fn items_90_91_92_challenges() {
    let w = world().await;
    let client = w.client().await;
    let (token, _) = w.tokens(&client).await;
    let metadata =
        r#"resource_metadata="https://as.test/.well-known/oauth-protected-resource/mcp""#;

    let none = w.let_in(&[]).await.expect_err("no token");
    let challenge = none.challenge.expect("a challenge");
    assert_eq!(
        (none.status, challenge),
        (401, format!(r#"Bearer {metadata}, scope="read""#))
    );
    let bad = w.let_in(&[b"Bearer x"]).await.expect_err("a bad token");
    let challenge = bad.challenge.expect("a challenge");
    assert!(challenge.contains(r#"error="invalid_token""#) && challenge.contains(metadata));
    let header = format!("Bearer {token}");
    let two = [header.as_bytes(), header.as_bytes()];
    assert_eq!(w.let_in(&two).await.expect_err("two headers").status, 400);
    for odd in ["Bearer", "Bearer ", "Basic eDp5", "Bearer\t"] {
        assert_eq!(
            w.let_in(&[odd.as_bytes()]).await.expect_err(odd).status,
            401
        );
    }

    let user = w.let_in(&[header.as_bytes()]).await.expect("alice");
    assert_eq!(
        (user.name(), user.client_id()),
        ("alice", Some(client.as_str()))
    );
    assert!(w.server.gate.step_up(&["read"], &user).is_none());
    let refusal = w
        .server
        .gate
        .step_up(&["dice:roll"], &user)
        .expect("too narrow");
    let challenge = refusal.challenge.expect("a challenge");
    assert_eq!(refusal.status, 403);
    assert!(challenge.contains(r#"error="insufficient_scope""#) && challenge.contains(metadata));
    assert!(
        challenge.contains(r#"scope="read dice:roll""#),
        "{challenge}"
    );

    let answer = w
        .sign_in(&mut Jar::default(), &client, &[("scope", "dice:roll")])
        .await;
    let (narrow, _) = pair(
        &w.redeem(&client, &answer.param("code").expect("a code"))
            .await,
    );
    assert_eq!(
        w.call(&narrow).await,
        403,
        "the base scope is required of every request"
    );
}
