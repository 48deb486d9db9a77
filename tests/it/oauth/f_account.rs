//! Sections E and F on the account page: what a user sees of what they connected, and how they end it.

use serde_json::json;

use crate::support::browser::{filled, set_cookies};
use crate::support::{
    Browser, Flow, LOOPBACK, Page, Params, Reply, Setup, TestServer, Tokens, WEB,
};

/// What a browser sends when the user presses this button, in the first form that has it.
#[track_caller]
fn pressed(page: &Page, action: &str) -> Params {
    let forms = page.forms();
    let has = |(name, value): &(String, String)| name == "action" && value == action;
    let form = forms
        .iter()
        .find(|form| form.buttons.iter().any(has))
        .unwrap_or_else(|| panic!("no button {action}: {}", page.text));
    assert_eq!(form.action, "/account");
    let fields = form.fields.iter();
    let params = fields.fold(Params::default(), |p, f| p.and(&f.name, &f.value));
    params.and("action", action)
}

async fn account(browser: &mut Browser) -> Page {
    browser.get("/account").await.expect(200).page()
}

async fn sign_in(browser: &mut Browser, user: &str, password: &str) -> Reply {
    let page = account(browser).await;
    let form = filled(&page.form(), user, password);
    browser.post("/account", &form).await
}

async fn press(browser: &mut Browser, page: &Page, action: &str) -> Reply {
    browser.post("/account", &pressed(page, action)).await
}

#[tokio::test]
async fn item_54_a_user_sees_what_they_connected_and_ends_it() {
    let server = TestServer::start();
    let mut desk = Flow::new(&server).await;
    let kept = desk.tokens().await;
    server.clock.advance(std::time::Duration::from_secs(1));
    let mut web = Flow::at(&server, WEB).await;
    let ended = web.tokens().await;
    let mut bob = Flow::at(&server, "https://bobs.test/cb").await;
    bob.sign_in("bob", "hunter2").await.expect(303);

    let mut browser = server.browser();
    let to = sign_in(&mut browser, "alice", "password123")
        .await
        .expect(303);
    assert_eq!(to.header("location"), Some("/account"));
    let page = account(&mut browser).await;
    for shown in [
        "alice",
        "Test Client",
        "unverified",
        "c.test",
        "127.0.0.1",
        "Read your profile",
        "Roll dice for you",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("bobs.test"), "{}", page.text);
    // A link cannot let the page say what is not so.
    let lured = browser.get("/account?done=everywhere").await.expect(200);
    let lured = lured.page().text;
    assert!(!lured.contains("signed out everywhere"), "{lured}");

    // The newest stands first.
    let reply = press(&mut browser, &page, "disconnect").await.expect(303);
    assert_eq!(reply.header("location"), Some("/account?done=disconnected"));
    assert!(!web.is_accepted(&ended.access).await, "at once");
    let refresh = web.refresh(&ended.refresh).await;
    refresh.expect_error(400, "invalid_grant");
    assert!(desk.is_accepted(&kept.access).await);
    let page = account(&mut browser).await;
    assert!(!page.text.contains("c.test"), "{}", page.text);
    desk.refresh(&kept.refresh).await.expect(200);
}

#[tokio::test]
async fn item_54_nobody_ends_what_another_connected() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let mut alice = server.browser();
    sign_in(&mut alice, "alice", "password123")
        .await
        .expect(303);
    let hers = pressed(&account(&mut alice).await, "disconnect");
    let grant = hers.get("grant").expect("a grant");

    let mut bob = server.browser();
    sign_in(&mut bob, "bob", "hunter2").await.expect(303);
    let page = account(&mut bob).await;
    let form = pressed(&page, "sign-out").set("action", "disconnect");
    bob.post("/account", &form.and("grant", grant)).await;
    // Nor by her form.
    bob.post("/account", &hers).await.expect(403);
    assert!(flow.is_accepted(&tokens.access).await);
    flow.refresh(&tokens.refresh).await.expect(200);
}

