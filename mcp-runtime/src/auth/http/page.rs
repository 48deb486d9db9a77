//! The pages: one that signs in and asks for consent, one that says why the flow ends.
//!
//! Names, hosts and scopes come from strangers; the template escapes every one of them.

use actix_web::HttpResponse;
use actix_web::http::header;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{account, answer};
use crate::auth::authorize::Stop;
use crate::auth::consent_page::{Asked, Page};
use crate::auth::login_page::{OwnPage, SignIn};
use crate::auth::secret::random_id;
use crate::auth::server::Server;

const STYLE: &str = include_str!("style.css");

/// The page that signs in and asks for consent.
pub(super) fn sign_in(
    server: &Server,
    status: u16,
    page: &Page,
    retry_after: Option<u32>,
) -> HttpResponse {
    let nonce = random_id();
    let action = format!("{}/login", server.site.url.path());
    let other = format!("{action}?txn={}&account=other", page.handle.expose());
    let mut answer = match &server.config.login_page {
        None => answer::page(
            status,
            own(server, page, &action, &other, &nonce),
            &nonce,
            true,
        ),
        Some(OwnPage(theirs)) => {
            let view = SignIn {
                page,
                server_name: name(server),
                action: &action,
                other_account: &other,
                nonce: &nonce,
                style: &style(server),
            };
            answer::page(status, PreEscaped(theirs.sign_in(&view)), &nonce, true)
        }
    };
    if let Some(seconds) = retry_after {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn own(server: &Server, page: &Page, action: &str, other: &str, nonce: &str) -> Markup {
    let client = page.client.as_deref().unwrap_or("An app without a name");
    let title = match page.problem {
        Some(problem) => format!("{problem} – Sign in"),
        None => "Sign in".to_owned(),
    };
    let keys = html! {
        input type="hidden" name="txn" value=(page.handle.expose());
        input type="hidden" name="csrf" value=(page.token.expose());
    };
    let body = html! {
        h1 {
            // A name that is written from right to left stays by itself.
            bdi { (client) } " "
            @if !page.verified { span.tag { "unverified" } " " }
            "wants to use " (name(server))
        }
        form method="post" action=(action) {
            (keys)
            (scopes(page))
            (facts(page))
            // Right above what is to be mended: on a phone the top of the page is out of sight.
            @if let Some(problem) = page.problem {
                p #problem role="alert" { (problem) }
            }
            @match &page.user {
                Some(user) => {
                    p { "You are signed in as " strong { (user) } ". "
                        a href=(other) { "Use another account" } " · "
                        a href=(account::path(server)) { "See what is connected" } }
                    button.late type="submit" { "Allow" }
                }
                None if page.provider.is_some() => {
                    button type="submit" { "Allow and continue with " (page.provider.as_deref().unwrap_or_default()) }
                }
                None => {
                    (fields(&page.typed, page.problem.is_some()))
                    button type="submit" { "Sign in and allow" }
                }
            }
        }
        form method="post" action=(action) {
            (keys)
            button.quiet type="submit" name="decision" value="deny" { "Deny" }
        }
    };
    document(server, &title, nonce, body)
}

fn scopes(page: &Page) -> Markup {
    let choice = page.scopes.iter().any(|scope| scope.optional);
    html! {
        p.soft #wants { "It will be able to:" }
        ul.scopes aria-labelledby="wants" {
            @for scope in &page.scopes {
                li {
                    @if scope.optional {
                        label {
                            input type="checkbox" name="scope" value=(scope.name) checked;
                            span { (words(scope)) }
                        }
                    } @else {
                        @if choice { input type="hidden" name="scope" value=(scope.name); }
                        (words(scope))
                    }
                }
            }
        }
        @if choice { input type="hidden" name="scopes" value="chosen"; }
    }
}

fn words(scope: &Asked) -> Markup {
    html! {
        (scope.words)
        @for included in &scope.includes { span.soft.included { "and with it: " (included) } }
    }
}

fn facts(page: &Page) -> Markup {
    html! {
        dl {
            dt { "Who asks" }
            dd { (page.about) }
            dt { "Where you return to" }
            dd {
                strong { (page.redirect_host) }
                @if page.to_this_computer { " (a program on this computer)" }
            }
            dt { "What it gets access to" }
            dd { (page.resource) }
        }
    }
}

/// The fields of a login; `problem` where an element of that id says what is wrong with them.
pub(super) fn fields(typed: &str, problem: bool) -> Markup {
    let problem = problem.then_some("problem");
    // Where the name is known, the password is what is left to type.
    let (at_name, at_password) = (typed.is_empty(), !typed.is_empty());
    html! {
        label for="username" { "User name" }
        input #username type="text" name="username" value=(typed) autocomplete="username"
            autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="64" required
            autofocus[at_name] aria-describedby=[problem];
        label for="password" { "Password" }
        input #password type="password" name="password" autocomplete="current-password"
            maxlength="1024" required autofocus[at_password] aria-describedby=[problem];
    }
}

/// The page that says why the flow ends here.
pub(super) fn stop(server: &Server, stop: &Stop) -> HttpResponse {
    let nonce = random_id();
    let body = html! {
        h1 { "This sign-in cannot go on" }
        p role="alert" { (stop.text) }
        @if let Some((host, to)) = &stop.way_back {
            p { "You can tell the app, if you trust it: "
                a href=(to) rel="noreferrer" { "continue to " (host) } }
        }
    };
    let markup = document(server, "This sign-in cannot go on", &nonce, body);
    let mut answer = answer::page(stop.status, markup, &nonce, false);
    if let Some(seconds) = stop.retry_after {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

pub(super) fn name(server: &Server) -> &str {
    server
        .config
        .brand
        .name
        .as_deref()
        .unwrap_or(&server.site.server_name)
}

/// The style sheet, in the brand's colours.
fn style(server: &Server) -> String {
    format!("{STYLE}{}", server.config.brand.rule().unwrap_or_default())
}

pub(super) fn document(server: &Server, title: &str, nonce: &str, body: Markup) -> Markup {
    let brand = &server.config.brand;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – " (name(server)) }
                style nonce=(nonce) { (PreEscaped(style(server))) }
            }
            body {
                main {
                    div.brand {
                        @if let Some(logo) = &brand.logo_svg { (PreEscaped(logo)) }
                        (name(server))
                    }
                    (body)
                    @if let Some(help) = &brand.help { p.help { (help) } }
                    @if !brand.links.is_empty() {
                        footer.help {
                            @for (text, url) in &brand.links { a href=(url) rel="noreferrer" { (text) } " " }
                        }
                    }
                }
            }
        }
    }
}
