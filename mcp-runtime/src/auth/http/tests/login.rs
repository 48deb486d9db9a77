use std::time::Duration;

use actix_web::test::TestRequest;

use super::world::*;
use crate::auth::secret::digest;
use crate::store::Flow;

const GOOD: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];

#[tokio::test]
async fn items_36_50_the_request_is_frozen_and_answered_once() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &client, &[]).await;
    let smuggled = [
        GOOD[0],
        GOOD[1],
        ("redirect_uri", "https://evil.test/cb"),
        ("client_id", "evil"),
        ("scope", "read dice:roll"),
        ("code_challenge", "evil"),
    ];
    let cookies = jar.clone();
    let answer = w.decide(&mut jar, &page, &smuggled).await;
    assert!(
        answer.location().starts_with(LOOPBACK),
        "{}",
        answer.location()
    );
    let code = answer.param("code").expect("a code");
    assert_eq!(w.redeem(&client, &code).await.json()["scope"], "read");
    assert_eq!(
        w.decide(&mut cookies.clone(), &page, &GOOD).await.status,
        400
    );

    let page = w.page(&mut jar, &client, &[]).await;
    let mut strange = Jar::default();
    assert_eq!(
        w.decide(&mut strange, &page, &GOOD).await.status,
        403,
        "no cookies"
    );
    w.page(&mut strange, &client, &[]).await;
    assert_eq!(
        w.decide(&mut strange, &page, &GOOD).await.status,
        403,
        "another browser"
    );
}

