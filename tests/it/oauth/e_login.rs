//! Section E: the page that asks for a password.

use reqwest::Method;
use serde_json::json;

use crate::support::browser::{filled, set_cookies};
use crate::support::{Database, Door, Flow, LOOPBACK, Page, Params, Reply, Setup, TestServer, WEB};

#[tokio::test]
async fn item_39_the_form_needs_the_token_of_its_own_page() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let other = flow.login_page().await;
    let form = page.form();
    let good = filled(&form, "alice", "password123");
    let token = |page: &Page| {
        let fields = page.form().fields;
        fields
            .into_iter()
            .find(|f| f.name == "csrf")
            .expect("a token")
            .value
    };
    let (own, foreign) = (token(&page), token(&other));
    assert_ne!(own, foreign, "a token per request");
    let mut altered = own.clone();
    altered.replace_range(..1, if own.starts_with('A') { "B" } else { "A" });
    for spoilt in [
        good.clone().without("csrf"),
        good.clone().set("csrf", ""),
        good.clone().set("csrf", &altered),
        good.clone().set("csrf", &foreign),
    ] {
        let reply = flow.browser.post(&form.action, &spoilt).await.expect(403);
        assert!(set_cookies(&reply).is_empty(), "{reply:?}");
    }
    // The refusals spoilt nothing.
    flow.browser.post(&form.action, &good).await.expect(303);
}

#[tokio::test]
async fn item_39_a_form_of_the_attackers_own_browser_signs_nobody_in() {
    let server = TestServer::start();
    let mut attacker = Flow::new(&server).await;
    let page = attacker.login_page().await;
    let form = filled(&page.form(), "bob", "hunter2");
    // The victim's browser posts it, with and without a pre-login cookie of its own.
    for prepared in [false, true] {
        let mut victim = attacker.in_another_browser();
        if prepared {
            victim.login_page().await;
        }
        let before = victim.browser.cookies.clone();
        victim
            .browser
            .post(&page.form().action, &form)
            .await
            .expect(403);
        assert_eq!(victim.browser.cookies, before);
    }
}

#[tokio::test]
async fn item_39_a_post_from_another_site_is_refused() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let (action, form) = (
        page.form().action,
        filled(&page.form(), "alice", "password123"),
    );
    for headers in [
        vec![("origin", "https://evil.test")],
        vec![("origin", "null")],
        vec![
            ("origin", server.base.as_str()),
            ("sec-fetch-site", "cross-site"),
        ],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
    ] {
        let reply = flow.browser.post_with(&action, &form, &headers).await;
        assert_eq!(reply.status, 403, "{headers:?}: {reply:?}");
        assert!(set_cookies(&reply).is_empty(), "{reply:?}");
    }
    // A browser that sends neither is judged by cookie and token alone.
    flow.browser
        .post_with(&action, &form, &[])
        .await
        .expect(303);
}

#[tokio::test]
async fn item_40_a_login_begins_a_new_session() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    flow.tokens().await;
    let first = flow.browser.cookies.clone();
    // An attacker who planted this cookie knows its value.
    let page = flow
        .login_page_of(&flow.request().and("prompt", "login"))
        .await;
    flow.submit(&page, "bob", "hunter2").await.expect(303);
    let session = |cookies: &std::collections::BTreeMap<String, String>| {
        cookies
            .iter()
            .find(|(n, _)| n.contains("session"))
            .map(|(_, v)| v.clone())
    };
    let second = flow.browser.cookies.clone();
    assert!(
        session(&first).is_some() && session(&second).is_some(),
        "{first:?} {second:?}"
    );
    assert_ne!(session(&first), session(&second));

    assert!(flow.login_page().await.text.contains("bob"));
    flow.browser.cookies = first;
    assert!(
        flow.login_page().await.asks_for_password(),
        "the old value is worth nothing"
    );
}

#[tokio::test]
async fn item_40_a_planted_session_is_not_adopted() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    flow.tokens().await;
    let name = flow
        .browser
        .cookies
        .keys()
        .find(|n| n.contains("session"))
        .expect("one")
        .clone();
    let mut victim = flow.in_another_browser();
    victim
        .browser
        .cookies
        .insert(name.clone(), "planted".into());
    victim.sign_in("alice", "password123").await.expect(303);
    assert_ne!(victim.browser.cookies[&name], "planted");
}

/// A server behind https whose user alice is a real one.
async fn https_server(database: &Database) -> TestServer {
    drop(Setup::new().on(database).start());
    database.execute("UPDATE users SET demo = NULL").await;
    Setup::without_users()
        .on(database)
        .var("PUBLIC_URL", "https://as.test")
        .start()
}

