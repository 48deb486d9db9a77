//! The authorization code flow of one client and one user, each step alone and as crooked as a test wants it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::browser::{denied, filled};
use super::{Browser, Door, Page, Params, Reply};

/// The redirect URI of an app on the user's machine.
pub(crate) const LOOPBACK: &str = "http://127.0.0.1:33418/cb";
/// The redirect URI of a program elsewhere.
pub(crate) const WEB: &str = "https://c.test/cb";

/// What a token request yields.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) scope: String,
}

impl Tokens {
    #[track_caller]
    pub(crate) fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{reply:?}");
        let json = reply.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            scope: text("scope"),
        }
    }
}

/// A registered client, and the browser of its user.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) door: Door,
    pub(crate) browser: Browser,
    pub(crate) client_id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) verifier: String,
    pub(crate) state: String,
}

impl Flow {
    /// A public client on the user's machine.
    pub(crate) async fn new(door: &Door) -> Self {
        Self::at(door, LOOPBACK).await
    }

    /// A public client with that redirect URI.
    pub(crate) async fn at(door: &Door, redirect_uri: &str) -> Self {
        let metadata = json!({
            "redirect_uris": [redirect_uri],
            "client_name": "Test Client",
            "token_endpoint_auth_method": "none",
            "scope": "read dice:roll",
        });
        Self::registered(door, &metadata).await
    }

    /// A client that authenticates with a secret, in this way.
    pub(crate) async fn confidential(door: &Door, method: &str) -> Self {
        let metadata = json!({
            "redirect_uris": [LOOPBACK],
            "client_name": "Test Client",
            "token_endpoint_auth_method": method,
        });
        Self::registered(door, &metadata).await
    }

    pub(crate) async fn registered(door: &Door, metadata: &Value) -> Self {
        let registration = register(door, metadata).await.expect(201).json();
        let text = |name: &str| registration[name].as_str().map(str::to_owned);
        let redirect_uri = registration["redirect_uris"][0].as_str();
        Self {
            secret: text("client_secret"),
            ..Self::named(
                door,
                &text("client_id").expect("a client_id"),
                redirect_uri.expect("a redirect URI"),
            )
        }
    }

    /// A public client that did not register here.
    pub(crate) fn named(door: &Door, client_id: &str, redirect_uri: &str) -> Self {
        Self {
            door: door.clone(),
            browser: Browser::new(door.clone()),
            client_id: client_id.to_owned(),
            secret: None,
            redirect_uri: redirect_uri.to_owned(),
            verifier: "0123456789-verifier-0123456789-verifier-_~.".into(),
            state: "a state/with+odd=chars&é".into(),
        }
    }

    /// The same client, with a user at another browser.
    pub(crate) fn in_another_browser(&self) -> Self {
        Self {
            browser: Browser::new(self.door.clone()),
            ..self.clone()
        }
    }

