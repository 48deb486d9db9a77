use std::time::Duration;

use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::world::*;

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
    assert_eq!(w.call(&access).await, 200);
    let (access, refresh) = pair(&w.refresh(&client, &refresh).await);

    assert_eq!(
        w.redeem(&client, &code).await.fault(),
        (400, "invalid_grant".into())
    );
    assert_eq!(w.call(&access).await, 401);
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
    assert_eq!((w.call(&access).await, w.call(&retried).await), (401, 401));

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

#[tokio::test]
async fn item_110_a_year_later_the_store_is_as_small_as_at_first() {
    let w = world().await;
    let rows = async || w.store.dump().await.lines().count();
    let at_first = rows().await;
    for _ in 0..8 {
        let client = w.client().await;
        let (access, refresh) = w.tokens(&client).await;
        let (_, successor) = pair(&w.refresh(&client, &refresh).await);
        w.code(&client).await;
        w.page(&mut Jar::default(), &client, &[]).await;
        // A wrong password, a revoked token, a grant that was revoked.
        let wrong = [("username", "alice"), ("password", "a guess")];
        let mut jar = Jar::default();
        let page = w.page(&mut jar, &client, &[]).await;
        w.decide(&mut jar, &page, &wrong).await;
        for token in [access, successor] {
            let form = [("token", token.as_str()), ("client_id", &client)];
            assert_eq!(w.post("/revoke", &form).await.status, 200);
        }
    }
    let full = rows().await;
    assert!(full > at_first + 200, "{full} values, {at_first} at first");
    w.clock.advance(Duration::from_secs(365 * 24 * 60 * 60));

    // A batch is bounded in every table, so that a login waits for a short one at the most.
    let now = w.server.now();
    let limits = crate::store::Retention {
        now,
        unused_clients_before: now,
        idle_clients_before: now,
        ended_before: now,
    };
    let one = crate::store::Flow::collect_expired(&*w.store, limits, 1).await;
    assert!((1..=10).contains(&one.expect("collected")), "one a table");
    w.server.sweep().await.expect("swept");
    assert_eq!(rows().await, at_first);
}
