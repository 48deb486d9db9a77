//! Several processes on one file: each store here has connections of its own, on threads of their own, as a process has.

use std::path::PathBuf;
use std::sync::Arc;

use super::Sqlite;
use crate::settings::Settings;
use crate::store::{
    Approval, ClientRecord, Clients, CodeRecord, Flow, Grant, Grants, Kept, KeyRecord, Keys, Proof,
    Redeemed, RefreshRecord, Retry, Rotated, Transaction, UserRecord, Users, Waiting,
};

struct File(PathBuf);

impl File {
    fn new() -> Self {
        let name = format!("mcp-sqlite-{:x}", rand::random::<u64>());
        Self(std::env::temp_dir().join(name))
    }

    async fn open(&self) -> Result<Arc<Sqlite>, String> {
        let url = format!("sqlite:{}", self.0.join("auth.db").display());
        let settings = Settings::from_vars(|name| (name == "DATABASE_URL").then(|| url.clone()));
        let settings = settings.map_err(|e| e.to_string())?;
        Sqlite::open(&settings, "x")
            .await
            .map(Arc::new)
            .map_err(|e| e.to_string())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _best_effort = std::fs::remove_dir_all(&self.0);
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

/// A user, a client and an approved code `c`.
async fn approved(store: &Sqlite) {
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
    let grant = Grant {
        id: "g".into(),
        user_id: "u".into(),
        client_id: "k".into(),
        redirect_uri: "https://c.test/cb".into(),
        resource: "r".into(),
        scope: "read".into(),
        created_at: 0,
        expires_at: 1000,
    };
    let code = CodeRecord {
        digest: "c".into(),
        grant_id: "g".into(),
        challenge: "x".into(),
        redirect_uri: None,
        expires_at: 1000,
    };
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
    let file = File::new();
    let (a, b) = (file.open().await.expect("a"), file.open().await.expect("b"));
    approved(&a).await;
    let race = async |of: fn(Arc<Sqlite>) -> tokio::task::JoinHandle<bool>| {
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
                .redeem_code("c", Some(&first), 1, 2000)
                .await
                .expect("a verb")
                == Redeemed::Yes
        })
    });
    assert_eq!(won.await, 1);
    assert!(!a.grant_lives("g", 1).await.expect("a verb"));
    assert_eq!(b.revocations(1).await.expect("a verb").len(), 1);

    let file = File::new();
    let (a, b) = (file.open().await.expect("a"), file.open().await.expect("b"));
    approved(&a).await;
    let first = refresh("r1", 1);
    assert_eq!(
        b.redeem_code("c", Some(&first), 1, 2000)
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
                .rotate_refresh("r1", &next, retry, 2, 2000)
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
async fn item_118_five_processes_start_on_an_empty_file() {
    let file = Arc::new(File::new());
    let starts: Vec<_> = (0..5)
        .map(|i| {
            let file = file.clone();
            tokio::spawn(async move {
                let store = file.open().await.expect("opened");
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
async fn item_108_foreign_and_newer_files_are_refused() {
    let file = File::new();
    let store = file.open().await.expect("opened");
    sqlx::raw_sql("PRAGMA user_version = 99")
        .execute(&store.pool)
        .await
        .expect("set");
    assert!(
        file.open()
            .await
            .expect_err("refused")
            .contains("a newer release")
    );
    sqlx::raw_sql("PRAGMA application_id = 7")
        .execute(&store.pool)
        .await
        .expect("set");
    assert!(
        file.open()
            .await
            .expect_err("refused")
            .contains("another program")
    );
    drop(store);
    std::fs::write(
        file.0.join("auth.db"),
        "not a database at all, but long enough to be read",
    )
    .expect("written");
    assert!(file.open().await.is_err());
}
