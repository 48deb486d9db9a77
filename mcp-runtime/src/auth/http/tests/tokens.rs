use std::time::Duration;

use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
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
async fn item_55_a_code_lives_a_minute() {
    let w = world().await;
    let client = w.client().await;
    let code = w.code(&client).await;
    assert!(code.len() >= 43);
    w.clock.advance(Duration::from_secs(61));
    assert_eq!(
        w.redeem(&client, &code).await.fault(),
        (400, "invalid_grant".into())
    );
}

#[tokio::test]
async fn item_56_a_code_has_one_winner() {
    let w = world().await;
    let client = w.client().await;
    let code = w.code(&client).await;
    let all = (0..50).map(|_| w.redeem(&client, &code));
    let answers = futures_util::future::join_all(all).await;
    assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 1);
}

#[tokio::test]
async fn items_57_58_only_a_proven_replay_revokes() {
    let w = world().await;
    let (client, other) = (w.client().await, w.client().await);
    let code = w.code(&client).await;
    let (access, refresh) = pair(&w.redeem(&client, &code).await);
    let good = redemption(&client, &code);
    for extra in [
        [("client_id", other.as_str())],
        [(
            "code_verifier",
            "a-verifier-that-is-long-enough-but-is-not-it",
        )],
        [("code", "altered")],
    ] {
        let fault = w.post("/token", &with(&good, &extra)).await.fault();
        assert_eq!(fault, (400, "invalid_grant".into()));
    }
    assert_eq!(w.call(&access), 200);
    let (access, refresh) = pair(&w.refresh(&client, &refresh).await);

    assert_eq!(
        w.redeem(&client, &code).await.fault(),
        (400, "invalid_grant".into())
    );
    assert_eq!(w.call(&access), 401);
    assert_eq!(
        w.refresh(&client, &refresh).await.fault(),
        (400, "invalid_grant".into())
    );
}

#[tokio::test]
async fn items_59_62_70_a_failed_try_leaves_the_code() {
    let w = world().await;
    let client = w.client().await;
    let code = w.code(&client).await;
    let good = redemption(&client, &code);
    let long = "a".repeat(129);
    for (extra, error) in [
        (("redirect_uri", "http://127.0.0.1:6/cb"), "invalid_grant"),
        (("code_verifier", ""), "invalid_grant"),
        (("code_verifier", CHALLENGE), "invalid_grant"),
        (("code_verifier", &*long), "invalid_grant"),
        (("resource", "https://other.test/mcp"), "invalid_target"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("grant_type", ""), "invalid_request"),
        (("code", ""), "invalid_request"),
    ] {
        let answer = w.post("/token", &with(&good, &[extra])).await;
        assert_eq!(answer.fault(), (400, error.into()), "{extra:?}");
    }
    let unknown = w
        .post("/token", &with(&good, &[("client_id", "unknown")]))
        .await;
    assert_eq!(unknown.fault(), (401, "invalid_client".into()));
    assert_eq!(
        w.post("/token", &good).await.status,
        200,
        "the rightful caller still can"
    );

    let code = w.code(&client).await;
    for _ in 0..5 {
        w.post(
            "/token",
            &with(&redemption(&client, &code), &[("code_verifier", CHALLENGE)]),
        )
        .await;
    }
    assert_eq!(
        w.redeem(&client, &code).await.status,
        400,
        "but not after five failures"
    );
}

#[tokio::test]
async fn item_60_a_removed_user_gets_nothing() {
    let w = world().await;
    let client = w.client().await;
    let code = w.code(&client).await;
    let alice = w
        .server
        .store
        .user_by_name("alice")
        .await
        .expect("a store")
        .expect("alice");
    let until = w.server.denied_until();
    w.server
        .store
        .remove_user(&alice.id, w.server.now(), until)
        .await
        .expect("removed");
    assert_eq!(
        w.redeem(&client, &code).await.fault(),
        (400, "invalid_grant".into())
    );
}

