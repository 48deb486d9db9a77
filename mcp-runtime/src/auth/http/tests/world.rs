//! A server in memory, a browser that keeps cookies, and the steps that each test needs.

use std::sync::Arc;

use actix_web::App;
use actix_web::dev::Service;
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{TestRequest, init_service, read_body};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::auth::guard::Guard;
use crate::auth::server::Server;
use crate::auth::{Auth, Clock, Credentials, Mode, Refusal, Site};
use crate::extract::User;
use crate::settings::{PublicUrl, Settings};
use crate::store::Sql;

pub(super) const ISSUER: &str = "https://as.test";
pub(super) const LOOPBACK: &str = "http://127.0.0.1:5/cb";
pub(super) const WEB: &str = "https://c.test/cb";
/// RFC 7636 appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const PASSWORD: &str = "correct horse é";

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Status and OAuth error.
    pub(super) fn fault(&self) -> (u16, String) {
        let error = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status, error)
    }

    pub(super) fn location(&self) -> &str {
        self.header("Location")
    }

    /// A parameter of the redirect; panics if it stands there twice.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(self.location()).expect("an absolute redirect");
        let all: Vec<_> = url.query_pairs().filter(|(n, _)| n == name).collect();
        assert!(all.len() < 2, "{name} is repeated in {url}");
        all.first().map(|(_, v)| v.to_string())
    }

    /// The value of a hidden field of the page.
    pub(super) fn field(&self, name: &str) -> String {
        let start = format!(r#"name="{name}" value=""#);
        let at = self
            .body
            .find(&start)
            .unwrap_or_else(|| panic!("no {name} in {}", self.body));
        let rest = &self.body[at + start.len()..];
        rest.split('"').next().expect("a value").to_owned()
    }
}

type Form<'a> = &'a [(&'a str, &'a str)];

pub(super) fn encode(form: Form<'_>) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// Cookies of one browser.
#[derive(Default, Clone)]
pub(super) struct Jar(pub(super) Vec<(String, String)>);

impl Jar {
    pub(super) fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie
                .to_str()
                .expect("ASCII")
                .split(';')
                .next()
                .expect("a pair");
            let (name, value) = pair.split_once('=').expect("name=value");
            self.0.retain(|(n, _)| n != name);
            self.0.push((name.into(), value.into()));
        }
    }

    pub(super) fn header(&self) -> String {
        self.0
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

pub(super) struct World {
    app: Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>,
    pub(super) server: Arc<Server>,
    pub(super) store: Arc<Sql>,
    pub(super) clock: Clock,
    /// Where requests come from.
    pub(super) peer: std::cell::Cell<&'static str>,
}

pub(super) async fn world() -> World {
    world_of(ISSUER, |auth| auth).await
}

pub(super) async fn world_of(issuer: &str, change: impl FnOnce(Auth) -> Auth) -> World {
    let clock = Clock::manual();
    let auth = Auth::embedded()
        .scope("read", "Read <it> & call the tools")
        .clock(clock.clone());
    let Mode::Embedded(config) = change(auth).0 else {
        unreachable!("embedded")
    };
    let memory = |name: &str| (name == "DATABASE_URL").then(|| "sqlite::memory:".to_owned());
    let settings = Settings::from_vars(memory).expect("settings");
    let site = Site {
        url: PublicUrl::parse(issuer, false).expect("an issuer"),
        endpoint: "/mcp".into(),
        server_name: "Test".into(),
        loopback_bind: true,
    };
    let store = Arc::new(Sql::open(&settings, "test").await.expect("a store"));
    let scopes = vec!["dice:roll".to_owned()];
    let started = Server::start(*config, &site, &settings, store.clone(), scopes).await;
    let server = started.expect("a server");
    for name in ["alice", "bob"] {
        let password = crate::auth::secret::Secret::new(PASSWORD.into());
        let hash = server.hasher.hash(&password).await.expect("hashed");
        let user = crate::auth::users::new_user(name, hash, None, server.now());
        assert!(
            crate::store::Users::add_user(&*store, &user)
                .await
                .expect("added")
        );
    }
    let guard = Guard::embedded(server.clone());
    let app = App::new().configure(|cfg| super::super::configure(&guard, cfg));
    let app = std::rc::Rc::new(init_service(app).await);
    let app = move |request: TestRequest| -> LocalBoxFuture<'static, Answer> {
        let app = app.clone();
        Box::pin(async move {
            let answer = app.call(request.to_request()).await.expect("an answer");
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body = String::from_utf8(read_body(answer).await.to_vec()).expect("UTF-8");
            Answer {
                status,
                headers,
                body,
            }
        })
    };
    World {
        app: Box::new(app),
        server,
        store,
        clock,
        peer: std::cell::Cell::new("203.0.113.7:1234"),
    }
}

