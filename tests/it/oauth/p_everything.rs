//! Section P over all that a flow can be at once: a client named by a URL that proves itself by a key and binds its tokens
//! to another, for a user of an outside provider. Then the log and the store are searched for what opens a door.

use mcp_runtime::auth::OpenIdProvider;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::flow::call_with;
use crate::support::jwt::{Key, changed, digest, now};
use crate::support::{Canned, Database, Flow, Log, Names, Params, Setup, Tokens, WEB, Web};

const PROVIDER_SECRET: &str = "the-secret-at-the-provider";
const PROVIDER_CODE: &str = "a-code-of-the-provider";
const PROVIDER_TOKEN: &str = "an-access-token-of-the-provider";

struct World {
    web: Web,
    provider: Key,
    client: Key,
    bound: Key,
    /// Whatever was signed: each is good for something until it is used.
    signed: std::cell::RefCell<Vec<String>>,
}

impl World {
    fn sign(&self, key: &Key, header: &Value, claims: &Value) -> String {
        let token = key.sign(header, claims);
        self.signed.borrow_mut().push(token.clone());
        token
    }

    fn proof(&self, url: &str, token: Option<&str>) -> String {
        let jti = format!("{:x}", rand::random::<u128>());
        let claims = json!({ "htm": "POST", "htu": url, "iat": now(), "jti": jti });
        let claims = changed(
            &claims,
            "ath",
            token.map_or(Value::Null, |t| json!(digest(t))),
        );
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.bound.public() });
        self.sign(&self.bound, &header, &claims)
    }

    async fn token(&self, flow: &Flow, form: Params) -> Tokens {
        let claims = json!({
            "iss": flow.client_id, "sub": flow.client_id, "aud": flow.door.base,
            "iat": now(), "exp": now() + 60, "jti": format!("{:x}", rand::random::<u128>()),
        });
        let assertion = self.sign(&self.client, &self.client.header(), &claims);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let form = form.and("client_assertion_type", kind);
        let form = form.and("client_assertion", &assertion);
        let url = flow.door.url("/token");
        let proof = self.proof(&url, None);
        let reply = flow.door.form(&url, &[("dpop", &proof)], &form).await;
        assert_eq!(reply.json()["token_type"], "DPoP", "{reply:?}");
        Tokens::of(&reply)
    }
}

#[tokio::test]
async fn item_105_112_no_part_of_the_longest_flow_is_in_the_log_or_the_store() {
    let log = Log::of_everything();
    let database = Database::new();
    let world = World {
        web: Web::start(),
        provider: Key::new("provider"),
        client: Key::new("client"),
        bound: Key::new(""),
        signed: Default::default(),
    };
    let (web, id) = (&world.web, world.web.url("/c.json"));
    let document = json!({
        "client_id": id, "client_name": "Test App", "redirect_uris": [WEB],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [world.client.jwk] },
    });
    web.put("/c.json", Canned::json(&document));
    let metadata = json!({
        "issuer": web.url(""), "authorization_endpoint": web.url("/auth"),
        "token_endpoint": web.url("/token"), "jwks_uri": web.url("/keys.json"),
    });
    web.put("/.well-known/openid-configuration", Canned::json(&metadata));
    let keys = json!({ "keys": [world.provider.jwk] });
    web.put("/keys.json", Canned::json(&keys));
    let provider = OpenIdProvider::new(web.url(""), "us").secret(PROVIDER_SECRET);
    let outbound = web.outbound(&Names::local());
    let server = Setup::new()
        .on(&database)
        .auth(|auth| auth.outbound(outbound).login_with(provider))
        .start();

    let mut flow = Flow::named(&server, &id, WEB);
    flow.state = "state-that-nobody-keeps".into();
    let page = flow.login_page().await;
    let left = flow.submit(&page, "", "").await.expect(303);
    let asked = |name: &str| left.answer(name).expect(name);
    let claims = json!({
        "iss": web.url(""), "sub": "42", "aud": "us", "nonce": asked("nonce"),
        "iat": now(), "exp": now() + 300, "preferred_username": "carol",
    });
    let id_token = world.sign(&world.provider, &world.provider.header(), &claims);
    let answer =
        json!({ "access_token": PROVIDER_TOKEN, "token_type": "Bearer", "id_token": id_token });
    web.put("/token", Canned::json(&answer));
    let back = format!(
        "/login/callback?code={PROVIDER_CODE}&state={}",
        asked("state")
    );
    let back = server.url(&back);
    let at_provider: Vec<String> = flow.browser.cookies.values().cloned().collect();
    let reply = flow.browser.get(&back).await;
    let code = reply
        .answer("code")
        .unwrap_or_else(|| panic!("no code: {reply:?}"));
    let first = world.token(&flow, flow.redemption(&code)).await;
    let second = world.token(&flow, flow.renewal(&first.refresh)).await;
    let authorization = format!("DPoP {}", second.access);
    let proof = world.proof(&server.url("/mcp"), Some(&second.access));
    let headers = [("authorization", &*authorization), ("dpop", &*proof)];
    let reply = call_with(&server, "whoami", &headers).await.expect(200);
    assert!(reply.body.contains("carol"), "{}", reply.body);

    let exchange = web
        .requests()
        .into_iter()
        .find(|r| r.starts_with("POST /token "));
    let exchange = exchange.expect("an exchange");
    let (head, form) = exchange.split_once("\r\n\r\n").expect("a body");
    let form = form_urlencoded::parse(form.as_bytes());
    let upstream_verifier = form.into_owned().find(|(name, _)| name == "code_verifier");
    let basic = head.lines().find_map(|line| line.split_once("Basic "));
    let mut secrets = vec![
        upstream_verifier.expect("a verifier").1,
        basic.expect("a secret in the header").1.to_owned(),
        code,
        first.access,
        first.refresh,
        second.access,
        second.refresh,
        asked("state"),
        asked("nonce"),
        flow.verifier.clone(),
        PROVIDER_SECRET.into(),
        PROVIDER_CODE.into(),
        PROVIDER_TOKEN.into(),
    ];
    secrets.extend(world.signed.take());
    secrets.extend(at_provider);
    secrets.extend(flow.browser.cookies.values().cloned());
    let hidden = page.form().fields.into_iter().map(|field| field.value);
    secrets.extend(hidden.filter(|value| value.len() > 20));
    assert!(secrets.len() > 20, "{}", secrets.len());
    let text = log.text();
    for secret in &secrets {
        let line = text.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{secret} is logged: {line:?}");
        assert!(!database.holds(secret), "the store holds {secret}");
    }
    // What a client wants back is kept while its request waits.
    assert!(!text.contains(&flow.state));
    // The searches find what is there.
    assert!(database.holds(&id) && text.contains(&id));
}
