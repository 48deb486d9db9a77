//! Section E: guessing passwords, and what the answers give away. The costs themselves (hashing, queue) are measured
//! by the benchmark run; here stands the mechanism.

use mcp_runtime::Auth;

use crate::support::browser::filled;
use crate::support::{Database, Flow, Page, Reply, Setup, TestServer, Tokens};

async fn attempt(flow: &mut Flow, page: &Page, user: &str, password: &str) -> Reply {
    let form = page.form();
    flow.browser
        .post(&form.action, &filled(&form, user, password))
        .await
}

#[tokio::test]
async fn item_45_unknown_wrong_and_disabled_look_alike() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    database
        .execute("UPDATE users SET disabled = 1 WHERE name = 'bob'")
        .await;
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    // Names of one length, so that the form that keeps them has one length too.
    let unknown = attempt(&mut flow, &page, "nobdy", "hunter2")
        .await
        .expect(401);
    let wrong = attempt(&mut flow, &page, "alice", "hunter2")
        .await
        .expect(401);
    let disabled = attempt(&mut flow, &page, "bob  ", "hunter2")
        .await
        .expect(401);
    let look = |reply: &Reply| {
        let mut names: Vec<_> = reply.headers.keys().map(|n| n.to_string()).collect();
        names.sort();
        let page = reply.page();
        let shape = page.shape().join(" ");
        (reply.body.len(), names, shape)
    };
    assert_eq!(look(&unknown), look(&wrong));
    assert_eq!(look(&disabled), look(&wrong));
    let text = |r: &Reply, name: &str| r.page().text.replace(name, "");
    assert_eq!(text(&unknown, "nobdy"), text(&wrong, "alice"));
}

#[tokio::test]
async fn item_46_the_eleventh_failure_has_to_wait_cve_2026_45364() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for i in 0..10 {
        // Spellings of one account are one account.
        let name = ["alice", "ALICE", " Alice "][i % 3];
        attempt(&mut flow, &page, name, &format!("guess {i}"))
            .await
            .expect(401);
    }
    let stopped = attempt(&mut flow, &page, "alice", "guess 11")
        .await
        .expect(429);
    let wait: u64 = stopped
        .header("retry-after")
        .and_then(|s| s.parse().ok())
        .expect("seconds");
    assert!((1..=900).contains(&wait), "{wait}");
    // The right password does not tell itself apart while the wait lasts, nor does a claimed other address help.
    attempt(&mut flow, &page, "alice", "password123")
        .await
        .expect(429);
    let form = filled(&page.form(), "alice", "password123");
    for header in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        let headers = [("origin", server.base.as_str()), (header, "203.0.113.9")];
        flow.browser
            .post_with(&page.form().action, &form, &headers)
            .await
            .expect(429);
    }
    // It is a delay and no lock.
    server
        .clock
        .advance(std::time::Duration::from_secs(wait + 1));
    attempt(&mut flow, &page, "alice", "password123")
        .await
        .expect(303);
}

#[tokio::test]
async fn item_46_one_account_under_attack_holds_up_no_other() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for i in 0..11 {
        attempt(&mut flow, &page, "alice", &format!("guess {i}")).await;
    }
    attempt(&mut flow, &page, "alice", "x").await.expect(429);
    attempt(&mut flow, &page, "bob", "hunter2")
        .await
        .expect(303);
}

#[tokio::test]
async fn item_46_a_success_clears_the_account() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    for _ in 0..3 {
        let page = flow
            .login_page_of(&flow.request().and("prompt", "login"))
            .await;
        for i in 0..6 {
            attempt(&mut flow, &page, "alice", &format!("guess {i}"))
                .await
                .expect(401);
        }
        attempt(&mut flow, &page, "alice", "password123")
            .await
            .expect(303);
    }
}

#[tokio::test]
async fn item_119_failures_are_counted_across_replicas() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut at_a = Flow::new(&a).await;
    let page = at_a.login_page().await;
    let mut at_b = at_a.at_server(&b);
    for i in 0..5 {
        attempt(&mut at_a, &page, "alice", &format!("guess {i}"))
            .await
            .expect(401);
        attempt(&mut at_b, &page, "alice", &format!("guess {i}"))
            .await
            .expect(401);
    }
    attempt(&mut at_a, &page, "alice", "x").await.expect(429);
    attempt(&mut at_b, &page, "alice", "x").await.expect(429);
}

