//! Section K: tokens that look right. Each is signed by the server's own key and wrong in one way, where not said
//! otherwise; the same token without the flaw is accepted.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::flow::call;
use crate::support::jwt::{changed, good_header, hs256, unsigned};
use crate::support::{Database, Flow, Forge, Setup, TestServer, claims};

struct Bench {
    server: TestServer,
    flow: Flow,
    forge: Forge,
    header: Value,
    claims: Value,
    // Last: the server writes until it has stopped.
    _database: Database,
}

impl Bench {
    async fn new() -> Self {
        let database = Database::new();
        let server = Setup::new().on(&database).start();
        let mut flow = Flow::new(&server).await;
        let tokens = flow.tokens().await;
        let forge = Forge::with_key_of(&database).await;
        let header = good_header(&forge.kid);
        let claims = claims(&tokens.access);
        let bench = Self {
            server,
            flow,
            forge,
            header,
            claims,
            _database: database,
        };
        bench
            .expect(true, &bench.forge.sign(&bench.header, &bench.claims))
            .await;
        bench
    }

    async fn expect(&self, accepted: bool, token: &str) {
        let reply = call(&self.server, token, "whoami").await;
        if accepted {
            reply.expect(200);
            return;
        }
        let reply = reply.expect(401);
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }

    async fn refuse_header(&self, member: &str, value: Value) {
        let header = changed(&self.header, member, value);
        self.expect(false, &self.forge.sign(&header, &self.claims))
            .await;
    }

    async fn refuse_claim(&self, member: &str, value: Value) {
        let claims = changed(&self.claims, member, value);
        self.expect(false, &self.forge.sign(&self.header, &claims))
            .await;
    }
}

#[tokio::test]
async fn item_80_the_key_decides_the_algorithm() {
    let bench = Bench::new().await;
    let keys = bench.server.get("/jwks").await.expect(200).json();
    let jwk = &keys["keys"][0];
    let part = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(jwk[name].as_str().expect("text"))
            .expect("b64")
    };
    let point = [vec![4], part("x"), part("y")].concat();
    // SubjectPublicKeyInfo of P-256 (RFC 5480).
    let prefix =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\
                   \x03\x01\x07\x03\x42\x00";
    let der = [prefix.as_slice(), &point].concat();
    let base64 = STANDARD.encode(&der);
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n",
        &base64[..64],
        &base64[64..]
    );
    let header = changed(&bench.header, "alg", json!("HS256"));
    for secret in [
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        &der,
        &point,
        jwk.to_string().as_bytes(),
        b"",
    ] {
        bench
            .expect(false, &hs256(&header, &bench.claims, secret))
            .await;
    }
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = changed(&bench.header, "alg", json!(alg));
        let message = unsigned(&header, &bench.claims);
        let signed = bench.forge.sign(&header, &bench.claims);
        let signature = signed.rsplit('.').next().expect("a signature");
        for signature in ["", signature] {
            bench.expect(false, &format!("{message}.{signature}")).await;
        }
        bench.expect(false, &message).await;
    }
    for alg in ["HS256", "RS256", "PS256", "ES384", "EdDSA", "es256"] {
        bench.refuse_header("alg", json!(alg)).await;
    }
    bench.refuse_header("alg", Value::Null).await;
}

#[tokio::test]
async fn item_80_another_signature_is_none() {
    let bench = Bench::new().await;
    let good = bench.forge.sign(&bench.header, &bench.claims);
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let mut flipped = signature.to_owned();
    flipped.replace_range(..1, if signature.starts_with('A') { "B" } else { "A" });
    let zero = URL_SAFE_NO_PAD.encode([0; 64]);
    for signature in [
        "",
        &flipped,
        &signature[..85],
        &zero,
        &format!("{signature}="),
    ] {
        bench.expect(false, &format!("{message}.{signature}")).await;
    }
    let bob = changed(&bench.claims, "name", json!("bob"));
    let message = unsigned(&bench.header, &bob);
    bench.expect(false, &format!("{message}.{signature}")).await;
    for token in ["a", "a.b", "a.b.c", "..", &format!("{good}.x"), &good[1..]] {
        bench.expect(false, token).await;
    }
    // A key of another server under our key's name.
    let database = Database::new();
    let _other = Setup::new().on(&database).start();
    let foreign = Forge::with_key_of(&database).await;
    bench
        .expect(false, &foreign.sign(&bench.header, &bench.claims))
        .await;
    bench
        .expect(
            false,
            &foreign.sign(&good_header(&foreign.kid), &bench.claims),
        )
        .await;
}

#[tokio::test]
async fn item_81_only_at_jwt_is_an_access_token_cve_2025_59420() {
    let bench = Bench::new().await;
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("id+jwt"),
        json!(""),
        json!(1),
        Value::Null,
    ] {
        bench.refuse_header("typ", typ).await;
    }
    for crit in [
        json!(["exp"]),
        json!(["x"]),
        json!([]),
        json!("b64"),
        json!(true),
    ] {
        bench.refuse_header("crit", crit).await;
    }
}

