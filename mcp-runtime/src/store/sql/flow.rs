use super::database::args;
use super::{Sql, clients, grants, users};
use crate::store::{
    Approval, Flow, Kept, Millis, Proof, Reply, Retention, SessionRecord, StoreError, Transaction,
    Waiting,
};

/// Those that come at the same moment may exceed a limit, by one for each connection at the most.
const PUT_TRANSACTION: &str = "INSERT INTO transactions (handle, browser, request, expires_at, origin) \
    SELECT $1, $2, $3, $4, $5 \
    WHERE (SELECT COUNT(*) FROM transactions WHERE expires_at > $8) < $6 \
    AND (SELECT COUNT(*) FROM transactions WHERE origin = $5 AND expires_at > $8) < $7";
const WAITING_FROM: &str =
    "SELECT COUNT(*) AS n FROM transactions WHERE origin = $1 AND expires_at > $2";
const TRANSACTION: &str = "SELECT handle, browser, request, expires_at, origin FROM transactions \
    WHERE handle = $1 AND expires_at > $2";
const TAKE_TRANSACTION: &str = "DELETE FROM transactions WHERE handle = $1 AND expires_at > $2";
const PUT_SESSION: &str = "INSERT INTO sessions (handle, user_id, expires_at) VALUES ($1, $2, $3)";
const SESSION: &str = "SELECT sessions.handle, sessions.user_id, sessions.expires_at, users.name \
    FROM sessions JOIN users ON users.id = sessions.user_id \
    WHERE sessions.handle = $1 AND sessions.expires_at > $2 AND users.disabled = 0";
const END_SESSION: &str = "DELETE FROM sessions WHERE handle = $1";
const APPROVED_BEFORE: &str = "SELECT id FROM grants \
    WHERE user_id = $1 AND client_id = $2 AND redirect_uri = $3 \
    AND revoked_at IS NULL AND expires_at > $4 LIMIT 1";
const BUMP: &str = "INSERT INTO counters (name, n, expires_at) VALUES ($1, $2, $3) \
    ON CONFLICT (name) DO UPDATE SET \
    n = CASE WHEN counters.expires_at <= $4 THEN excluded.n ELSE counters.n + excluded.n END, \
    expires_at = CASE WHEN counters.expires_at <= $4 THEN excluded.expires_at ELSE counters.expires_at END \
    RETURNING n, expires_at";
const CLEAR: &str = "DELETE FROM counters WHERE name = $1";

/// Each takes the moment and the size of a batch. The condition stands outside too: a row may have come to life again
/// since it was chosen.
const COLLECT_EXPIRED: &[&str] = &[
    super::tasks::COLLECT,
    "DELETE FROM transactions WHERE expires_at <= $1 AND handle IN \
        (SELECT handle FROM transactions WHERE expires_at <= $1 LIMIT $2)",
    "DELETE FROM sessions WHERE expires_at <= $1 AND handle IN \
        (SELECT handle FROM sessions WHERE expires_at <= $1 LIMIT $2)",
    "DELETE FROM revocations WHERE expires_at <= $1 AND subject IN \
        (SELECT subject FROM revocations WHERE expires_at <= $1 LIMIT $2)",
    "DELETE FROM counters WHERE expires_at <= $1 AND name IN \
        (SELECT name FROM counters WHERE expires_at <= $1 LIMIT $2)",
    // A used token is kept as long as it could have lived, so that its reuse is recognised.
    "DELETE FROM refresh_tokens WHERE expires_at <= $1 AND digest IN \
        (SELECT digest FROM refresh_tokens WHERE expires_at <= $1 LIMIT $2)",
    "DELETE FROM keys WHERE expires_at <= $1 AND id IN \
        (SELECT id FROM keys WHERE expires_at <= $1 LIMIT $2)",
];
const COLLECT_CODES: &str = "DELETE FROM codes WHERE expires_at <= $1 AND digest IN \
    (SELECT digest FROM codes WHERE expires_at <= $1 LIMIT $2)";
const COLLECT_GRANTS: &str = "DELETE FROM grants WHERE (expires_at <= $1 OR revoked_at <= $1) AND id IN \
    (SELECT id FROM grants WHERE expires_at <= $1 OR revoked_at <= $1 LIMIT $2)";
const COLLECT_CLIENTS: &str = "DELETE FROM clients WHERE (last_used_at IS NULL OR last_used_at <= $2) \
    AND id IN (SELECT id FROM clients \
    WHERE ((last_used_at IS NULL AND created_at <= $1) OR last_used_at <= $2) \
    AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id) LIMIT $3)";