#[tokio::test]
async fn items_64_65_68_the_form_and_the_answer() {
    let w = world().await;
    let client = w.client().await;
    let code = w.code(&client).await;
    let answer = w.get("/token").await;
    assert_eq!(
        (answer.status, answer.header("Allow")),
        (405, "POST, OPTIONS")
    );
    let body = encode(&redemption(&client, &code));
    for kind in [
        "application/json",
        "multipart/form-data; boundary=x",
        "application/json, application/x-www-form-urlencoded",
        "",
    ] {
        let request = TestRequest::post().uri("/token").set_payload(body.clone());
        let answer = w.send(request.insert_header(("Content-Type", kind))).await;
        assert_eq!(answer.fault(), (415, "invalid_request".into()), "{kind}");
    }
    let in_url = posted("/token?client_secret=x", &redemption(&client, &code));
    assert_eq!(
        w.send(in_url).await.fault(),
        (400, "invalid_request".into())
    );
    let mut twice = redemption(&client, &code);
    twice.push(("code", &code));
    assert_eq!(
        w.post("/token", &twice).await.fault(),
        (400, "invalid_request".into())
    );
    let broken = TestRequest::post()
        .uri("/token")
        .set_payload("grant_type=%ff");
    let broken = broken.insert_header(("Content-Type", "application/x-www-form-urlencoded"));
    assert_eq!(
        w.send(broken).await.fault(),
        (400, "invalid_request".into())
    );

    let mut form = redemption(&client, &code);
    form.extend([
        ("resource", "https://as.test/mcp"),
        ("resource", "https://as.test/mcp/"),
    ]);
    let answer = w.post("/token", &form).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, answer.header("Cache-Control")),
        (200, "no-store")
    );
    assert_eq!(answer.header("Access-Control-Allow-Origin"), "*");
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&json!("Bearer"), &json!(600))
    );
    assert_eq!(body["scope"], "read");
}

#[tokio::test]
async fn item_66_clients_authenticate_as_they_registered() {
    let w = world().await;
    let register = async |method: Option<&str>| {
        let mut body = json!({ "redirect_uris": [LOOPBACK] });
        if let Some(method) = method {
            body["token_endpoint_auth_method"] = json!(method);
        }
        let body = w.register(body).await.json();
        let text = |name: &str| body[name].as_str().expect("text").to_owned();
        (text("client_id"), text("client_secret"))
    };
    let basic =
        |id: &str, secret: &str| format!("BASIC {}", STANDARD.encode(format!("{id}:{secret}")));
    let try_both = async |id: &str, secret: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let header = posted("/token", &form);
        let header = w
            .send(header.insert_header(("Authorization", basic(id, secret))))
            .await;
        let post = [
            form[0],
            form[1],
            ("client_id", id),
            ("client_secret", secret),
        ];
        (header, w.post("/token", &post).await)
    };
    for (method, by_header, by_post) in [
        (None, 400, 400),
        (Some("client_secret_basic"), 400, 401),
        (Some("client_secret_post"), 401, 400),
    ] {
        let (id, secret) = register(method).await;
        let (header, post) = try_both(&id, &secret).await;
        assert_eq!(
            (header.status, post.status),
            (by_header, by_post),
            "{method:?}"
        );
        let (header, post) = try_both(&id, "wrong").await;
        assert_eq!((header.fault(), post.fault()), {
            let fault = (401, "invalid_client".to_owned());
            (fault.clone(), fault)
        });
        assert!(header.header("WWW-Authenticate").starts_with("Basic "));
        let (unknown, _) = try_both("unknown", "wrong").await;
        assert_eq!(unknown.body, header.body);
        assert_eq!(w.refresh(&id, "x").await.status, 401, "without its secret");

        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_secret", "x"),
        ];
        let both = posted("/token", &form).insert_header(("Authorization", basic(&id, &secret)));
        assert_eq!(w.send(both).await.fault(), (400, "invalid_request".into()));
        let other = posted("/token", &[("client_id", "other")]);
        let other = other.insert_header(("Authorization", basic(&id, &secret)));
        assert_eq!(w.send(other).await.fault(), (400, "invalid_request".into()));
    }
    let bad = posted("/token", &[]).insert_header(("Authorization", "Basic %%%"));
    assert_eq!(w.send(bad).await.status, 401);
}