#[tokio::test]
async fn item_81_keys_in_the_header_are_never_used_cve_2026_27962() {
    let bench = Bench::new().await;
    let database = Database::new();
    let other = Setup::new().on(&database).start();
    let foreign = Forge::with_key_of(&database).await;
    let jwk = other.get("/jwks").await.json()["keys"][0].clone();
    for (member, value) in [
        ("jwk", jwk),
        ("jku", json!(other.url("/jwks"))),
        ("x5u", json!(other.url("/x5u"))),
        ("x5c", json!(["MIIB"])),
    ] {
        for kid in [bench.header["kid"].clone(), json!(foreign.kid), Value::Null] {
            let header = changed(&changed(&bench.header, "kid", kid), member, value.clone());
            bench
                .expect(false, &foreign.sign(&header, &bench.claims))
                .await;
        }
    }
}

#[tokio::test]
async fn item_82_claims_are_required_and_strictly_typed_cve_2026_25537() {
    let bench = Bench::new().await;
    let text = |name: &str| bench.claims[name].clone();
    for name in [
        "iss",
        "aud",
        "sub",
        "exp",
        "iat",
        "jti",
        "client_id",
        "scope",
    ] {
        bench.refuse_claim(name, Value::Null).await;
        bench.refuse_claim(name, json!({ "x": 1 })).await;
        bench.refuse_claim(name, json!(true)).await;
        bench.refuse_claim(name, json!([text(name)])).await;
    }
    for name in ["iss", "sub", "jti", "client_id", "scope"] {
        bench.refuse_claim(name, json!(1)).await;
    }
    for name in ["exp", "iat"] {
        bench
            .refuse_claim(name, json!(text(name).to_string()))
            .await;
    }
    for iss in [
        bench.server.url("/"),
        bench.server.base.to_uppercase(),
        "https://evil.test".into(),
        String::new(),
    ] {
        bench.refuse_claim("iss", json!(iss)).await;
    }
}

#[tokio::test]
async fn item_82_times_are_exact() {
    let bench = Bench::new().await;
    let iat = bench.claims["iat"].as_i64().expect("a number");
    for exp in [iat - 30, iat - 1, 0, -1] {
        bench.refuse_claim("exp", json!(exp)).await;
    }
    for nbf in [
        json!(iat + 60),
        json!(iat.to_string()),
        json!([iat]),
        json!({}),
    ] {
        bench.refuse_claim("nbf", nbf).await;
    }
    bench.refuse_claim("exp", json!(1e300)).await;
    bench.refuse_claim("exp", json!(u64::MAX)).await;
}

#[tokio::test]
async fn item_83_the_audience_is_this_resource_alone_cve_2025_69196() {
    let bench = Bench::new().await;
    let ours = bench.server.resource();
    for aud in [
        json!(format!("{ours}2")),
        json!(format!("{ours}/")),
        json!(bench.server.base),
        json!(ours.to_uppercase()),
        json!(""),
        json!(["https://evil.test/mcp", ours]),
        json!([ours, "https://evil.test/mcp"]),
        json!([]),
        json!(bench.flow.client_id),
    ] {
        bench.refuse_claim("aud", aud).await;
    }
}

#[tokio::test]
async fn item_83_a_token_of_another_server_is_worth_nothing_here() {
    let (here, there) = (TestServer::start(), TestServer::start());
    let mut flow = Flow::new(&there).await;
    let tokens = flow.tokens().await;
    assert!(flow.is_accepted(&tokens.access).await);
    call(&here, &tokens.access, "whoami").await.expect(401);
}

#[tokio::test]
async fn item_84_a_kid_is_a_key_into_a_map_cve_2025_61920() {
    let bench = Bench::new().await;
    let own = bench.forge.kid.clone();
    for kid in [
        json!("unknown"),
        json!(""),
        json!("x".repeat(4096)),
        json!("../../etc/passwd"),
        json!("' OR 1=1 --"),
        json!(format!("{own} ")),
        json!(own.to_uppercase()),
        json!([own]),
        json!(0),
        Value::Null,
    ] {
        bench.refuse_header("kid", kid).await;
    }
    bench
        .expect(true, &bench.forge.sign(&bench.header, &bench.claims))
        .await;
}

#[tokio::test]
async fn item_84_a_token_beyond_8_kib_is_not_decoded() {
    let bench = Bench::new().await;
    let padded = |n: usize| {
        let claims = changed(&bench.claims, "padding", json!("x".repeat(n)));
        bench.forge.sign(&bench.header, &claims)
    };
    // The padding alone spoils nothing.
    bench.expect(true, &padded(1024)).await;
    let reply = call(&bench.server, &padded(8 * 1024), "whoami").await;
    assert!(matches!(reply.status, 401 | 431), "{reply:?}");
    for token in ["x".repeat(10 * 1024), "a.".repeat(5 * 1024)] {
        let reply = call(&bench.server, &token, "whoami").await;
        assert!(matches!(reply.status, 400 | 401 | 431), "{reply:?}");
    }
}
