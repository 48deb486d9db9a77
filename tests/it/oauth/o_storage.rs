//! Section O: what lies in the store, who can read it, and who may write to it.

use argon2::{Argon2, PasswordHasher as _};

use crate::support::{Database, Flow, Setup, Tokens};

#[tokio::test]
async fn item_105_nothing_in_the_store_opens_a_door() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::confidential(&server, "client_secret_post").await;
    let request = flow.request().set("scope", "read");
    let waiting = flow.login_page_of(&request).await;
    let unused = flow.code_of(&request).await;
    let code = flow.code_of(&request).await;
    let first = Tokens::of(&flow.token(&flow.redemption(&code)).await);
    let second = Tokens::of(&flow.refresh(&first.refresh).await);
    let again = Tokens::of(&flow.refresh(&first.refresh).await);
    flow.sign_in("alice", "my wrong password").await;

    let mut secrets = vec![
        unused,
        code,
        first.refresh,
        second.refresh,
        again.refresh,
        first.access.clone(),
        first
            .access
            .rsplit('.')
            .next()
            .expect("a signature")
            .to_owned(),
        second.access,
        flow.secret.clone().expect("a secret"),
        flow.verifier.clone(),
        "password123".into(),
        "hunter2".into(),
        "my wrong password".into(),
    ];
    secrets.extend(flow.browser.cookies.values().cloned());
    let hidden = waiting
        .form()
        .fields
        .into_iter()
        .filter(|f| f.kind == "hidden");
    secrets.extend(hidden.map(|f| f.value).filter(|v| v.len() > 20));
    assert!(secrets.len() > 15, "{}", secrets.len());
    for secret in &secrets {
        assert!(!database.holds(secret), "the store holds {secret}");
    }
    // The search itself finds what is there.
    assert!(database.holds(&flow.client_id));
}

#[tokio::test]
async fn item_106_passwords_are_argon2id_at_the_floor_or_above() {
    let database = Database::new();
    let _server = Setup::new().on(&database).start();
    let hashes = database.column("SELECT password FROM users").await;
    assert_eq!(hashes.len(), 2);
    for hash in &hashes {
        let params = hash
            .strip_prefix("$argon2id$v=19$")
            .unwrap_or_else(|| panic!("{hash}"));
        let params = params.split('$').next().expect("parameters");
        let get = |name: &str| -> u32 {
            let value = params.split(',').find_map(|p| p.strip_prefix(name));
            value.and_then(|v| v.parse().ok()).expect("a number")
        };
        assert!(
            get("m=") >= 19_456 && get("t=") >= 2 && get("p=") >= 1,
            "{hash}"
        );
    }
    assert_ne!(hashes[0].rsplit('$').next(), hashes[1].rsplit('$').next());
}

#[tokio::test]
async fn item_106_a_weak_hash_is_strengthened_at_login() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let params = argon2::Params::new(1024, 1, 1, None).expect("parameters");
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let weak = argon2
        .hash_password(b"password123")
        .expect("hashed")
        .to_string();
    let sql = "UPDATE users SET password = $1 WHERE name = 'alice'";
    assert_eq!(database.execute_with(sql, &[&weak]).await, 1);

    let mut flow = Flow::new(&server).await;
    flow.sign_in("alice", "wrong").await.expect(401);
    assert!(database.holds(&weak));
    flow.sign_in("alice", "password123").await.expect(303);
    let hash = database
        .column("SELECT password FROM users WHERE name = 'alice'")
        .await;
    assert!(hash[0].contains("m=19456"), "{hash:?}");
    flow.browser = server.browser();
    flow.sign_in("alice", "password123").await.expect(303);
    // One that is strong enough is left alone.
    assert_eq!(
        database
            .column("SELECT password FROM users WHERE name = 'alice'")
            .await,
        hash
    );
}

/// A key as an operator makes it: base64 of 32 bytes.
fn outer_key(letter: &str) -> String {
    format!("{}A=", letter.repeat(42))
}

#[tokio::test]
async fn item_106_a_pepper_takes_effect_at_the_next_login_and_is_needed_from_then_on() {
    let database = Database::new();
    let peppered = |pepper: &str| Setup::new().on(&database).var("PASSWORD_PEPPER", pepper);
    let hash = async || {
        let sql = "SELECT password FROM users WHERE name = 'alice'";
        database.column(sql).await.remove(0)
    };
    drop(Setup::new().on(&database).start());
    assert!(!hash().await.contains("keyid="));
    let old = outer_key("B");
    let server = peppered(&old).start();
    let mut flow = Flow::new(&server).await;
    flow.sign_in("alice", "password123").await.expect(303);
    let first = hash().await;
    assert!(first.contains("keyid="), "{first}");
    // A new one is put before the old one, which is dropped when everyone has signed in.
    let server = peppered(&format!("{},{old}", outer_key("C"))).start();
    let mut flow = Flow::new(&server).await;
    flow.sign_in("alice", "password123").await.expect(303);
    assert_ne!(hash().await, first);
    // Whoever has the store, and no pepper, cannot even try a password.
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    flow.sign_in("alice", "password123").await.expect(401);
    flow.sign_in("bob", "hunter2").await.expect(303);
}

