//! Section S: proofs of possession (RFC 9449). Whoever steals a bound token has nothing without its key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::i_assertion::{World, asserted};
use super::m_streams::{ended, open_with};
use crate::support::flow::call_with;
use crate::support::jwt::{self, Key, changed, hs256, now, unsigned};
use crate::support::{Database, Flow, LOOPBACK, Params, Reply, Setup, TestServer, Tokens};

fn proof_header(key: &Key) -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() })
}

fn proof_claims(method: &str, url: &str) -> Value {
    json!({
        "htm": method, "htu": url, "iat": now(),
        "jti": format!("{:x}", rand::random::<u128>()),
    })
}

/// A good proof for the token endpoint.
fn for_tokens(flow: &Flow, key: &Key) -> String {
    let claims = proof_claims("POST", &flow.door.url("/token"));
    key.sign(&proof_header(key), &claims)
}

/// What a good proof for a call with that token says.
fn call_claims(flow: &Flow, token: &str) -> Value {
    let claims = proof_claims("POST", &flow.door.url("/mcp"));
    changed(&claims, "ath", json!(jwt::digest(token)))
}

async fn ask(flow: &Flow, form: &Params, proofs: &[&str]) -> Reply {
    let headers: Vec<_> = proofs.iter().map(|proof| ("dpop", *proof)).collect();
    flow.door
        .form(&flow.door.url("/token"), &headers, form)
        .await
}

async fn call(flow: &Flow, scheme: &str, token: &str, proofs: &[&str]) -> Reply {
    let authorization = format!("{scheme} {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
    call_with(&flow.door, "whoami", &headers).await
}

/// A call as its rightful holder makes it.
async fn call_by(flow: &Flow, key: &Key, token: &str) -> Reply {
    let proof = key.sign(&proof_header(key), &call_claims(flow, token));
    call(flow, "DPoP", token, &[&proof]).await
}

/// Signs alice in; tokens that are bound to the key.
async fn bound(flow: &mut Flow, key: &Key) -> Tokens {
    let code = flow.code().await;
    let reply = ask(flow, &flow.redemption(&code), &[&for_tokens(flow, key)]).await;
    assert_eq!(reply.json()["token_type"], "DPoP", "{reply:?}");
    Tokens::of(&reply)
}

#[track_caller]
fn challenged(reply: &Reply, scheme: &str, error: &str) {
    assert_eq!(reply.status, 401, "{reply:?}");
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.starts_with(scheme) && challenge.contains(&format!("error=\"{error}\"")),
        "{challenge}"
    );
    assert!(challenge.contains("resource_metadata=\""), "{challenge}");
    assert_eq!(challenge.contains("algs=\"ES256 "), scheme == "DPoP");
}

#[tokio::test]
async fn item_122_a_bound_token_is_worth_nothing_without_its_key() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let tokens = bound(&mut flow, &key).await;
    let claims = jwt::claims(&tokens.access);
    assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));
    let reply = call_by(&flow, &key, &tokens.access).await.expect(200);
    assert!(reply.body.contains("alice"), "{}", reply.body);
    // The thief's ways.
    let good = || key.sign(&proof_header(&key), &call_claims(&flow, &tokens.access));
    let reply = call(&flow, "Bearer", &tokens.access, &[]).await;
    challenged(&reply, "DPoP", "invalid_token");
    let reply = call(&flow, "Bearer", &tokens.access, &[&good()]).await;
    challenged(&reply, "DPoP", "invalid_token");
    let reply = call(&flow, "DPoP", &tokens.access, &[]).await;
    challenged(&reply, "DPoP", "invalid_dpop_proof");
    let reply = call_by(&flow, &Key::new(""), &tokens.access).await;
    challenged(&reply, "DPoP", "invalid_dpop_proof");
    let reply = call(&flow, "DPoP", "x.y.z", &[&good()]).await;
    challenged(&reply, "DPoP", "invalid_token");
    // And a token that is bound to nothing needs no proof, and takes none.
    let plain = flow.tokens().await;
    assert!(flow.is_accepted(&plain.access).await);
    let reply = call_by(&flow, &key, &plain.access).await;
    challenged(&reply, "Bearer", "invalid_token");
}

