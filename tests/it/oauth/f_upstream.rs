//! Section F: signing in at an upstream OpenID provider, which lies on a real https server.

use std::sync::{Arc, Mutex};

use mcp_runtime::auth::{Auth, OpenIdProvider};
use serde_json::{Value, json};

use crate::support::browser::set_cookies;
use crate::support::flow::call;
use crate::support::jwt::{Key, changed, claims, now};
use crate::support::process::run;
use crate::support::{
    Canned, Database, Flow, Names, Params, Reply, Setup, TestServer, Tokens, Web,
};

/// A provider, and a server whose users sign in there.
struct World {
    web: Web,
    server: TestServer,
    key: Key,
    issuer: String,
}

impl World {
    fn new() -> Self {
        Self::with(|provider| provider, |setup| setup)
    }

    fn with(
        change: impl FnOnce(OpenIdProvider) -> OpenIdProvider,
        setup: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let (web, key) = (Web::start(), Key::new("one"));
        let issuer = web.url("");
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": web.url("/auth?tenant=1"),
            "token_endpoint": web.url("/token"),
            "jwks_uri": web.url("/keys.json"),
        });
        web.put("/.well-known/openid-configuration", Canned::json(&metadata));
        web.put("/keys.json", Canned::json(&json!({ "keys": [key.jwk] })));
        let provider = OpenIdProvider::new(&issuer, "our id")
            .secret("our:secret")
            .name("Acme ID");
        let outbound = web.distrusted(&Names::local());
        let auth = |auth: Auth| auth.outbound(outbound).login_with(change(provider));
        let server = setup(Setup::new().auth(auth)).start();
        Self {
            web,
            server,
            key,
            issuer,
        }
    }

    /// What the provider says of itself besides.
    fn supports(&self, prompts: &[&str]) {
        let metadata = json!({
            "issuer": self.issuer,
            "authorization_endpoint": self.web.url("/auth?tenant=1"),
            "token_endpoint": self.web.url("/token"),
            "jwks_uri": self.web.url("/keys.json"),
            "prompt_values_supported": prompts,
        });
        let place = "/.well-known/openid-configuration";
        self.web.put(place, Canned::json(&metadata));
    }

    /// A user who consented and stands at the provider's door.
    async fn leave(&self) -> Leaving {
        self.leave_with(&[]).await
    }

    /// The same, of a client that asks for more.
    async fn leave_with(&self, more: &[(&str, &str)]) -> Leaving {
        let mut flow = Flow::new(&self.server).await;
        let request = more.iter().fold(flow.request(), |r, (n, v)| r.and(n, v));
        let page = flow.login_page_of(&request).await;
        assert!(!page.asks_for_password());
        assert!(page.text.contains("Acme ID"), "{}", page.text);
        let left = flow.submit(&page, "", "").await.expect(303);
        Leaving { flow, left }
    }

    fn identity(&self, nonce: &str) -> Value {
        json!({
            "iss": self.issuer, "sub": "42", "aud": "our id", "nonce": nonce,
            "iat": now(), "exp": now() + 300, "preferred_username": "carol",
        })
    }

    /// Answers the exchange with this ID token.
    fn vouch(&self, id_token: &str) {
        let answer = json!({ "access_token": "x", "token_type": "Bearer", "id_token": id_token });
        self.web.put("/token", Canned::json(&answer));
    }

    /// Comes back with the state, after the provider vouched by these claims.
    async fn come_back(&self, leaving: &mut Leaving, claims: &Value) -> Reply {
        self.vouch(&self.key.sign(&self.key.header(), claims));
        leaving.come_back(&self.server, "code=abc").await
    }

    /// Signs in the user of that subject and name; the subject here.
    async fn sign_in_as(&self, sub: &str, name: Value) -> String {
        let (leaving, reply) = self
            .sign_in(|c| {
                let c = changed(c, "sub", json!(sub));
                changed(&c, "preferred_username", name.clone())
            })
            .await;
        let code = reply.answer("code").expect("a code");
        let tokens = Tokens::of(&leaving.flow.token(&leaving.flow.redemption(&code)).await);
        let claims = claims(&tokens.access);
        claims["sub"].as_str().expect("a subject").to_owned()
    }

    async fn sign_in(&self, change: impl Fn(&Value) -> Value) -> (Leaving, Reply) {
        let mut leaving = self.leave().await;
        let claims = change(&self.identity(&leaving.asked("nonce")));
        let reply = self.come_back(&mut leaving, &claims).await;
        (leaving, reply)
    }
}

