//! A host for the developer, on a page of this machine: calls tools as a chosen user, and shows their views as a host of
//! MCP Apps would, in a sandbox on another origin under the declared content security policy.
//!
//! Whoever reaches it may call every tool as anyone. So it listens on loopback only, answers under its own two names
//! only, and takes calls from its own page only.

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Json};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::dispatch::Dispatcher;
use crate::extract::User;
use crate::protocol::UI_MIME_TYPE;
use crate::registry::Found;
use crate::settings::SettingsError;
use crate::transport::testing::TestClient;

const PAGE: &str = include_str!("dev/page.html");
const SCRIPT: &str = include_str!("dev/page.js");
const STYLE: &str = include_str!("dev/page.css");
const SANDBOX: &str = include_str!("dev/sandbox.html");

/// The header without which no call is taken: a page elsewhere cannot send it unasked.
const TOKEN: &str = "x-dev-token";

/// The page, ready to be served.
pub(crate) struct DevHost {
    dispatcher: Arc<Dispatcher>,
    port: u16,
    token: String,
}

/// A JSON-RPC request of the page's.
#[derive(Deserialize)]
struct Asked {
    method: String,
    params: Value,
    user: Option<String>,
    capabilities: Value,
}

/// Serves the page on a port of this machine (0 takes a free one) until a signal; `ready` gets its address.
pub(crate) async fn serve(
    dispatcher: Arc<Dispatcher>,
    port: u16,
    ready: impl FnOnce(&str),
) -> Result<(), SettingsError> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).map_err(|e| {
        SettingsError::new(format!(
            "port {port} of 127.0.0.1 cannot be bound ({e}): choose another with `--port` (0 takes a free one)"
        ))
    })?;
    let broken = |e: std::io::Error| SettingsError::new(format!("the page cannot be served: {e}"));
    let port = listener.local_addr().map_err(broken)?.port();
    let host = Data::new(DevHost {
        dispatcher,
        port,
        token: format!("{:032x}", rand::random::<u128>()),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(host.clone())
            .app_data(web::JsonConfig::default().limit(4 << 20))
            .route("/", web::get().to(page))
            .route(
                "/page.js",
                web::get().to(|r, h| file(r, h, "text/javascript", SCRIPT)),
            )
            .route(
                "/page.css",
                web::get().to(|r, h| file(r, h, "text/css", STYLE)),
            )
            .route("/rpc", web::post().to(rpc))
            .route("/sandbox", web::get().to(sandbox))
    })
    .workers(1)
    .shutdown_timeout(1)
    .listen(listener)
    .map_err(broken)?
    .run();
    ready(&format!("http://127.0.0.1:{port}/"));
    server.await.map_err(broken)
}