/// Proofs that are wrong in one way, by what it is.
fn flawed(key: &Key, claims: &Value) -> Vec<(&'static str, String)> {
    let header = proof_header(key);
    let with = |name: &str, value: Value| key.sign(&header, &changed(claims, name, value));
    let head = |name: &str, value: Value| key.sign(&changed(&header, name, value), claims);
    let at = claims["iat"].as_i64().expect("a time");
    let url = claims["htu"].as_str().expect("a URL");
    let other = Key::new("");
    vec![
        ("typ", head("typ", json!("JWT"))),
        ("no typ", head("typ", Value::Null)),
        ("no algorithm", head("alg", Value::Null)),
        ("none", head("alg", json!("none"))),
        ("another algorithm", head("alg", json!("ES384"))),
        ("no key", head("jwk", Value::Null)),
        ("key by reference", head("jwk", json!(url))),
        ("another's key", head("jwk", other.public())),
        (
            "a private key",
            head("jwk", changed(&key.public(), "d", json!("AA"))),
        ),
        (
            "a shared key",
            hs256(
                &json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } }),
                claims,
                &[0, 0, 0],
            ),
        ),
        ("crit", head("crit", json!(["exp"]))),
        ("no signature", unsigned(&header, claims) + "."),
        ("method", with("htm", json!("GET"))),
        ("method in another case", with("htm", json!("post"))),
        ("no method", with("htm", Value::Null)),
        ("URL", with("htu", json!(format!("{url}2")))),
        (
            "URL of another host",
            with("htu", json!("https://other.test/mcp")),
        ),
        ("no URL", with("htu", Value::Null)),
        ("URL in a list", with("htu", json!([url]))),
        ("too old", with("iat", json!(at - 600))),
        ("from the future", with("iat", json!(at + 600))),
        ("before all time", with("iat", json!(i64::MIN))),
        ("no time", with("iat", Value::Null)),
        ("time as text", with("iat", json!(at.to_string()))),
        ("expired", with("exp", json!(at - 600))),
        ("not yet", with("nbf", json!(at + 600))),
        ("no jti", with("jti", Value::Null)),
        ("empty jti", with("jti", json!(""))),
        ("endless jti", with("jti", json!("x".repeat(257)))),
        ("huge", with("padding", json!("x".repeat(4000)))),
        ("no token", "x.y.z".to_owned()),
        ("nothing", " ".to_owned()),
    ]
}

#[tokio::test]
async fn item_122_every_flaw_of_a_proof_is_refused_and_the_code_lives() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let form = flow.redemption(&code);
    let key = Key::new("");
    let claims = proof_claims("POST", &server.url("/token"));
    for (flaw, proof) in flawed(&key, &claims) {
        let reply = ask(&flow, &form, &[&proof]).await;
        assert_eq!(reply.status, 400, "{flaw}: {reply:?}");
        reply.expect_error(400, "invalid_dpop_proof");
    }
    let (one, two) = (for_tokens(&flow, &key), for_tokens(&flow, &key));
    let reply = ask(&flow, &form, &[&one, &two]).await;
    reply.expect_error(400, "invalid_dpop_proof");
    Tokens::of(&ask(&flow, &form, &[&one]).await);
}

