//! Users that the application keeps: what ends there, ends here.

use std::sync::{Arc, Mutex};

use mcp_runtime::auth::{Account, UserStore, UserStoreError};

use crate::support::jwt::claims;
use crate::support::process::run;
use crate::support::{Database, Flow, Setup, TestServer, Tokens, WEB};

/// A table with one row, which a test changes, and a switch that breaks it.
#[derive(Clone)]
struct Table(Arc<Mutex<Row>>);

#[derive(Clone)]
struct Row {
    id: String,
    email: &'static str,
    name: &'static str,
    /// Of the application's own scheme: the password backwards.
    hash: &'static str,
    locked: bool,
    removed: bool,
    down: bool,
}

impl Table {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Row {
            id: "7".into(),
            email: "ada@example.com",
            name: "Ada",
            hash: "drowssap",
            locked: false,
            removed: false,
            down: false,
        })))
    }

    fn change(&self, change: impl FnOnce(&mut Row)) {
        change(&mut self.0.lock().expect("not poisoned"));
    }

    fn find(&self, is: impl Fn(&Row) -> bool) -> Result<Option<Account>, UserStoreError> {
        let row = self.0.lock().expect("not poisoned").clone();
        if row.down {
            return Err("the table is away".into());
        }
        let found = Some(row).filter(|row| !row.removed && is(row));
        Ok(found.map(|row| Account::new(row.id, row.name, row.hash).disabled(row.locked)))
    }
}