#[tokio::test]
async fn item_78_signing_out_everywhere_ends_every_session_and_grant() {
    let server = TestServer::start();
    let mut flow = Flow::at(&server, WEB).await;
    let tokens = flow.tokens().await;
    let mut bob = Flow::new(&server).await;
    let reply = bob.sign_in("bob", "hunter2").await;
    let code = reply.answer("code").expect("a code");
    let bobs = Tokens::of(&bob.token(&bob.redemption(&code)).await);

    let mut browser = server.browser();
    sign_in(&mut browser, "alice", "password123")
        .await
        .expect(303);
    let page = account(&mut browser).await;
    let unused = flow.code().await;
    let reply = press(&mut browser, &page, "everywhere").await.expect(303);
    assert!(
        set_cookies(&reply)
            .iter()
            .any(|c| c.flag("max-age") == Some("0"))
    );

    assert!(!flow.is_accepted(&tokens.access).await, "at once");
    let refresh = flow.refresh(&tokens.refresh).await;
    refresh.expect_error(400, "invalid_grant");
    let redeemed = flow.token(&flow.redemption(&unused)).await;
    redeemed.expect_error(400, "invalid_grant");
    // The other browser has to sign in again; bob does not.
    assert!(flow.login_page().await.asks_for_password());
    assert!(account(&mut browser).await.asks_for_password());
    assert!(bob.is_accepted(&bobs.access).await);
}

#[tokio::test]
async fn item_40_signing_out_ends_the_session_and_not_the_cookie_alone() {
    let server = TestServer::start();
    let mut browser = server.browser();
    sign_in(&mut browser, "alice", "password123")
        .await
        .expect(303);
    let mut thief = server.browser();
    thief.cookies = browser.cookies.clone();
    assert!(!account(&mut thief).await.asks_for_password());
    let page = account(&mut browser).await;
    press(&mut browser, &page, "sign-out").await.expect(303);
    assert!(account(&mut thief).await.asks_for_password());
}

#[tokio::test]
async fn item_40_the_account_page_begins_a_new_session_too() {
    let server = TestServer::start();
    let mut browser = server.browser();
    let session = |browser: &Browser| {
        let mut all = browser.cookies.iter();
        all.find(|(n, _)| n.contains("session"))
            .map(|(_, v)| v.clone())
    };
    sign_in(&mut browser, "bob", "hunter2").await.expect(303);
    let bobs = session(&browser).expect("a session");
    let mut planted = server.browser();
    planted.get("/account").await.expect(200);
    let name = browser.cookies.keys().find(|n| n.contains("session"));
    let planted_value = "A".repeat(43);
    let name = name.expect("a name").clone();
    planted.cookies.insert(name.clone(), planted_value.clone());
    let reply = sign_in(&mut planted, "alice", "password123")
        .await
        .expect(303);
    let cookies = set_cookies(&reply);
    let cookie = cookies.iter().find(|c| c.name == name).expect("a session");
    assert!(cookie.value != planted_value && cookie.value != bobs);
    assert_eq!(cookie.flag("samesite"), Some("Lax"));
    assert!(cookie.flag("httponly").is_some() && cookie.flag("domain").is_none());
}

