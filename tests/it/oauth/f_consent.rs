//! Section F: a user's yes, to whom it goes and how often it counts.

use serde_json::json;

use crate::support::browser::filled;
use crate::support::jwt::claims;
use crate::support::{
    Database, Flow, LOOPBACK, Page, Params, Reply, Setup, TestServer, Tokens, WEB,
};

async fn signed_in(server: &TestServer, redirect_uri: &str) -> Flow {
    let mut flow = Flow::at(server, redirect_uri).await;
    flow.tokens().await;
    flow
}

#[tokio::test]
async fn item_49_a_session_alone_approves_nothing() {
    let server = TestServer::start();
    let first = signed_in(&server, LOOPBACK).await;
    let mut second = Flow::at(&server, WEB).await;
    second.browser = first.browser.clone();
    let page = second.login_page().await;
    assert!(!page.asks_for_password());
    assert!(page.text.contains("alice"), "{}", page.text);
    let reply = second.submit(&page, "", "").await.expect(303);
    assert!(reply.answer("code").is_some());
}

#[tokio::test]
async fn item_49_the_page_says_who_asks_for_what_and_where_the_answer_goes() {
    let server = TestServer::start();
    let metadata = json!({
        "redirect_uris": [WEB],
        "client_name": "Claude",
        "token_endpoint_auth_method": "none",
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    let login = flow.login_page().await;
    flow.submit(&login, "alice", "password123")
        .await
        .expect(303);
    let consent = flow.login_page().await;
    for page in [&login, &consent] {
        let text = &page.text;
        let host = server.authority();
        for shown in [
            "Claude",
            "c.test",
            "Read your profile",
            "Roll dice for you",
            &host,
        ] {
            assert!(text.contains(shown), "{shown} is missing: {text}");
        }
        let marked = text.to_lowercase();
        assert!(
            marked.contains("unverified") || marked.contains("not verified"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn item_50_a_yes_counts_for_one_browser_and_once_cve_2026_27124() {
    let server = TestServer::start();
    let mut flow = signed_in(&server, WEB).await;
    let page = flow.login_page().await;
    let (action, form) = (page.form().action, filled(&page.form(), "", ""));

    // Another browser, signed in or not, and one whose user is another.
    let mut bob = flow.in_another_browser();
    bob.browser.post(&action, &form).await.expect(403);
    bob.sign_in("bob", "hunter2").await.expect(303);
    bob.browser.post(&action, &form).await.expect(403);
    // A forged one.
    let forged = form
        .clone()
        .set("csrf", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    flow.browser.post(&action, &forged).await.expect(403);
    // From elsewhere.
    let evil = [("origin", "https://evil.test")];
    flow.browser
        .post_with(&action, &form, &evil)
        .await
        .expect(403);

    flow.browser.post(&action, &form).await.expect(303);
    flow.browser.post(&action, &form).await.expect_refusal();
}

#[tokio::test]
async fn item_50_a_page_shown_to_one_user_is_not_answered_by_the_next() {
    let server = TestServer::start();
    let mut flow = signed_in(&server, WEB).await;
    let page = flow.login_page().await;
    // Bob signs in at the same browser, then alice's page is posted.
    let bob = flow
        .login_page_of(&flow.request().and("prompt", "login"))
        .await;
    flow.submit(&bob, "bob", "hunter2").await.expect(303);
    flow.submit(&page, "", "").await.expect(403);
}

#[tokio::test]
async fn item_50_the_consent_page_without_its_session_gives_no_code() {
    let server = TestServer::start();
    let mut flow = signed_in(&server, WEB).await;
    let page = flow.login_page().await;
    flow.browser
        .cookies
        .retain(|name, _| !name.contains("session"));
    flow.submit(&page, "", "").await.expect(403);
    // Nor does a login form posted without credentials, session or not.
    let mut flow = signed_in(&server, WEB).await;
    let page = flow
        .login_page_of(&flow.request().and("prompt", "login"))
        .await;
    let reply = flow.submit(&page, "", "").await;
    assert_eq!(reply.status, 401, "{reply:?}");
}

/// A code without a question, if that is what the request gets.
fn silent(reply: &Reply) -> Option<String> {
    let location = reply.header("location").expect("a redirect");
    match location.starts_with("https://c.test/") {
        true => reply.answer("code"),
        false => None,
    }
}

#[tokio::test]
async fn item_51_a_yes_stands_for_the_same_request_again() {
    let server = TestServer::start();
    let mut flow = signed_in(&server, WEB).await;
    let reply = flow
        .authorize_from(&flow.request(), "none")
        .await
        .expect(302);
    assert_eq!(reply.answer("state").as_ref(), Some(&flow.state));
    assert_eq!(reply.answer("iss").as_ref(), Some(&server.base));
    let code = silent(&reply).expect("a code");
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    assert_eq!(tokens.scope, "read dice:roll");
    // Less than was allowed is nothing new.
    let less = flow.request().set("scope", "read");
    let code = silent(&flow.authorize_from(&less, "none").await).expect("a code");
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    assert_eq!(tokens.scope, "read");
    let quiet = flow.request().and("prompt", "none");
    assert!(silent(&flow.authorize_from(&quiet, "none").await).is_some());
}

#[tokio::test]
async fn item_51_whatever_is_new_is_asked_for() {
    let server = TestServer::start();
    let mut flow = signed_in(&server, WEB).await;
    let asked = async |flow: &mut Flow, request: &Params, from: &str| {
        let reply = flow.authorize_from(request, from).await.expect(302);
        let login = reply.header("location").expect("a location").to_owned();
        assert!(login.starts_with("/login?txn="), "{login}");
        let page = flow.browser.get(&login).await.expect(200).page();
        assert!(!page.text.is_empty() && page.forms().len() == 2);
    };
    let request = flow.request();
    // A wider scope; a user who wants to be asked; a page of elsewhere, or a browser that does not say.
    asked(
        &mut flow,
        &request.clone().set("scope", "read dice:roll dice:audit"),
        "none",
    )
    .await;
    for prompt in ["consent", "login", "select_account"] {
        asked(&mut flow, &request.clone().and("prompt", prompt), "none").await;
    }
    for from in ["cross-site", "same-site", "same-origin", ""] {
        asked(&mut flow, &request, from).await;
    }
    let target = server.url(&format!("/authorize?{}", request.encoded()));
    let reply = flow.browser.get_with(&target, &[]).await.expect(302);
    assert!(silent(&reply).is_none(), "no Sec-Fetch-Site");

    // Another redirect URI of the same client, another client, another user, another browser.
    let metadata = json!({
        "redirect_uris": [WEB, "https://c.test/other"],
        "token_endpoint_auth_method": "none",
    });
    let mut two = Flow::registered(&server, &metadata).await;
    two.browser = flow.browser.clone();
    two.tokens().await;
    assert!(silent(&two.authorize_from(&two.request(), "none").await).is_some());
    let other = two.request().set("redirect_uri", "https://c.test/other");
    asked(&mut two, &other, "none").await;
    let mut another = Flow::at(&server, WEB).await;
    another.browser = flow.browser.clone();
    let request = another.request();
    asked(&mut another, &request, "none").await;
    let mut bob = flow.in_another_browser();
    let request = flow.request();
    asked(&mut bob, &request, "none").await;
    bob.sign_in("bob", "hunter2").await.expect(303);
    assert!(silent(&bob.authorize_from(&request, "none").await).is_some());
    // Without a session the page that signs in asks.
    flow.browser
        .cookies
        .retain(|name, _| !name.contains("session"));
    asked(&mut flow, &request, "none").await;
}

#[tokio::test]
async fn item_51_what_was_narrowed_or_ended_is_asked_for_again() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let page = flow.login_page().await;
    let form = unticked(&page, "dice:roll", "alice", "password123");
    flow.browser
        .post(&page.form().action, &form)
        .await
        .expect(303);
    let request = flow.request();
    assert!(silent(&flow.authorize_from(&request, "none").await).is_none());
    let narrow = request.clone().set("scope", "read");
    let code = silent(&flow.authorize_from(&narrow, "none").await).expect("a code");
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);

    // One of two grants ended: the other still says yes. All of them ended: nothing does.
    let form = flow.as_client(Params::of(&[("token", &tokens.refresh)]));
    server.form("/revoke", &[], &form).await.expect(200);
    assert!(silent(&flow.authorize_from(&narrow, "none").await).is_some());
    let page = flow.browser.get("/account").await.expect(200).page();
    let everywhere = page.forms().pop().expect("a form");
    let csrf = &everywhere.fields[0].value;
    let form = Params::of(&[("csrf", csrf), ("action", "everywhere")]);
    flow.browser.post("/account", &form).await.expect(303);
    flow.sign_in("alice", "password123").await.expect(303);
    let other = flow.request().set("scope", "read dice:roll dice:audit");
    assert!(silent(&flow.authorize_from(&other, "none").await).is_none());
}

#[tokio::test]
async fn item_51_a_client_with_another_face_is_asked_for_again() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = signed_in(&server, WEB).await;
    server
        .clock
        .advance(std::time::Duration::from_secs(60 * 60));
    let request = flow.request();
    assert!(silent(&flow.authorize_from(&request, "none").await).is_some());
    // What comes of a remembered yes ends when the first one would have.
    let ends = "SELECT DISTINCT CAST(expires_at AS TEXT) FROM grants";
    assert_eq!(database.column(ends).await.len(), 1);
    database
        .execute("UPDATE clients SET metadata = replace(metadata, 'Test Client', 'Your Bank')")
        .await;
    assert!(silent(&flow.authorize_from(&request, "none").await).is_none());
}

#[tokio::test]
async fn item_51_programs_on_the_users_machine_are_asked_for_every_time() {
    let server = TestServer::with(|auth| auth.private_use_schemes(["cursor"]));
    for uri in [LOOPBACK, "http://localhost:9/cb", "cursor://x/cb"] {
        let mut flow = signed_in(&server, uri).await;
        let request = flow.request();
        let reply = flow.authorize_from(&request, "none").await.expect(302);
        let login = reply.header("location").expect("a location");
        assert!(login.starts_with("/login?txn="), "{uri}: {login}");
    }
}

#[tokio::test]
async fn item_51_every_request_is_asked_for_where_that_is_set() {
    let server = TestServer::with(|auth| auth.remember_consent(false));
    let mut flow = signed_in(&server, WEB).await;
    let request = flow.request();
    assert!(silent(&flow.authorize_from(&request, "none").await).is_none());
}

#[tokio::test]
async fn item_52_a_no_is_told_to_the_client() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let login = flow.login_page().await;
    let by_stranger = flow.deny(&login).await;
    flow.tokens().await;
    let consent = flow.login_page().await;
    let by_user = flow.deny(&consent).await;
    for reply in [by_stranger, by_user] {
        assert_eq!(reply.status, 303);
        assert!(reply.location().as_str().starts_with(WEB));
        assert_eq!(reply.answer("error").as_deref(), Some("access_denied"));
        assert_eq!(reply.answer("state").as_ref(), Some(&flow.state));
        assert_eq!(reply.answer("iss").as_ref(), Some(&server.base));
        assert_eq!(reply.answer("code"), None);
    }
}

#[tokio::test]
async fn item_52_a_denied_request_cannot_be_approved_afterwards() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    flow.deny(&page).await.expect(303);
    flow.submit(&page, "alice", "password123")
        .await
        .expect_refusal();
}

/// What the browser sends after the user unticked this scope.
fn unticked(page: &Page, scope: &str, user: &str, password: &str) -> Params {
    let mut form = page.form();
    let before = form.fields.len();
    form.fields
        .retain(|f| !(f.kind == "checkbox" && f.value == scope));
    assert_eq!(form.fields.len(), before - 1, "{scope} cannot be unticked");
    filled(&form, user, password)
}

#[tokio::test]
async fn item_52_a_user_may_grant_less_than_was_asked() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    for (user, password) in [("alice", "password123"), ("", "")] {
        let page = flow.login_page().await;
        let form = unticked(&page, "dice:roll", user, password);
        let reply = flow
            .browser
            .post(&page.form().action, &form)
            .await
            .expect(303);
        let code = reply.answer("code").expect("a code");
        let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
        assert_eq!(tokens.scope, "read");
        assert_eq!(claims(&tokens.access)["scope"], "read");
    }
}

#[tokio::test]
async fn item_52_a_scope_that_another_brings_along_stands_with_it() {
    let server = TestServer::with(|auth| {
        auth.scope("dice:admin", "Run the table")
            .scope_implies("dice:admin", ["dice:roll"])
    });
    let mut flow = Flow::new(&server).await;
    let request = flow.request().set("scope", "read dice:roll dice:admin");
    let page = flow.login_page_of(&request).await;
    let boxes = page.form().fields.into_iter();
    let boxes: Vec<_> = boxes.filter(|f| f.kind == "checkbox").collect();
    assert_eq!(boxes.len(), 1, "{boxes:?}");
    assert_eq!(boxes[0].value, "dice:admin");
    assert!(page.text.contains("Roll dice for you"), "{}", page.text);
    // Ticked, both are granted; unticked, neither is.
    let reply = flow.submit(&page, "alice", "password123").await;
    let code = reply.answer("code").expect("a code");
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    assert_eq!(tokens.scope, "read dice:roll dice:admin");
    let page = flow.login_page_of(&request).await;
    let form = unticked(&page, "dice:admin", "", "");
    let reply = flow.browser.post(&page.form().action, &form).await;
    let code = reply.answer("code").expect("a code");
    let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    assert_eq!(tokens.scope, "read");
}

#[tokio::test]
async fn item_54_a_grant_that_is_revoked_in_the_store_ends_everywhere() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    assert!(flow.is_accepted(&tokens.access).await);
    // As another process does it, by its own connection: `grants revoke`.
    database
        .execute(
            "INSERT INTO revocations (subject, revoked_at, expires_at) \
             SELECT id, created_at, expires_at FROM grants",
        )
        .await;
    database
        .execute("UPDATE grants SET revoked_at = created_at")
        .await;
    flow.refresh(&tokens.refresh)
        .await
        .expect_error(400, "invalid_grant");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(7);
    while flow.is_accepted(&tokens.access).await {
        assert!(
            std::time::Instant::now() < deadline,
            "accepted for more than five seconds"
        );
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
