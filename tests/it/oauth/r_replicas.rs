//! Section R: several servers on one store.

use crate::support::flow::call;
use crate::support::{Database, Flow, Params, Setup, Tokens};

#[tokio::test]
async fn item_117_any_replica_serves_any_step() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    // Registered at A, authorized at A, the page at B, the password at A, the code at B, the refresh at A, the call at B.
    let mut at_a = Flow::new(&a).await;
    let request = at_a.request();
    let reply = at_a.authorize(&request).await.expect(302);
    let page = reply.header("location").expect("a page").to_owned();
    let mut at_b = at_a.at_server(&b);
    let page = at_b.browser.get(&page).await.expect(200).page();
    at_a.browser.cookies = at_b.browser.cookies.clone();
    let reply = at_a.submit(&page, "alice", "password123").await;
    let code = reply.answer("code").expect("a code");
    let tokens = Tokens::of(&at_b.token(&at_b.redemption(&code)).await);
    let tokens = Tokens::of(&at_a.refresh(&tokens.refresh).await);
    call(&b, &tokens.access, "whoami").await.expect(200);
    // The session that A began is one at B.
    at_b.browser.cookies = at_a.browser.cookies.clone();
    assert!(!at_b.login_page().await.asks_for_password());
}

#[test]
fn item_118_five_replicas_on_an_empty_store_agree_on_keys_and_users() {
    let database = Database::new();
    let setup = || {
        Setup::new()
            .on(&database)
            .var("PUBLIC_URL", "http://localhost:4444")
    };
    let servers: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..5).map(|_| scope.spawn(|| setup().start())).collect();
        starts
            .into_iter()
            .map(|start| start.join().expect("started"))
            .collect()
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut key_sets = Vec::new();
        for server in &servers {
            key_sets.push(server.get("/jwks").await.expect(200).body);
        }
        key_sets.dedup();
        assert_eq!(key_sets.len(), 1, "{key_sets:?}");
        let count = "SELECT CAST(COUNT(*) AS TEXT) FROM users";
        assert_eq!(database.column(count).await, ["2"]);
        // What one derives, another understands.
        let mut flow = Flow::new(&servers[0]).await;
        let tokens = flow.tokens().await;
        let there = flow.at_server(&servers[4]);
        let one = Tokens::of(&flow.refresh(&tokens.refresh).await);
        let two = Tokens::of(&there.refresh(&tokens.refresh).await);
        assert_eq!(one.refresh, two.refresh);
    });
}

#[tokio::test]
async fn item_88_fifty_revocations_on_two_replicas_end_a_grant_once() {
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut flow = Flow::new(&a).await;
    let tokens = flow.tokens().await;
    let form = flow.as_client(Params::of(&[("token", &tokens.refresh)]));
    let mut calls = Vec::new();
    for i in 0..50 {
        let door = [&a, &b][i % 2];
        let (door, form) = ((**door).clone(), form.clone());
        let refresh = flow.at_server(&door);
        let token = tokens.refresh.clone();
        calls.push(tokio::spawn(async move {
            // A refresh in between gets tokens that end with the rest, or none.
            if i % 10 == 0 {
                let reply = refresh.refresh(&token).await;
                assert!(matches!(reply.status, 200 | 400), "{reply:?}");
                return (reply.status == 200).then(|| Tokens::of(&reply));
            }
            door.form("/revoke", &[], &form).await.expect(200);
            None
        }));
    }
    let mut issued = vec![tokens];
    for call in calls {
        issued.extend(call.await.expect("no panic"));
    }
    let count = "SELECT CAST(COUNT(*) AS TEXT) FROM revocations";
    assert_eq!(database.column(count).await, ["1"]);
    for tokens in issued {
        flow.refresh(&tokens.refresh)
            .await
            .expect_error(400, "invalid_grant");
        call(&a, &tokens.access, "whoami").await.expect(401);
    }
}