struct Leaving {
    flow: Flow,
    left: Reply,
}

impl Leaving {
    fn asked(&self, name: &str) -> String {
        self.left
            .answer(name)
            .unwrap_or_else(|| panic!("no {name}"))
    }

    async fn come_back(&mut self, server: &TestServer, with: &str) -> Reply {
        let target = format!("/login/callback?{with}&state={}", self.asked("state"));
        let target = server.url(&target);
        let cross_site = [("sec-fetch-site", "cross-site")];
        self.flow.browser.get_with(&target, &cross_site).await
    }
}

#[tokio::test]
async fn item_53_consent_comes_first_and_then_the_provider() {
    let world = World::new();
    let mut leaving = world.leave().await;
    let to = leaving.left.location();
    assert!(
        to.as_str().starts_with(&world.web.url("/auth?tenant=1&")),
        "{to}"
    );
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "our id"),
        ("redirect_uri", &*world.server.url("/login/callback")),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(leaving.asked(name), value);
    }
    assert_eq!(leaving.asked("state").len(), 43);
    assert_eq!(leaving.asked("code_challenge").len(), 43);
    // Nothing of the client's own request goes there.
    assert!(!to.as_str().contains(&leaving.flow.challenge()));

    let claims_of_carol = world.identity(&leaving.asked("nonce"));
    let reply = world
        .come_back(&mut leaving, &claims_of_carol)
        .await
        .expect(302);
    assert_eq!(reply.answer("state"), Some(leaving.flow.state.clone()));
    let code = reply.answer("code").expect("a code");
    let tokens = Tokens::of(&leaving.flow.token(&leaving.flow.redemption(&code)).await);
    let answer = call(&world.server, &tokens.access, "whoami")
        .await
        .expect(200);
    assert!(answer.body.contains("carol"), "{}", answer.body);
    // The exchange carried the verifier of the challenge, and the secret in the header.
    let exchange = world
        .web
        .requests()
        .into_iter()
        .find(|r| r.starts_with("POST /token "));
    let exchange = exchange.expect("an exchange").to_ascii_lowercase();
    assert!(exchange.contains("authorization: basic "), "{exchange}");

    // The session lives on: the next client needs a click only, and nobody goes anywhere.
    let mut second = Flow::new(&world.server).await;
    second.browser = leaving.flow.browser.clone();
    let page = second.login_page().await;
    assert!(page.text.contains("carol"), "{}", page.text);
    assert!(second.submit(&page, "", "").await.answer("code").is_some());
}