#[tokio::test]
async fn item_111_keys_are_sealed_once_there_is_a_key_to_seal_them_by() {
    let database = Database::new();
    let keys = async || {
        database
            .column("SELECT secret FROM keys ORDER BY purpose")
            .await
    };
    let sealed_by = |key: &str| Setup::new().on(&database).var("KEY_ENCRYPTION_KEY", key);
    let server = Setup::new().on(&database).start();
    let base = server.base.clone();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    drop(server);
    let open = keys().await;
    assert!(open.len() >= 2, "{open:?}");

    let (old, new) = (outer_key("B"), outer_key("C"));
    let server = sealed_by(&old).var("PUBLIC_URL", &base).start();
    // The same keys, as a token of before shows: its successor is derived by one of them.
    let mut flow = flow.at_server(&server);
    flow.refresh(&tokens.refresh).await.expect(200);
    drop(server);
    let sealed = keys().await;
    for key in &open {
        assert!(!sealed.contains(key), "a key still lies open");
    }
    for told in [
        Setup::new().on(&database).expect_no_start(),
        sealed_by(&new).expect_no_start(),
    ] {
        assert!(told.contains("KEY_ENCRYPTION_KEY"), "{told}");
        assert!(!told.trim().contains('\n'), "one sentence: {told}");
    }
    // A new one is put before the old one; after one start the old one is not needed.
    drop(sealed_by(&format!("{new},{old}")).start());
    assert_ne!(keys().await, sealed);
    let server = sealed_by(&new).var("PUBLIC_URL", &base).start();
    flow = flow.at_server(&server);
    let code = flow.code().await;
    flow.token(&flow.redemption(&code)).await.expect(200);
}

#[cfg(unix)]
mod files {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use crate::support::{File, Flow, Setup};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn item_107_the_store_is_its_owners_alone() {
        let database = File::new();
        let server = Setup::new().on_file(&database).start();
        Flow::new(&server).await.tokens().await;
        assert_eq!(mode(&database.directory()), 0o700);
        // The write-ahead log and its index too.
        let files: Vec<_> = fs::read_dir(database.directory())
            .expect("a directory")
            .collect();
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            let path = file.expect("an entry").path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }

    #[test]
    fn item_107_a_store_that_others_can_read_is_refused_with_the_remedy() {
        let database = File::new();
        drop(Setup::new().on_file(&database).start());
        for bits in [0o644, 0o640, 0o604, 0o660] {
            let open = fs::Permissions::from_mode(bits);
            fs::set_permissions(database.path(), open).expect("set");
            let said = Setup::new().on_file(&database).expect_no_start();
            let remedy = format!("chmod 600 {}", database.path().display());
            assert!(said.contains(&remedy), "{said}");
        }
        fs::set_permissions(database.path(), fs::Permissions::from_mode(0o600)).expect("set");
        drop(Setup::new().on_file(&database).start());
    }

    #[test]
    fn item_107_a_link_is_not_followed() {
        let (database, other) = (File::new(), File::new());
        drop(Setup::new().on_file(&other).start());
        fs::create_dir(database.directory()).expect("a directory");
        symlink(other.path(), database.path()).expect("a link");
        Setup::new().on_file(&database).expect_no_start();
        // Nor one that leads nowhere yet.
        fs::remove_file(database.path()).expect("removed");
        symlink(other.directory().join("new.db"), database.path()).expect("a link");
        Setup::new().on_file(&database).expect_no_start();
        assert!(!other.directory().join("new.db").exists());
    }

    #[test]
    fn item_108_a_file_that_is_no_database_is_left_alone() {
        let database = File::new();
        fs::create_dir(database.directory()).expect("a directory");
        for notes in ["some notes".to_owned(), "more notes. ".repeat(1000)] {
            fs::write(database.path(), &notes).expect("written");
            fs::set_permissions(database.path(), fs::Permissions::from_mode(0o600)).expect("set");
            let said = Setup::new().on_file(&database).expect_no_start();
            assert!(
                said.contains(&database.path().display().to_string()),
                "{said}"
            );
            assert_eq!(
                fs::read_to_string(database.path()).expect("readable"),
                notes
            );
        }
    }

    #[test]
    fn item_107_an_unwritable_place_is_named() {
        let database = File::new();
        fs::write(database.directory(), "a file where the directory should be").expect("written");
        let said = Setup::new().on_file(&database).expect_no_start();
        assert!(
            said.contains(&database.directory().display().to_string()),
            "{said}"
        );
        assert!(!said.trim().contains('\n'), "one sentence: {said}");
    }
}

#[tokio::test]
async fn item_108_a_change_by_another_process_is_seen() {
    let database = Database::new();
    let server = Setup::new().on(&database).start();
    let mut flow = Flow::new(&server).await;
    database
        .execute("UPDATE users SET name = 'carol', name_key = 'carol' WHERE name = 'bob'")
        .await;
    flow.sign_in("bob", "hunter2").await.expect(401);
    flow.sign_in("carol", "hunter2").await.expect(303);
}

#[tokio::test]
async fn item_108_a_newer_store_and_a_foreign_one_are_refused_by_name() {
    for (on_file, on_postgres, why) in [
        (
            "PRAGMA user_version = 999",
            "UPDATE mcp_schema SET version = 999",
            "newer",
        ),
        (
            "PRAGMA application_id = 1",
            "DROP TABLE mcp_schema",
            "another program",
        ),
    ] {
        let database = Database::new();
        drop(Setup::new().on(&database).start());
        let name = match &database {
            Database::File(file) => {
                database.execute(on_file).await;
                file.path().display().to_string()
            }
            Database::Postgres(_) => {
                database.execute(on_postgres).await;
                database
                    .url()
                    .rsplit('/')
                    .next()
                    .expect("a name")
                    .to_owned()
            }
        };
        let said = Setup::new().on(&database).expect_no_start();
        assert!(said.contains(&name) && said.contains(why), "{said}");
    }
}
