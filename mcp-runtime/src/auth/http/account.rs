//! The account page: its routes and its markup.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::caller::address;
use super::cookies::Cookies;
use super::flow::{query, unreadable};
use super::{answer, body, origin, page};
use crate::auth::account::{self, Answered, App, Cookie, Page};
use crate::auth::clock::millis;
use crate::auth::consent;
use crate::auth::secret::random_id;
use crate::auth::server::Server;

pub(super) fn routes(server: &Arc<Server>, cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource(path(server))
            .app_data(Data::from(server.clone()))
            .route(web::get().to(show))
            .route(web::post().to(act))
            .default_service(web::to(async || answer::method_not_allowed("GET, POST"))),
    );
}

pub(super) fn path(server: &Server) -> String {
    format!("{}/account", server.site.url.path())
}

async fn show(server: Data<Server>, req: HttpRequest) -> HttpResponse {
    let cookies = Cookies::of(&server.site);
    let shown = async {
        let params = query(&req)?;
        account::show(&server, &params, &mut cookies.read(&req)).await
    };
    match shown.await {
        Ok((shown, fresh)) => {
            let mut answer = document(&server, 200, &shown, None);
            if let Some(cookie) = fresh.and_then(|cookie| cookies.pre_login(&cookie)) {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        Err(stop) => page::stop(&server, &stop),
    }
}

async fn act(server: Data<Server>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let cookies = Cookies::of(&server.site);
    let answered = async {
        if origin::is_foreign(&req, &server.site) {
            return Err(consent::not_from_our_page());
        }
        let params = body::form(&req, payload).await;
        let params = params.map_err(|fault| unreadable(&fault))?;
        account::answer(&server, &params, &cookies.read(&req), address(&req)).await
    };
    match answered.await {
        Ok(Answered::Done { what, cookie }) => {
            let to = match what {
                "" => path(&server),
                what => format!("{}?done={what}", path(&server)),
            };
            let mut answer = answer::redirect(&to, true);
            let seconds = millis(server.config.session_lifetime) / 1000;
            let cookie = match cookie {
                Cookie::Stays => None,
                Cookie::New(value) => cookies.session(&value, seconds),
                Cookie::Goes => cookies.no_session(),
            };
            if let Some(cookie) = cookie {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
        Ok(Answered::Again {
            status,
            page,
            retry_after,
        }) => document(&server, status, &page, retry_after),
        Err(stop) => page::stop(&server, &stop),
    }
}

fn document(server: &Server, status: u16, page: &Page, retry_after: Option<u32>) -> HttpResponse {
    let nonce = random_id();
    let body = html! {
        h1 { "Your account" }
        @if let Some(done) = page.done { p.done role="status" { (done) } }
        @match &page.user {
            Some(user) => (signed_in(server, page, user)),
            None => (sign_in(server, page)),
        }
    };
    let title = page.problem.or(page.done).unwrap_or("Your account");
    let markup = page::document(server, title, &nonce, body);
    let mut answer = answer::page(status, markup, &nonce, true);
    if let Some(seconds) = retry_after {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn sign_in(server: &Server, page: &Page) -> Markup {
    if let Some(provider) = server.provider() {
        return html! {
            p {
                "You are not signed in. Users of this server sign in at " (provider) ": connect an app, and come back "
                "here to see what you connected, and to end it."
            }
        };
    }
    html! {
        form method="post" action=(path(server)) {
            input type="hidden" name="csrf" value=(page.token.expose());
            p { "Sign in to see what you connected, and to end it." }
            (problem(page))
            (page::fields(&page.typed, page.problem.is_some()))
            button type="submit" { "Sign in" }
        }
    }
}

fn signed_in(server: &Server, page: &Page, user: &str) -> Markup {
    html! {
        p { "You are signed in as " strong { (user) } "." }
        (problem(page))
        h2 { "Connected apps" }
        @if page.apps.is_empty() {
            p.soft { "Nothing is connected. An app that you add asks you first." }
        }
        @for app in &page.apps { (card(server, page, app)) }
        @if page.more > 0 {
            p.soft { "There are " (page.more) " older ones. Signing out everywhere ends them too." }
        }
        h2 { "Sign out" }
        form method="post" action=(path(server)) {
            input type="hidden" name="csrf" value=(page.token.expose());
            button.quiet type="submit" name="action" value="sign-out" { "Sign out of this browser" }
        }
        form method="post" action=(path(server)) {
            input type="hidden" name="csrf" value=(page.token.expose());
            button.quiet.danger type="submit" name="action" value="everywhere" aria-describedby="all" {
                "Sign out everywhere and disconnect all"
            }
            p.soft #all { "Ends your sessions in all browsers and what every app got. Apps have to ask again." }
        }
    }
}

fn card(server: &Server, page: &Page, app: &App) -> Markup {
    let name = app.name.as_deref().unwrap_or("An app without a name");
    let (since, until) = app.days;
    html! {
        form.card method="post" action=(path(server)) {
            input type="hidden" name="csrf" value=(page.token.expose());
            input type="hidden" name="grant" value=(app.grant);
            h3 { bdi { (name) } @if !app.verified { " " span.tag { "unverified" } } }
            p.soft {
                "Returns to " strong { (app.host) } ". Connected " (ago(since)) "; ends in "
                (until) @if until == 1 { " day" } @else { " days" } " at the latest."
            }
            ul { @for words in &app.scopes { li { (words) } } }
            button.quiet type="submit" name="action" value="disconnect"
                aria-label=(format!("Disconnect {name}, which returns to {}", app.host)) {
                "Disconnect"
            }
        }
    }
}

fn problem(page: &Page) -> Markup {
    html! {
        @if let Some(problem) = page.problem { p #problem role="alert" { (problem) } }
    }
}

fn ago(days: i64) -> String {
    match days {
        ..=0 => "today".into(),
        1 => "yesterday".into(),
        days => format!("{days} days ago"),
    }
}