#[tokio::test]
async fn item_39_the_account_page_needs_the_token_of_its_own_page() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    let mut browser = server.browser();
    let login = account(&mut browser).await;
    let form = filled(&login.form(), "alice", "password123");
    // Login CSRF: a form of the attacker's own browser, none, or a changed one.
    let theirs = account(&mut server.browser()).await;
    let theirs = filled(&theirs.form(), "alice", "password123");
    let forged = [
        form.clone().without("csrf"),
        form.clone().set("csrf", "x"),
        theirs.clone(),
    ];
    for forged in &forged {
        let reply = browser.post("/account", forged).await.expect(403);
        assert!(set_cookies(&reply).is_empty(), "{reply:?}");
    }
    let elsewhere = [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ];
    for header in elsewhere {
        let reply = browser.post_with("/account", &form, &[header]).await;
        assert!(set_cookies(&reply.expect(403)).is_empty());
    }
    browser.post("/account", &form).await.expect(303);

    // Signed in, the same holds for every button.
    let page = account(&mut browser).await;
    for action in ["disconnect", "everywhere", "sign-out"] {
        let form = pressed(&page, action);
        for forged in [
            form.clone().without("csrf"),
            form.clone()
                .set("csrf", theirs.get("csrf").expect("a token")),
        ] {
            browser.post("/account", &forged).await.expect(403);
        }
        let evil = [("origin", "https://evil.test")];
        let reply = browser.post_with("/account", &form, &evil).await;
        reply.expect(403);
        let twice = form.and("csrf", "x");
        browser.post("/account", &twice).await.expect(400);
    }
    assert!(!account(&mut browser).await.asks_for_password());
    assert!(flow.is_accepted(&tokens.access).await);
}

#[tokio::test]
async fn item_42_account_pages_are_locked_down_like_all_others() {
    let server = TestServer::start();
    let mut browser = server.browser();
    let anonymous = browser.get("/account").await.expect(200);
    let wrong = sign_in(&mut browser, "alice", "wrong").await.expect(401);
    sign_in(&mut browser, "alice", "password123")
        .await
        .expect(303);
    let signed_in = browser.get("/account").await.expect(200);
    let forged = Params::of(&[("action", "sign-out")]);
    let forged = browser.post("/account", &forged).await.expect(403);
    for reply in [anonymous, wrong, signed_in, forged] {
        let policy = reply.header("content-security-policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("form-action"), "{policy}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            reply.header("cross-origin-opener-policy"),
            Some("same-origin")
        );
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"));
        assert!(reply.is_no_store());
        let origin = "access-control-allow-origin";
        assert!(reply.header(origin).is_none(), "{reply:?}");
    }
}

#[tokio::test]
async fn item_43_what_a_connected_app_calls_itself_is_text() {
    let server = TestServer::start();
    let metadata = json!({
        "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": "none",
        "client_name": "<script>alert(1)</script>\" onclick=\"x",
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    flow.tokens().await;
    let page = account(&mut flow.browser).await;
    assert!(
        page.text.contains("<script>alert(1)</script>"),
        "{}",
        page.text
    );
    assert!(page.tags("script").next().is_none());
    let on = |tag: &crate::support::page::Tag| tag.get("onclick").is_some();
    assert!(!page.all_tags().iter().any(on));
}

#[tokio::test]
async fn item_46_the_account_page_and_the_login_count_together() {
    let server = TestServer::start();
    let mut browser = server.browser();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for _ in 0..5 {
        sign_in(&mut browser, "alice", "wrong").await.expect(401);
        flow.submit(&page, "alice", "wrong").await.expect(401);
    }
    let stopped = sign_in(&mut browser, "alice", "password123")
        .await
        .expect(429);
    assert!(stopped.header("retry-after").is_some());
    assert!(stopped.page().asks_for_password());
    flow.submit(&page, "alice", "password123").await.expect(429);
}

#[tokio::test]
async fn item_41_the_account_page_on_https_sets_cookies_bound_to_the_host() {
    let server = Setup::without_users()
        .var("PUBLIC_URL", "https://as.test/tenant")
        .start();
    let reply = server
        .get("https://as.test/tenant/account")
        .await
        .expect(200);
    let cookies = set_cookies(&reply);
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    assert!(cookies[0].name.starts_with("__Host-"), "{cookies:?}");
    assert!(cookies[0].flag("secure").is_some() && cookies[0].flag("path") == Some("/"));
    let form = reply.page().form();
    assert_eq!(form.action, "/tenant/account");
}
