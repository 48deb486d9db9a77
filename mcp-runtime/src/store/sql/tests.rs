//! Several processes on one store: each here has connections of its own, on threads of their own, as a process has.
//!
//! The store is a file; with `TEST_POSTGRES` set to the URL of a server, a database there (`cargo xtask test postgres`).

use std::path::PathBuf;
use std::sync::Arc;

use super::Sql;
use super::database::{Arg, Database};
use crate::settings::Settings;
use crate::store::{
    Approval, ClientRecord, Clients, CodeRecord, Flow, Grant, Grants, Kept, KeyRecord, Keys, Proof,
    Redeemed, RefreshRecord, Retry, Rotated, Transaction, UserRecord, Users, Waiting,
};

impl Sql {
    /// Everything in every table, as text.
    pub(crate) async fn dump(&self) -> String {
        let columns = "SELECT m.name AS t, c.name AS c FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
            WHERE m.type = 'table'";
        let columns = self.database.rows(columns, &[]).await.expect("tables");
        let mut text = String::new();
        for row in columns {
            let get = |column| row.get::<String>(column).expect("a name");
            let (table, column) = (get("t"), get("c"));
            let sql = format!("SELECT CAST({column} AS TEXT) AS v FROM {table}").leak();
            for row in self.database.rows(sql, &[]).await.expect("rows") {
                text += &row
                    .get::<Option<String>>("v")
                    .expect("text")
                    .unwrap_or_default();
                text.push('\n');
            }
        }
        text
    }

    async fn execute(&self, sql: &'static str, args: &[Arg<'_>]) {
        self.database.run(sql, args).await.expect(sql);
    }
}

/// A store that is nobody's yet.
enum Place {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres {
        server: String,
        name: String,
    },
}

impl Place {
    async fn new() -> Self {
        let name = format!("mcp_store_{:x}", rand::random::<u64>());
        #[cfg(feature = "postgres")]
        if let Ok(server) = std::env::var("TEST_POSTGRES") {
            postgres(&server, &format!("CREATE DATABASE {name}")).await;
            return Self::Postgres { server, name };
        }
        Self::File(std::env::temp_dir().join(name))
    }

    fn url(&self) -> String {
        match self {
            Self::File(directory) => format!("sqlite:{}", directory.join("auth.db").display()),
            #[cfg(feature = "postgres")]
            Self::Postgres { server, name } => format!("{server}/{name}"),
        }
    }

    async fn open(&self) -> Result<Arc<Sql>, String> {
        let url = self.url();
        let settings = Settings::from_vars(|name| (name == "DATABASE_URL").then(|| url.clone()));
        let settings = settings.map_err(|e| e.to_string())?;
        Sql::open(&settings, "x")
            .await
            .map(Arc::new)
            .map_err(|e| e.to_string())
    }
}

/// Has the server do something beside the stores.
#[cfg(feature = "postgres")]
async fn postgres(server: &str, sql: &str) {
    use sqlx::Connection as _;
    let url = format!("{server}/postgres");
    let mut connection = sqlx::PgConnection::connect(&url).await.expect("a server");
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql)
        .execute(&mut connection)
        .await
        .expect("done");
}

impl Drop for Place {
    fn drop(&mut self) {
        match self {
            Self::File(directory) => drop(std::fs::remove_dir_all(directory)),
            // It goes with the server that the test run started.
            #[cfg(feature = "postgres")]
            Self::Postgres { .. } => {}
        }
    }
}

fn refresh(digest: &str, generation: i64) -> RefreshRecord {
    RefreshRecord {
        digest: digest.into(),
        grant_id: "g".into(),
        generation,
        expires_at: 1000,
        used_at: None,
    }
}

/// A grant, and its code: `c` and the grant's id.
fn grant_and_code(id: &str) -> (Grant, CodeRecord) {
    let grant = Grant {
        id: id.into(),
        user_id: "u".into(),
        client_id: "k".into(),
        redirect_uri: "https://c.test/cb".into(),
        resource: "r".into(),
        scope: "read".into(),
        created_at: 0,
        expires_at: 1000,
        key: None,
    };
    let code = CodeRecord {
        digest: format!("c{id}"),
        grant_id: id.into(),
        challenge: "x".into(),
        redirect_uri: None,
        expires_at: 1000,
    };
    (grant, code)
}