#[tokio::test]
async fn item_53_the_state_works_once_and_for_one_browser() {
    let world = World::new();
    let mut leaving = world.leave().await;
    let cookies = set_cookies(&leaving.left);
    let cookie = cookies
        .iter()
        .find(|c| c.name.contains("upstream"))
        .expect("a cookie");
    for flag in ["httponly", "path", "max-age", "samesite"] {
        assert!(cookie.flag(flag).is_some(), "{flag}");
    }
    let carol = world.identity(&leaving.asked("nonce"));
    world.vouch(&world.key.sign(&world.key.header(), &carol));
    // Another browser, with the right state: the attacker's code for the victim, or the other way round.
    let mut stranger = Leaving {
        flow: leaving.flow.in_another_browser(),
        left: leaving.left.clone(),
    };
    let reply = stranger.come_back(&world.server, "code=abc").await;
    assert_eq!(reply.status, 403);
    reply.expect_refusal();
    let exchanges = || {
        let requests = world.web.requests();
        requests
            .iter()
            .filter(|r| r.starts_with("POST /token "))
            .count()
    };
    assert_eq!(exchanges(), 0);
    // The page's handle is no state.
    let mut other = world.leave().await;
    let bad = other
        .left
        .answer("state")
        .expect("a state")
        .replace(|c: char| c.is_ascii_digit(), "x");
    let target = world
        .server
        .url(&format!("/login/callback?code=abc&state={bad}"));
    other.flow.browser.get(&target).await.expect_local_error();

    assert!(
        leaving
            .come_back(&world.server, "code=abc")
            .await
            .answer("code")
            .is_some()
    );
    leaving
        .come_back(&world.server, "code=abc")
        .await
        .expect_local_error();
    assert_eq!(exchanges(), 1);
}

#[tokio::test]
async fn item_53_on_https_the_cookie_belongs_to_the_host() {
    let world = World::with(
        |provider| provider,
        |setup| setup.var("PUBLIC_URL", "https://as.test"),
    );
    let leaving = world.leave().await;
    let cookies = set_cookies(&leaving.left);
    let cookie = cookies
        .iter()
        .find(|c| c.name.contains("upstream"))
        .expect("a cookie");
    assert!(cookie.name.starts_with("__Host-"), "{cookie:?}");
    assert!(
        cookie.flag("secure").is_some() && cookie.flag("domain").is_none(),
        "{cookie:?}"
    );
}

#[tokio::test]
async fn item_53_every_flaw_of_an_id_token_is_refused() {
    let world = World::new();
    type Change = fn(&Value) -> Value;
    let flaws: [(&str, Change); 12] = [
        ("issuer", |c| changed(c, "iss", json!("https://evil.test"))),
        ("audience", |c| changed(c, "aud", json!("another"))),
        ("audiences", |c| {
            changed(c, "aud", json!(["our id", "another"]))
        }),
        ("no audience", |c| changed(c, "aud", Value::Null)),
        ("party", |c| changed(c, "azp", json!("another"))),
        ("nonce", |c| changed(c, "nonce", json!("another"))),
        ("no nonce", |c| changed(c, "nonce", Value::Null)),
        ("no subject", |c| changed(c, "sub", Value::Null)),
        ("numeric subject", |c| changed(c, "sub", json!(42))),
        ("expired", |c| changed(c, "exp", json!(now() - 600))),
        ("no expiry", |c| changed(c, "exp", Value::Null)),
        ("issued later", |c| changed(c, "iat", json!(now() + 300))),
    ];
    for (flaw, change) in flaws {
        let (_, reply) = world.sign_in(change).await;
        assert_eq!(reply.status, 400, "{flaw}: {reply:?}");
        reply.expect_local_error();
    }
    // Signatures: nobody's, another's.
    for forge in [false, true] {
        let mut leaving = world.leave().await;
        let good = world.identity(&leaving.asked("nonce"));
        let token = match forge {
            false => crate::support::jwt::unsigned(&json!({ "alg": "none" }), &good) + ".",
            true => Key::new("one").sign(&world.key.header(), &good),
        };
        world.vouch(&token);
        leaving
            .come_back(&world.server, "code=abc")
            .await
            .expect_local_error();
    }
    let (_, reply) = world.sign_in(Clone::clone).await;
    assert!(reply.answer("code").is_some());
}

