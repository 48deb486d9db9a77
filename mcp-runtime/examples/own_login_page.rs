//! A server with a sign-in page of its own: `cargo run -p mcp-runtime --example own_login_page`, then connect a client.

use mcp_runtime::auth::{LoginPage, SignIn};
use mcp_runtime::prelude::*;

/// Say hello.
#[mcp_tool]
async fn hello(user: &User) -> String {
    format!("Hello, {user}.")
}

struct OurPage;

impl LoginPage for OurPage {
    fn sign_in(&self, page: &SignIn<'_>) -> String {
        let (form, nonce, style) = (page.open_form(), page.nonce(), page.style());
        let (app, host, resource) = (page.client_name(), page.redirect_host(), page.resource());
        let scopes = page
            .scopes()
            .map(|s| format!("<li><label>{} {}</label>", s.input(), s.words()));
        let scopes: String = scopes.collect();
        let problem = match page.problem() {
            problem if problem.is_empty() => String::new(),
            problem => format!("<p role=alert>{problem}</p>"),
        };
        let who = match page.user() {
            Some(user) => format!("<p>You are {user}. <a href='{}'>Not you?</a></p><button>Allow</button>", page.other_account()),
            None => format!(
                "<label for=n>Name</label><input type=text id=n name=username value='{}' autocomplete=username required>
                 <label for=p>Password</label><input id=p name=password type=password autocomplete=current-password required>
                 <button>Sign in and allow</button>",
                page.typed_name()
            ),
        };
        format!(
            "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Come in</title>
             <style nonce='{nonce}'>{style} main {{ border-top: 6px solid var(--accent) }}</style>
             <main><h1>May {app} come in?</h1><p>{} It leads you to <b>{host}</b> and gets access to {resource}:</p>
             {form}<ul class=scopes>{scopes}</ul>{problem}{who}</form>
             {form}<button class=quiet name=decision value=deny>Keep it out</button></form></main>",
            page.about_client()
        )
    }
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    let auth = Auth::embedded()
        .demo_user("alice", "password123")
        .login_page(OurPage);
    mcp_server!("Own page").auth(auth).run().await
}
