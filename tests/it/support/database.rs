//! A store that outlives the server on it, and that a test can look into.
//!
//! It is a SQLite file; with `TEST_POSTGRES` set to the URL of a PostgreSQL server, a database there. So the whole list
//! runs on both: `cargo xtask test postgres` starts such a server.

use std::fs;
use std::future::Future;
use std::path::PathBuf;

use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

/// A store of its own, gone when dropped.
#[derive(Debug)]
pub(crate) enum Database {
    File(File),
    Postgres(Postgres),
}

impl Database {
    /// A store on the engine that this run tests.
    pub(crate) fn new() -> Self {
        match Postgres::server() {
            Some(server) => Self::Postgres(Postgres::create(server)),
            None => Self::File(File::new()),
        }
    }

    /// The store of a server whose test does not care: in memory, where the engine can.
    pub(crate) fn of_no_interest() -> Option<Self> {
        Postgres::server().map(|server| Self::Postgres(Postgres::create(server)))
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(file) => file.url(),
            Self::Postgres(database) => database.url(),
        }
    }

    async fn connect(&self) -> AnyConnection {
        install_default_drivers();
        AnyConnection::connect(&self.url())
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

    /// The first column of each row, which is text.
    pub(crate) async fn column(&self, sql: &'static str) -> Vec<String> {
        let mut connection = self.connect().await;
        let rows = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .expect(sql);
        connection.close().await.expect("closed");
        rows
    }

    /// Whether a thief who copied the store would find that.
    pub(crate) fn holds(&self, secret: &str) -> bool {
        assert!(!secret.is_empty());
        let bytes = match self {
            Self::File(file) => file.bytes(),
            Self::Postgres(database) => database.dump().into_bytes(),
        };
        bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    }
}

/// A SQLite file, whatever the run tests otherwise: for what concerns files.
#[derive(Debug)]
pub(crate) struct File {
    root: PathBuf,
}

impl File {
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

    /// Every byte of every file of the store.
    fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(self.directory()).expect("a directory");
        files
            .flat_map(|f| fs::read(f.expect("an entry").path()).expect("readable"))
            .collect()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// A database on the server of this test run.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: String,
    name: String,
}

impl Postgres {
    fn server() -> Option<String> {
        std::env::var("TEST_POSTGRES").ok()
    }

    fn create(server: String) -> Self {
        let name = format!("mcp_{:016x}", rand::random::<u64>());
        let database = Self { server, name };
        database.administer("CREATE DATABASE {name}");
        database
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    /// Has the server do something with the whole database.
    fn administer(&self, sql: &str) {
        let sql = sql.replace("{name}", &self.name);
        let url = format!("{}/postgres", self.server);
        now(async move {
            let mut connection = sqlx::PgConnection::connect(&url).await.expect("a server");
            let sql = sqlx::raw_sql(AssertSqlSafe(sql));
            sql.execute(&mut connection).await.expect("done");
            connection.close().await.expect("closed");
        });
    }

    /// Every row of every table, as text.
    fn dump(&self) -> String {
        let url = self.url();
        now(async move {
            let mut connection = sqlx::PgConnection::connect(&url).await.expect("connected");
            let tables = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public'";
            let tables: Vec<String> = sqlx::query_scalar(tables)
                .fetch_all(&mut connection)
                .await
                .expect("tables");
            assert!(tables.len() > 5, "{tables:?}");
            let mut dump = String::new();
            for table in tables {
                let rows = AssertSqlSafe(format!("SELECT t::TEXT FROM {table} AS t"));
                let rows: Vec<String> = sqlx::query_scalar(rows)
                    .fetch_all(&mut connection)
                    .await
                    .expect("rows");
                dump += &rows.join("\n");
            }
            connection.close().await.expect("closed");
            dump
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A test that failed says why itself; the database goes with the server.
        if !std::thread::panicking() {
            self.administer("DROP DATABASE {name} WITH (FORCE)");
        }
    }
}

/// Does it now, in a runtime of its own, whether or not the caller is in one.
fn now<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(work)
    });
    thread.join().expect("no panic")
}
