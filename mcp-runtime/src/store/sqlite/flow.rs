use super::{Sqlite, get};
use crate::store::sql::{clients, flow as sql, grants};
use crate::store::{
    Approval, Flow, Kept, Millis, Proof, Reply, Retention, SessionRecord, Transaction, Waiting,
};

impl Flow for Sqlite {
    fn put_transaction<'a>(
        &'a self,
        transaction: &'a Transaction,
        most: Waiting,
        now: Millis,
    ) -> Reply<'a, Kept> {
        Box::pin(async move {
            let done = sqlx::query(sql::PUT_TRANSACTION)
                .bind(&transaction.handle)
                .bind(&transaction.browser)
                .bind(&transaction.request)
                .bind(transaction.expires_at)
                .bind(&transaction.origin)
                .bind(most.in_all)
                .bind(most.per_origin)
                .bind(now)
                .execute(self.pool()?)
                .await?;
            if done.rows_affected() == 1 {
                return Ok(Kept::Yes);
            }
            let here = sqlx::query_scalar::<_, i64>(sql::WAITING_FROM)
                .bind(&transaction.origin)
                .bind(now)
                .fetch_one(self.pool()?)
                .await?;
            Ok(match here >= most.per_origin {
                true => Kept::FullHere,
                false => Kept::Full,
            })
        })
    }

    fn transaction<'a>(&'a self, handle: &'a str, now: Millis) -> Reply<'a, Option<Transaction>> {
        Box::pin(async move {
            let query = sqlx::query(sql::TRANSACTION).bind(handle).bind(now);
            let Some(row) = query.fetch_optional(self.pool()?).await? else {
                return Ok(None);
            };
            Ok(Some(Transaction {
                handle: get(&row, "handle")?,
                browser: get(&row, "browser")?,
                request: get(&row, "request")?,
                expires_at: get(&row, "expires_at")?,
                origin: get(&row, "origin")?,
            }))
        })
    }

    fn take_transaction<'a>(&'a self, handle: &'a str, now: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let query = sqlx::query(sql::TAKE_TRANSACTION).bind(handle).bind(now);
            Ok(query.execute(self.pool()?).await?.rows_affected() == 1)
        })
    }

    fn approve<'a>(&'a self, approval: Approval<'a>, now: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let Approval {
                handle,
                grant,
                code,
                by,
                session,
            } = approval;
            let (password, handle_of_session) = match by {
                Proof::Password(hash) => (Some(hash), None),
                Proof::Session(handle) => (None, Some(handle)),
            };
            let mut write = self.write().await?;
            let taken = sqlx::query(sql::TAKE_TRANSACTION).bind(handle).bind(now);
            if taken.execute(&mut *write).await?.rows_affected() == 0 {
                return Ok(false);
            }
            let granted = sqlx::query(grants::ADD)
                .bind(&grant.id)
                .bind(&grant.user_id)
                .bind(&grant.client_id)
                .bind(&grant.redirect_uri)
                .bind(&grant.resource)
                .bind(&grant.scope)
                .bind(grant.created_at)
                .bind(grant.expires_at)
                .bind(password)
                .bind(handle_of_session)
                .execute(&mut *write)
                .await?;
            if granted.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(grants::ADD_CODE)
                .bind(&code.digest)
                .bind(&code.grant_id)
                .bind(&code.challenge)
                .bind(&code.redirect_uri)
                .bind(code.expires_at)
                .execute(&mut *write)
                .await?;
            sqlx::query(clients::TOUCH)
                .bind(&grant.client_id)
                .bind(now)
                .execute(&mut *write)
                .await?;
            if let Some((new, old)) = session {
                if let Some(old) = old {
                    sqlx::query(sql::END_SESSION)
                        .bind(old)
                        .execute(&mut *write)
                        .await?;
                }
                sqlx::query(sql::PUT_SESSION)
                    .bind(&new.handle)
                    .bind(&new.user_id)
                    .bind(new.expires_at)
                    .execute(&mut *write)
                    .await?;
            }
            write.commit().await?;
            Ok(true)
        })
    }

    fn session<'a>(
        &'a self,
        handle: &'a str,
        now: Millis,
    ) -> Reply<'a, Option<(SessionRecord, String)>> {
        Box::pin(async move {
            let query = sqlx::query(sql::SESSION).bind(handle).bind(now);
            let Some(row) = query.fetch_optional(self.pool()?).await? else {
                return Ok(None);
            };
            let session = SessionRecord {
                handle: get(&row, "handle")?,
                user_id: get(&row, "user_id")?,
                expires_at: get(&row, "expires_at")?,
            };
            Ok(Some((session, get(&row, "name")?)))
        })
    }

    fn approved_before<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        redirect_uri: &'a str,
        now: Millis,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let query = sqlx::query(sql::APPROVED_BEFORE);
            let query = query
                .bind(user_id)
                .bind(client_id)
                .bind(redirect_uri)
                .bind(now);
            Ok(query.fetch_optional(self.pool()?).await?.is_some())
        })
    }

    fn bump_counter<'a>(
        &'a self,
        name: &'a str,
        by: i64,
        window: i64,
        now: Millis,
    ) -> Reply<'a, (i64, Millis)> {
        Box::pin(async move {
            let query = sqlx::query(sql::BUMP)
                .bind(name)
                .bind(by)
                .bind(now + window)
                .bind(now);
            let row = query.fetch_one(self.pool()?).await?;
            Ok((get(&row, "n")?, get(&row, "expires_at")?))
        })
    }

    fn clear_counter<'a>(&'a self, name: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            sqlx::query(sql::CLEAR)
                .bind(name)
                .execute(self.pool()?)
                .await?;
            Ok(())
        })
    }

    fn collect_expired(&self, limits: Retention, batch: i64) -> Reply<'_, u64> {
        Box::pin(async move {
            // One short transaction per table: a login waits for a batch at most.
            let mut gone = 0;
            for sql in sql::COLLECT_EXPIRED {
                let query = sqlx::query(*sql).bind(limits.now).bind(batch);
                gone += query.execute(self.pool()?).await?.rows_affected();
            }
            for sql in [sql::COLLECT_CODES, sql::COLLECT_GRANTS] {
                let query = sqlx::query(sql).bind(limits.ended_before).bind(batch);
                gone += query.execute(self.pool()?).await?.rows_affected();
            }
            let query = sqlx::query(sql::COLLECT_CLIENTS)
                .bind(limits.unused_clients_before)
                .bind(limits.idle_clients_before)
                .bind(batch);
            gone += query.execute(self.pool()?).await?.rows_affected();
            Ok(gone)
        })
    }
}
