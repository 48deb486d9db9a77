use super::Sql;
use super::database::{Row, Write, args};
use crate::store::{Millis, Reply, StoreError, UserRecord, Users};

const ADD: &str = "INSERT INTO users (id, name, name_key, password, demo, disabled, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const BY_NAME: &str = "SELECT id, name, name_key, password, demo, disabled, created_at FROM users \
    WHERE name_key = $1";
const BY_ID: &str = "SELECT id, name, name_key, password, demo, disabled, created_at FROM users \
    WHERE id = $1";
const LIST: &str = "SELECT id, name, name_key, password, demo, disabled, created_at FROM users \
    ORDER BY name_key";
const CHANGE_PASSWORD: &str =
    "UPDATE users SET password = $3, demo = $4 WHERE id = $1 AND password = $2";
const STRENGTHEN: &str = "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";
const RENAME: &str = "UPDATE users SET name = $2 WHERE id = $1";
const SET_DISABLED: &str = "UPDATE users SET disabled = $2 WHERE id = $1";
const KEEP_CLAIMS: &str = "INSERT INTO identities (user_id, claims) VALUES ($1, $2) \
    ON CONFLICT (user_id) DO UPDATE SET claims = excluded.claims";
const CLAIMS: &str = "SELECT claims FROM identities WHERE user_id = $1";
const REMOVE: &str = "DELETE FROM users WHERE id = $1";
/// Changes nothing, but locks the user until the transaction ends, if what its approval rests on still holds: since
/// the page was read, the password may have been changed or the session ended.
pub(super) const HOLD: &str = "UPDATE users SET disabled = disabled WHERE id = $1 AND disabled = 0 \
    AND ($2 IS NULL OR password = $2) AND ($3 IS NULL OR EXISTS \
    (SELECT 1 FROM sessions WHERE handle = $3 AND user_id = $1 AND expires_at > $4))";
const LOCK: &str = "UPDATE users SET disabled = disabled WHERE id = $1";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE user_id = $1";
const DENY_GRANTS: &str = "INSERT INTO revocations (subject, revoked_at, expires_at) \
    SELECT id, $2, $3 FROM grants WHERE user_id = $1 AND revoked_at IS NULL \
    ON CONFLICT DO NOTHING";
const END_GRANTS: &str =
    "UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";

impl Users for Sql {
    fn add_user<'a>(&'a self, user: &'a UserRecord) -> Reply<'a, bool> {
        Box::pin(async move {
            let values = args![
                &user.id,
                &user.name,
                &user.name_key,
                &user.password,
                &user.demo,
                i64::from(user.disabled),
                user.created_at
            ];
            Ok(self.database()?.run(ADD, values).await? == 1)
        })
    }

    fn user_by_name<'a>(&'a self, name_key: &'a str) -> Reply<'a, Option<UserRecord>> {
        Box::pin(async move {
            let row = self.database()?.row(BY_NAME, args![name_key]).await?;
            row.as_ref().map(read).transpose()
        })
    }

    fn user_by_id<'a>(&'a self, id: &'a str) -> Reply<'a, Option<UserRecord>> {
        Box::pin(async move {
            let row = self.database()?.row(BY_ID, args![id]).await?;
            row.as_ref().map(read).transpose()
        })
    }

    fn list_users(&self) -> Reply<'_, Vec<UserRecord>> {
        Box::pin(async move {
            let rows = self.database()?.rows(LIST, &[]).await?;
            rows.iter().map(read).collect()
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
            let values = args![&user.id, &user.password, password, demo];
            if write.run(CHANGE_PASSWORD, values).await? == 0 {
                write.rollback().await?;
                return Ok(false);
            }
            end_everything(&mut write, &user.id, now, denied_until).await?;
            write.commit().await?;
            Ok(true)
        })
    }

    fn strengthen_hash<'a>(&'a self, id: &'a str, old: &'a str, new: &'a str) -> Reply<'a, bool> {
        Box::pin(async move {
            let done = self
                .database()?
                .run(STRENGTHEN, args![id, old, new])
                .await?;
            Ok(done == 1)
        })
    }

    fn rename_user<'a>(&'a self, id: &'a str, name: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            self.database()?.run(RENAME, args![id, name]).await?;
            Ok(())
        })
    }

    fn keep_claims<'a>(&'a self, user_id: &'a str, claims: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            let values = args![user_id, claims];
            self.database()?.run(KEEP_CLAIMS, values).await.map(drop)
        })
    }

    fn claims<'a>(&'a self, user_id: &'a str) -> Reply<'a, Option<String>> {
        Box::pin(async move {
            let row = self.database()?.row(CLAIMS, args![user_id]).await?;
            row.map(|row| row.get("claims")).transpose()
        })
    }

    fn end_everything<'a>(
        &'a self,
        user_id: &'a str,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut write = self.write().await?;
            write.run(LOCK, args![user_id]).await?;
            end_everything(&mut write, user_id, now, denied_until).await?;
            write.commit().await
        })
    }

    fn set_disabled<'a>(
        &'a self,
        id: &'a str,
        disabled: bool,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let values = args![id, i64::from(disabled)];
            let found = write.run(SET_DISABLED, values).await? == 1;
            if found && disabled {
                end_everything(&mut write, id, now, denied_until).await?;
            }
            write.commit().await?;
            Ok(found)
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
            // Whoever approves right now has finished, or will find nobody.
            write.run(LOCK, args![id]).await?;
            end_everything(&mut write, id, now, denied_until).await?;
            let removed = write.run(REMOVE, args![id]).await? == 1;
            write.commit().await?;
            Ok(removed)
        })
    }
}

/// Ends what came of a user's sign-ins. The caller has locked the user, so that nothing comes of one that is under way.
async fn end_everything(
    write: &mut Write,
    user_id: &str,
    now: Millis,
    denied_until: Millis,
) -> Result<(), StoreError> {
    write.run(END_SESSIONS, args![user_id]).await?;
    let denied = args![user_id, now, denied_until];
    write.run(DENY_GRANTS, denied).await?;
    write.run(END_GRANTS, args![user_id, now]).await?;
    write.announce().await
}

fn read(row: &Row) -> Result<UserRecord, StoreError> {
    Ok(UserRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        name_key: row.get("name_key")?,
        password: row.get("password")?,
        demo: row.get("demo")?,
        disabled: row.get::<i64>("disabled")? != 0,
        created_at: row.get("created_at")?,
    })
}