#[tokio::test]
async fn item_39_a_forged_post_does_nothing() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &client, &[]).await;
    let other = w.page(&mut jar, &client, &[]).await;
    let txn = page.field("txn");
    for csrf in ["", "x", &other.field("csrf")] {
        let form = [("txn", txn.as_str()), ("csrf", csrf), GOOD[0], GOOD[1]];
        let request = posted("/login", &form).insert_header(("Cookie", jar.header()));
        let answer = w.send(request).await;
        assert_eq!(
            (answer.status, answer.header("Set-Cookie")),
            (403, ""),
            "{csrf:?}"
        );
    }
    let csrf = page.field("csrf");
    let form = [
        ("txn", txn.as_str()),
        ("csrf", csrf.as_str()),
        GOOD[0],
        GOOD[1],
    ];
    let post = || posted("/login", &form).insert_header(("Cookie", jar.header()));
    for header in [
        ("Origin", "https://evil"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        assert_eq!(
            w.send(post().insert_header(header)).await.status,
            403,
            "{header:?}"
        );
    }
    let post = post().insert_header(("Origin", ISSUER));
    assert_eq!(
        w.send(post.insert_header(("Sec-Fetch-Site", "same-origin")))
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn items_40_41_a_login_begins_a_new_session() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let answer = w.authorize(&mut jar, &request(&client)).await;
    let cookie = answer.header("Set-Cookie");
    assert!(cookie.starts_with("__Host-mcp-browser-"), "{cookie}");
    assert!(
        cookie.ends_with("Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );

    w.sign_in(&mut jar, &client, &[]).await;
    let before = jar.clone();
    let page = w.page(&mut jar, &client, &[("prompt", "login")]).await;
    assert!(
        page.body.contains(r#"name="password""#),
        "prompt=login asks in spite of the session"
    );
    w.decide(&mut jar, &page, &GOOD).await;
    assert_ne!(jar.header(), before.header());
    let page = w.page(&mut before.clone(), &client, &[]).await;
    assert!(
        page.body.contains(r#"name="password""#),
        "the old session is over"
    );

    let local = world_of("http://127.0.0.1:8000", |auth| auth).await;
    let client = local.client().await;
    let answer = local.authorize(&mut jar, &request(&client)).await;
    let cookie = answer.header("Set-Cookie");
    assert!(
        cookie.starts_with("mcp-browser-") && !cookie.contains("Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn items_38_42_43_pages_are_armoured() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &client, &[("state", "<b>")]).await;
    let wrong = [("username", "<img src=x>\""), ("password", "x")];
    let again = w.decide(&mut jar, &page, &wrong).await;
    let stop = w.get("/authorize?client_id=%3Cb%3E").await;
    let gone = w.get("/login?txn=x").await;
    assert_eq!((again.status, stop.status, gone.status), (401, 400, 400));
    for (answer, referrer) in [
        (&page, "same-origin"),
        (&again, "same-origin"),
        (&stop, "no-referrer"),
    ] {
        let policy = answer.header("Content-Security-Policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'nonce-"),
            "{policy}"
        );
        assert!(
            policy.ends_with("'; base-uri 'none'; frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(answer.header("X-Frame-Options"), "DENY");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
        assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "same-origin");
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert_eq!(answer.header("Referrer-Policy"), referrer);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
        for markup in ["<script", "<img", "<b>", "<i>", "<it>", " style="] {
            assert!(!answer.body.contains(markup), "{markup}");
        }
    }
    assert!(page.body.contains("Test &lt;i&gt;Client&lt;/i&gt;"));
    assert!(page.body.contains("Read &lt;it&gt; &amp; call the tools"));
}

#[tokio::test]
async fn items_49_52_the_page_says_who_asks_for_what() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let page = w
        .page(&mut jar, &client, &[("scope", "read dice:roll")])
        .await;
    for text in [
        "unverified",
        "127.0.0.1:5",
        "https://as.test/mcp",
        "dice:roll",
        "Sign in and allow",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    let (allow, deny) = (
        page.body.find("Sign in and allow"),
        page.body.find(">Deny<"),
    );
    assert!(allow < deny);

    let denied = w.decide(&mut jar, &page, &[("decision", "deny")]).await;
    assert_eq!(
        (denied.status, denied.param("error").as_deref()),
        (303, Some("access_denied"))
    );
    assert_eq!(denied.param("state").as_deref(), Some("a b/+é&"));
    assert_eq!(denied.param("iss").as_deref(), Some(ISSUER));

    let page = w
        .page(&mut jar, &client, &[("scope", "read dice:roll")])
        .await;
    let narrow = [GOOD[0], GOOD[1], ("scopes", "chosen"), ("scope", "read")];
    let code = w
        .decide(&mut jar, &page, &narrow)
        .await
        .param("code")
        .expect("a code");
    assert_eq!(w.redeem(&client, &code).await.json()["scope"], "read");

    // With the session that this began, the page asks again, without the fields.
    let page = w
        .page(&mut jar, &client, &[("scope", "read dice:roll")])
        .await;
    assert!(page.body.contains("signed in as") && page.body.contains("alice"));
    assert!(!page.body.contains(r#"name="password""#));
    let mut thief = jar.clone();
    thief.0.retain(|(name, _)| !name.contains("session"));
    assert_eq!(
        w.decide(&mut thief, &page, &[]).await.status,
        403,
        "the token is the session's"
    );
    let nothing = w.decide(&mut jar, &page, &[("scopes", "chosen")]).await;
    assert_eq!((nothing.status, nothing.location()), (400, ""));
    let code = w
        .decide(&mut jar, &page, &[])
        .await
        .param("code")
        .expect("a code");
    assert_eq!(
        w.redeem(&client, &code).await.json()["scope"],
        "read dice:roll"
    );

    let other = w.authorize(&mut jar, &request(&client)).await;
    let path = format!("{}&account=other", other.location());
    assert!(
        w.visit(&jar, &path)
            .await
            .body
            .contains(r#"name="password""#)
    );
}

#[tokio::test]
async fn items_45_46_47_guessing_is_slow_and_tells_nothing() {
    let w = world().await;
    let client = w.client().await;
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &client, &[]).await;
    let wrong = w
        .decide(&mut jar, &page, &[("username", "alice"), ("password", "x")])
        .await;
    let unknown = w
        .decide(&mut jar, &page, &[("username", "carol"), ("password", "x")])
        .await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.body.len(), unknown.body.len());
    assert!(wrong.body.contains(r#"role="alert""#) && wrong.body.contains(r#"value="alice""#));

    let long = "x".repeat(1025);
    let long = w
        .decide(
            &mut jar,
            &page,
            &[("username", "alice"), ("password", &long)],
        )
        .await;
    assert_eq!(long.status, 400);
    for _ in 0..9 {
        let guess = [("username", " ALICE"), ("password", "x")];
        assert_eq!(w.decide(&mut jar, &page, &guess).await.status, 401);
    }
    let eleventh = w.decide(&mut jar, &page, &GOOD).await;
    assert_eq!(
        (eleventh.status, eleventh.header("Retry-After")),
        (429, "300")
    );
    // From elsewhere alice still gets in, and here after a while.
    let csrf = page.field("csrf");
    let txn = page.field("txn");
    let form = [
        ("txn", txn.as_str()),
        ("csrf", csrf.as_str()),
        GOOD[0],
        GOOD[1],
    ];
    let bob = w
        .decide(
            &mut jar.clone(),
            &page,
            &[("username", "bob"), ("password", "x")],
        )
        .await;
    assert_eq!(bob.status, 401);
    w.clock.advance(Duration::from_secs(301));
    let request = posted("/login", &form).insert_header(("Cookie", jar.header()));
    assert_eq!(w.send(request).await.status, 303);
}

#[tokio::test]
async fn item_102_a_large_form_is_refused() {
    let w = world().await;
    let large = "x".repeat(17 * 1024);
    for path in ["/login", "/token", "/revoke", "/introspect", "/authorize"] {
        assert_eq!(
            w.post(path, &[("password", &large)]).await.status,
            413,
            "{path}"
        );
    }
    let put = TestRequest::put().uri("/login");
    let answer = w.send(put).await;
    assert_eq!((answer.status, answer.header("Allow")), (405, "GET, POST"));
}

#[tokio::test]
async fn a_demo_password_works_on_this_machine_only() {
    let demo = |auth: crate::auth::Auth| auth.demo_user("dora", "password123");
    let form = [("username", "dora"), ("password", "password123")];
    let (local, remote) = ("127.0.0.1:1234", "203.0.113.7:1234");
    for (url, peer, status) in [
        ("http://127.0.0.1:8000", local, 303),
        ("http://127.0.0.1:8000", remote, 401),
        (ISSUER, local, 401),
    ] {
        let w = world_of(url, demo).await;
        w.peer.set(peer);
        let client = w.client().await;
        let mut jar = Jar::default();
        let page = w.page(&mut jar, &client, &[]).await;
        assert_eq!(
            w.decide(&mut jar, &page, &form).await.status,
            status,
            "{url}"
        );
        let banner = w.server.banner_lines().join("\n");
        assert!(banner.contains("dora") || banner.contains("demo users got new passwords"));
    }
}

#[tokio::test]
async fn item_46_an_account_under_attack_still_lets_its_user_in() {
    let w = world().await;
    let client = w.client().await;
    for counter in [digest("login as alice"), "login".to_owned()] {
        let bumped = w
            .store
            .bump_counter(&counter, 5000, 300_000, w.server.now());
        bumped.await.expect("counted");
    }
    let mut jar = Jar::default();
    let page = w.page(&mut jar, &client, &[]).await;
    let begun = std::time::Instant::now();
    let answer = w.decide(&mut jar, &page, &GOOD).await;
    assert!(answer.param("code").is_some(), "{}", answer.status);
    assert!(begun.elapsed() >= Duration::from_secs(1), "at once");
}

#[tokio::test]
async fn one_address_cannot_take_up_all_waiting_sign_ins() {
    let w = world().await;
    let client = w.client().await;
    let begin = async || w.authorize(&mut Jar::default(), &request(&client)).await;
    for _ in 0..200 {
        assert_eq!(begin().await.status, 302);
    }
    let stopped = begin().await;
    assert_eq!((stopped.status, stopped.header("Retry-After")), (429, "60"));
    w.peer.set("203.0.113.8:1");
    assert_eq!(begin().await.status, 302);
    w.clock.advance(Duration::from_secs(700));
    w.peer.set("203.0.113.7:1");
    assert_eq!(begin().await.status, 302);
}

#[tokio::test]
async fn a_state_beyond_2_kib_is_refused() {
    let w = world().await;
    let client = w.client().await;
    for (length, error) in [(2048, None), (2049, Some("invalid_request"))] {
        let state = "x".repeat(length);
        let form = with(&request(&client), &[("state", &state)]);
        let answer = w.authorize(&mut Jar::default(), &form).await;
        match error {
            None => assert!(answer.location().starts_with("/login")),
            Some(_) => assert_eq!(answer.param("error").as_deref(), error),
        }
    }
}

#[tokio::test]
async fn a_sweep_takes_all_that_expired() {
    let w = world().await;
    for i in 0..1100 {
        let name = i.to_string();
        let bumped = w.store.bump_counter(&name, 1, 1, 0);
        bumped.await.expect("counted");
    }
    assert!(w.server.sweep().await.expect("swept") >= 1100);
}
