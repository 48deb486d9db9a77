use super::database::{Row, Write, args};
use super::{Sql, keys};
use crate::store::{
    CodeRecord, Grant, GrantLine, Grants, Millis, Past, Redeemed, RefreshRecord, Reply, Retry,
    Rotated, StoreError,
};

pub(super) const ADD: &str = "INSERT INTO grants \
    (id, user_id, client_id, redirect_uri, resource, scope, created_at, expires_at, client_face, jkt) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
pub(super) const ADD_CODE: &str = "INSERT INTO codes \
    (digest, grant_id, challenge, redirect_uri, expires_at) VALUES ($1, $2, $3, $4, $5)";
const CODE: &str = "SELECT codes.digest, codes.grant_id, codes.challenge, codes.expires_at, \
    codes.redirect_uri AS asked_uri, grants.id, grants.user_id, \
    grants.client_id, grants.redirect_uri, grants.resource, grants.scope, grants.created_at, \
    grants.expires_at AS grant_expires_at, grants.jkt \
    FROM codes JOIN grants ON grants.id = codes.grant_id WHERE codes.digest = $1";
const FAIL_CODE: &str = "UPDATE codes SET failures = failures + 1, \
    expires_at = CASE WHEN failures + 1 >= $2 THEN 0 ELSE expires_at END \
    WHERE digest = $1 AND used_at IS NULL";
const REDEEM: &str = "UPDATE codes SET used_at = $2 \
    WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 AND EXISTS \
    (SELECT 1 FROM grants JOIN users ON users.id = grants.user_id WHERE grants.id = codes.grant_id \
    AND grants.revoked_at IS NULL AND grants.expires_at > $2 AND users.disabled = 0)";
const USED_CODE: &str = "SELECT grant_id FROM codes WHERE digest = $1 AND used_at IS NOT NULL";
const BIND: &str = "UPDATE grants SET jkt = $2 \
    WHERE id = (SELECT grant_id FROM codes WHERE digest = $1)";
const BIND_REFRESH: &str = "UPDATE grants SET jkt = $2 \
    WHERE id = (SELECT grant_id FROM refresh_tokens WHERE digest = $1) \
    AND (jkt IS NULL OR jkt = $2)";
const ADD_REFRESH: &str = "INSERT INTO refresh_tokens (digest, grant_id, generation, expires_at) \
    VALUES ($1, $2, $3, $4)";
const REFRESH: &str = "SELECT refresh_tokens.digest, refresh_tokens.grant_id, \
    refresh_tokens.generation, refresh_tokens.expires_at, refresh_tokens.used_at, grants.id, \
    grants.user_id, grants.client_id, grants.redirect_uri, grants.resource, grants.scope, \
    grants.created_at, grants.expires_at AS grant_expires_at, grants.jkt \
    FROM refresh_tokens JOIN grants ON grants.id = refresh_tokens.grant_id \
    WHERE refresh_tokens.digest = $1";
const ROTATE: &str = "UPDATE refresh_tokens SET used_at = $2 \
    WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 AND EXISTS \
    (SELECT 1 FROM grants JOIN users ON users.id = grants.user_id \
    WHERE grants.id = refresh_tokens.grant_id \
    AND grants.revoked_at IS NULL AND grants.expires_at > $2 AND users.disabled = 0)";
/// The retry of a lost answer: its successor must be there, unused, and the one that this caller would get.
const RETRY: &str = "UPDATE refresh_tokens SET retries = retries + 1 \
    WHERE digest = $1 AND used_at + $3 > $2 AND retries < $4 AND EXISTS \
    (SELECT 1 FROM grants JOIN users ON users.id = grants.user_id \
    WHERE grants.id = refresh_tokens.grant_id \
    AND grants.revoked_at IS NULL AND grants.expires_at > $2 AND users.disabled = 0) \
    AND EXISTS (SELECT 1 FROM refresh_tokens AS next WHERE next.grant_id = refresh_tokens.grant_id \
    AND next.digest = $5 AND next.used_at IS NULL)";
/// The grant of a token whose reuse is proven. A burst of retries is none while nobody has used the successor.
const USED_REFRESH: &str = "SELECT grant_id FROM refresh_tokens \
    WHERE digest = $1 AND used_at IS NOT NULL AND NOT (used_at + $3 > $2 \
    AND EXISTS (SELECT 1 FROM refresh_tokens AS next \
    WHERE next.grant_id = refresh_tokens.grant_id \
    AND next.digest = $4 AND next.used_at IS NULL))";
const REVOKE: &str = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
const GIVEN: &str = "SELECT scope, expires_at FROM grants WHERE user_id = $1 AND client_id = $2 \
    AND client_face = $3 AND redirect_uri = $4 AND resource = $5 \
    AND revoked_at IS NULL AND expires_at > $6";
const LIVES: &str = "SELECT id FROM grants \
    WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2";
const LIST: &str = "SELECT grants.id, grants.user_id, grants.client_id, grants.redirect_uri, \
    grants.resource, grants.scope, grants.created_at, grants.expires_at AS grant_expires_at, grants.jkt, \
    users.name AS user_name, clients.metadata AS client_metadata FROM grants \
    JOIN users ON users.id = grants.user_id LEFT JOIN clients ON clients.id = grants.client_id \
    WHERE grants.revoked_at IS NULL AND grants.expires_at > $1 \
    AND ($2 IS NULL OR grants.user_id = $2) ORDER BY grants.created_at DESC";

