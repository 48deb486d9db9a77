//! Section K: what an access token says, and by which key.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::flow::call;
use crate::support::{Database, Flow, Setup, TestServer, Tokens, claims, header};

async fn jwks(server: &TestServer) -> Vec<Value> {
    let metadata = server
        .get("/.well-known/oauth-authorization-server")
        .await
        .json();
    let uri = metadata["jwks_uri"].as_str().expect("a URI");
    let set = server.get(uri).await.expect(200).json();
    set["keys"].as_array().expect("keys").clone()
}

#[tokio::test]
async fn item_79_access_tokens_follow_rfc_9068() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let head = header(&tokens.access);
    assert_eq!(head["typ"], "at+jwt");
    assert!(
        matches!(head["alg"].as_str(), Some("ES256" | "EdDSA")),
        "{head}"
    );
    let kid = &head["kid"];
    assert!(
        jwks(&server)
            .await
            .iter()
            .any(|key| &key["kid"] == kid && key["alg"] == head["alg"])
    );

    let body = claims(&tokens.access);
    assert_eq!(body["iss"], server.base);
    assert_eq!(body["aud"], server.resource());
    assert_eq!(body["client_id"], flow.client_id);
    assert_eq!(body["scope"], "read dice:roll");
    let number = |name: &str| {
        body[name]
            .as_i64()
            .unwrap_or_else(|| panic!("{name}: {body}"))
    };
    assert_eq!(number("exp") - number("iat"), 600);
    for name in ["sub", "jti"] {
        assert!(body[name].as_str().is_some_and(|v| v.len() >= 16), "{body}");
    }
    assert_ne!(body["sub"], body["client_id"]);
    assert!(body.get("email").is_none());
    for secret in [&tokens.refresh, &flow.verifier] {
        assert!(!body.to_string().contains(secret.as_str()));
    }
}

#[tokio::test]
async fn item_79_a_name_that_is_an_e_mail_address_is_in_no_token_and_known_all_the_same() {
    let server = TestServer::with(|auth| auth.demo_user("carol@corp.test", "correct horse"));
    let mut carol = Flow::new(&server).await;
    let code = carol
        .sign_in("carol@corp.test", "correct horse")
        .await
        .answer("code")
        .expect("a code");
    let token = carol
        .token(&carol.redemption(&code))
        .await
        .expect(200)
        .json();
    let token = token["access_token"].as_str().expect("a token");
    assert!(!claims(token).to_string().contains('@'));
    let answer = call(&server, token, "whoami").await.expect(200);
    assert!(answer.body.contains("carol@corp.test"), "{}", answer.body);
}

#[tokio::test]
async fn item_79_the_subject_is_one_user_everywhere_and_no_other() {
    let server = TestServer::start();
    let (mut one, mut two) = (Flow::new(&server).await, Flow::new(&server).await);
    let (first, second) = (one.tokens().await, two.tokens().await);
    assert_eq!(claims(&first.access)["sub"], claims(&second.access)["sub"]);
    assert_ne!(claims(&first.access)["jti"], claims(&second.access)["jti"]);
    let mut bob = Flow::new(&server).await;
    let code = bob
        .sign_in("bob", "hunter2")
        .await
        .answer("code")
        .expect("a code");
    let token = bob.token(&bob.redemption(&code)).await.expect(200).json();
    let token = token["access_token"].as_str().expect("a token");
    assert_ne!(claims(token)["sub"], claims(&first.access)["sub"]);
    assert!(
        call(&server, token, "whoami")
            .await
            .expect(200)
            .body
            .contains("bob")
    );
    assert!(
        call(&server, &first.access, "whoami")
            .await
            .expect(200)
            .body
            .contains("alice")
    );
}

#[tokio::test]
async fn item_79_a_token_ends_when_it_says() {
    let server = TestServer::with(|auth| auth.access_token_lifetime(Duration::from_secs(300)));
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    server.clock.advance(Duration::from_secs(298));
    assert!(flow.is_accepted(&tokens.access).await);
    // No leeway, and no cache that remembers it for longer.
    server.clock.advance(Duration::from_secs(3));
    assert!(!flow.is_accepted(&tokens.access).await);
}

