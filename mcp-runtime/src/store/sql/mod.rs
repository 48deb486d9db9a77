//! The store in a SQL database. Each family of verbs is a file with its SQL, written once for SQLite and PostgreSQL:
//! BIGINT milliseconds, TEXT digests, `$n`, `ON CONFLICT`, `RETURNING`, and the condition inside the statement that
//! writes. What differs between the engines is in `sqlite/` and `postgres.rs`: how a database is opened and migrated,
//! what time it is, and how other processes hear of a change.
//!
//! SQLite lets one transaction write at a time. On PostgreSQL they run side by side (READ COMMITTED), and a statement
//! that waited for a row judges it anew, so a condition on the row that is written holds. A condition on *another* row
//! does not: a transaction that depends on one touches that row first, which locks it until the end.

mod clients;
mod database;
mod flow;
mod grants;
mod keys;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod tasks;
#[cfg(test)]
mod tests;
mod users;

use std::path::Path;

use futures_util::future::BoxFuture;

use self::database::{Database, Write};
use super::{Backend, Millis, Reply, StoreError};
use crate::settings::{Settings, SettingsError};
use crate::store::vault::Vault;

pub(crate) use sqlite::write_private;

/// The schema, one script per version; a database remembers how many of them it has seen.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

/// The scripts that a database of that version has not seen.
fn pending(version: i64) -> Result<&'static [&'static str], String> {
    let done = usize::try_from(version).ok();
    done.and_then(|done| MIGRATIONS.get(done..)).ok_or_else(|| {
        format!(
            "a newer release of this server wrote it: its schema is version {version}, and this \
             release knows up to {}",
            MIGRATIONS.len()
        )
    })
}

/// The store in a SQL database.
#[derive(Debug)]
pub(crate) struct Sql {
    database: Database,
    vault: Vault,
    #[cfg(test)]
    down: std::sync::atomic::AtomicBool,
}

impl Sql {
    /// Opens, and where needed creates and migrates, the database that the settings name.
    ///
    /// # Errors
    /// One sentence that says what is wrong and what to do.
    pub(crate) async fn open(
        settings: &Settings,
        server_name: &str,
    ) -> Result<Self, SettingsError> {
        let url = settings.database_url.as_deref();
        let database = match url.and_then(|url| url.split_once(':')) {
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                Database::Postgres(postgres::Pool::open(url.unwrap_or_default()).await?)
            }
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => {
                return Err(SettingsError::new(
                    "DATABASE_URL names a PostgreSQL database, which this build cannot use: build it with \
                     the feature `postgres` of mcp-runtime (`cargo run --features postgres`)",
                ));
            }
            _ => Database::Sqlite(sqlite::Pool::open(settings, server_name).await?),
        };
        let store = Self {
            database,
            vault: Vault::new(settings.key_encryption_keys.clone()),
            #[cfg(test)]
            down: Default::default(),
        };
        store.reseal_keys().await.map_err(|error| {
            SettingsError::new(format!(
                "the server cannot start because {error}: set KEY_ENCRYPTION_KEY to the key that sealed the store's \
                 keys, or to a list with that key behind the new one"
            ))
        })?;
        Ok(store)
    }

    fn database(&self) -> Result<&Database, StoreError> {
        #[cfg(test)]
        if self.down.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the test switched it off".into()));
        }
        Ok(&self.database)
    }

    async fn write(&self) -> Result<Write, StoreError> {
        self.database()?.write().await
    }

    /// Makes every verb fail, as a database that is gone would.
    #[cfg(test)]
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Backend for Sql {
    fn place(&self) -> String {
        match &self.database {
            Database::Sqlite(pool) => match pool.path() {
                Some(path) => path.display().to_string(),
                None => "in memory, lost at exit".into(),
            },
            #[cfg(feature = "postgres")]
            Database::Postgres(pool) => pool.place(),
        }
    }

    fn path(&self) -> Option<&Path> {
        match &self.database {
            Database::Sqlite(pool) => pool.path(),
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => None,
        }
    }

    fn time(&self) -> Reply<'_, Option<Millis>> {
        Box::pin(async move {
            match self.database()? {
                // A file is used by one machine.
                Database::Sqlite(_) => Ok(None),
                #[cfg(feature = "postgres")]
                Database::Postgres(pool) => pool.time().await.map(Some),
            }
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        match &self.database {
            Database::Sqlite(_) => Box::pin(std::future::pending()),
            #[cfg(feature = "postgres")]
            Database::Postgres(pool) => Box::pin(pool.changed()),
        }
    }
}
