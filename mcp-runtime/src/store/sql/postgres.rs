//! PostgreSQL, for several machines: one database, whichever replica a request reaches.
//!
//! Connections live on a thread of their own. A worker of actix-web is a thread with its own reactor, so a connection
//! that was opened by one worker would stand still for all while a tool of that worker computes.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions, PgSslMode,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::database::{Arg, Row, args, statements};
use super::{MIGRATIONS, Millis, StoreError};
use crate::settings::{SettingsError, is_loopback_name};

/// Connections of one process. A verb holds one for a few milliseconds; PostgreSQL itself allows 100 in all by default.
const CONNECTIONS: u32 = 10;

/// How long a caller waits for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a statement may take, judged by us: a machine that is gone says nothing.
const ANSWER: Duration = Duration::from_secs(10);

/// The same as the database judges it, and how long it lets a transaction of a lost replica hold its locks.
const LIMITS: &str = "SET statement_timeout = '9s'; SET lock_timeout = '5s'; \
    SET idle_in_transaction_session_timeout = '15s'";

/// A connection that was idle for longer is tried before it is used.
const FRESH: Duration = Duration::from_secs(1);

/// What is said on it, and that it means: look for revocations and keys.
const CHANNEL: &str = "mcp_store";

/// "MCPS": the lock that a migrating process holds.
const MIGRATION_LOCK: i64 = 0x4d43_5053;

statements!(Postgres, PgConnection, Postgres);

/// The connections to one database.
#[derive(Debug)]
pub(super) struct Pool {
    pool: PgPool,
    place: String,
    changed: Arc<Notify>,
    runtime: Handle,
    /// Ends the thread when dropped.
    _stop: oneshot::Sender<()>,
}

impl Pool {
    pub(super) async fn open(url: &str) -> Result<Self, SettingsError> {
        let options: PgConnectOptions = url.parse().map_err(|_| {
            // Not shown: it may hold a password.
            SettingsError::new(
                "DATABASE_URL cannot be read: write it as \
                 postgres://user:password@host:5432/database?sslmode=verify-full, with `%`-escapes in the password",
            )
        })?;
        let place = format!(
            "PostgreSQL, {} on {}",
            options.get_database().unwrap_or(options.get_username()),
            match options.get_socket() {
                Some(path) => path.display().to_string(),
                None => format!("{}:{}", options.get_host(), options.get_port()),
            }
        );
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("mcp-runtime"),
        };
        if may_be_overheard(&options) {
            tracing::warn!(
                "the connection to the database may be unencrypted: add `?sslmode=verify-full` to DATABASE_URL"
            );
        }
        let (runtime, stop) = start_thread()?;
        let changed = Arc::new(Notify::new());
        let opened = runtime.spawn({
            let changed = changed.clone();
            async move {
                let pool = connect(options).await?;
                migrate(&pool).await?;
                tokio::spawn(listen(pool.clone(), changed));
                Ok(pool)
            }
        });
        let opened = opened.await.unwrap_or_else(|e| Err(e.to_string()));
        let pool = opened.map_err(|error| {
            SettingsError::new(format!(
                "the store ({place}) cannot be used: {error}. See that the database runs and that \
                 DATABASE_URL names it, a user, the password and, with TLS, \
                 the authority of its certificate (`sslrootcert`)"
            ))
        })?;
        Ok(Self {
            pool,
            place,
            changed,
            runtime,
            _stop: stop,
        })
    }

    /// The database and its host, without user and password.
    pub(super) fn place(&self) -> String {
        self.place.clone()
    }

    pub(super) async fn run(&self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        self.lease().await?.run(sql, args).await
    }

    pub(super) async fn rows(
        &self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.lease().await?.rows(sql, args).await
    }

    pub(super) async fn write(&self) -> Result<Write, StoreError> {
        let mut lease = self.lease().await?;
        // The level is said, since an administrator may have set another for the whole database.
        lease
            .run("BEGIN ISOLATION LEVEL READ COMMITTED", &[])
            .await?;
        lease.busy = true;
        Ok(Write(lease))
    }

    /// What time the database has.
    pub(super) async fn time(&self) -> Result<Millis, StoreError> {
        let sql = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT AS now";
        let rows = self.rows(sql, &[]).await?;
        let row = rows.first();
        row.ok_or_else(|| StoreError::Corrupt("no clock".into()))?
            .get("now")
    }

    /// Waits until another process says that keys or revocations changed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    async fn lease(&self) -> Result<Lease, StoreError> {
        // On the thread of the connections, in case one has to be opened.
        let acquired = self.runtime.spawn(self.pool.acquire());
        let gone = |_| StoreError::Unavailable("the store is being closed".into());
        Ok(Lease {
            connection: acquired.await.map_err(gone)??,
            busy: false,
        })
    }
}

/// A connection that is in use. Where it is dropped amid a statement or a transaction, because the caller left or the
/// database does not answer, it is closed: the database undoes what was begun, and nobody waits on a dead line.
struct Lease {
    connection: PoolConnection<Postgres>,
    busy: bool,
}

impl Lease {
    async fn run(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        if args.iter().any(holds_nul) {
            return Ok(0);
        }
        let Self { connection, busy } = self;
        answer(busy, run(connection, sql, args)).await
    }