#[tokio::test]
async fn item_122_every_flaw_of_a_proof_beside_a_token_is_a_401() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let token = bound(&mut flow, &key).await.access;
    let claims = call_claims(&flow, &token);
    let with = |name: &str, value: Value| {
        let claims = changed(&call_claims(&flow, &token), name, value);
        key.sign(&proof_header(&key), &claims)
    };
    let mut flaws = flawed(&key, &claims);
    flaws.extend([
        ("no token's digest", with("ath", Value::Null)),
        ("another's digest", with("ath", json!(jwt::digest("other")))),
        ("the token itself", with("ath", json!(token))),
    ]);
    for (flaw, proof) in flaws {
        let reply = call(&flow, "DPoP", &token, &[&proof]).await;
        assert_eq!(reply.status, 401, "{flaw}: {reply:?}");
        challenged(&reply, "DPoP", "invalid_dpop_proof");
    }
    let good = || key.sign(&proof_header(&key), &call_claims(&flow, &token));
    let reply = call(&flow, "DPoP", &token, &[&good(), &good()]).await;
    challenged(&reply, "DPoP", "invalid_dpop_proof");
    // What RFC 9449 §4.3 and RFC 3986 let differ: query, fragment, the case of scheme and host.
    let url = server.url("/mcp").replacen("http", "HTTP", 1);
    for url in [format!("{url}?x=1#y"), server.url("/mcp/")] {
        let proof = with("htu", json!(url));
        let reply = call(&flow, "dpop", &token, &[&proof]).await;
        assert_eq!(reply.status, 200, "{url}: {reply:?}");
    }
}

#[tokio::test]
async fn item_119_122_a_proof_is_good_once_at_all_replicas() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut flow = Flow::new(&a).await;
    let there = flow.at_server(&b);
    let key = Key::new("");
    let tokens = bound(&mut flow, &key).await;
    let proof = key.sign(&proof_header(&key), &call_claims(&flow, &tokens.access));
    call(&flow, "DPoP", &tokens.access, &[&proof])
        .await
        .expect(200);
    for again in [&flow, &there] {
        let reply = call(again, "DPoP", &tokens.access, &[&proof]).await;
        challenged(&reply, "DPoP", "invalid_dpop_proof");
    }
    call_by(&there, &key, &tokens.access).await.expect(200);
    let proof = for_tokens(&flow, &key);
    let form = flow.renewal(&tokens.refresh);
    let next = Tokens::of(&ask(&there, &form, &[&proof]).await);
    let form = flow.renewal(&next.refresh);
    for again in [&flow, &there] {
        let reply = ask(again, &form, &[&proof]).await;
        reply.expect_error(400, "invalid_dpop_proof");
    }
    // A refused proof uses nothing up.
    Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &key)]).await);
}

#[tokio::test]
async fn item_122_a_public_clients_refresh_token_needs_the_same_key() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let first = bound(&mut flow, &key).await;
    let form = flow.renewal(&first.refresh);
    let other = for_tokens(&flow, &Key::new(""));
    let thief = ask(&flow, &form, &[&other]).await;
    thief.expect_error(400, "invalid_grant");
    ask(&flow, &form, &[])
        .await
        .expect_error(400, "invalid_grant");
    // Neither ended what is the client's own.
    let reply = ask(&flow, &form, &[&for_tokens(&flow, &key)]).await;
    assert_eq!(reply.json()["token_type"], "DPoP");
    let second = Tokens::of(&reply);
    call_by(&flow, &key, &second.access).await.expect(200);
    let form = flow.renewal(&second.refresh);
    let reply = ask(&flow, &form, &[&for_tokens(&flow, &Key::new(""))]).await;
    reply.expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_122_a_refresh_with_a_proof_binds_what_comes_of_it() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let code = flow.code().await;
    let first = Tokens::of(&ask(&flow, &flow.redemption(&code), &[]).await);
    let key = Key::new("");
    let form = flow.renewal(&first.refresh);
    let second = Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &key)]).await);
    let form = flow.renewal(&second.refresh);
    let other = for_tokens(&flow, &Key::new(""));
    for thief in [vec![], vec![other.as_str()]] {
        let reply = ask(&flow, &form, &thief).await;
        reply.expect_error(400, "invalid_grant");
    }
    Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &key)]).await);
}

#[tokio::test]
async fn item_122_a_client_with_a_secret_may_change_its_key() {
    let server = TestServer::start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    let first = bound(&mut flow, &Key::new("")).await;
    let new = Key::new("");
    let form = flow.renewal(&first.refresh);
    let tokens = Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &new)]).await);
    call_by(&flow, &new, &tokens.access).await.expect(200);
    // Introspection says to what a token is bound.
    let form = flow.as_client(Params::of(&[("token", &tokens.access)]));
    let told = server.form("/introspect", &[], &form).await.expect(200);
    let told = told.json();
    assert_eq!(told["token_type"], "DPoP");
    assert_eq!(told["cnf"], json!({ "jkt": new.thumbprint() }));
}