#[tokio::test]
async fn item_69_a_store_that_is_away_is_no_bad_grant() {
    let w = world().await;
    let client = w.client().await;
    let (_, refresh) = w.tokens(&client).await;
    w.store.set_down(true);
    let answer = w.refresh(&client, &refresh).await;
    assert_eq!(answer.fault(), (503, "temporarily_unavailable".into()));
    assert_eq!(answer.header("Retry-After"), "5");
    let page = w.authorize(&mut Jar::default(), &request(&client)).await;
    assert_eq!((page.status, page.header("Retry-After")), (503, "5"));
    w.store.set_down(false);
    assert_eq!(w.refresh(&client, &refresh).await.status, 200);
}

#[tokio::test]
async fn items_72_73_74_rotation_retries_and_reuse() {
    let w = world().await;
    let client = w.client().await;
    let (_, first) = w.tokens(&client).await;
    let (access, second) = pair(&w.refresh(&client, &first).await);
    assert_ne!(first, second);
    w.clock.advance(Duration::from_secs(100));
    let (retried, same) = pair(&w.refresh(&client, &first).await);
    assert_eq!(second, same);
    assert_ne!(access, retried);
    w.clock.advance(Duration::from_secs(21));
    assert_eq!(
        w.refresh(&client, &first).await.fault(),
        (400, "invalid_grant".into())
    );
    assert_eq!(
        w.refresh(&client, &second).await.fault(),
        (400, "invalid_grant".into())
    );
    assert_eq!((w.call(&access), w.call(&retried)), (401, 401));

    let (_, first) = w.tokens(&client).await;
    let (_, second) = pair(&w.refresh(&client, &first).await);
    let (_, third) = pair(&w.refresh(&client, &second).await);
    assert_eq!(
        w.refresh(&client, &first).await.status,
        400,
        "closed once the successor was used"
    );
    assert_eq!(
        w.refresh(&client, &third).await.status,
        400,
        "and the family is dead"
    );

    let (_, first) = w.tokens(&client).await;
    for _ in 0..11 {
        assert_eq!(w.refresh(&client, &first).await.status, 200);
    }
    assert_eq!(
        w.refresh(&client, &first).await.status,
        400,
        "ten retries at the most"
    );

    let strict = world_of(ISSUER, |auth| auth.refresh_window(Duration::ZERO)).await;
    let client = strict.client().await;
    let (_, first) = strict.tokens(&client).await;
    assert_eq!(strict.refresh(&client, &first).await.status, 200);
    assert_eq!(strict.refresh(&client, &first).await.status, 400);
}

#[tokio::test]
async fn items_75_76_77_one_successor_for_its_client_and_scope() {
    let w = world().await;
    let (client, other) = (w.client().await, w.client().await);
    let (_, first) = w.tokens(&client).await;
    assert_eq!(
        w.refresh(&other, &first).await.fault(),
        (400, "invalid_grant".into())
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first.as_str()),
        ("client_id", client.as_str()),
        ("scope", "read dice:roll"),
    ];
    assert_eq!(
        w.post("/token", &form).await.fault(),
        (400, "invalid_scope".into())
    );
    let all = (0..10).map(|_| w.refresh(&client, &first));
    let answers = futures_util::future::join_all(all).await;
    let mut successors: Vec<String> = answers.iter().map(|a| pair(a).1).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    w.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    assert_eq!(
        w.refresh(&client, &successors[0]).await.status,
        400,
        "idle for too long"
    );
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
    assert_eq!(w.call(&forge(&w, &header, &good)), 200);

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
        assert_eq!(w.call(&forge(&w, &header, &bad)), 401, "{name}: {value}");
        bad.as_object_mut().expect("an object").remove(name);
        let without = w.call(&forge(&w, &header, &bad));
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
        assert_eq!(w.call(&forge(&w, &bad, &good)), 401, "{name}: {value}");
    }
    assert_eq!(w.call(&format!("{token}x")), 401);
    assert_eq!(w.call(&token[..token.rfind('.').expect("a dot") + 1]), 401);
    assert_eq!(w.call("x"), 401);

    w.clock.advance(Duration::from_secs(600));
    assert_eq!(w.call(&token), 401, "cached, and expired");
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
    assert_eq!((w.call(&old), w.call(&new)), (200, 200));
    rotate(true).await;
    assert_eq!(
        (w.call(&old), w.call(&new)),
        (401, 401),
        "a compromised key is dropped"
    );
    assert_eq!(w.call(&w.tokens(&client).await.0), 200);
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
    assert_eq!(w.call(&access), 200, "foreign tokens are not touched");
    assert_eq!(revoke(&client, &access).await, 200);
    assert_eq!(w.call(&access), 401);
    let (access, refresh) = pair(&w.refresh(&client, &refresh).await);
    assert_eq!(
        (
            revoke(&client, &refresh).await,
            revoke(&client, &refresh).await
        ),
        (200, 200)
    );
    assert_eq!(w.call(&access), 401);
    assert_eq!(w.refresh(&client, &refresh).await.status, 400);
}

