//! Section E with a page of the operator's own: what the server decides stays the server's.

use mcp_runtime::auth::{LoginPage, SignIn};
use serde_json::json;

use crate::support::{Flow, LOOPBACK, Setup, TestServer, Tokens};

/// A plain page; as strange as a page may be that starts.
struct OurPage;

impl LoginPage for OurPage {
    fn sign_in(&self, page: &SignIn<'_>) -> String {
        let form = page.open_form();
        let scopes: String = page
            .scopes()
            .map(|s| format!("<li>{} {}", s.input(), s.words()))
            .collect();
        let who = match page.user() {
            Some(user) => format!("{user} <a href='{}'>other</a>", page.other_account()),
            None => format!(
                "<input name=username value='{}'><input name=password type=password>",
                page.typed_name()
            ),
        };
        format!(
            "<!doctype html><title>Ours</title><style nonce={}>{}</style><h1>Ours: {} {} {}</h1>
             {form}<ul>{scopes}</ul><b>{}</b>{who}<button>Go</button></form>
             {form}<button name=decision value=deny>No</button></form>",
            page.nonce(),
            page.style(),
            page.client_name(),
            page.redirect_host(),
            page.resource(),
            page.problem(),
        )
    }
}

fn server() -> TestServer {
    TestServer::with(|auth| auth.login_page(OurPage))
}

#[tokio::test]
async fn item_39_a_page_of_ones_own_is_guarded_like_ours() {
    let server = server();
    let mut flow = Flow::new(&server).await;
    let reply = flow.login_reply_of(&flow.request()).await.expect(200);
    assert!(reply.body.contains("Ours: Test Client"), "{}", reply.body);
    let policy = reply.header("content-security-policy").expect("a policy");
    let page = reply.page();
    let nonce = page.tags("style").next().and_then(|s| s.get("nonce"));
    assert!(policy.contains(nonce.expect("a nonce")), "{policy}");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    assert!(reply.is_no_store());

    // Without its token, or from elsewhere, its form does nothing.
    let form = crate::support::browser::filled(&page.form(), "alice", "password123");
    let action = page.form().action;
    for forged in [form.clone().without("csrf"), form.clone().set("csrf", "x")] {
        flow.browser.post(&action, &forged).await.expect(403);
    }
    let evil = [("origin", "https://evil.test")];
    let reply = flow.browser.post_with(&action, &form, &evil).await;
    reply.expect(403);

    let wrong = flow.submit(&page, "alice", "wrong").await.expect(401);
    assert!(wrong.page().text.contains("do not match"), "{wrong:?}");
    let tokens = flow.tokens().await;
    assert_eq!(tokens.scope, "read dice:roll");
    // Signed in, the page asks for consent alone; unticked, a scope stays out; a no is a no.
    let page = flow.login_page().await;
    assert!(!page.asks_for_password() && page.text.contains("alice"));
    let mut form = page.form();
    form.fields.retain(|field| field.value != "dice:roll");
    let form = crate::support::browser::filled(&form, "", "");
    let code = flow.browser.post(&action, &form).await.answer("code");
    let redeemed = flow.token(&flow.redemption(&code.expect("a code"))).await;
    assert_eq!(Tokens::of(&redeemed).scope, "read");
    let page = flow.login_page().await;
    let denied = flow.deny(&page).await;
    assert_eq!(denied.answer("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn item_43_a_page_of_ones_own_shows_markup_as_text() {
    let server = server();
    let metadata = json!({
        "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": "none",
        "client_name": "<script>alert(1)</script>'\"",
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    let page = flow.login_page().await;
    assert!(page.tags("script").next().is_none());
    assert!(
        page.text.contains("<script>alert(1)</script>'\""),
        "{}",
        page.text
    );
    let page = flow
        .submit(&page, "'><script>", "x")
        .await
        .expect(401)
        .page();
    assert!(page.tags("script").next().is_none());
}

#[tokio::test]
async fn item_46_a_page_of_ones_own_does_not_take_the_throttle_away() {
    let server = server();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for _ in 0..10 {
        flow.submit(&page, "alice", "wrong").await.expect(401);
    }
    let reply = flow.submit(&page, "alice", "wrong").await.expect(429);
    assert!(reply.header("retry-after").is_some());
}

/// Forgets the hidden fields.
struct Forgetful;

impl LoginPage for Forgetful {
    fn sign_in(&self, page: &SignIn<'_>) -> String {
        let html = OurPage.sign_in(page);
        html.replace(&page.open_form(), "<form method=post action=/login>")
    }
}

#[test]
fn item_39_a_page_that_forgets_the_hidden_fields_does_not_start() {
    let said = Setup::new()
        .auth(|auth| auth.login_page(Forgetful))
        .expect_no_start();
    assert!(
        said.contains("login_page") && said.contains("open_form()"),
        "{said}"
    );
}