#[tokio::test]
async fn item_122_a_client_that_may_prove_itself_and_does_not_counts_as_public() {
    let world = World::new(Setup::new());
    world.publish(&["private_key_jwt", "none"]);
    let mut flow = world.flow();
    let (key, new) = (Key::new(""), Key::new(""));
    // It redeems without its assertion, so what comes of that is bound to the key.
    let first = bound(&mut flow, &key).await;
    let form = flow.renewal(&first.refresh);
    let thiefs = for_tokens(&flow, &new);
    for proofs in [vec![], vec![thiefs.as_str()]] {
        let reply = ask(&flow, &form, &proofs).await;
        reply.expect_error(400, "invalid_grant");
    }
    let second = Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &key)]).await);
    // Nor does it hear from introspection what only a proven client does.
    let about = flow.as_client(Params::of(&[("token", &second.access)]));
    let refused = world.server.form("/introspect", &[], &about).await;
    refused.expect_error(401, "invalid_client");
    let told = asserted(about, &world.good());
    let told = world.server.form("/introspect", &[], &told).await;
    assert_eq!(told.expect(200).json()["active"], true);
    // Once it proves itself, it may come with another key.
    let form = asserted(flow.renewal(&second.refresh), &world.good());
    let third = Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &new)]).await);
    call_by(&flow, &new, &third.access).await.expect(200);
}

#[tokio::test]
async fn item_122_a_step_up_names_the_scheme_in_which_the_token_was_sent() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let narrow = flow.request().set("scope", "read");
    let code = flow.code_of(&narrow).await;
    let reply = ask(&flow, &flow.redemption(&code), &[&for_tokens(&flow, &key)]).await;
    let bound = Tokens::of(&reply);
    let code = flow.code_of(&narrow).await;
    let plain = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    let proof = key.sign(&proof_header(&key), &call_claims(&flow, &bound.access));
    let proofs = [("dpop", proof.as_str())];
    let cases = [("DPoP", &bound, proofs.as_slice()), ("Bearer", &plain, &[])];
    for (scheme, tokens, proofs) in cases {
        let authorization = format!("{scheme} {}", tokens.access);
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proofs);
        let reply = call_with(&flow.door, "roll", &headers).await;
        assert_eq!(reply.status, 403, "{reply:?}");
        let challenge = reply.header("www-authenticate").expect("a challenge");
        let start = format!("{scheme} error=\"insufficient_scope\"");
        assert!(challenge.starts_with(&start), "{challenge}");
        assert!(
            challenge.contains("scope=\"read dice:roll\""),
            "{challenge}"
        );
        assert_eq!(challenge.contains("algs=\"ES256 "), scheme == "DPoP");
    }
}

