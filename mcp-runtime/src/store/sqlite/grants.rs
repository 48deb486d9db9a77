use sqlx::sqlite::SqliteRow;

use super::{Sqlite, StoreError, Write, get};
use crate::store::sql::{grants as sql, keys};
use crate::store::{
    CodeRecord, Grant, GrantLine, Grants, Millis, Redeemed, RefreshRecord, Reply, Retry, Rotated,
};

impl Grants for Sqlite {
    fn code<'a>(&'a self, digest: &'a str) -> Reply<'a, Option<(CodeRecord, Grant)>> {
        Box::pin(async move {
            let query = sqlx::query(sql::CODE).bind(digest);
            let Some(row) = query.fetch_optional(self.pool()?).await? else {
                return Ok(None);
            };
            let code = CodeRecord {
                digest: get(&row, "digest")?,
                grant_id: get(&row, "grant_id")?,
                challenge: get(&row, "challenge")?,
                redirect_uri: get(&row, "asked_uri")?,
                expires_at: get(&row, "expires_at")?,
            };
            Ok(Some((code, read(&row)?)))
        })
    }

    fn fail_code<'a>(&'a self, digest: &'a str, most: i64) -> Reply<'a, ()> {
        Box::pin(async move {
            sqlx::query(sql::FAIL_CODE)
                .bind(digest)
                .bind(most)
                .execute(self.pool()?)
                .await?;
            Ok(())
        })
    }

    fn redeem_code<'a>(
        &'a self,
        digest: &'a str,
        refresh: Option<&'a RefreshRecord>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, Redeemed> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let won = sqlx::query(sql::REDEEM)
                .bind(digest)
                .bind(now)
                .execute(&mut *write)
                .await?;
            let outcome = if won.rows_affected() == 1 {
                if let Some(refresh) = refresh {
                    add_refresh(&mut write, refresh).await?;
                }
                Redeemed::Yes
            } else {
                let used = sqlx::query_scalar::<_, String>(sql::USED_CODE).bind(digest);
                match used.fetch_optional(&mut *write).await? {
                    Some(grant) => {
                        revoke(&mut write, &grant, now, denied_until).await?;
                        Redeemed::Replayed
                    }
                    None => Redeemed::No,
                }
            };
            // The revocation that a replay causes is committed as the redemption is.
            write.commit().await?;
            Ok(outcome)
        })
    }

    fn refresh_token<'a>(&'a self, digest: &'a str) -> Reply<'a, Option<(RefreshRecord, Grant)>> {
        Box::pin(async move {
            let query = sqlx::query(sql::REFRESH).bind(digest);
            let Some(row) = query.fetch_optional(self.pool()?).await? else {
                return Ok(None);
            };
            let token = RefreshRecord {
                digest: get(&row, "digest")?,
                grant_id: get(&row, "grant_id")?,
                generation: get(&row, "generation")?,
                expires_at: get(&row, "expires_at")?,
                used_at: get(&row, "used_at")?,
            };
            Ok(Some((token, read(&row)?)))
        })
    }

    fn rotate_refresh<'a>(
        &'a self,
        digest: &'a str,
        successor: &'a RefreshRecord,
        retry: Retry,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, Rotated> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let won = sqlx::query(sql::ROTATE)
                .bind(digest)
                .bind(now)
                .execute(&mut *write)
                .await?;
            let outcome = if won.rows_affected() == 1 {
                add_refresh(&mut write, successor).await?;
                Rotated::Yes
            } else {
                let again = sqlx::query(sql::RETRY)
                    .bind(digest)
                    .bind(now)
                    .bind(retry.window)
                    .bind(retry.times)
                    .bind(&successor.digest)
                    .execute(&mut *write)
                    .await?;
                let used = sqlx::query_scalar::<_, String>(sql::USED_REFRESH)
                    .bind(digest)
                    .bind(now)
                    .bind(retry.window)
                    .bind(&successor.digest);
                if again.rows_affected() == 1 {
                    Rotated::Again
                } else if let Some(grant) = used.fetch_optional(&mut *write).await? {
                    revoke(&mut write, &grant, now, denied_until).await?;
                    Rotated::Reused
                } else {
                    Rotated::No
                }
            };
            // Committed before anyone is told: rolling back on reuse would undo the revocation.
            write.commit().await?;
            Ok(outcome)
        })
    }

    fn revoke_grant<'a>(
        &'a self,
        id: &'a str,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let revoked = revoke(&mut write, id, now, denied_until).await?;
            write.commit().await?;
            Ok(revoked)
        })
    }

    fn grant_lives<'a>(&'a self, id: &'a str, now: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let query = sqlx::query(sql::LIVES).bind(id).bind(now);
            Ok(query.fetch_optional(self.pool()?).await?.is_some())
        })
    }

    fn list_grants<'a>(
        &'a self,
        user_id: Option<&'a str>,
        now: Millis,
    ) -> Reply<'a, Vec<GrantLine>> {
        Box::pin(async move {
            let query = sqlx::query(sql::LIST).bind(now).bind(user_id);
            let rows = query.fetch_all(self.pool()?).await?;
            rows.iter()
                .map(|row| {
                    Ok(GrantLine {
                        grant: read(row)?,
                        user_name: get(row, "user_name")?,
                        client_metadata: get(row, "client_metadata")?,
                    })
                })
                .collect()
        })
    }
}

async fn add_refresh(write: &mut Write, token: &RefreshRecord) -> Result<(), StoreError> {
    sqlx::query(sql::ADD_REFRESH)
        .bind(&token.digest)
        .bind(&token.grant_id)
        .bind(token.generation)
        .bind(token.expires_at)
        .execute(&mut **write)
        .await?;
    Ok(())
}

async fn revoke(
    write: &mut Write,
    id: &str,
    now: Millis,
    denied_until: Millis,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(sql::REVOKE)
        .bind(id)
        .bind(now)
        .execute(&mut **write)
        .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    let deny = sqlx::query(keys::DENY)
        .bind(id)
        .bind(now)
        .bind(denied_until);
    deny.execute(&mut **write).await?;
    Ok(true)
}

fn read(row: &SqliteRow) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: get(row, "id")?,
        user_id: get(row, "user_id")?,
        client_id: get(row, "client_id")?,
        redirect_uri: get(row, "redirect_uri")?,
        resource: get(row, "resource")?,
        scope: get(row, "scope")?,
        created_at: get(row, "created_at")?,
        expires_at: get(row, "grant_expires_at")?,
    })
}
