use sqlx::sqlite::SqliteRow;

use super::{Sqlite, StoreError, get};
use crate::store::sql::keys as sql;
use crate::store::{KeyRecord, Keys, Millis, Reply, Revocation};

impl Keys for Sqlite {
    fn put_key_if_absent<'a>(&'a self, key: &'a KeyRecord) -> Reply<'a, bool> {
        Box::pin(async move {
            let done = insert(key).execute(self.pool()?).await?;
            Ok(done.rows_affected() == 1)
        })
    }

    fn keys<'a>(&'a self, purpose: &'a str, now: Millis) -> Reply<'a, Vec<KeyRecord>> {
        Box::pin(async move {
            let query = sqlx::query(sql::LIST).bind(purpose).bind(now);
            query
                .fetch_all(self.pool()?)
                .await?
                .iter()
                .map(read)
                .collect()
        })
    }

    fn rotate_key<'a>(&'a self, key: &'a KeyRecord, old_until: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            if insert(key).execute(&mut *write).await?.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(sql::END_EARLIER)
                .bind(&key.purpose)
                .bind(key.generation)
                .bind(old_until)
                .execute(&mut *write)
                .await?;
            write.commit().await?;
            Ok(true)
        })
    }

    fn deny<'a>(&'a self, subject: &'a str, now: Millis, denied_until: Millis) -> Reply<'a, ()> {
        Box::pin(async move {
            let query = sqlx::query(sql::DENY)
                .bind(subject)
                .bind(now)
                .bind(denied_until);
            query.execute(self.pool()?).await?;
            Ok(())
        })
    }

    fn revocations(&self, now: Millis) -> Reply<'_, Vec<Revocation>> {
        Box::pin(async move {
            let rows = sqlx::query(sql::DENIED)
                .bind(now)
                .fetch_all(self.pool()?)
                .await?;
            rows.iter()
                .map(|row| {
                    Ok(Revocation {
                        subject: get(row, "subject")?,
                        expires_at: get(row, "expires_at")?,
                    })
                })
                .collect()
        })
    }
}

fn insert(key: &KeyRecord) -> sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    sqlx::query(sql::PUT)
        .bind(&key.id)
        .bind(&key.purpose)
        .bind(key.generation)
        .bind(&key.secret)
        .bind(key.active_from)
        .bind(key.expires_at)
}

fn read(row: &SqliteRow) -> Result<KeyRecord, StoreError> {
    Ok(KeyRecord {
        id: get(row, "id")?,
        purpose: get(row, "purpose")?,
        generation: get(row, "generation")?,
        secret: get(row, "secret")?,
        active_from: get(row, "active_from")?,
        expires_at: get(row, "expires_at")?,
    })
}