#[tokio::test]
async fn item_53_an_answer_that_is_not_the_providers_or_not_a_yes_yields_nothing() {
    let world = World::new();
    let mut leaving = world.leave().await;
    let reply = leaving
        .come_back(&world.server, "error=access_denied")
        .await;
    reply.expect_local_error();
    let mut leaving = world.leave().await;
    let mixed = leaving.come_back(&world.server, "code=abc&iss=https%3A%2F%2Fevil.test");
    mixed.await.expect_local_error();
    let mut leaving = world.leave().await;
    let refused = json!({ "error": "invalid_grant" });
    world.web.put(
        "/token",
        Canned::of(
            400,
            &[("content-type", "application/json")],
            &refused.to_string(),
        ),
    );
    let reply = leaving.come_back(&world.server, "code=abc").await;
    assert_eq!(reply.status, 503);
    assert!(reply.header("location").is_none());
}

#[tokio::test]
async fn item_53_accounts_are_told_apart_by_issuer_and_subject() {
    let world = World::new();
    let subject = async |sub: &str, name: &str| world.sign_in_as(sub, json!(name)).await;
    let first = subject("42", "alice").await;
    assert_eq!(
        first,
        subject("42", "Alice Renamed").await,
        "the same person"
    );
    assert_ne!(
        first,
        subject("43", "alice").await,
        "another of the same name"
    );
    // Nor is it the local alice, who has a password here.
    let names = subject("44", "user\u{202e}x").await;
    assert!(!names.contains("alice") && names.starts_with("user_"));
}

#[tokio::test]
async fn item_53_only_those_who_are_admitted_come_in() {
    let world = World::with(
        |provider| provider.admit(|who| who.claim("hd").is_some_and(|hd| hd == "acme.example")),
        |setup| setup,
    );
    let (_, reply) = world.sign_in(Clone::clone).await;
    assert_eq!(reply.status, 403);
    reply.expect_refusal();
    let (_, reply) = world
        .sign_in(|c| changed(c, "hd", json!("acme.example")))
        .await;
    assert!(reply.answer("code").is_some());
}

#[tokio::test]
async fn item_78_it_ends_with_a_user_who_is_no_longer_admitted() {
    let database = Database::new();
    let banned: Arc<Mutex<Option<&str>>> = Arc::default();
    let rule = banned.clone();
    let world = World::with(
        |provider| {
            provider.admit(move |who| {
                let banned = *rule.lock().expect("not poisoned");
                banned.is_none_or(|mail| who.claim("email").is_none_or(|m| m != mail))
            })
        },
        |setup| setup.on(&database),
    );
    let sign_in = async |sub: &str| {
        let mail = format!("{sub}@acme.example");
        let change = |c: &Value| changed(&changed(c, "sub", json!(sub)), "email", json!(mail));
        let (leaving, reply) = world.sign_in(change).await;
        let code = reply.answer("code").expect("a code");
        let tokens = Tokens::of(&leaving.flow.token(&leaving.flow.redemption(&code)).await);
        (leaving.flow, tokens)
    };
    let (mut carol, hers) = sign_in("carol").await;
    let (mut dave, his) = sign_in("dave").await;
    let hers = Tokens::of(&carol.refresh(&hers.refresh).await);
    assert!(carol.is_accepted(&hers.access).await);
    *banned.lock().expect("not poisoned") = Some("carol@acme.example");
    let refreshed = carol.refresh(&hers.refresh).await;
    refreshed.expect_error(400, "invalid_grant");
    assert!(!carol.is_accepted(&hers.access).await, "the family ends");
    let offers =
        async |flow: &mut Flow| flow.login_page().await.text.contains("Use another account");
    assert!(!offers(&mut carol).await, "and the session");
    let his = Tokens::of(&dave.refresh(&his.refresh).await);
    assert!(offers(&mut dave).await, "nobody else's");
    // Nothing that ended comes back.
    *banned.lock().expect("not poisoned") = None;
    carol
        .refresh(&hers.refresh)
        .await
        .expect_error(400, "invalid_grant");
    // Of whom nothing was kept nothing is assumed: the next sign-in tells.
    let kept = "SELECT claims FROM identities";
    assert!(
        database
            .column(kept)
            .await
            .iter()
            .any(|c| c.contains("dave@"))
    );
    database.execute("DELETE FROM identities").await;
    dave.refresh(&his.refresh)
        .await
        .expect_error(400, "invalid_grant");
    assert!(!offers(&mut dave).await);
    sign_in("dave").await;
    Tokens::of(&dave.refresh(&his.refresh).await);
    // Without a rule, nothing is kept.
    let free = Database::new();
    let world = World::with(|provider| provider, |setup| setup.on(&free));
    world.sign_in(Clone::clone).await;
    assert!(free.column(kept).await.is_empty());
}