async fn cookies_of_a_login(door: &Door) -> Vec<crate::support::browser::SetCookie> {
    let mut flow = Flow::at(door, WEB).await;
    let begun = flow.authorize(&flow.request()).await;
    let target = begun.header("location").expect("a location").to_owned();
    let page = flow.browser.get(&target).await.expect(200).page();
    let done = flow.submit(&page, "alice", "password123").await.expect(303);
    [set_cookies(&begun), set_cookies(&done)].concat()
}

#[tokio::test]
async fn item_41_cookies_on_https_are_bound_to_the_host() {
    let database = Database::new();
    let server = https_server(&database).await;
    let cookies = cookies_of_a_login(&server).await;
    assert!(cookies.len() >= 2, "{cookies:?}");
    for cookie in cookies {
        assert!(cookie.name.starts_with("__Host-"), "{cookie:?}");
        assert_eq!(cookie.flag("path"), Some("/"), "{cookie:?}");
        assert_eq!(cookie.flag("samesite"), Some("Lax"), "{cookie:?}");
        assert!(
            cookie.flag("secure").is_some() && cookie.flag("httponly").is_some(),
            "{cookie:?}"
        );
        assert_eq!(cookie.flag("domain"), None, "{cookie:?}");
    }
}

#[tokio::test]
async fn item_41_cookies_of_loopback_are_others_and_worth_nothing_on_https() {
    let database = Database::new();
    let http = Setup::new().on(&database).start();
    let mut flow = Flow::new(&http).await;
    flow.tokens().await;
    assert!(
        flow.browser.cookies.keys().all(|n| !n.starts_with("__")),
        "{:?}",
        flow.browser
    );
    let begun = flow.authorize(&flow.request()).await;
    for cookie in set_cookies(&begun) {
        assert!(
            cookie.flag("httponly").is_some() && cookie.flag("secure").is_none(),
            "{cookie:?}"
        );
        assert_eq!(cookie.flag("samesite"), Some("Lax"), "{cookie:?}");
    }
    let planted = flow.browser.cookies.clone();
    drop(http);
    let https = https_server(&database).await;
    let mut victim = Flow::at(&https, WEB).await;
    victim.browser.cookies = planted;
    assert!(victim.login_page().await.asks_for_password());
}

/// Every kind of page that the server shows.
async fn all_pages(server: &TestServer) -> Vec<Reply> {
    let mut flow = Flow::at(server, WEB).await;
    let login = flow.login_reply_of(&flow.request()).await.expect(200);
    let action = login.page().form().action;
    let form = filled(&login.page().form(), "alice", "wrong");
    let wrong = flow.browser.post(&action, &form).await.expect(401);
    let forged = flow
        .browser
        .post(&action, &form.clone().without("csrf"))
        .await
        .expect(403);
    let form = form.set("password", "password123");
    flow.browser.post(&action, &form).await.expect(303);
    let used = flow.browser.post(&action, &form).await.expect_refusal();
    let consent = flow.login_reply_of(&flow.request()).await.expect(200);
    let local = flow
        .authorize(&Params::of(&[("client_id", "unknown")]))
        .await
        .expect(400);
    let mut stranger = flow.in_another_browser();
    let way_back = stranger
        .authorize(&flow.request().without("response_type"))
        .await
        .expect(400);
    vec![login, wrong, forged, used, consent, local, way_back]
}

#[tokio::test]
async fn item_42_every_page_is_locked_down_errors_too() {
    let server = TestServer::start();
    let mut nonces = Vec::new();
    for reply in all_pages(&server).await {
        let csp = reply
            .header("content-security-policy")
            .expect("a policy")
            .to_owned();
        for part in [
            "default-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(csp.contains(part), "{csp}");
        }
        assert!(
            !csp.contains("unsafe-") && !csp.contains("script-src"),
            "{csp}"
        );
        // Chromium would apply it to the redirect back to the client (item 44).
        assert!(!csp.contains("form-action"), "{csp}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            reply.header("cross-origin-opener-policy"),
            Some("same-origin")
        );

        let page = reply.page();
        for tag in page.all_tags() {
            assert!(
                !matches!(tag.name.as_str(), "script" | "iframe" | "object" | "base"),
                "{tag:?}"
            );
            assert!(
                tag.attributes.iter().all(|(n, _)| !n.starts_with("on")),
                "{tag:?}"
            );
            assert!(tag.get("style").is_none(), "{tag:?}");
            let loads = tag
                .get("src")
                .or(tag.get("href").filter(|_| tag.name == "link"));
            assert!(loads.is_none_or(|u| u.starts_with("data:")), "{tag:?}");
        }
        for style in page.tags("style") {
            let nonce = style.get("nonce").expect("a nonce");
            assert!(csp.contains(&format!("'nonce-{nonce}'")), "{csp}");
            nonces.push(nonce.to_owned());
        }
    }
    let count = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert!(count > 0 && nonces.len() == count, "a nonce was used twice");
}