impl Flow for Sql {
    fn put_transaction<'a>(
        &'a self,
        transaction: &'a Transaction,
        most: Waiting,
        now: Millis,
    ) -> Reply<'a, Kept> {
        Box::pin(async move {
            let values = args![
                &transaction.handle,
                &transaction.browser,
                &transaction.request,
                transaction.expires_at,
                &transaction.origin,
                most.in_all,
                most.per_origin,
                now
            ];
            if self.database()?.run(PUT_TRANSACTION, values).await? == 1 {
                return Ok(Kept::Yes);
            }
            let here = args![&transaction.origin, now];
            let here = self.database()?.row(WAITING_FROM, here).await?;
            let here = here.map_or(Ok(0), |row| row.get::<i64>("n"))?;
            Ok(match here >= most.per_origin {
                true => Kept::FullHere,
                false => Kept::Full,
            })
        })
    }

    fn transaction<'a>(&'a self, handle: &'a str, now: Millis) -> Reply<'a, Option<Transaction>> {
        Box::pin(async move {
            let Some(row) = self
                .database()?
                .row(TRANSACTION, args![handle, now])
                .await?
            else {
                return Ok(None);
            };
            Ok(Some(Transaction {
                handle: row.get("handle")?,
                browser: row.get("browser")?,
                request: row.get("request")?,
                expires_at: row.get("expires_at")?,
                origin: row.get("origin")?,
            }))
        })
    }

    fn take_transaction<'a>(&'a self, handle: &'a str, now: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let taken = self
                .database()?
                .run(TAKE_TRANSACTION, args![handle, now])
                .await?;
            Ok(taken == 1)
        })
    }

    fn approve<'a>(&'a self, approval: Approval<'a>, now: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let Approval {
                handle,
                grant,
                client_face,
                code,
                by,
                session,
            } = approval;
            let (password, proof) = match by {
                Proof::Password(hash) => (Some(hash), None),
                Proof::Session(handle) => (None, Some(handle)),
            };
            let mut write = self.write().await?;
            let held = args![&grant.user_id, password, proof, now];
            if write.run(TAKE_TRANSACTION, args![handle, now]).await? == 0
                || write.run(users::HOLD, held).await? == 0
            {
                write.rollback().await?;
                return Ok(false);
            }
            let values = args![
                &grant.id,
                &grant.user_id,
                &grant.client_id,
                &grant.redirect_uri,
                &grant.resource,
                &grant.scope,
                grant.created_at,
                grant.expires_at,
                client_face,
                &grant.key
            ];
            write.run(grants::ADD, values).await?;
            let values = args![
                &code.digest,
                &code.grant_id,
                &code.challenge,
                &code.redirect_uri,
                code.expires_at
            ];
            write.run(grants::ADD_CODE, values).await?;
            write
                .run(clients::TOUCH, args![&grant.client_id, now])
                .await?;
            if let Some((new, old)) = session {
                if let Some(old) = old {
                    write.run(END_SESSION, args![old]).await?;
                }
                let values = args![&new.handle, &new.user_id, new.expires_at];
                write.run(PUT_SESSION, values).await?;
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
            let Some(row) = self.database()?.row(SESSION, args![handle, now]).await? else {
                return Ok(None);
            };
            let session = SessionRecord {
                handle: row.get("handle")?,
                user_id: row.get("user_id")?,
                expires_at: row.get("expires_at")?,
            };
            Ok(Some((session, row.get("name")?)))
        })
    }

    fn begin_session<'a>(
        &'a self,
        session: &'a SessionRecord,
        replaced: Option<&'a str>,
        password: &'a str,
        now: Millis,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let held = args![&session.user_id, Some(password), None::<&str>, now];
            if write.run(users::HOLD, held).await? == 0 {
                write.rollback().await?;
                return Ok(false);
            }
            if let Some(replaced) = replaced {
                write.run(END_SESSION, args![replaced]).await?;
            }
            let values = args![&session.handle, &session.user_id, session.expires_at];
            write.run(PUT_SESSION, values).await?;
            write.commit().await?;
            Ok(true)
        })
    }

    fn end_session<'a>(&'a self, handle: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            self.database()?.run(END_SESSION, args![handle]).await?;
            Ok(())
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
            let values = args![user_id, client_id, redirect_uri, now];
            Ok(self
                .database()?
                .row(APPROVED_BEFORE, values)
                .await?
                .is_some())
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
            let row = self
                .database()?
                .row(BUMP, args![name, by, now + window, now])
                .await?;
            let row = row.ok_or_else(|| StoreError::Corrupt("a counter that is none".into()))?;
            Ok((row.get("n")?, row.get("expires_at")?))
        })
    }

    fn clear_counter<'a>(&'a self, name: &'a str) -> Reply<'a, ()> {
        Box::pin(async move { self.database()?.run(CLEAR, args![name]).await.map(drop) })
    }

    fn collect_expired(&self, limits: Retention, batch: i64) -> Reply<'_, u64> {
        Box::pin(async move {
            // One short transaction per table: a login waits for a batch at most.
            let mut gone = 0;
            for sql in COLLECT_EXPIRED {
                gone += self.database()?.run(sql, args![limits.now, batch]).await?;
            }
            for sql in [COLLECT_CODES, COLLECT_GRANTS] {
                let values = args![limits.ended_before, batch];
                gone += self.database()?.run(sql, values).await?;
            }
            let values = args![
                limits.unused_clients_before,
                limits.idle_clients_before,
                batch
            ];
            gone += self.database()?.run(COLLECT_CLIENTS, values).await?;
            Ok(gone)
        })
    }
}
