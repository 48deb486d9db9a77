//! A SQLite file that outlives the server on it, and that a test can look into.

use std::fs;
use std::path::PathBuf;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

/// A store in a directory of its own, removed on drop.
#[derive(Debug)]
pub(crate) struct Database {
    root: PathBuf,
}

impl Database {
    pub(crate) fn new() -> Self {
        let name = format!("mcp-oauth-{:016x}", rand::random::<u64>());
        let root = std::env::temp_dir().join(name);
        fs::create_dir(&root).expect("a directory");
        Self { root }
    }

    /// The server makes this directory itself.
    pub(crate) fn directory(&self) -> PathBuf {
        self.root.join("state")
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory().join("auth.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.path())
            .connect()
            .await
            .expect("connected")
    }

    /// Changes the store behind the server's back; how many rows it touched.
    pub(crate) async fn execute(&self, sql: &'static str) -> u64 {
        self.execute_with(sql, &[]).await
    }

    /// The same with values for `$1`, `$2`, ….
    pub(crate) async fn execute_with(&self, sql: &'static str, values: &[&str]) -> u64 {
        let mut connection = self.connect().await;
        let query = values
            .iter()
            .fold(sqlx::query(sql), |query, value| query.bind(*value));
        let done = query.execute(&mut connection).await.expect(sql);
        connection.close().await.expect("closed");
        done.rows_affected()
    }

    /// The first column of each row.
    pub(crate) async fn column(&self, sql: &'static str) -> Vec<String> {
        let mut connection = self.connect().await;
        let rows = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .expect(sql);
        connection.close().await.expect("closed");
        rows
    }

    /// Every byte of every file of the store, as a thief would copy them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(self.directory()).expect("a directory");
        files
            .flat_map(|f| fs::read(f.expect("an entry").path()).expect("readable"))
            .collect()
    }

    pub(crate) fn holds(&self, secret: &str) -> bool {
        assert!(!secret.is_empty());
        self.bytes()
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