impl DevHost {
    /// The page's own origin.
    fn own(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The sandbox's: another site, so that a view can touch nothing of the page's.
    fn sandbox(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Whether a request came under this origin's name: under another it is a trick with DNS.
    fn is_at(&self, request: &HttpRequest, origin: &str) -> bool {
        let asked = super::asked_name(request.head());
        asked.is_some_and(|name| origin.strip_prefix("http://") == Some(name))
    }
}

fn refused() -> HttpResponse {
    HttpResponse::Forbidden().body("Open the address that the command printed.")
}

async fn page(request: HttpRequest, host: Data<DevHost>) -> HttpResponse {
    if !host.is_at(&request, &host.own()) {
        return refused();
    }
    let info = host.dispatcher.info();
    let setup = json!({
        "token": host.token, "sandbox": host.sandbox(), "name": info.name, "version": info.version,
        "mimeType": UI_MIME_TYPE,
    });
    // Inert JSON in an element: `<` is all that could end it.
    let setup = setup.to_string().replace('<', "\\u003c");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; \
         frame-src {}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        host.sandbox()
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(PAGE.replace("{setup}", &setup))
}

async fn file(
    request: HttpRequest,
    host: Data<DevHost>,
    kind: &'static str,
    text: &'static str,
) -> HttpResponse {
    if !host.is_at(&request, &host.own()) {
        return refused();
    }
    HttpResponse::Ok()
        .content_type(format!("{kind}; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text)
}

/// One request of the page's, answered in this process over the same bytes as any other.
async fn rpc(request: HttpRequest, host: Data<DevHost>, asked: Json<Asked>) -> HttpResponse {
    let token = request.headers().get(TOKEN);
    let from_page = token.is_some_and(|t| t.as_bytes() == host.token.as_bytes());
    if !from_page || !host.is_at(&request, &host.own()) {
        return refused();
    }
    let Asked {
        method,
        params,
        user,
        capabilities,
    } = asked.into_inner();
    let user = user.filter(|name| !name.is_empty()).map(User::named);
    let mut client =
        TestClient::connect(host.dispatcher.clone(), user).with_capabilities(capabilities);
    let answer = client.request(&method, params).await;
    let mut reply = Map::new();
    match answer {
        Ok(result) => reply.insert("result".into(), result),
        Err(error) => reply.insert("error".into(), json!(error)),
    };
    reply.insert("notifications".into(), client.take_notifications().into());
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Value::Object(reply))
}

#[derive(Deserialize)]
struct Shown {
    uri: String,
}

/// The frame around a view. Its policy is the view's too: a page without an address inherits it.
async fn sandbox(
    request: HttpRequest,
    host: Data<DevHost>,
    shown: web::Query<Shown>,
) -> HttpResponse {
    if !host.is_at(&request, &host.sandbox()) {
        return refused();
    }
    let Some(Found::View(view, _)) = host.dispatcher.catalogue.resource(&shown.uri) else {
        return HttpResponse::NotFound().body("There is no such view.");
    };
    let csp = &view.descriptor.csp;
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            policy(
                csp.connect,
                csp.resource,
                csp.frame,
                csp.base_uri,
                &host.own(),
            ),
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(SANDBOX.replace("{host}", &host.own()))
}

/// The policy that hosts make of the declared origins (MCP Apps 2026-01-26, "Content Security Policy").
fn policy(
    connect: &[&str],
    resource: &[&str],
    frame: &[&str],
    base_uri: &[&str],
    host: &str,
) -> String {
    // The macro lets bare origins through only; a descriptor written by hand might not.
    let list = |origins: &[&str]| {
        let bare = |o: &&&str| !o.contains([';', ',', '\'', '"', ' ', '\r', '\n']);
        origins
            .iter()
            .filter(bare)
            .fold(String::new(), |mut all, origin| {
                // Writing to a string cannot fail.
                let _ = write!(all, " {origin}");
                all
            })
    };
    let or = |origins: &[&str], otherwise: &str| match list(origins) {
        none if none.is_empty() => format!(" {otherwise}"),
        some => some,
    };
    let (connect, resource) = (list(connect), list(resource));
    format!(
        "default-src 'none'; script-src 'self' 'unsafe-inline'{resource}; style-src 'self' 'unsafe-inline'{resource}; \
         img-src 'self' data:{resource}; font-src 'self'{resource}; media-src 'self' data:{resource}; \
         connect-src 'self'{connect}; frame-src{}; object-src 'none'; base-uri{}; frame-ancestors {host}",
        or(frame, "'none'"),
        or(base_uri, "'self'"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_has_the_declared_origins_and_nothing_that_breaks_out() {
        let none = policy(&[], &[], &[], &[], "http://h");
        assert!(none.contains("connect-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'self'; frame-ancestors http://h"), "{none}");
        let some = policy(
            &["https://api.test"],
            &["https://cdn.test", "https://x; script-src *"],
            &["https://video.test"],
            &[],
            "http://h",
        );
        assert!(
            some.contains("connect-src 'self' https://api.test; frame-src https://video.test;"),
            "{some}"
        );
        assert!(
            some.contains("font-src 'self' https://cdn.test;") && !some.contains('*'),
            "{some}"
        );
    }
}
