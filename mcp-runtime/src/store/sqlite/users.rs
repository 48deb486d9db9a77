use sqlx::sqlite::SqliteRow;

use super::{Sqlite, StoreError, Write, get};
use crate::store::sql::users as sql;
use crate::store::{Millis, Reply, UserRecord, Users};

impl Users for Sqlite {
    fn add_user<'a>(&'a self, user: &'a UserRecord) -> Reply<'a, bool> {
        Box::pin(async move {
            let done = sqlx::query(sql::ADD)
                .bind(&user.id)
                .bind(&user.name)
                .bind(&user.name_key)
                .bind(&user.password)
                .bind(&user.demo)
                .bind(i64::from(user.disabled))
                .bind(user.created_at)
                .execute(self.pool()?)
                .await?;
            Ok(done.rows_affected() == 1)
        })
    }

    fn user_by_name<'a>(&'a self, name_key: &'a str) -> Reply<'a, Option<UserRecord>> {
        Box::pin(async move {
            let row = sqlx::query(sql::BY_NAME)
                .bind(name_key)
                .fetch_optional(self.pool()?)
                .await?;
            row.map(read).transpose()
        })
    }

    fn user_by_id<'a>(&'a self, id: &'a str) -> Reply<'a, Option<UserRecord>> {
        Box::pin(async move {
            let row = sqlx::query(sql::BY_ID)
                .bind(id)
                .fetch_optional(self.pool()?)
                .await?;
            row.map(read).transpose()
        })
    }

    fn list_users(&self) -> Reply<'_, Vec<UserRecord>> {
        Box::pin(async move {
            let rows = sqlx::query(sql::LIST).fetch_all(self.pool()?).await?;
            rows.into_iter().map(read).collect()
        })
    }

    fn change_password<'a>(
        &'a self,
        user: &'a UserRecord,
        password: &'a str,
        demo: Option<&'a str>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let done = sqlx::query(sql::CHANGE_PASSWORD)
                .bind(&user.id)
                .bind(&user.password)
                .bind(password)
                .bind(demo)
                .execute(&mut *write)
                .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            end_everything(&mut write, &user.id, now, denied_until).await?;
            write.commit().await?;
            Ok(true)
        })
    }

    fn strengthen_hash<'a>(&'a self, id: &'a str, old: &'a str, new: &'a str) -> Reply<'a, bool> {
        Box::pin(async move {
            let query = sqlx::query(sql::STRENGTHEN).bind(id).bind(old).bind(new);
            Ok(query.execute(self.pool()?).await?.rows_affected() == 1)
        })
    }

    fn remove_user<'a>(
        &'a self,
        id: &'a str,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            end_everything(&mut write, id, now, denied_until).await?;
            let done = sqlx::query(sql::REMOVE)
                .bind(id)
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(done.rows_affected() == 1)
        })
    }
}

async fn end_everything(
    write: &mut Write,
    user_id: &str,
    now: Millis,
    denied_until: Millis,
) -> Result<(), StoreError> {
    sqlx::query(sql::END_SESSIONS)
        .bind(user_id)
        .execute(&mut **write)
        .await?;
    let deny = sqlx::query(sql::DENY_GRANTS)
        .bind(user_id)
        .bind(now)
        .bind(denied_until);
    deny.execute(&mut **write).await?;
    sqlx::query(sql::END_GRANTS)
        .bind(user_id)
        .bind(now)
        .execute(&mut **write)
        .await?;
    Ok(())
}

fn read(row: SqliteRow) -> Result<UserRecord, StoreError> {
    Ok(UserRecord {
        id: get(&row, "id")?,
        name: get(&row, "name")?,
        name_key: get(&row, "name_key")?,
        password: get(&row, "password")?,
        demo: get(&row, "demo")?,
        disabled: get::<i64, _>(&row, "disabled")? != 0,
        created_at: get(&row, "created_at")?,
    })
}
