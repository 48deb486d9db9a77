//! SQLite, the embedded default. Every transaction that writes begins with `BEGIN IMMEDIATE`, so several
//! processes on one file wait for each other instead of failing half-way.

mod clients;
mod file;
mod flow;
mod grants;
mod keys;
#[cfg(test)]
mod tests;
mod users;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Sqlite as Engine, Type};

pub(crate) use file::write_private;

use super::{StoreError, sql};
use crate::settings::{Settings, SettingsError};

/// "MCPS" in the header of each file that we made.
const APPLICATION_ID: i64 = 0x4d43_5053;

/// How long a writer waits for another process before it gives up.
const BUSY: Duration = Duration::from_secs(5);

/// A transaction that may write.
type Write = sqlx::Transaction<'static, Engine>;

/// The store in one SQLite file, or in memory for tests.
#[derive(Debug)]
pub(crate) struct Sqlite {
    pool: SqlitePool,
    path: Option<PathBuf>,
    #[cfg(test)]
    down: std::sync::atomic::AtomicBool,
}

impl Sqlite {
    /// Opens, and where needed creates and migrates, the database that the settings name.
    ///
    /// # Errors
    /// One sentence that says what is wrong with the file and what to do.
    pub(crate) async fn open(
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
                pool.max_connections(4).connect_with(options).await
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
        let store = Self {
            pool: connected.map_err(|e| e.to_string())?,
            path,
            #[cfg(test)]
            down: Default::default(),
        };
        store.migrate().await?;
        Ok(store)
    }

    /// Brings the schema up to date; of several processes one does it, the others wait and find it done.
    async fn migrate(&self) -> Result<(), String> {
        let text = |e: sqlx::Error| e.to_string();
        let mut write = self
            .pool
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(text)?;
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
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        if done > sql::MIGRATIONS.len() {
            return Err(format!(
                "a newer release of this server wrote it: its schema is version {version}, and this \
                 release knows up to {}",
                sql::MIGRATIONS.len()
            ));
        }
        for script in &sql::MIGRATIONS[done..] {
            sqlx::raw_sql(*script)
                .execute(&mut *write)
                .await
                .map_err(text)?;
        }
        // A pragma takes no parameters; both numbers are ours.
        let marks = format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}",
            sql::MIGRATIONS.len()
        );
        sqlx::raw_sql(AssertSqlSafe(marks))
            .execute(&mut *write)
            .await
            .map_err(text)?;
        write.commit().await.map_err(text)
    }

    /// The file, unless the store is in memory.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn pool(&self) -> Result<&SqlitePool, StoreError> {
        #[cfg(test)]
        if self.down.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the test switched it off".into()));
        }
        Ok(&self.pool)
    }

    async fn write(&self) -> Result<Write, StoreError> {
        Ok(self.pool()?.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Makes every verb fail, as a database that is gone would.
    #[cfg(test)]
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, std::sync::atomic::Ordering::Relaxed);
    }

    /// Everything in every table, as text.
    #[cfg(test)]
    pub(crate) async fn dump(&self) -> String {
        use sqlx::ValueRef;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
                .fetch_all(&self.pool)
                .await
                .expect("tables");
        let mut text = String::new();
        for table in tables {
            let query = AssertSqlSafe(format!("SELECT * FROM {table}"));
            for row in sqlx::query(query)
                .fetch_all(&self.pool)
                .await
                .expect("rows")
            {
                for i in 0..row.len() {
                    let value = row.try_get_raw(i).expect("a column");
                    if !value.is_null() {
                        text += &row.try_get_unchecked::<String, _>(i).unwrap_or_default();
                        text.push('\n');
                    }
                }
            }
        }
        text
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::RowNotFound => Self::Corrupt(error.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// A column by name.
fn get<'r, T, I>(row: &'r SqliteRow, column: I) -> Result<T, StoreError>
where
    T: Decode<'r, Engine> + Type<Engine>,
    I: ColumnIndex<SqliteRow>,
{
    Ok(row.try_get(column)?)
}