#[tokio::test]
async fn a_provider_of_the_settings_is_used_and_half_of_one_refused() {
    let web = Web::start();
    let set = |setup: Setup| setup.var("OPENID_ISSUER", &web.url(""));
    let said = set(Setup::new()).expect_no_start();
    assert!(said.contains("OPENID_CLIENT_ID"), "{said}");
    let server = set(Setup::new()).var("OPENID_CLIENT_ID", "us").start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    assert!(
        !page.asks_for_password() && page.text.contains("app.test"),
        "{}",
        page.text
    );
    // The provider is away: a page says so, and the request waits.
    let reply = flow.submit(&page, "", "").await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("10"))
    );
}

#[tokio::test]
async fn item_53_the_account_page_takes_no_password_either() {
    let world = World::new();
    let mut browser = world.server.browser();
    let page = browser.get("/account").await.expect(200).page();
    assert!(!page.asks_for_password());
    assert!(page.text.contains("Acme ID"), "{}", page.text);
    let user = [("username", "alice"), ("password", "password123")];
    browser
        .post("/account", &Params::of(&user))
        .await
        .expect(403);
}

#[tokio::test]
async fn item_34_what_a_client_wants_of_a_sign_in_goes_to_the_provider_and_is_verified() {
    let world = World::new();
    let plain = world.leave().await;
    assert_eq!(plain.left.answer("prompt"), None);
    assert_eq!(plain.left.answer("max_age"), None);
    let chosen = world.leave_with(&[("prompt", "select_account")]).await;
    assert_eq!(chosen.asked("prompt"), "select_account");

    // Per case: what the client asks, what goes out, and for how many seconds back a sign-in counts.
    let cases = [
        (("prompt", "login"), Some("login"), "0", 0),
        (("max_age", "0"), Some("login"), "0", 0),
        (("max_age", "600"), None, "600", 600),
    ];
    for (more, prompt, max_age, seconds) in cases {
        let leaving = world.leave_with(&[more]).await;
        assert_eq!(leaving.left.answer("prompt").as_deref(), prompt, "{more:?}");
        assert_eq!(leaving.asked("max_age"), max_age);
        let answers = [
            (json!(now()), true),
            (json!(now() - seconds - 300), false),
            (Value::Null, false),
            (json!("now"), false),
        ];
        for (auth_time, good) in answers {
            let mut leaving = world.leave_with(&[more]).await;
            let identity = world.identity(&leaving.asked("nonce"));
            let claims = changed(&identity, "auth_time", auth_time.clone());
            let reply = world.come_back(&mut leaving, &claims).await;
            let got = reply.header("location").is_some();
            assert_eq!(got, good, "{more:?} {auth_time}: {reply:?}");
            if !good {
                assert_eq!(reply.status, 403);
                reply.expect_refusal();
            }
        }
    }
    for bad in ["-1", "soon", "99999999999"] {
        let mut flow = Flow::new(&world.server).await;
        let request = flow.request().and("max_age", bad);
        let reply = flow.authorize(&request).await;
        assert_eq!(reply.answer("error").as_deref(), Some("invalid_request"));
    }
}

