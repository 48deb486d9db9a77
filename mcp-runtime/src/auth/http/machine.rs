//! The endpoints that programs call: documents, registration, token, revocation, introspection, keys.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use serde_json::Value;

use super::{answer, body};
use crate::auth::fault::Fault;
use crate::auth::keys::JWKS_MAX_AGE;
#[cfg(feature = "fetch")]
use crate::auth::outside::Outside;
use crate::auth::params::Params;
use crate::auth::server::Server;
use crate::auth::{Site, introspect, metadata, register, revoke, token};

/// The header of a client's proof (RFC 9449 §4.1).
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Seconds for which the metadata may be cached.
const METADATA_MAX_AGE: u32 = 3600;

pub(super) fn routes(server: &Arc<Server>, cfg: &mut ServiceConfig) {
    let data = Data::from(server.clone());
    let site = &server.site;
    let at = |path: &str| format!("{}{path}", site.url.path());

    resource_metadata(
        site,
        &metadata::resource(site, &server.issuer, &server.scopes),
        cfg,
    );
    let authorization: Arc<str> = metadata::authorization_server(server).to_string().into();
    cfg.service(document(
        &metadata::server_metadata_path(site),
        authorization,
    ));
    refuse_guesses(cfg);
    cfg.service(
        web::resource(at("/jwks"))
            .app_data(data.clone())
            .route(web::get().to(jwks))
            .route(web::head().to(jwks))
            .route(preflight("GET"))
            .default_service(refuse("GET")),
    );
    if server.config.registration {
        cfg.service(endpoint(&at("/register"), &data).route(web::post().to(register)));
    }
    cfg.service(endpoint(&at("/token"), &data).route(web::post().to(token)));
    cfg.service(endpoint(&at("/revoke"), &data).route(web::post().to(revoke)));
    cfg.service(endpoint(&at("/introspect"), &data).route(web::post().to(introspect)));
}

/// The resource's metadata alone, where tokens come from an outside issuer.
#[cfg(feature = "fetch")]
pub(super) fn resource_routes(outside: &Outside, cfg: &mut ServiceConfig) {
    resource_metadata(outside.site(), &outside.metadata(), cfg);
    refuse_guesses(cfg);
}

fn resource_metadata(site: &Site, resource: &Value, cfg: &mut ServiceConfig) {
    let resource: Arc<str> = resource.to_string().into();
    for path in metadata::resource_metadata_paths(site) {
        cfg.service(document(&path, resource.clone()));
    }
}

/// A client that guesses gets a plain no, never a challenge or a page.
fn refuse_guesses(cfg: &mut ServiceConfig) {
    for guess in [
        "/.well-known/oauth-protected-resource/{other:.*}",
        "/.well-known/oauth-authorization-server/{other:.*}",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/{other:.*}",
    ] {
        cfg.service(web::resource(guess).to(async || answer::not_found()));
    }
}

fn document(path: &str, body: Arc<str>) -> Resource {
    let serve = move || {
        let body = body.clone();
        async move { answer::document(&body, METADATA_MAX_AGE) }
    };
    web::resource(path.to_owned())
        .route(web::get().to(serve.clone()))
        .route(web::head().to(serve))
        .route(preflight("GET"))
        .default_service(refuse("GET"))
}

/// A resource that takes posts; its handler is added by the caller.
fn endpoint(path: &str, data: &Data<Server>) -> Resource {
    web::resource(path.to_owned())
        .app_data(data.clone())
        .route(preflight("POST"))
        .default_service(refuse("POST, OPTIONS"))
}

fn preflight(allow: &'static str) -> actix_web::Route {
    web::method(actix_web::http::Method::OPTIONS)
        .to(move || std::future::ready(answer::preflight(allow)))
}

fn refuse(allow: &'static str) -> actix_web::Route {
    web::to(move || std::future::ready(answer::method_not_allowed(allow)))
}

async fn jwks(server: Data<Server>) -> HttpResponse {
    answer::document(&server.keys().jwks().to_string(), JWKS_MAX_AGE)
}

async fn register(server: Data<Server>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let done = async {
        if !body::is(&req, "application/json") {
            let text = "the body must be application/json";
            return Err(Fault {
                status: 415,
                ..Fault::new("invalid_client_metadata", text)
            });
        }
        register::admit(&server, &authorization(&req)).await?;
        let body = body::read(&req, payload, body::REGISTRATION).await?;
        register::register(&server, &body).await
    };
    render(201, done.await)
}

async fn token(server: Data<Server>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let done = async {
        let (params, authorization) = authenticated_form(&req, payload).await?;
        token::serve(&server, &params, &authorization, &values(&req, DPOP)).await
    };
    let mut answer = render(200, done.await);
    if req.headers().contains_key(DPOP)
        && let Some(nonce) = server.proof_nonce()
    {
        answer::give_nonce(&mut answer, &nonce);
    }
    answer
}

async fn revoke(server: Data<Server>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let done = async {
        let (params, authorization) = authenticated_form(&req, payload).await?;
        revoke::serve(&server, &params, &authorization).await?;
        Ok(Value::Object(serde_json::Map::new()))
    };
    render(200, done.await)
}

async fn introspect(server: Data<Server>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let done = async {
        let (params, authorization) = authenticated_form(&req, payload).await?;
        introspect::serve(&server, &params, &authorization).await
    };
    render(200, done.await)
}

/// A form and the credentials beside it. Nothing may stand in the URL, which ends up in logs (RFC 6749 §2.3.1).
async fn authenticated_form(
    req: &HttpRequest,
    payload: Payload,
) -> Result<(Params, Vec<Vec<u8>>), Fault> {
    if !req.query_string().is_empty() {
        return Err(Fault::invalid_request("send all parameters in the body"));
    }
    let params = body::form(req, payload).await?;
    Ok((params, authorization(req)))
}

fn authorization(req: &HttpRequest) -> Vec<Vec<u8>> {
    values(req, header::AUTHORIZATION)
}

fn values(req: &HttpRequest, name: HeaderName) -> Vec<Vec<u8>> {
    let values = req.headers().get_all(name);
    values.map(|v| v.as_bytes().to_vec()).collect()
}

fn render(status: u16, done: Result<Value, Fault>) -> HttpResponse {
    match done {
        Ok(body) => answer::json(status, &body),
        Err(fault) => answer::fault(&fault),
    }
}
