//! SQLite, the embedded default. Every transaction that writes begins with `BEGIN IMMEDIATE`, so several
//! processes on one file wait for each other instead of failing half-way.

mod file;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

pub(crate) use file::write_private;

use super::database::{Arg, Row, statements};
use super::{MIGRATIONS, StoreError};
use crate::settings::{Settings, SettingsError};

/// "MCPS" in the header of each file that we made.
const APPLICATION_ID: i64 = 0x4d43_5053;

/// How long a writer waits for another process before it gives up.
const BUSY: Duration = Duration::from_secs(5);

statements!(Sqlite, SqliteConnection, Sqlite);

/// One SQLite file, or a database in memory for tests.
#[derive(Debug)]
pub(super) struct Pool {
    pool: SqlitePool,
    path: Option<PathBuf>,
}

impl Pool {
    pub(super) async fn open(
        settings: &Settings,
        server_name: &str,
    ) -> Result<Self, SettingsError> {
        let path = file::locate(settings, server_name)?;
        if let Some(path) = &path {
            file::prepare(path)?;
        }
        let opened = Self::connect(path.clone()).await;
        opened.map_err(|error| match path {
            Some(path) => SettingsError::new(format!(
                "the store `{}` cannot be used ({error}): mend it, or set DATABASE_URL to another \
                 one such as sqlite:/var/lib/mcp/auth.db",
                path.display()
            )),
            None => SettingsError::new(format!(
                "the store in memory cannot be opened ({error}): set DATABASE_URL to a file such \
                 as sqlite:/var/lib/mcp/auth.db"
            )),
        })
    }

    async fn connect(path: Option<PathBuf>) -> Result<Self, String> {
        let options = SqliteConnectOptions::new()
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(BUSY)
            .test_before_acquire(false);
        let connected = match &path {
            Some(path) => {
                let options = options.filename(path).journal_mode(SqliteJournalMode::Wal);
                in_turn(|| {
                    pool.clone()
                        .max_connections(4)
                        .connect_with(options.clone())
                })
                .await
            }
            // Each connection would have a database of its own, which dies with it.
            None => {
                pool.min_connections(1)
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .connect_with(options.in_memory(true))
                    .await
            }
        };
        let pool = connected.map_err(|e| e.to_string())?;
        migrate(&pool).await?;
        Ok(Self { pool, path })
    }

    /// The file, unless the store is in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) async fn run(&self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        Ok(run(&mut *self.pool.acquire().await?, sql, args).await?)
    }

    pub(super) async fn rows(
        &self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(rows(&mut *self.pool.acquire().await?, sql, args).await?)
    }

    pub(super) async fn write(&self) -> Result<Write, StoreError> {
        Ok(Write(self.pool.begin_with("BEGIN IMMEDIATE").await?))
    }
}

/// The only transaction that may write to the file now.
pub(super) struct Write(sqlx::Transaction<'static, sqlx::Sqlite>);

impl Write {
    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        Ok(run(&mut self.0, sql, args).await?)
    }

    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(rows(&mut self.0, sql, args).await?)
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }

    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.0.rollback().await?)
    }
}

/// Opens a file that other processes may be opening too. The first of them turns it to WAL, and while it does, SQLite
/// refuses the others at once instead of waiting for it: the one lock for which the busy timeout does not hold.
async fn in_turn<F>(open: impl Fn() -> F) -> sqlx::Result<SqlitePool>
where
    F: Future<Output = sqlx::Result<SqlitePool>>,
{
    let until = Instant::now() + BUSY;
    loop {
        match open().await {
            Err(error) if is_busy(&error) && Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            opened => return opened,
        }
    }
}

/// `SQLITE_BUSY`, with or without its extended part.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    code.and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

/// Brings the schema up to date; of several processes one does it, the others wait and find it done.
async fn migrate(pool: &SqlitePool) -> Result<(), String> {
    let text = |e: sqlx::Error| e.to_string();
    let mut write = pool.begin_with("BEGIN IMMEDIATE").await.map_err(text)?;
    let number = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql);
    let application: i64 = number("PRAGMA application_id")
        .fetch_one(&mut *write)
        .await
        .map_err(text)?;
    let version: i64 = number("PRAGMA user_version")
        .fetch_one(&mut *write)
        .await
        .map_err(text)?;
    let objects: i64 = number("SELECT COUNT(*) FROM sqlite_schema")
        .fetch_one(&mut *write)
        .await
        .map_err(text)?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || objects != 0) {
        return Err("it is a database of another program".into());
    }
    for script in super::pending(version)? {
        sqlx::raw_sql(*script)
            .execute(&mut *write)
            .await
            .map_err(text)?;
    }
    // A pragma takes no parameters; both numbers are ours.
    let marks = format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}",
        MIGRATIONS.len()
    );
    sqlx::raw_sql(AssertSqlSafe(marks))
        .execute(&mut *write)
        .await
        .map_err(text)?;
    write.commit().await.map_err(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn item_118_a_file_that_another_writes_before_it_is_in_wal_is_waited_for() {
        let name = format!("mcp-store-{:x}.db", rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true);
        let other = SqlitePool::connect_with(options).await.expect("a file");
        let writer = other.begin_with("BEGIN IMMEDIATE").await;
        let writer = writer.expect("a transaction");
        let opening = tokio::spawn(Pool::connect(Some(path.clone())));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!opening.is_finished(), "{:?}", opening.await);
        writer.rollback().await.expect("an end");
        opening.await.expect("no panic").expect("opened");
        other.close().await;
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
    }
}