#[tokio::test]
async fn item_53_another_account_is_asked_for_at_the_provider_too() {
    let ways: [(&[&str], Option<&str>); 3] = [
        (&["none", "login", "select_account"], Some("select_account")),
        (&["none", "login"], Some("login")),
        (&["none"], None),
    ];
    for (supported, expected) in ways {
        let world = World::new();
        world.supports(supported);
        let (leaving, reply) = world.sign_in(Clone::clone).await;
        assert!(reply.answer("code").is_some());
        let mut again = Flow::new(&world.server).await;
        again.browser = leaving.flow.browser.clone();
        let page = again.login_page().await;
        assert!(page.text.contains("carol"), "{}", page.text);
        let other = page.tags("a").find_map(|a| {
            let to = a.get("href")?;
            to.contains("account=other").then(|| to.to_owned())
        });
        let page = again.browser.get(&other.expect("a link")).await.page();
        let left = again.submit(&page, "", "").await.expect(303);
        assert_eq!(left.answer("prompt").as_deref(), expected, "{supported:?}");
        // Nor does a session here say when its user signed in there.
        let request = again.request().and("max_age", "600");
        let page = again.login_page_of(&request).await;
        let left = again.submit(&page, "", "").await.expect(303);
        assert_eq!(left.answer("max_age").as_deref(), Some("600"));
        assert_eq!(left.answer("prompt"), None);
    }
}

#[tokio::test]
async fn users_of_one_name_are_told_apart_on_the_command_line() {
    let database = Database::new();
    let world = World::with(|provider| provider, |setup| setup.on(&database));
    let first = world.sign_in_as("42", json!("carol")).await;
    let second = world.sign_in_as("43", json!("Carol")).await;
    let said = |arguments: &[&str]| {
        let output = run(&database, arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    for command in [
        ["user", "remove", "carol"].as_slice(),
        &["grants", "list", "--user", "CAROL"],
    ] {
        let (done, _, why) = said(command);
        assert!(!done, "{command:?}");
        assert!(why.contains(&first) && why.contains(&second), "{why}");
    }
    let (_, list, _) = said(&["user", "list"]);
    assert!(list.contains(&first) && list.contains(&second), "{list}");
    let (done, grants, _) = said(&["grants", "list", "--user", &first]);
    assert!(done && grants.lines().count() == 1, "{grants}");
    let (done, _, why) = said(&["user", "remove", &first]);
    assert!(done, "{why}");
    // Now the name says who is meant.
    let (done, grants, _) = said(&["grants", "list", "--user", "carol"]);
    assert!(done && grants.lines().count() == 1, "{grants}");
    let (done, _, why) = said(&["user", "passwd", "carol"]);
    assert!(!done && why.contains("signs in elsewhere"), "{why}");
}

#[tokio::test]
async fn what_a_provider_writes_moves_no_cursor_of_a_terminal() {
    let database = Database::new();
    let world = World::with(|provider| provider, |setup| setup.on(&database));
    // Its name is none that can be shown, so the subject has to do.
    let sub = format!("4\u{1b}[2J\n\u{202e}{}", "x".repeat(200));
    let id = world.sign_in_as(&sub, json!("a\u{1b}[2Jb")).await;
    let names = database.column("SELECT name FROM users").await;
    let name = names.iter().find(|name| name.starts_with('4'));
    let name = name.expect("the user").clone();
    assert!(name.chars().count() <= 64 && !name.contains(['\u{1b}', '\n', '\u{202e}']));
    // Nor do rows of an earlier release.
    let old = "UPDATE users SET name = $1 WHERE name LIKE '4%'";
    database.execute_with(old, &["4\u{1b}\n[2J"]).await;
    for arguments in [["user", "list"], ["grants", "list"]] {
        let output = run(&database, &arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = said
            .lines()
            .find(|line| line.contains("4\u{fffd}\u{fffd}[2J"));
        assert!(line.is_some() && !said.contains('\u{1b}'), "{said:?}");
    }
    assert!(id.starts_with("user_"));
}