#[tokio::test]
async fn item_122_a_code_can_be_bound_to_a_key_before_it_is_given_out() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let request = flow.request().and("dpop_jkt", &key.thumbprint());
    let code = flow.code_of(&request).await;
    let form = flow.redemption(&code);
    ask(&flow, &form, &[])
        .await
        .expect_error(400, "invalid_grant");
    let reply = ask(&flow, &form, &[&for_tokens(&flow, &Key::new(""))]).await;
    reply.expect_error(400, "invalid_grant");
    Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &key)]).await);
    let bad = flow.request().and("dpop_jkt", "no-thumbprint");
    let reply = flow.authorize(&bad).await;
    assert_eq!(reply.answer("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn item_122_nonces_are_asked_for_where_the_server_wants_them() {
    let database = Database::new();
    let setup = || Setup::new().on(&database).auth(|a| a.dpop_nonces(true));
    let server = setup().start();
    let replica = setup().replica_of(&server).start();
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let code = flow.code().await;
    let form = flow.redemption(&code);
    let reply = ask(&flow, &form, &[&for_tokens(&flow, &key)]).await;
    let reply = reply.expect_error(400, "use_dpop_nonce");
    let nonce = reply.header("dpop-nonce").expect("a nonce").to_owned();
    let exposed = reply.header("access-control-expose-headers");
    assert_eq!(exposed, Some("DPoP-Nonce"));
    let proof = |claims: Value, nonce: &str, forward: i64| {
        let claims = changed(&claims, "nonce", json!(nonce));
        let claims = changed(&claims, "iat", json!(now() + forward));
        key.sign(&proof_header(&key), &claims)
    };
    let to_token = || proof_claims("POST", &server.url("/token"));
    let reply = ask(&flow, &form, &[&proof(to_token(), "made-up", 0)]).await;
    reply.expect_error(400, "use_dpop_nonce");
    // Another replica knows it.
    let there = flow.at_server(&replica);
    let reply = ask(&there, &form, &[&proof(to_token(), &nonce, 0)]).await;
    assert!(reply.header("dpop-nonce").is_some(), "{reply:?}");
    let token = Tokens::of(&reply).access;

    let reply = call_by(&flow, &key, &token).await;
    challenged(&reply, "DPoP", "use_dpop_nonce");
    let nonce = reply.header("dpop-nonce").expect("a nonce").to_owned();
    let good = proof(call_claims(&flow, &token), &nonce, 0);
    let reply = call(&flow, "DPoP", &token, &[&good]).await.expect(200);
    assert!(reply.header("dpop-nonce").is_some());
    // An old one is none.
    server.clock.advance(Duration::from_secs(301));
    let late = proof(call_claims(&flow, &token), &nonce, 301);
    let reply = call(&flow, "DPoP", &token, &[&late]).await;
    challenged(&reply, "DPoP", "use_dpop_nonce");
    // Clients without proofs hear nothing of it.
    let plain = flow.tokens().await;
    assert!(flow.is_accepted(&plain.access).await);
}

#[tokio::test]
async fn item_122_the_metadata_lists_the_algorithms() {
    let server = TestServer::start();
    let key = Key::new("");
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/mcp",
    ] {
        let metadata = server.get(path).await.expect(200).json();
        let algorithms = metadata["dpop_signing_alg_values_supported"].as_array();
        let algorithms = algorithms.unwrap_or_else(|| panic!("{path} names no algorithm"));
        let is_asymmetric =
            |a: &Value| a != "none" && !a.as_str().unwrap_or("HS").starts_with("HS");
        assert!(algorithms.contains(&json!("ES256")) && algorithms.iter().all(is_asymmetric));
    }
    // A client that registers for it gets nothing without.
    let metadata = json!({
        "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": true,
    });
    let reply = crate::support::flow::register(&server, &metadata).await;
    assert_eq!(reply.expect(201).json()["dpop_bound_access_tokens"], true);
    let mut flow = Flow::registered(&server, &metadata).await;
    let code = flow.code().await;
    let form = flow.redemption(&code);
    ask(&flow, &form, &[])
        .await
        .expect_error(400, "invalid_dpop_proof");
    Tokens::of(&ask(&flow, &form, &[&for_tokens(&flow, &key)]).await);
}

#[tokio::test]
async fn item_94_122_a_stream_of_a_bound_token_lasts_as_long_as_the_token() {
    let server = Arc::new(TestServer::start());
    let mut flow = Flow::new(&server).await;
    let key = Key::new("");
    let tokens = bound(&mut flow, &key).await;
    let proof = key.sign(&proof_header(&key), &call_claims(&flow, &tokens.access));
    let authorization = format!("DPoP {}", tokens.access);
    let headers = [("authorization", &*authorization), ("dpop", &*proof)];
    let stream = open_with(&server, &headers).await;
    // Longer than it takes until the caller is looked at again, who cannot be asked for another proof.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(!stream.is_finished(), "{:?}", stream.await);
    let form = flow.as_client(Params::of(&[("token", &tokens.refresh)]));
    server.form("/revoke", &[], &form).await.expect(200);
    ended(stream, Instant::now()).await;
}