    /// The same client and browser at a server that took another's place.
    pub(crate) fn at_server(&self, door: &Door) -> Self {
        let mut browser = Browser::new(door.clone());
        browser.cookies = self.browser.cookies.clone();
        Self {
            door: door.clone(),
            browser,
            ..self.clone()
        }
    }

    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }

    /// The parameters of a good authorization request.
    pub(crate) fn request(&self) -> Params {
        Params::of(&[
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "read dice:roll"),
            ("state", &self.state),
            ("resource", &self.door.url("/mcp")),
            ("code_challenge", &self.challenge()),
            ("code_challenge_method", "S256"),
        ])
    }

    pub(crate) async fn authorize(&mut self, request: &Params) -> Reply {
        // A web app's page leads here; a program on the user's machine opens the address.
        let from = match self.redirect_uri.starts_with("https://") {
            true => "cross-site",
            false => "none",
        };
        self.authorize_from(request, from).await
    }

    /// The same with what the browser says of who led here (`Sec-Fetch-Site`).
    pub(crate) async fn authorize_from(&mut self, request: &Params, from: &str) -> Reply {
        let target = self.door.url(&format!("/authorize?{}", request.encoded()));
        let headers = [("sec-fetch-site", from)];
        self.browser.get_with(&target, &headers).await
    }

    /// The page that a good request leads to.
    pub(crate) async fn login_page(&mut self) -> Page {
        self.login_page_of(&self.request()).await
    }

    pub(crate) async fn login_page_of(&mut self, request: &Params) -> Page {
        self.login_reply_of(request).await.expect(200).page()
    }

    pub(crate) async fn login_reply_of(&mut self, request: &Params) -> Reply {
        let reply = self.authorize(request).await;
        assert_eq!(reply.status, 302, "{reply:?}");
        let target = reply.header("location").expect("a location").to_owned();
        self.browser.get(&target).await
    }

    /// Fills in the page's form and presses its first button.
    pub(crate) async fn submit(&mut self, page: &Page, user: &str, password: &str) -> Reply {
        let form = page.form();
        self.browser
            .post(&form.action, &filled(&form, user, password))
            .await
    }

    pub(crate) async fn deny(&mut self, page: &Page) -> Reply {
        let (action, form) = denied(page);
        self.browser.post(&action, &form).await
    }

    /// A good request from its start to the redirect back to the client.
    pub(crate) async fn sign_in(&mut self, user: &str, password: &str) -> Reply {
        let page = self.login_page().await;
        self.submit(&page, user, password).await
    }

    /// Signs alice in; the code.
    pub(crate) async fn code(&mut self) -> String {
        self.code_of(&self.request()).await
    }

    pub(crate) async fn code_of(&mut self, request: &Params) -> String {
        let page = self.login_page_of(request).await;
        let reply = self.submit(&page, "alice", "password123").await;
        reply
            .answer("code")
            .unwrap_or_else(|| panic!("no code: {reply:?}"))
    }

    /// The form that redeems a code.
    pub(crate) fn redemption(&self, code: &str) -> Params {
        self.as_client(Params::of(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &self.verifier),
        ]))
    }

    /// The form that uses a refresh token.
    pub(crate) fn renewal(&self, refresh_token: &str) -> Params {
        self.as_client(Params::of(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ]))
    }

    /// Who asks: in the body, as public clients and `client_secret_post` do.
    pub(crate) fn as_client(&self, form: Params) -> Params {
        let form = form.and("client_id", &self.client_id);
        match &self.secret {
            Some(secret) => form.and("client_secret", secret),
            None => form,
        }
    }

    /// The header of `client_secret_basic`.
    pub(crate) fn basic(&self) -> String {
        basic(&self.client_id, self.secret.as_deref().unwrap_or_default())
    }

    pub(crate) async fn token(&self, form: &Params) -> Reply {
        self.door.form(&self.door.url("/token"), &[], form).await
    }

    /// Everything, for alice.
    pub(crate) async fn tokens(&mut self) -> Tokens {
        let code = self.code().await;
        Tokens::of(&self.token(&self.redemption(&code)).await)
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Reply {
        self.token(&self.renewal(refresh_token)).await
    }

    /// Whether the resource server takes this access token.
    pub(crate) async fn is_accepted(&self, access_token: &str) -> bool {
        let reply = call(&self.door, access_token, "whoami").await;
        assert!(matches!(reply.status, 200 | 401), "{reply:?}");
        reply.status == 200
    }
}

pub(crate) async fn register(door: &Door, metadata: &Value) -> Reply {
    door.json(&door.url("/register"), metadata.to_string())
        .await
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encode(user), encode(password)))
    )
}

/// Calls a tool on the stateless wire.
pub(crate) async fn call(door: &Door, access_token: &str, tool: &str) -> Reply {
    call_with(
        door,
        tool,
        &[("authorization", &format!("Bearer {access_token}"))],
    )
    .await
}

/// Calls a tool with these headers besides the wire's own.
pub(crate) async fn call_with(door: &Door, tool: &str, headers: &[(&str, &str)]) -> Reply {
    let mut all = vec![
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", tool),
    ];
    all.extend(headers);
    door.send(Method::POST, &door.url("/mcp"), &all, tool_call(tool))
        .await
}

/// The message that calls a tool without arguments.
pub(crate) fn tool_call(tool: &str) -> String {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": tool, "arguments": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
    .to_string()
}
