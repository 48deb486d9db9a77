//! The endpoints that a browser visits: the authorization request and the sign-in page.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::caller::address;
use super::cookies::Cookies;
use super::{answer, body, origin, page};
use crate::auth::authorize::{self, Begun, Stop};
use crate::auth::clock::millis;
use crate::auth::consent::{self, Answered};
use crate::auth::fault::Fault;
use crate::auth::params::Params;
use crate::auth::server::Server;
#[cfg(feature = "fetch")]
use crate::auth::upstream;

pub(super) fn routes(server: &Arc<Server>, cfg: &mut ServiceConfig) {
    let data = Data::from(server.clone());
    let at = |path: &str| format!("{}{path}", server.site.url.path());
    let refuse = || web::to(async || answer::method_not_allowed("GET, POST"));
    cfg.service(
        web::resource(at("/authorize"))
            .app_data(data.clone())
            .route(web::get().to(authorize))
            .route(web::post().to(authorize_by_post))
            .default_service(refuse()),
    );
    #[cfg(feature = "fetch")]
    if server.upstream.is_some() {
        cfg.service(
            web::resource(at("/login/callback"))
                .app_data(data.clone())
                .route(web::get().to(come_back))
                .default_service(web::to(async || answer::method_not_allowed("GET"))),
        );
    }
    cfg.service(
        web::resource(at("/login"))
            .app_data(data)
            .route(web::get().to(show))
            .route(web::post().to(decide))
            .default_service(refuse()),
    );
}

async fn authorize(server: Data<Server>, req: HttpRequest) -> HttpResponse {
    match query(&req) {
        Ok(params) => begin(&server, &req, &params, false).await,
        Err(stop) => page::stop(&server, &stop),
    }
}

async fn authorize_by_post(
    server: Data<Server>,
    req: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    match body::form(&req, payload).await {
        Ok(params) => begin(&server, &req, &params, true).await,
        Err(fault) => page::stop(&server, &unreadable(&fault)),
    }
}

async fn begin(server: &Server, req: &HttpRequest, params: &Params, posted: bool) -> HttpResponse {
    let cookies = Cookies::of(&server.site);
    match authorize::begin(server, params, &cookies.read(req), address(req)).await {
        Begun::SignIn { handle, browser } => {
            // Relative to this page's own path, which is under the public URL's.
            let to = format!("{}/login?txn={}", server.site.url.path(), handle.expose());
            let mut answer = answer::redirect(&to, posted);
            if let Some(cookie) = cookies.pre_login(&browser) {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        Begun::Redirect(to) => answer::redirect(&to, posted),
        Begun::Page(stop) => page::stop(server, &stop),
    }
}

async fn show(server: Data<Server>, req: HttpRequest) -> HttpResponse {
    let shown = async {
        let params = query(&req)?;
        let browser = Cookies::of(&server.site).read(&req);
        consent::show(&server, &params, &browser).await
    };
    match shown.await {
        Ok(shown) => page::sign_in(&server, 200, &shown, None),
        Err(stop) => page::stop(&server, &stop),
    }
}

async fn decide(server: Data<Server>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let cookies = Cookies::of(&server.site);
    let answered = async {
        if origin::is_foreign(&req, &server.site) {
            return Err(consent::not_from_our_page());
        }
        let params = body::form(&req, payload)
            .await
            .map_err(|fault| unreadable(&fault))?;
        consent::answer(&server, &params, &cookies.read(&req), address(&req)).await
    };
    render(&server, &cookies, answered.await, true)
}

/// Where the upstream provider sends the browser.
#[cfg(feature = "fetch")]
async fn come_back(server: Data<Server>, req: HttpRequest) -> HttpResponse {
    let cookies = Cookies::of(&server.site);
    let answered = async {
        let params = query(&req)?;
        let gone = || Stop::new(404, "There is nothing here.");
        let upstream = server.upstream.as_ref().ok_or_else(gone)?;
        upstream::come_back(&server, upstream, &params, &cookies.read(&req)).await
    };
    render(&server, &cookies, answered.await, false)
}

fn render(
    server: &Server,
    cookies: &Cookies,
    answered: Result<Answered, Stop>,
    posted: bool,
) -> HttpResponse {
    match answered {
        Ok(Answered::Redirect { to, session }) => {
            let mut answer = answer::redirect(&to, posted);
            let seconds = millis(server.config.session_lifetime) / 1000;
            if let Some(cookie) = session.and_then(|value| cookies.session(&value, seconds)) {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        #[cfg(feature = "fetch")]
        Ok(Answered::Away { to, cookie }) => {
            let mut answer = answer::redirect(&to, posted);
            if let Some(cookie) = cookies.upstream(&cookie) {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        Ok(Answered::Again {
            status,
            page,
            retry_after,
        }) => page::sign_in(server, status, &page, retry_after),
        Err(stop) => page::stop(server, &stop),
    }
}

pub(super) fn query(req: &HttpRequest) -> Result<Params, Stop> {
    if req.query_string().len() > body::QUERY {
        return Err(Stop::new(414, "The address is too long."));
    }
    Params::parse(req.query_string().as_bytes()).map_err(|fault| unreadable(&fault))
}

pub(super) fn unreadable(fault: &Fault) -> Stop {
    Stop::new(
        fault.status,
        "The request cannot be read. Go back to your app and connect again.",
    )
}