#[tokio::test]
async fn items_54_108_another_process_revokes() {
    let w = world().await;
    let client = w.client().await;
    let (access, _) = w.tokens(&client).await;
    assert_eq!(w.call(&access), 200);
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
    assert_eq!(w.call(&access), 401);
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

    let none = w.server.authenticate(&[]).expect_err("no token");
    let challenge = none.challenge.expect("a challenge");
    assert_eq!(
        (none.status, challenge),
        (401, format!(r#"Bearer {metadata}, scope="read""#))
    );
    let bad = w
        .server
        .authenticate(&[b"Bearer x"])
        .expect_err("a bad token");
    let challenge = bad.challenge.expect("a challenge");
    assert!(challenge.contains(r#"error="invalid_token""#) && challenge.contains(metadata));
    let header = format!("Bearer {token}");
    let two = [header.as_bytes(), header.as_bytes()];
    assert_eq!(
        w.server.authenticate(&two).expect_err("two headers").status,
        400
    );
    for odd in ["Bearer", "Bearer ", "Basic eDp5", "Bearer\t"] {
        assert_eq!(
            w.server
                .authenticate(&[odd.as_bytes()])
                .expect_err(odd)
                .status,
            401
        );
    }

    let user = w.server.authenticate(&[header.as_bytes()]).expect("alice");
    assert_eq!(
        (user.name(), user.client_id()),
        ("alice", Some(client.as_str()))
    );
    assert!(w.server.step_up(&["read"], &user).is_none());
    let refusal = w.server.step_up(&["dice:roll"], &user).expect("too narrow");
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
        w.call(&narrow),
        403,
        "the base scope is required of every request"
    );
}

#[tokio::test]
async fn item_105_nothing_usable_in_a_dump() {
    let w = world().await;
    let body = w
        .register(json!({ "redirect_uris": [LOOPBACK] }))
        .await
        .json();
    let text = |name: &str| body[name].as_str().expect("text").to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &id, &[]).await;
    let mut seen = vec![secret.clone(), page.field("txn"), page.field("csrf")];
    let answer = w
        .decide(
            &mut jar,
            &page,
            &[("username", "alice"), ("password", PASSWORD)],
        )
        .await;
    let code = answer.param("code").expect("a code");
    let mut form = redemption(&id, &code);
    form.push(("client_secret", &secret));
    let (access, refresh) = pair(&w.post("/token", &form).await);
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)];
    form.extend([("client_id", id.as_str()), ("client_secret", &secret)]);
    let (again, successor) = pair(&w.post("/token", &form).await);
    w.page(&mut jar, &id, &[]).await;
    seen.extend(jar.0.into_iter().map(|(_, value)| value));
    seen.extend([code.clone(), access, refresh.clone(), again, successor]);
    seen.extend([VERIFIER.to_owned(), PASSWORD.to_owned()]);
    let dump = w.store.dump().await;
    assert!(dump.contains("alice") && dump.contains(&id));
    for secret in seen {
        assert!(!dump.contains(&secret), "{secret}");
    }
}