/// A user, a client and an approved code `cg`.
async fn approved(store: &Sql) {
    let user = UserRecord {
        id: "u".into(),
        name: "alice".into(),
        name_key: "alice".into(),
        password: "x".into(),
        demo: None,
        disabled: false,
        created_at: 0,
    };
    let client = ClientRecord {
        id: "k".into(),
        secret: None,
        metadata: "{}".into(),
        created_at: 0,
    };
    let transaction = Transaction {
        handle: "t".into(),
        browser: "b".into(),
        request: "{}".into(),
        expires_at: 1000,
        origin: "o".into(),
    };
    let (grant, code) = grant_and_code("g");
    assert!(store.add_user(&user).await.expect("a verb"));
    assert!(
        !store.add_user(&user).await.expect("a verb"),
        "the name is taken"
    );
    assert!(store.add_client(&client, 1).await.expect("a verb"));
    let second = ClientRecord {
        id: "k2".into(),
        ..client
    };
    store
        .execute("UPDATE clients SET last_used_at = 1", &[])
        .await;
    assert!(
        !store.add_client(&second, 1).await.expect("a verb"),
        "the cap"
    );
    let most = |in_all, per_origin| Waiting { in_all, per_origin };
    let kept = store.put_transaction(&transaction, most(1, 1), 0).await;
    assert_eq!(kept.expect("a verb"), Kept::Yes);
    let mut other = Transaction {
        handle: "t2".into(),
        ..transaction
    };
    let kept = store.put_transaction(&other, most(9, 1), 0).await;
    assert_eq!(kept.expect("a verb"), Kept::FullHere);
    other.origin = "o2".into();
    let kept = store.put_transaction(&other, most(1, 1), 0).await;
    assert_eq!(kept.expect("a verb"), Kept::Full);
    let approval = || Approval {
        client_face: "face",
        handle: "t",
        grant: &grant,
        code: &code,
        by: Proof::Password(&user.password),
        session: None,
    };
    for by in [Proof::Password("another"), Proof::Session("none")] {
        let unproven = Approval { by, ..approval() };
        let done = store.approve(unproven, 1).await.expect("a verb");
        assert!(!done, "{by:?} does not hold");
    }
    assert!(store.approve(approval(), 1).await.expect("a verb"));
    assert!(
        !store.approve(approval(), 1).await.expect("a verb"),
        "answered once"
    );
}

#[tokio::test]
async fn items_56_75_one_winner_over_two_processes() {
    let place = Place::new().await;
    let (a, b) = (
        place.open().await.expect("a"),
        place.open().await.expect("b"),
    );
    approved(&a).await;
    let race = async |of: fn(Arc<Sql>) -> tokio::task::JoinHandle<bool>| {
        let all: Vec<_> = (0..40)
            .map(|i| of(if i % 2 == 0 { a.clone() } else { b.clone() }))
            .collect();
        let mut won = 0;
        for task in all {
            won += usize::from(task.await.expect("no panic"));
        }
        won
    };
    // The losers' replays revoke the grant, so what the winner got is looked at afterwards.
    let won = race(|store| {
        tokio::spawn(async move {
            let first = refresh("r1", 1);
            store
                .redeem_code("cg", Some(&first), None, 1, 2000)
                .await
                .expect("a verb")
                == Redeemed::Yes
        })
    });
    assert_eq!(won.await, 1);
    assert!(!a.grant_lives("g", 1).await.expect("a verb"));
    assert_eq!(b.revocations(0, 1).await.expect("a verb").len(), 1);

    let place = Place::new().await;
    let (a, b) = (
        place.open().await.expect("a"),
        place.open().await.expect("b"),
    );
    approved(&a).await;
    let first = refresh("r1", 1);
    assert_eq!(
        b.redeem_code("cg", Some(&first), None, 1, 2000)
            .await
            .expect("a verb"),
        Redeemed::Yes
    );
    let race = (0..40).map(|i| {
        let store = if i % 2 == 0 { a.clone() } else { b.clone() };
        tokio::spawn(async move {
            let (next, retry) = (
                refresh("r2", 2),
                Retry {
                    window: 100,
                    times: 100,
                },
            );
            store
                .rotate_refresh("r1", &next, retry, None, 2, 2000)
                .await
                .expect("a verb")
        })
    });
    let mut outcomes = Vec::new();
    for task in race.collect::<Vec<_>>() {
        outcomes.push(task.await.expect("no panic"));
    }
    assert_eq!(outcomes.iter().filter(|o| **o == Rotated::Yes).count(), 1);
    assert_eq!(
        outcomes.iter().filter(|o| **o == Rotated::Again).count(),
        39
    );
    assert!(a.grant_lives("g", 3).await.expect("a verb"));
}