#[test]
fn item_79_no_token_lives_for_more_than_an_hour() {
    let long = Setup::new().auth(|auth| auth.access_token_lifetime(Duration::from_secs(3601)));
    assert!(long.expect_no_start().contains("hour"));
}

/// Waits for what another process changed; servers look every five seconds.
async fn within_seven_seconds(mut seen: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !seen().await {
        assert!(begun.elapsed() < Duration::from_secs(7), "not seen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn item_85_a_new_key_is_published_before_it_signs_and_the_old_one_outlives_its_tokens() {
    let (database, other) = (Database::new(), Database::new());
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let old = flow.tokens().await;
    // As `keys rotate` of another process does it: in five minutes the new key signs, ten later the old one ends.
    drop(Setup::new().on(&other).start());
    let secrets = other
        .column("SELECT secret FROM keys WHERE purpose = 'sign'")
        .await;
    let now = claims(&old.access)["iat"].as_i64().expect("a number") * 1000;
    let (active, end) = ((now + 300_000).to_string(), (now + 900_000).to_string());
    let add = "INSERT INTO keys (id, purpose, generation, secret, active_from) \
               VALUES ('second', 'sign', 2, $1, CAST($2 AS BIGINT))";
    assert_eq!(database.execute_with(add, &[&secrets[0], &active]).await, 1);
    let limit =
        "UPDATE keys SET expires_at = CAST($1 AS BIGINT) WHERE generation = 1 AND purpose = 'sign'";
    assert_eq!(database.execute_with(limit, &[&end]).await, 1);

    within_seven_seconds(async || jwks(&server).await.len() == 2).await;
    let before = Tokens::of(&flow.refresh(&old.refresh).await);
    assert_eq!(header(&before.access)["kid"], header(&old.access)["kid"]);
    server.clock.advance(Duration::from_secs(301));
    let after = Tokens::of(&flow.refresh(&before.refresh).await);
    assert_eq!(header(&after.access)["kid"], "second");
    for tokens in [&old, &before, &after] {
        assert!(flow.is_accepted(&tokens.access).await);
    }
    server.clock.advance(Duration::from_secs(601));
    within_seven_seconds(async || jwks(&server).await.len() == 1).await;
    let last = Tokens::of(&flow.refresh(&after.refresh).await);
    assert!(flow.is_accepted(&last.access).await);
}

#[tokio::test]
async fn item_85_a_compromised_key_ends_with_its_tokens() {
    let (database, other) = (Database::new(), Database::new());
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    assert!(flow.is_accepted(&tokens.access).await);
    drop(Setup::new().on(&other).start());
    let secrets = other
        .column("SELECT secret FROM keys WHERE purpose = 'sign'")
        .await;
    let add = "INSERT INTO keys (id, purpose, generation, secret, active_from) \
               VALUES ('second', 'sign', 2, $1, 0)";
    database.execute_with(add, &[&secrets[0]]).await;
    database
        .execute("UPDATE keys SET expires_at = 0 WHERE generation = 1 AND purpose = 'sign'")
        .await;
    within_seven_seconds(async || !flow.is_accepted(&tokens.access).await).await;
    let fresh = Tokens::of(&flow.refresh(&tokens.refresh).await);
    assert!(flow.is_accepted(&fresh.access).await);
}

#[tokio::test]
async fn item_86_the_key_set_holds_public_keys_only() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let keys = jwks(&server).await;
    assert!(!keys.is_empty());
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert_eq!((&key["kty"], &key["use"]), (&"EC".into(), &"sig".into()));
    }
    // The key outlives the process, or every restart would sign everyone out.
    drop(server);
    let server = Setup::new().on(&database).start();
    assert_eq!(jwks(&server).await, keys);
}

#[tokio::test]
async fn item_118_two_servers_on_an_empty_store_agree_on_one_key() {
    let database = Database::new();
    let setups = [Setup::new().on(&database), Setup::new().on(&database)];
    let starts = setups.map(|setup| std::thread::spawn(move || setup.start()));
    let [a, b] = starts.map(|start| start.join().expect("started"));
    assert_eq!(jwks(&a).await, jwks(&b).await);
    assert_eq!(
        database
            .column("SELECT id FROM keys WHERE purpose = 'sign'")
            .await
            .len(),
        1
    );
}
