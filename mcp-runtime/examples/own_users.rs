//! A server whose users are the rows of a table that was there before it:
//! `cargo run -p mcp-runtime --example own_users`, then connect a client and sign in as ada@example.com, "correct horse".

use mcp_runtime::auth::{Account, UserStore, UserStoreError, hash_password};
use mcp_runtime::prelude::*;
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

/// Say who calls.
#[mcp_tool]
async fn whoami(user: &User) -> String {
    format!("{user}, number {}", user.id())
}

#[derive(Clone)]
struct Members(SqlitePool);

impl UserStore for Members {
    async fn by_name(&self, name: &str) -> Result<Option<Account>, UserStoreError> {
        let query = sqlx::query("SELECT * FROM members WHERE lower(email) = lower($1)").bind(name);
        Ok(query
            .fetch_optional(&self.0)
            .await?
            .as_ref()
            .map(account)
            .transpose()?)
    }

    async fn by_id(&self, id: &str) -> Result<Option<Account>, UserStoreError> {
        let query = sqlx::query("SELECT * FROM members WHERE id = $1").bind(id.parse::<i64>()?);
        Ok(query
            .fetch_optional(&self.0)
            .await?
            .as_ref()
            .map(account)
            .transpose()?)
    }
}

fn account(row: &SqliteRow) -> Result<Account, sqlx::Error> {
    let (id, name, hash): (i64, String, String) = (
        row.try_get("id")?,
        row.try_get("full_name")?,
        row.try_get("password")?,
    );
    Ok(Account::new(id.to_string(), name, hash).disabled(row.try_get("locked")?))
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    // The application's own database; here one in memory, with one member.
    let members = Members(SqlitePool::connect("sqlite::memory:").await?);
    sqlx::query("CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT, full_name TEXT, password TEXT, locked INTEGER)")
        .execute(&members.0)
        .await?;
    let hash = hash_password("correct horse").map_err(Error::internal)?;
    sqlx::query("INSERT INTO members VALUES (7, 'ada@example.com', 'Ada Lovelace', $1, 0)")
        .bind(hash)
        .execute(&members.0)
        .await?;
    mcp_server!("Members")
        .auth(Auth::embedded().users(members))
        .run()
        .await
}
