//! Section H: proof that who redeems is who asked.

use crate::support::{Database, Flow, LOOPBACK, Params, Setup, TestServer, WEB};

#[tokio::test]
async fn item_61_every_request_needs_an_s256_challenge() {
    let server = TestServer::start();
    let challenge = Flow::new(&server).await.challenge();
    for (challenge, method) in [
        (None, None),
        (None, Some("S256")),
        (Some(challenge.as_str()), None),
        (Some(&challenge), Some("plain")),
        (Some(&challenge), Some("s256")),
        (Some(&challenge), Some("S512")),
        (Some(&challenge), Some("")),
    ] {
        expect_refused(&server, challenge, method).await;
    }
}

#[tokio::test]
async fn item_62_a_challenge_is_43_characters_of_base64url() {
    let server = TestServer::start();
    let good = Flow::new(&server).await.challenge();
    for challenge in [
        "x".to_owned(),
        good[..42].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        good.replacen(&good[..1], "+", 1),
        good.replacen(&good[..1], "~", 1),
        good.replacen(&good[..1], " ", 1),
    ] {
        expect_refused(&server, Some(&challenge), Some("S256")).await;
    }
}

/// Told to a client on loopback, shown to the user of another (item 35).
async fn expect_refused(server: &TestServer, challenge: Option<&str>, method: Option<&str>) {
    for uri in [LOOPBACK, WEB] {
        let mut flow = Flow::at(server, uri).await;
        let mut request = flow
            .request()
            .without("code_challenge")
            .without("code_challenge_method");
        for (name, value) in [
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ] {
            request = value.map_or(request.clone(), |value| request.and(name, value));
        }
        let reply = flow.authorize(&request).await;
        if uri == LOOPBACK {
            let error = reply.answer("error");
            assert_eq!(
                error.as_deref(),
                Some("invalid_request"),
                "{challenge:?} {method:?}"
            );
            assert_eq!(reply.answer("state").as_ref(), Some(&flow.state));
        } else {
            reply.expect_local_error();
        }
    }
}

#[tokio::test]
async fn item_61_confidential_clients_need_it_too() {
    let server = TestServer::start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    let request = flow.request().set("scope", "read");
    let bare = request
        .clone()
        .without("code_challenge")
        .without("code_challenge_method");
    let error = flow.authorize(&bare).await.answer("error");
    assert_eq!(error.as_deref(), Some("invalid_request"));
    let code = flow.code_of(&request).await;
    let form = flow.redemption(&code);
    flow.token(&form.clone().without("code_verifier"))
        .await
        .expect_error(400, "invalid_grant");
    flow.token(&form).await.expect(200);
}

#[tokio::test]
async fn item_62_only_the_verifier_of_the_challenge_redeems() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let verifier = flow.verifier.clone();
    let long = "v".repeat(129);
    let wrong: [&dyn Fn(Params) -> Params; 8] = [
        &|f| f.without("code_verifier"),
        &|f| f.set("code_verifier", ""),
        &|f| f.set("code_verifier", &"x".repeat(44)),
        &|f| f.set("code_verifier", &verifier[..42]),
        &|f| f.set("code_verifier", &long),
        &|f| f.set("code_verifier", &format!("{verifier}=")),
        &|f| f.set("code_verifier", &format!("{verifier} ")),
        &|f| f.set("code_verifier", &verifier.to_uppercase()),
    ];
    for spoil in wrong {
        let code = flow.code().await;
        let good = flow.redemption(&code);
        flow.token(&spoil(good.clone()))
            .await
            .expect_error(400, "invalid_grant");
        flow.token(&good).await.expect(200);
    }
}

#[tokio::test]
async fn item_62_the_challenge_itself_is_no_verifier() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let plain = flow
        .redemption(&code)
        .set("code_verifier", &flow.challenge());
    flow.token(&plain).await.expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_62_a_verifier_is_judged_by_its_shape_even_where_its_hash_fits() {
    let server = TestServer::start();
    for verifier in [
        "x".repeat(42),
        "x".repeat(129),
        "ü".repeat(43),
        "x y".repeat(20),
    ] {
        let mut flow = Flow::new(&server).await;
        flow.verifier = verifier;
        let code = flow.code().await;
        flow.token(&flow.redemption(&code))
            .await
            .expect_error(400, "invalid_grant");
    }
    for verifier in ["x".repeat(43), "-._~".repeat(32)] {
        let mut flow = Flow::new(&server).await;
        flow.verifier = verifier;
        let code = flow.code().await;
        flow.token(&flow.redemption(&code)).await.expect(200);
    }
}

#[tokio::test]
async fn item_63_a_stored_code_without_a_challenge_redeems_nothing_cve_2025_4144() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    assert_eq!(database.execute("UPDATE codes SET challenge = ''").await, 1);
    for form in [
        flow.redemption(&code),
        flow.redemption(&code).without("code_verifier"),
        flow.redemption(&code).set("code_verifier", ""),
    ] {
        flow.token(&form).await.expect_error(400, "invalid_grant");
    }
}