impl World {
    pub(super) async fn send(&self, request: TestRequest) -> Answer {
        let peer = self.peer.get().parse().expect("an address");
        (self.app)(request.peer_addr(peer)).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(super) async fn post(&self, path: &str, form: Form<'_>) -> Answer {
        self.send(posted(path, form)).await
    }

    pub(super) async fn register(&self, body: Value) -> Answer {
        self.register_raw(&body.to_string()).await
    }

    pub(super) async fn register_raw(&self, body: &str) -> Answer {
        let request = TestRequest::post().uri("/register");
        let request = request.insert_header(("Content-Type", "application/json"));
        self.send(request.set_payload(body.to_owned())).await
    }

    /// A public client with both redirect URIs.
    pub(super) async fn client(&self) -> String {
        let body = json!({
            "redirect_uris": [LOOPBACK, WEB], "token_endpoint_auth_method": "none",
            "client_name": "Test <i>Client</i>",
        });
        self.register(body).await.json()["client_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    pub(super) async fn authorize(&self, jar: &mut Jar, form: Form<'_>) -> Answer {
        let path = format!("/authorize?{}", encode(form));
        let answer = self.visit(jar, &path).await;
        jar.keep(&answer);
        answer
    }

    pub(super) async fn visit(&self, jar: &Jar, path: &str) -> Answer {
        self.send(
            TestRequest::get()
                .uri(path)
                .insert_header(("Cookie", jar.header())),
        )
        .await
    }

    /// The page of a fresh request by this client.
    pub(super) async fn page(&self, jar: &mut Jar, client: &str, extra: Form<'_>) -> Answer {
        let answer = self.authorize(jar, &with(&request(client), extra)).await;
        assert!(
            answer.location().starts_with("/login?txn="),
            "{}",
            answer.location()
        );
        self.visit(jar, answer.location()).await
    }

    pub(super) async fn decide(&self, jar: &mut Jar, page: &Answer, form: Form<'_>) -> Answer {
        let keys = [("txn", page.field("txn")), ("csrf", page.field("csrf"))];
        let mut all: Vec<(&str, &str)> = keys.iter().map(|(n, v)| (*n, v.as_str())).collect();
        all.extend(form);
        let request = posted("/login", &all).insert_header(("Cookie", jar.header()));
        let answer = self.send(request).await;
        jar.keep(&answer);
        answer
    }

    pub(super) async fn sign_in(&self, jar: &mut Jar, client: &str, extra: Form<'_>) -> Answer {
        let page = self.page(jar, client, extra).await;
        self.decide(
            jar,
            &page,
            &[("username", " Alice "), ("password", PASSWORD)],
        )
        .await
    }

    /// A code for alice.
    pub(super) async fn code(&self, client: &str) -> String {
        let answer = self.sign_in(&mut Jar::default(), client, &[]).await;
        answer
            .param("code")
            .unwrap_or_else(|| panic!("{}", answer.location()))
    }

    pub(super) async fn redeem(&self, client: &str, code: &str) -> Answer {
        self.post("/token", &redemption(client, code)).await
    }

    pub(super) async fn refresh(&self, client: &str, token: &str) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", client),
        ];
        self.post("/token", &form).await
    }

    /// Access and refresh token for alice.
    pub(super) async fn tokens(&self, client: &str) -> (String, String) {
        let code = self.code(client).await;
        pair(&self.redeem(client, &code).await)
    }

    /// How the endpoint meets these `Authorization` headers.
    pub(super) async fn let_in(&self, authorization: &[&[u8]]) -> Result<Arc<User>, Refusal> {
        let request = Credentials {
            authorization,
            ..Credentials::default()
        };
        self.server.authenticate(request).await
    }

    /// The status with which the endpoint meets this token; 200 where it lets it pass.
    pub(super) async fn call(&self, token: &str) -> u16 {
        let header = format!("bEARER {token}");
        match self.let_in(&[header.as_bytes()]).await {
            Ok(_) => 200,
            Err(refusal) => refusal.status,
        }
    }
}

pub(super) fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = answer.json();
    let text = |name: &str| body[name].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

pub(super) fn posted(path: &str, form: Form<'_>) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
        .set_payload(encode(form))
}

pub(super) fn request(client: &str) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", LOOPBACK),
        ("state", "a b/+é&"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

pub(super) fn redemption<'a>(client: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// The form with these pairs in place of its own; an empty value leaves the pair out.
pub(super) fn with<'a>(
    form: &[(&'a str, &'a str)],
    extra: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = form
        .iter()
        .filter(|(n, _)| extra.iter().all(|(e, _)| e != n));
    kept.chain(extra).copied().collect()
}