    async fn rows(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>, StoreError> {
        if args.iter().any(holds_nul) {
            return Ok(Vec::new());
        }
        let Self { connection, busy } = self;
        answer(busy, rows(connection, sql, args)).await
    }
}

/// PostgreSQL's text holds no NUL, so nothing there is equal to one that does. (What we write has none.)
fn holds_nul(arg: &Arg<'_>) -> bool {
    matches!(arg, Arg::Text(Some(text)) if text.contains('\0'))
}

async fn answer<T>(
    busy: &mut bool,
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    let was_busy = std::mem::replace(busy, true);
    let answered = tokio::time::timeout(ANSWER, asked).await;
    let answered =
        answered.map_err(|_| StoreError::Unavailable("the database does not answer".into()))?;
    // After an error of the database's the connection is sound. A transaction is not, and is busy until it ends.
    *busy = was_busy;
    Ok(answered?)
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.busy {
            self.connection.close_on_drop();
        }
    }
}

/// A transaction.
pub(super) struct Write(Lease);

impl Write {
    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        self.0.run(sql, args).await
    }

    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.0.rows(sql, args).await
    }

    pub(super) async fn announce(&mut self) -> Result<(), StoreError> {
        // Its answer is a row of type void.
        self.0
            .run("SELECT pg_notify($1, '')", args![CHANNEL])
            .await
            .map(drop)
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.end("COMMIT").await
    }

    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> Result<(), StoreError> {
        self.0.run(how, &[]).await?;
        self.0.busy = false;
        Ok(())
    }
}

/// Whether others on the way can read what the database is told.
fn may_be_overheard(options: &PgConnectOptions) -> bool {
    let here = options.get_socket().is_some() || is_loopback_name(options.get_host());
    let open = matches!(
        options.get_ssl_mode(),
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer
    );
    open && !here
}

/// A thread that drives connections until the sender is dropped.
fn start_thread() -> Result<(Handle, oneshot::Sender<()>), SettingsError> {
    let cannot = |e: std::io::Error| {
        SettingsError::new(format!(
            "the store's thread cannot be started ({e}): free some memory"
        ))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot)?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel::<()>();
    thread::Builder::new()
        .name("mcp-store".into())
        .spawn(move || drop(runtime.block_on(stopped)))
        .map_err(cannot)?;
    Ok((handle, stop))
}

async fn connect(options: PgConnectOptions) -> Result<PgPool, String> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < FRESH {
                    return Ok(true);
                }
                let alive = tokio::time::timeout(Duration::from_secs(2), connection.ping()).await;
                Ok(alive.is_ok_and(|answer| answer.is_ok()))
            })
        })
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(LIMITS).await.map(drop) })
        });
    pool.connect_with(options).await.map_err(told)
}

/// An error at the start, in the database's own words.
fn told(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::PoolTimedOut => "it cannot be reached".into(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Brings the schema up to date; of several processes one does it, the others wait and find it done.
async fn migrate(pool: &PgPool) -> Result<(), String> {
    let mut write = pool.begin().await.map_err(told)?;
    // A big migration may take longer than any verb.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        .execute(&mut *write)
        .await
        .map_err(told)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *write)
        .await
        .map_err(told)?;
    let ours: Option<bool> = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'mcp_schema') \
         FROM (SELECT 1) AS one WHERE current_schema() IS NOT NULL",
    )
    .fetch_optional(&mut *write)
    .await
    .map_err(told)?;
    let version = match ours {
        None => return Err("its search_path names no schema that exists".into()),
        Some(false) => {
            let taken: Option<String> = sqlx::query_scalar(
                "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema() AND tablename IN \
                 ('users', 'clients', 'transactions', 'sessions', 'grants', 'codes', 'refresh_tokens', \
                 'revocations', 'keys', 'counters') ORDER BY tablename LIMIT 1",
            )
            .fetch_optional(&mut *write)
            .await
            .map_err(told)?;
            if let Some(table) = taken {
                return Err(format!(
                    "it is a database of another program, with a table `{table}` of its own: make one for \
                     this server, or a schema (`?options[search_path]=mcp`)"
                ));
            }
            sqlx::raw_sql("CREATE TABLE mcp_schema (version BIGINT NOT NULL); INSERT INTO mcp_schema VALUES (0)")
                .execute(&mut *write)
                .await
                .map_err(told)?;
            0
        }
        Some(true) => sqlx::query_scalar("SELECT version FROM mcp_schema")
            .fetch_one(&mut *write)
            .await
            .map_err(told)?,
    };
    for script in super::pending(version)? {
        sqlx::raw_sql(*script)
            .execute(&mut *write)
            .await
            .map_err(told)?;
    }
    let mark = format!("UPDATE mcp_schema SET version = {}", MIGRATIONS.len());
    sqlx::raw_sql(AssertSqlSafe(mark))
        .execute(&mut *write)
        .await
        .map_err(told)?;
    write.commit().await.map_err(told)
}

/// Wakes whoever waits for changes, until the thread ends. While the line is cut, the poll every five seconds does it.
async fn listen(pool: PgPool, changed: Arc<Notify>) {
    loop {
        let heard = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            loop {
                // `None` is a line that was cut and mended: something may have been said meanwhile.
                listener.try_recv().await?;
                changed.notify_one();
            }
        };
        let heard: Result<(), sqlx::Error> = heard.await;
        if let Err(error) = heard {
            tracing::debug!(%error, "cannot listen for revocations; looking every five seconds");
        }
        tokio::time::sleep(CONNECT).await;
    }
}