#[tokio::test]
async fn item_118_five_processes_start_on_an_empty_store() {
    let place = Arc::new(Place::new().await);
    let starts: Vec<_> = (0..5)
        .map(|i| {
            let place = place.clone();
            tokio::spawn(async move {
                let store = place.open().await.expect("opened");
                let key = KeyRecord {
                    id: format!("key{i}"),
                    purpose: "sign".into(),
                    generation: 1,
                    secret: "x".into(),
                    active_from: 0,
                    expires_at: None,
                };
                store.put_key_if_absent(&key).await.expect("a verb");
                store.keys("sign", 1).await.expect("a verb").remove(0).id
            })
        })
        .collect();
    let mut seen = Vec::new();
    for start in starts {
        seen.push(start.await.expect("no panic"));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn item_108_foreign_and_newer_stores_are_refused() {
    let place = Place::new().await;
    let store = place.open().await.expect("opened");
    match &store.database {
        Database::Sqlite(_) => store.execute("PRAGMA user_version = 99", &[]).await,
        #[cfg(feature = "postgres")]
        Database::Postgres(_) => {
            store
                .execute("UPDATE mcp_schema SET version = 99", &[])
                .await
        }
    }
    let told = place.open().await.expect_err("refused");
    assert!(told.contains("a newer release"), "{told}");
    match &store.database {
        Database::Sqlite(_) => store.execute("PRAGMA application_id = 7", &[]).await,
        #[cfg(feature = "postgres")]
        Database::Postgres(_) => store.execute("DROP TABLE mcp_schema", &[]).await,
    }
    let told = place.open().await.expect_err("refused");
    assert!(told.contains("another program"), "{told}");
}

#[tokio::test]
async fn item_108_a_file_that_is_no_database_is_refused() {
    let place = Place::File(std::env::temp_dir().join(format!("mcp-{:x}", rand::random::<u64>())));
    drop(place.open().await.expect("opened"));
    let notes = "not a database at all, but long enough to be read";
    #[cfg_attr(not(feature = "postgres"), allow(irrefutable_let_patterns))]
    if let Place::File(directory) = &place {
        std::fs::write(directory.join("auth.db"), notes).expect("written");
    }
    assert!(place.open().await.is_err());
}

#[tokio::test]
async fn what_holds_a_nul_is_found_nowhere() {
    let place = Place::new().await;
    let store = place.open().await.expect("opened");
    approved(&store).await;
    assert!(
        store
            .user_by_name("ali\0ce")
            .await
            .expect("a verb")
            .is_none()
    );
    assert!(store.client("k\0").await.expect("a verb").is_none());
}

/// The approval rests on a password that is changed in the same moment: either it comes first and is ended, or it is
/// refused. On an engine that lets both run side by side, neither must overlook the other.
#[tokio::test]
async fn item_78_no_approval_outlives_the_password_that_it_rests_on() {
    let place = Place::new().await;
    let (a, b) = (
        place.open().await.expect("a"),
        place.open().await.expect("b"),
    );
    approved(&a).await;
    for round in 0..25 {
        let user = a.user_by_id("u").await.expect("a verb").expect("a user");
        let id = format!("g{round}");
        let transaction = Transaction {
            handle: id.clone(),
            browser: "b".into(),
            request: "{}".into(),
            expires_at: 1000,
            origin: "o".into(),
        };
        let most = Waiting {
            in_all: 99,
            per_origin: 99,
        };
        let kept = a.put_transaction(&transaction, most, 0).await;
        assert_eq!(kept.expect("a verb"), Kept::Yes);
        let approve = tokio::spawn({
            let (store, id, hash) = (a.clone(), id.clone(), user.password.clone());
            async move {
                let (grant, code) = grant_and_code(&id);
                let approval = Approval {
                    client_face: "face",
                    handle: &id,
                    grant: &grant,
                    code: &code,
                    by: Proof::Password(&hash),
                    session: None,
                };
                store.approve(approval, 1).await.expect("a verb")
            }
        });
        let change = b.change_password(&user, &id, None, 1, 2000);
        assert!(change.await.expect("a verb"));
        let approved = approve.await.expect("no panic");
        let lives = a.grant_lives(&id, 1).await.expect("a verb");
        assert!(!lives, "round {round}: approved {approved}, and lives on");
    }
}

#[tokio::test]
async fn of_many_who_end_or_answer_a_task_one_does() {
    use crate::dispatch::{Bounds, Created, End, NewTask, Status, TaskKey, TaskRecords};
    let place = Place::new().await;
    let store = place.open().await.expect("a store");
    let bounds = Bounds {
        running: 2,
        ended: 2,
        total: 4,
    };
    let task = |id: &str, caller: &str, now| NewTask {
        key: TaskKey::of(id),
        caller: caller.into(),
        runner: "r".into(),
        created_at: now,
        ttl_ms: 1_000,
    };
    let create = async |id: &str, caller: &str, now| {
        let created = store.create(&task(id, caller, now), bounds).await;
        created.expect("a verb")
    };
    assert_eq!(create("a", "alice", 0).await, Created::Done);
    let key = TaskKey::of("a");
    let mut news = crate::extract::News::default();
    news.asked
        .insert("q".into(), serde_json::json!({ "method": "m" }));
    store.tell(&key, &news, 1).await.expect("a verb");

    let mut answers = Vec::new();
    let mut ends = Vec::new();
    for n in 0..8 {
        let key = key.clone();
        let store = place.open().await.expect("a store");
        answers.push(tokio::spawn(async move {
            let answer = [("q".to_owned(), n.into()), ("unasked".to_owned(), n.into())];
            let taken = store.answer(&key, answer.into(), 2).await;
            taken.expect("a verb").len()
        }));
    }
    let mut taken = 0;
    for answer in answers {
        taken += answer.await.expect("no panic");
    }
    assert_eq!(taken, 1, "one answer to one question");
    let signals = store.signals("r").await.expect("a verb");
    assert_eq!((signals.answers.len(), signals.ended.len()), (1, 0));
    let signals = store.signals("r").await.expect("a verb");
    assert_eq!(signals.answers.len(), 0, "told once");

    for n in 0..8 {
        let key = key.clone();
        let store = place.open().await.expect("a store");
        ends.push(tokio::spawn(async move {
            let end = End {
                status: if n % 2 == 0 {
                    Status::Completed
                } else {
                    Status::Cancelled
                },
                message: None,
                outcome: Some("{}".into()),
            };
            store.end(&key, &end, 500, 700).await.expect("a verb")
        }));
    }
    let mut won = 0;
    for end in ends {
        won += usize::from(end.await.expect("no panic"));
    }
    assert_eq!(won, 1, "it ends once");
    let find = async |id: &str, caller, now| {
        let key = TaskKey::of(id);
        store.find(&key, caller, now, 700).await.expect("a verb")
    };
    let found = find("a", "alice", 1_199)
        .await
        .expect("kept for 700 ms after its end");
    assert_eq!((found.ttl_ms, found.asked.len()), (1_200, 0));
    assert!(find("a", "alice", 1_200).await.is_none() && find("a", "bob", 2).await.is_none());

    // The bounds: of one caller, of ended ones, and altogether.
    assert_eq!(create("b", "alice", 600).await, Created::Done);
    assert_eq!(create("c", "alice", 600).await, Created::Done);
    assert_eq!(create("d", "alice", 600).await, Created::TooManyRunning);
    assert_eq!(create("d", "bob", 600).await, Created::Done);
    assert_eq!(create("e", "bob", 600).await, Created::Full);
    // Whose runner is silent has failed, and is no longer in the way.
    let missed = find("b", "alice", 600 + 30_000).await.expect("still there");
    assert_eq!(
        (missed.status, missed.outcome.is_some()),
        (Status::Failed, true)
    );
    let renewed = store.renew("r", 600 + 30_000).await;
    renewed.expect("a verb");
    let alive = find("c", "alice", 600 + 30_001).await.expect("there");
    assert_eq!(alive.status, Status::Working);
    store.abandon("r", 40_000, 700).await.expect("a verb");
    let gone = find("c", "alice", 40_001).await.expect("there");
    assert_eq!(gone.status, Status::Failed);
}

#[tokio::test]
async fn item_15_registrations_at_the_cap_make_room_one_for_one_and_for_nobody_in_use() {
    let place = Place::new().await;
    let (a, b) = (
        place.open().await.expect("a"),
        place.open().await.expect("b"),
    );
    let client = |id: String, created_at| ClientRecord {
        id,
        secret: None,
        metadata: "{}".into(),
        created_at,
    };
    for i in 0..20 {
        let old = client(format!("old{i}"), i);
        assert!(a.add_client(&old, 20).await.expect("a verb"));
    }
    a.execute("UPDATE clients SET last_used_at = 1 WHERE id = 'old0'", &[])
        .await;
    let at_once: Vec<_> = (0..8)
        .map(|i| {
            let store = if i % 2 == 0 { a.clone() } else { b.clone() };
            let new = client(format!("new{i}"), 100 + i);
            tokio::spawn(async move { store.add_client(&new, 20).await.expect("a verb") })
        })
        .collect();
    for added in at_once {
        assert!(added.await.expect("no panic"));
    }
    let left = a.database.rows("SELECT id FROM clients", &[]).await;
    let left: Vec<String> = left
        .expect("rows")
        .iter()
        .map(|row| row.get("id").expect("an id"))
        .collect();
    assert_eq!(left.len(), 20, "{left:?}");
    // The eight oldest that nobody used are gone, and nobody else is.
    for i in 0..20 {
        let there = left.contains(&format!("old{i}"));
        assert_eq!(there, !(1..=8).contains(&i), "old{i}");
    }
}

#[tokio::test]
async fn tasks_are_bounded_by_user_whatever_the_client() {
    use crate::dispatch::{Bounds, Created, End, InMemory, NewTask, Status, TaskKey, TaskRecords};
    let in_memory: Arc<dyn TaskRecords> = Arc::new(InMemory::default());
    let place = Place::new().await;
    let store: Arc<dyn TaskRecords> = place.open().await.expect("opened");
    for records in [in_memory, store] {
        let create = async |id: &str, caller: &str| {
            let task = NewTask {
                key: TaskKey::of(id),
                caller: caller.into(),
                runner: "r".into(),
                created_at: 1,
                ttl_ms: 1_000,
            };
            let bounds = Bounds {
                running: 2,
                ended: 2,
                total: 100,
            };
            records.create(&task, bounds).await.expect("a verb")
        };
        let ended = End {
            status: Status::Completed,
            message: None,
            outcome: None,
        };
        let there = async |id: &str, caller: &str| {
            let found = records.find(&TaskKey::of(id), caller, 3, 1_000).await;
            found.expect("a verb").is_some()
        };
        // A client more is no room more; what begins with the same letters is somebody else.
        assert_eq!(create("a", "5 alice one").await, Created::Done);
        assert_eq!(create("b", "5 alice two").await, Created::Done);
        assert_eq!(create("c", "5 alice three").await, Created::TooManyRunning);
        assert_eq!(create("c", "11 alice three ").await, Created::Done);
        for (i, (id, caller)) in [("a", "5 alice one"), ("b", "5 alice two")]
            .into_iter()
            .enumerate()
        {
            let at = 2 + i64::try_from(i).expect("small");
            let done = records.end(&TaskKey::of(id), &ended, at, 1_000).await;
            assert!(done.expect("a verb") && there(id, caller).await);
        }
        // Nor do ended ones pile up for each client.
        assert_eq!(create("d", "5 alice three").await, Created::Done);
        assert!(!there("a", "5 alice one").await, "the oldest goes");
        assert!(there("b", "5 alice two").await);
    }
}