const MARKUP: &str = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

#[tokio::test]
async fn item_43_markup_is_shown_as_text() {
    let server = Setup::new().auth(|auth| auth.scope("odd", MARKUP)).start();
    let mut plain = Flow::new(&server).await;
    let request = plain.request().set("scope", "read odd");
    let shape = plain.login_page_of(&request).await;

    let metadata = json!({
        "redirect_uris": [format!("{LOOPBACK}?x='%22onload=alert(1)")],
        "client_name": MARKUP,
        "token_endpoint_auth_method": "none",
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    let request = flow.request().set("scope", "read odd").set("state", MARKUP);
    let page = flow.login_page_of(&request).await;
    assert_eq!(page.shape(), shape.shape());
    assert!(
        page.text.matches("<img src=x").count() >= 2,
        "{}",
        page.text
    );

    let reply = flow.submit(&page, MARKUP, "wrong").await.expect(401);
    let name = reply
        .page()
        .form()
        .fields
        .into_iter()
        .find(|f| f.name == "username");
    assert_eq!(
        name.expect("a field").value,
        MARKUP.chars().take(64).collect::<String>()
    );
    let wrong = plain
        .submit(&shape, "alice", "wrong")
        .await
        .expect(401)
        .page();
    assert_eq!(reply.page().shape(), wrong.shape());
}

#[tokio::test]
async fn item_43_a_dangerous_link_of_an_old_version_is_no_link() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let metadata = json!({
        "redirect_uris": [LOOPBACK],
        "client_name": "Old Client",
        "client_uri": "https://c.test/",
        "token_endpoint_auth_method": "none",
    });
    let mut flow = Flow::registered(&server, &metadata).await;
    let changed = database
        .execute(
            "UPDATE clients SET metadata = replace(metadata, 'https://c.test/', 'javascript:alert(1)')",
        )
        .await;
    assert_eq!(changed, 1);
    let page = flow.login_page().await;
    for tag in page.all_tags() {
        assert!(
            tag.attributes
                .iter()
                .all(|(_, v)| !v.contains("javascript:")),
            "{tag:?}"
        );
    }
}

#[tokio::test]
async fn item_44_the_first_form_is_the_task_and_deny_comes_after_approve() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let login = flow.login_page().await;
    let names: Vec<_> = login.form().fields.iter().map(|f| f.name.clone()).collect();
    assert!(
        names.contains(&"username".into()) && names.contains(&"password".into()),
        "{names:?}"
    );
    flow.submit(&login, "alice", "password123")
        .await
        .expect(303);
    let consent = flow.login_page().await;
    for page in [login, consent] {
        let buttons: Vec<_> = page.forms().into_iter().flat_map(|f| f.buttons).collect();
        let deny = buttons
            .iter()
            .position(|b| b == &("decision".into(), "deny".into()));
        assert!(deny.is_some_and(|i| i > 0), "{buttons:?}");
        assert!(
            buttons.iter().filter(|b| b.1 == "deny").count() == 1,
            "{buttons:?}"
        );
    }
}

#[tokio::test]
async fn item_44_an_error_stands_on_the_page_with_the_form() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let reply = flow.submit(&page, "Alice ", "wrong").await.expect(401);
    let again = reply.page();
    assert!(
        again
            .all_tags()
            .iter()
            .any(|t| t.get("role") == Some("alert")),
        "{}",
        again.text
    );
    let fields = again.form().fields;
    let value = |name: &str| {
        fields
            .iter()
            .find(|f| f.name == name)
            .map(|f| f.value.as_str())
    };
    assert_eq!(
        (value("username"), value("password")),
        (Some("Alice "), Some(""))
    );
    // The form that came back works, whatever the case of the name and the spaces around it.
    flow.submit(&again, " ALICE ", "password123")
        .await
        .expect(303);
}

#[tokio::test]
async fn a_password_is_any_text() {
    let server = TestServer::with(|auth| auth.demo_user("zoë", "pässwörd +&=%20 🔑"));
    let mut flow = Flow::new(&server).await;
    flow.sign_in("zoë", "pässwörd").await.expect(401);
    flow.sign_in("zoë", "pässwörd +&=%20 🔑").await.expect(303);
}

#[tokio::test]
async fn item_98_and_99_the_login_answers_its_own_name_only() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let form = filled(&page.form(), "alice", "password123");
    let evil = [("host", "evil.test"), ("origin", "https://evil.test")];
    let reply = flow
        .browser
        .post_with(&page.form().action, &form, &evil)
        .await;
    assert!(matches!(reply.status, 403 | 421), "{reply:?}");
    let reply = server
        .send(Method::PUT, "/login", &[], "")
        .await
        .expect(405);
    assert!(
        reply.header("allow").is_some_and(|a| a.contains("POST")),
        "{reply:?}"
    );
}
