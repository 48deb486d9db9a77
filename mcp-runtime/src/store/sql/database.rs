//! The seam between the verbs, which are written once, and the two engines: values in, rows out, a transaction.

use sqlx::{Decode, Row as _, Type};

#[cfg(feature = "postgres")]
use super::postgres;
use super::sqlite;
use crate::store::StoreError;

/// A database that is open.
#[derive(Debug)]
pub(super) enum Database {
    Sqlite(sqlite::Pool),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Pool),
}

/// A transaction that may write. Dropped without [`commit`](Self::commit), it never happened.
pub(super) enum Write {
    Sqlite(sqlite::Write),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Write),
}

impl Database {
    /// Executes a statement; how many rows it touched.
    pub(super) async fn run(&self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(pool) => pool.run(sql, args).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.run(sql, args).await,
        }
    }

    /// The rows of a query.
    pub(super) async fn rows(
        &self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(pool) => pool.rows(sql, args).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.rows(sql, args).await,
        }
    }

    /// The one row of a query, if there is any.
    pub(super) async fn row(
        &self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// Begins a transaction.
    pub(super) async fn write(&self) -> Result<Write, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Write::Sqlite(pool.write().await?),
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Write::Postgres(pool.write().await?),
        })
    }
}

impl Write {
    /// Executes a statement; how many rows it touched.
    pub(super) async fn run(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(write) => write.run(sql, args).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(write) => write.run(sql, args).await,
        }
    }

    /// The one row of a query, if there is any.
    pub(super) async fn row(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        let rows = match self {
            Self::Sqlite(write) => write.rows(sql, args).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(write) => write.rows(sql, args).await,
        };
        Ok(rows?.into_iter().next())
    }

    /// Tells the other processes at once, if this is committed, that keys or revocations changed. Where the engine
    /// cannot, they look every five seconds anyway.
    pub(super) async fn announce(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(write) => write.announce().await,
        }
    }

    /// Makes it happen. An error leaves it open whether it did: say "try again", and let the retry find out.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(write) => write.commit().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(write) => write.commit().await,
        }
    }

    /// Undoes it.
    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(write) => write.rollback().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(write) => write.rollback().await,
        }
    }
}

/// A value for a statement: our columns are TEXT and BIGINT, nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arg<'a> {
    Text(Option<&'a str>),
    Int(Option<i64>),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Option<String>> for Arg<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

/// The values for `$1`, `$2`, ….
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::database::Arg::from($value)),*]
    };
}
pub(super) use args;

/// A row of an answer.
pub(super) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// A column by name.
    pub(super) fn get<T: Column>(&self, column: &str) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

/// What a column can be read as: text or a number, or nothing of it.
#[cfg(not(feature = "postgres"))]
pub(super) trait Column: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite> {}

/// What a column can be read as: text or a number, or nothing of it.
#[cfg(feature = "postgres")]
pub(super) trait Column:
    for<'r> Decode<'r, sqlx::Sqlite>
    + Type<sqlx::Sqlite>
    + for<'r> Decode<'r, sqlx::Postgres>
    + Type<sqlx::Postgres>
{
}

impl Column for String {}
impl Column for Option<String> {}
impl Column for i64 {}
impl Column for Option<i64> {}

/// `run` and `rows` on a connection of an engine.
macro_rules! statements {
    ($engine:ident, $connection:ty, $row:ident) => {
        async fn run(
            connection: &mut $connection,
            sql: &'static str,
            args: &[$crate::store::sql::database::Arg<'_>],
        ) -> Result<u64, sqlx::Error> {
            Ok(bind(sql, args).execute(connection).await?.rows_affected())
        }

        async fn rows(
            connection: &mut $connection,
            sql: &'static str,
            args: &[$crate::store::sql::database::Arg<'_>],
        ) -> Result<Vec<$crate::store::sql::database::Row>, sqlx::Error> {
            let rows = bind(sql, args).fetch_all(connection).await?;
            Ok(rows
                .into_iter()
                .map($crate::store::sql::database::Row::$row)
                .collect())
        }

        fn bind<'a>(
            sql: &'static str,
            args: &[$crate::store::sql::database::Arg<'a>],
        ) -> sqlx::query::Query<'a, sqlx::$engine, <sqlx::$engine as sqlx::Database>::Arguments> {
            use $crate::store::sql::database::Arg;
            args.iter().fold(sqlx::query(sql), |query, arg| match arg {
                Arg::Text(text) => query.bind(*text),
                Arg::Int(number) => query.bind(*number),
            })
        }
    };
}
pub(super) use statements;

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