impl UserStore for Table {
    async fn by_name(&self, name: &str) -> Result<Option<Account>, UserStoreError> {
        // As a database may compare: without regard to case and blanks.
        let name = name.replace(' ', "");
        self.find(|row| row.email.eq_ignore_ascii_case(&name))
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, UserStoreError> {
        self.find(|row| row.id == id)
    }

    fn verify(&self, hash: &str, password: &str) -> bool {
        hash.chars().rev().eq(password.chars())
    }

    fn decoy_hash(&self) -> String {
        "nobody".into()
    }
}

fn start() -> (Table, TestServer) {
    let table = Table::new();
    let server = Setup::without_users().auth(|auth| auth.users(table.clone()));
    (table.clone(), server.start())
}

async fn tokens(flow: &mut Flow) -> Tokens {
    let reply = flow.sign_in(" Ada@Example.com ", "password").await;
    let code = reply.answer("code").expect("a code");
    Tokens::of(&flow.token(&flow.redemption(&code)).await)
}

#[tokio::test]
async fn item_79_the_subject_is_the_applications_own_id() {
    let (table, server) = start();
    let mut flow = Flow::new(&server).await;
    let first = tokens(&mut flow).await;
    assert_eq!(claims(&first.access)["sub"], "7");
    let reply = crate::support::flow::call(&server, &first.access, "whoami").await;
    assert!(reply.expect(200).body.contains("Ada"));
    // Another name is no other user.
    table.change(|row| row.name = "Ada L.");
    let mut elsewhere = Flow::at(&server, WEB).await;
    let second = tokens(&mut elsewhere).await;
    assert_eq!(claims(&second.access)["sub"], "7");
    let page = elsewhere.login_page().await;
    assert!(page.text.contains("Ada L."), "{}", page.text);
    flow.refresh(&first.refresh).await.expect(200);
}

#[tokio::test]
async fn item_45_unknown_wrong_and_locked_look_alike_in_an_own_table_too() {
    let (table, server) = start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let unknown = flow.submit(&page, "eve@example.com", "password").await;
    let wrong = flow.submit(&page, "ada@example.com", "wrong").await;
    table.change(|row| row.locked = true);
    let locked = flow.submit(&page, "ada@example.com", "password").await;
    // Nor does the decoy open anything.
    let decoy = flow.submit(&page, "eve@example.com", "ydobon").await;
    for reply in [&unknown, &wrong, &locked, &decoy] {
        assert_eq!(reply.status, 401, "{reply:?}");
        assert_eq!(reply.body.len(), wrong.body.len());
    }
}

#[tokio::test]
async fn item_46_an_own_table_is_guarded_by_the_throttle() {
    let (_, server) = start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    for _ in 0..10 {
        flow.submit(&page, "ada@example.com", "wrong")
            .await
            .expect(401);
    }
    let reply = flow.submit(&page, "ADA@example.com", "password").await;
    reply.expect(429);
}

#[tokio::test]
async fn item_46_spellings_of_one_account_share_its_failures_and_do_not_tell() {
    let (_, server) = start();
    let mut flow = Flow::new(&server).await;
    let page = flow.login_page().await;
    let spelling =
        |name: &str, blanks: usize| name.replace('@', &format!("{}@", " ".repeat(blanks)));
    let mut outcomes = Vec::new();
    for name in ["ada@example.com", "eve@example.com"] {
        let mut seen = Vec::new();
        for i in 0..10 {
            let reply = flow.submit(&page, &spelling(name, i % 2), "wrong").await;
            seen.push(reply.status);
        }
        // A third spelling, with the right password, where there is one.
        let reply = flow.submit(&page, &spelling(name, 2), "password").await;
        seen.push(reply.status);
        outcomes.push((
            seen,
            reply.header("retry-after").is_some(),
            reply.body.len(),
        ));
    }
    assert_eq!(outcomes[0], outcomes[1], "whether there is an account");
    assert_eq!(outcomes[0].0, [401; 11]);
    // The window passes, and a success forgets what was counted.
    server
        .clock
        .advance(std::time::Duration::from_secs(5 * 60 + 1));
    for i in 0..9 {
        let name = spelling("ada@example.com", i % 2);
        flow.submit(&page, &name, "wrong").await.expect(401);
    }
    let third = spelling("ada@example.com", 2);
    flow.submit(&page, &third, "password").await.expect(303);
    let mut flow = flow.in_another_browser();
    let page = flow.login_page().await;
    for i in 0..2 {
        let name = spelling("ada@example.com", 3 + i);
        flow.submit(&page, &name, "wrong").await.expect(401);
    }
    flow.submit(&page, &third, "password").await.expect(303);
}

#[tokio::test]
async fn item_60_a_user_who_was_locked_in_an_own_table_gets_nothing() {
    let (table, server) = start();
    let mut flow = Flow::new(&server).await;
    let reply = flow.sign_in("ada@example.com", "password").await;
    let code = reply.answer("code").expect("a code");
    table.change(|row| row.locked = true);
    let redeemed = flow.token(&flow.redemption(&code)).await;
    redeemed.expect_error(400, "invalid_grant");
}

#[tokio::test]
async fn item_45_whom_the_operator_disabled_looks_like_a_wrong_password_in_an_own_table_too() {
    let (database, table) = (Database::new(), Table::new());
    let setup = Setup::without_users().on(&database);
    let server = setup.auth(|auth| auth.users(table.clone())).start();
    let mut flow = Flow::new(&server).await;
    let first = tokens(&mut flow).await;
    let disabled = run(&database, &["user", "disable", "7"]);
    assert!(disabled.status.success(), "{disabled:?}");
    let refreshed = flow.refresh(&first.refresh).await;
    refreshed.expect_error(400, "invalid_grant");
    let page = flow.login_page().await;
    let right = flow.submit(&page, "ada@example.com", "password").await;
    let wrong = flow.submit(&page, "ada@example.com", "wrong").await;
    assert_eq!((right.status, wrong.status), (401, 401), "{right:?}");
    assert_eq!(right.page().text, wrong.page().text);
    run(&database, &["user", "enable", "7"]);
    tokens(&mut flow).await;
}

#[tokio::test]
async fn item_78_it_ends_with_the_user_of_an_own_table() {
    for change in [
        (|row: &mut Row| row.locked = true) as fn(&mut Row),
        |row| row.removed = true,
        // A new password.
        |row| row.hash = "drowssap wen",
        // Another user under an id that was given twice is at least not the one who signed in.
        |row| row.id = "8".into(),
    ] {
        let (table, server) = start();
        let mut flow = Flow::new(&server).await;
        let tokens = tokens(&mut flow).await;
        assert!(!flow.login_page().await.asks_for_password());
        table.change(change);
        let refreshed = flow.refresh(&tokens.refresh).await;
        refreshed.expect_error(400, "invalid_grant");
        assert!(!flow.is_accepted(&tokens.access).await, "the family ends");
        assert!(flow.login_page().await.asks_for_password());
    }
}

#[tokio::test]
async fn item_69_an_own_table_that_is_away_spoils_no_credential() {
    let (table, server) = start();
    let mut flow = Flow::new(&server).await;
    let tokens = tokens(&mut flow).await;
    let reply = flow.in_another_browser();
    let mut stranger = reply;
    let page = stranger.login_page().await;
    table.change(|row| row.down = true);
    let refreshed = flow.refresh(&tokens.refresh).await.expect(503);
    assert!(refreshed.header("retry-after").is_some());
    let login = stranger.submit(&page, "ada@example.com", "password").await;
    assert!(login.expect(503).header("retry-after").is_some());
    table.change(|row| row.down = false);
    flow.refresh(&tokens.refresh).await.expect(200);
    stranger
        .submit(&page, "ada@example.com", "password")
        .await
        .expect(303);
}

#[tokio::test]
async fn item_105_of_a_password_elsewhere_the_store_keeps_a_digest() {
    let (database, table) = (Database::new(), Table::new());
    let server = Setup::without_users()
        .on(&database)
        .auth(|auth| auth.users(table.clone()))
        .start();
    let mut flow = Flow::new(&server).await;
    tokens(&mut flow).await;
    assert!(!database.holds("drowssap"));
    drop(server);
    // Where the table is no longer asked, whoever came from it is gone.
    let server = Setup::new().on(&database).start();
    let mut flow = flow.at_server(&server);
    assert!(flow.login_page().await.asks_for_password());
    let users = database.column("SELECT name_key FROM users").await;
    assert!(
        !users.iter().any(|key| key.contains("outside")),
        "{users:?}"
    );
}

#[test]
fn demo_users_beside_users_of_ones_own_do_not_start() {
    let said = Setup::new()
        .auth(|auth| auth.users(Table::new()))
        .expect_no_start();
    assert!(said.contains("demo_user"), "{said}");
}

#[tokio::test]
async fn item_79_no_user_has_the_id_of_a_client() {
    for id in ["client_x", "https://app.test/c.json", "", "a b", "ü"] {
        let (table, server) = start();
        table.change(|row| row.id = id.into());
        let mut flow = Flow::new(&server).await;
        let reply = flow.sign_in("ada@example.com", "password").await;
        assert_eq!(reply.status, 503, "{id}: {reply:?}");
    }
}