#[tokio::test]
async fn item_47_a_password_beyond_1024_bytes_is_refused_unhashed() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    // Were it hashed, it would be wrong: 401.
    attempt(&mut flow, &page, "alice", &"x".repeat(1025))
        .await
        .expect(400);
    attempt(&mut flow, &page, "alice", &"x".repeat(1024))
        .await
        .expect(401);
}

#[tokio::test]
async fn item_47_a_flood_of_logins_leaves_other_requests_alone() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let (action, browser) = (page.form().action, flow.browser.clone());
    let mut guesses = Vec::new();
    for i in 0..96 {
        let (action, mut browser) = (action.clone(), browser.clone());
        let form = filled(&page.form(), &format!("user-{i}"), "guess");
        guesses.push(tokio::spawn(
            async move { browser.post(&action, &form).await },
        ));
    }
    // Answered while they wait for their turns.
    server.get("/health").await.expect(200);
    let (mut wrong, mut busy) = (0, 0);
    for guess in guesses {
        let reply = guess.await.expect("no panic");
        match reply.status {
            401 => wrong += 1,
            503 => {
                assert!(reply.header("retry-after").is_some(), "{reply:?}");
                busy += 1;
            }
            _ => panic!("{reply:?}"),
        }
    }
    assert_eq!(wrong + busy, 96);
    assert!(wrong >= 1);
}

#[tokio::test]
async fn item_115_sixty_users_behind_one_address_are_not_held_up() {
    let name = |i: i32| format!("user-{i}");
    let with_users = |auth| (0..60).fold(auth, |auth: Auth, i| auth.demo_user(name(i), "password"));
    let server = Setup::without_users().auth(with_users).start();
    let mut users = Vec::new();
    for i in 0..60 {
        let door = (*server).clone();
        users.push(tokio::spawn(async move {
            let mut flow = Flow::new(&door).await;
            let redirect = flow.sign_in(&name(i), "password").await;
            let code = redirect.answer("code").expect("a code");
            let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
            flow.refresh(&tokens.refresh).await.expect(200);
        }));
    }
    for user in users {
        user.await.expect("served");
    }
}

/// Fails to sign in, through a proxy that says so.
async fn fail_from(flow: &mut Flow, page: &Page, forwarded: (&str, &str)) -> u16 {
    let base = flow.door.base.clone();
    let form = filled(&page.form(), "alice", "a guess");
    let headers = [("origin", base.as_str()), forwarded];
    let reply = flow
        .browser
        .post_with(&page.form().action, &form, &headers)
        .await;
    reply.status
}

#[tokio::test]
async fn item_101_a_spoofed_forwarded_header_moves_no_counter() {
    let server = Setup::new().var("TRUSTED_PROXIES", "10.0.0.0/8").start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for i in 0..10 {
        let spoofed = format!("203.0.113.{i}");
        let forwarded = ("x-forwarded-for", spoofed.as_str());
        assert_eq!(fail_from(&mut flow, &page, forwarded).await, 401);
    }
    let spoofed = ("forwarded", "for=203.0.113.99");
    assert_eq!(fail_from(&mut flow, &page, spoofed).await, 429);
}

#[tokio::test]
async fn item_101_behind_a_trusted_proxy_callers_are_counted_apart() {
    let server = Setup::new()
        .var("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
        .start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for i in 0..10 {
        // What stands left of the address that our proxy saw is the caller's invention.
        let chain = format!("198.51.100.{i}, 203.0.113.7, 10.1.1.1");
        let forwarded = ("x-forwarded-for", chain.as_str());
        assert_eq!(fail_from(&mut flow, &page, forwarded).await, 401);
    }
    for (forwarded, status) in [
        (("x-forwarded-for", "203.0.113.7"), 429),
        (("forwarded", "for=203.0.113.7;proto=https"), 429),
        (("x-forwarded-for", "203.0.113.8"), 401),
        (("forwarded", "for=\"203.0.113.8:4711\""), 401),
    ] {
        assert_eq!(
            fail_from(&mut flow, &page, forwarded).await,
            status,
            "{forwarded:?}"
        );
    }
}