impl Grants for Sql {
    fn code<'a>(&'a self, digest: &'a str) -> Reply<'a, Option<(CodeRecord, Grant)>> {
        Box::pin(async move {
            let Some(row) = self.database()?.row(CODE, args![digest]).await? else {
                return Ok(None);
            };
            let code = CodeRecord {
                digest: row.get("digest")?,
                grant_id: row.get("grant_id")?,
                challenge: row.get("challenge")?,
                redirect_uri: row.get("asked_uri")?,
                expires_at: row.get("expires_at")?,
            };
            Ok(Some((code, read(&row)?)))
        })
    }

    fn fail_code<'a>(&'a self, digest: &'a str, most: i64) -> Reply<'a, ()> {
        Box::pin(async move {
            let values = args![digest, most];
            self.database()?.run(FAIL_CODE, values).await.map(drop)
        })
    }

    fn redeem_code<'a>(
        &'a self,
        digest: &'a str,
        refresh: Option<&'a RefreshRecord>,
        key: Option<&'a str>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, Redeemed> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let outcome = if write.run(REDEEM, args![digest, now]).await? == 1 {
                if let Some(refresh) = refresh {
                    add_refresh(&mut write, refresh).await?;
                }
                if let Some(key) = key {
                    write.run(BIND, args![digest, key]).await?;
                }
                Redeemed::Yes
            } else {
                match write.row(USED_CODE, args![digest]).await? {
                    Some(code) => {
                        let grant: String = code.get("grant_id")?;
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
            let Some(row) = self.database()?.row(REFRESH, args![digest]).await? else {
                return Ok(None);
            };
            let token = RefreshRecord {
                digest: row.get("digest")?,
                grant_id: row.get("grant_id")?,
                generation: row.get("generation")?,
                expires_at: row.get("expires_at")?,
                used_at: row.get("used_at")?,
            };
            Ok(Some((token, read(&row)?)))
        })
    }

    fn rotate_refresh<'a>(
        &'a self,
        digest: &'a str,
        successor: &'a RefreshRecord,
        retry: Retry,
        key: Option<&'a str>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, Rotated> {
        Box::pin(async move {
            let mut write = self.write().await?;
            if let Some(key) = key
                && write.run(BIND_REFRESH, args![digest, key]).await? == 0
            {
                write.rollback().await?;
                return Ok(Rotated::No);
            }
            let next = &successor.digest;
            let again = args![digest, now, retry.window, retry.times, next];
            let used = args![digest, now, retry.window, next];
            let outcome = if write.run(ROTATE, args![digest, now]).await? == 1 {
                add_refresh(&mut write, successor).await?;
                Rotated::Yes
            } else if write.run(RETRY, again).await? == 1 {
                Rotated::Again
            } else if let Some(token) = write.row(USED_REFRESH, used).await? {
                let grant: String = token.get("grant_id")?;
                revoke(&mut write, &grant, now, denied_until).await?;
                Rotated::Reused
            } else {
                Rotated::No
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

    fn given<'a>(&'a self, past: Past<'a>, now: Millis) -> Reply<'a, Vec<(String, Millis)>> {
        Box::pin(async move {
            let values = args![
                past.user_id,
                past.client_id,
                past.client_face,
                past.redirect_uri,
                past.resource,
                now
            ];
            let rows = self.database()?.rows(GIVEN, values).await?;
            let read = |row: &Row| Ok((row.get("scope")?, row.get("expires_at")?));
            rows.iter().map(read).collect()
        })
    }

    fn grant_lives<'a>(&'a self, id: &'a str, now: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let grant = self.database()?.row(LIVES, args![id, now]).await?;
            Ok(grant.is_some())
        })
    }

    fn list_grants<'a>(
        &'a self,
        user_id: Option<&'a str>,
        now: Millis,
    ) -> Reply<'a, Vec<GrantLine>> {
        Box::pin(async move {
            let rows = self.database()?.rows(LIST, args![now, user_id]).await?;
            let line = |row: &Row| {
                Ok(GrantLine {
                    grant: read(row)?,
                    user_name: row.get("user_name")?,
                    client_metadata: row.get("client_metadata")?,
                })
            };
            rows.iter().map(line).collect()
        })
    }
}

async fn add_refresh(write: &mut Write, token: &RefreshRecord) -> Result<(), StoreError> {
    let values = args![
        &token.digest,
        &token.grant_id,
        token.generation,
        token.expires_at
    ];
    write.run(ADD_REFRESH, values).await.map(drop)
}

async fn revoke(
    write: &mut Write,
    id: &str,
    now: Millis,
    denied_until: Millis,
) -> Result<bool, StoreError> {
    if write.run(REVOKE, args![id, now]).await? == 0 {
        return Ok(false);
    }
    let denied = args![id, now, denied_until];
    write.run(keys::DENY, denied).await?;
    write.announce().await?;
    Ok(true)
}

fn read(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        client_id: row.get("client_id")?,
        redirect_uri: row.get("redirect_uri")?,
        resource: row.get("resource")?,
        scope: row.get("scope")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("grant_expires_at")?,
        key: row.get("jkt")?,
    })
}
