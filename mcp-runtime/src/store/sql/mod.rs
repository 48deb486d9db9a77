//! The SQL of every verb, written once for SQLite and PostgreSQL: BIGINT milliseconds, TEXT digests, `$n`,
//! `ON CONFLICT`, `RETURNING`, and the condition inside the statement that writes.

/// The schema, one script per version; a database remembers how many of them it has seen.
pub(super) const MIGRATIONS: &[&str] =
    &[include_str!("schema_1.sql"), include_str!("schema_2.sql")];

pub(super) mod users {
    pub(crate) const ADD: &str = "INSERT INTO users (id, name, name_key, password, demo, disabled, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    pub(crate) const BY_NAME: &str = "SELECT * FROM users WHERE name_key = $1";
    pub(crate) const BY_ID: &str = "SELECT * FROM users WHERE id = $1";
    pub(crate) const LIST: &str = "SELECT * FROM users ORDER BY name_key";
    pub(crate) const CHANGE_PASSWORD: &str =
        "UPDATE users SET password = $3, demo = $4 WHERE id = $1 AND password = $2";
    pub(crate) const STRENGTHEN: &str =
        "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";
    pub(crate) const REMOVE: &str = "DELETE FROM users WHERE id = $1";
    pub(crate) const END_SESSIONS: &str = "DELETE FROM sessions WHERE user_id = $1";
    pub(crate) const DENY_GRANTS: &str = "INSERT INTO revocations (subject, revoked_at, expires_at) \
        SELECT id, $2, $3 FROM grants WHERE user_id = $1 AND revoked_at IS NULL \
        ON CONFLICT DO NOTHING";
    pub(crate) const END_GRANTS: &str =
        "UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
}

pub(super) mod clients {
    pub(crate) const ADD: &str = "INSERT INTO clients (id, secret, metadata, created_at) \
        SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM clients) < $5";
    pub(crate) const BY_ID: &str = "SELECT * FROM clients WHERE id = $1";
    pub(crate) const TOUCH: &str = "UPDATE clients SET last_used_at = $2 WHERE id = $1";
}

pub(super) mod flow {
    pub(crate) const PUT_TRANSACTION: &str = "INSERT INTO transactions (handle, browser, request, expires_at, origin) \
        SELECT $1, $2, $3, $4, $5 \
        WHERE (SELECT COUNT(*) FROM transactions WHERE expires_at > $8) < $6 \
        AND (SELECT COUNT(*) FROM transactions WHERE origin = $5 AND expires_at > $8) < $7";
    pub(crate) const WAITING_FROM: &str =
        "SELECT COUNT(*) FROM transactions WHERE origin = $1 AND expires_at > $2";
    pub(crate) const TRANSACTION: &str =
        "SELECT * FROM transactions WHERE handle = $1 AND expires_at > $2";
    pub(crate) const TAKE_TRANSACTION: &str =
        "DELETE FROM transactions WHERE handle = $1 AND expires_at > $2";
    pub(crate) const PUT_SESSION: &str =
        "INSERT INTO sessions (handle, user_id, expires_at) VALUES ($1, $2, $3)";
    pub(crate) const SESSION: &str = "SELECT sessions.*, users.name FROM sessions \
        JOIN users ON users.id = sessions.user_id \
        WHERE sessions.handle = $1 AND sessions.expires_at > $2 AND users.disabled = 0";
    pub(crate) const END_SESSION: &str = "DELETE FROM sessions WHERE handle = $1";
    pub(crate) const APPROVED_BEFORE: &str = "SELECT 1 FROM grants \
        WHERE user_id = $1 AND client_id = $2 AND redirect_uri = $3 \
        AND revoked_at IS NULL AND expires_at > $4 LIMIT 1";
    pub(crate) const BUMP: &str = "INSERT INTO counters (name, n, expires_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET \
        n = CASE WHEN counters.expires_at <= $4 THEN excluded.n ELSE counters.n + excluded.n END, \
        expires_at = CASE WHEN counters.expires_at <= $4 THEN excluded.expires_at ELSE counters.expires_at END \
        RETURNING n, expires_at";
    pub(crate) const CLEAR: &str = "DELETE FROM counters WHERE name = $1";
    /// Each takes the moment and the size of a batch.
    pub(crate) const COLLECT_EXPIRED: &[&str] = &[
        "DELETE FROM transactions WHERE handle IN \
            (SELECT handle FROM transactions WHERE expires_at <= $1 LIMIT $2)",
        "DELETE FROM sessions WHERE handle IN \
            (SELECT handle FROM sessions WHERE expires_at <= $1 LIMIT $2)",
        "DELETE FROM revocations WHERE subject IN \
            (SELECT subject FROM revocations WHERE expires_at <= $1 LIMIT $2)",
        "DELETE FROM counters WHERE name IN \
            (SELECT name FROM counters WHERE expires_at <= $1 LIMIT $2)",
        // A used token is kept as long as it could have lived, so that its reuse is recognised.
        "DELETE FROM refresh_tokens WHERE digest IN \
            (SELECT digest FROM refresh_tokens WHERE expires_at <= $1 LIMIT $2)",
        "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE expires_at <= $1 LIMIT $2)",
    ];
    pub(crate) const COLLECT_CODES: &str = "DELETE FROM codes WHERE digest IN \
        (SELECT digest FROM codes WHERE expires_at <= $1 LIMIT $2)";
    pub(crate) const COLLECT_GRANTS: &str = "DELETE FROM grants WHERE id IN \
        (SELECT id FROM grants WHERE expires_at <= $1 OR revoked_at <= $1 LIMIT $2)";
    pub(crate) const COLLECT_CLIENTS: &str = "DELETE FROM clients WHERE id IN (SELECT id FROM clients \
        WHERE ((last_used_at IS NULL AND created_at <= $1) OR last_used_at <= $2) \
        AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id) LIMIT $3)";
}

pub(super) mod grants {
    /// What the approval rests on is looked at again here: since the page was read, the password may have been changed
    /// or the session ended.
    pub(crate) const ADD: &str = "INSERT INTO grants \
        (id, user_id, client_id, redirect_uri, resource, scope, created_at, expires_at) \
        SELECT $1, $2, $3, $4, $5, $6, $7, $8 \
        WHERE EXISTS (SELECT 1 FROM users WHERE id = $2 AND disabled = 0 \
        AND ($9 IS NULL OR password = $9)) \
        AND ($10 IS NULL OR EXISTS \
        (SELECT 1 FROM sessions WHERE handle = $10 AND user_id = $2 AND expires_at > $7))";
    pub(crate) const ADD_CODE: &str = "INSERT INTO codes (digest, grant_id, challenge, redirect_uri, expires_at) \
        VALUES ($1, $2, $3, $4, $5)";
    pub(crate) const CODE: &str = "SELECT codes.digest, codes.grant_id, codes.challenge, codes.expires_at, \
        codes.redirect_uri AS asked_uri, grants.id, grants.user_id, \
        grants.client_id, grants.redirect_uri, grants.resource, grants.scope, grants.created_at, \
        grants.expires_at AS grant_expires_at \
        FROM codes JOIN grants ON grants.id = codes.grant_id WHERE codes.digest = $1";
    pub(crate) const FAIL_CODE: &str = "UPDATE codes SET failures = failures + 1, \
        expires_at = CASE WHEN failures + 1 >= $2 THEN 0 ELSE expires_at END \
        WHERE digest = $1 AND used_at IS NULL";
    pub(crate) const REDEEM: &str = "UPDATE codes SET used_at = $2 \
        WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 AND EXISTS \
        (SELECT 1 FROM grants JOIN users ON users.id = grants.user_id WHERE grants.id = codes.grant_id \
        AND grants.revoked_at IS NULL AND grants.expires_at > $2 AND users.disabled = 0)";
    pub(crate) const USED_CODE: &str =
        "SELECT grant_id FROM codes WHERE digest = $1 AND used_at IS NOT NULL";
    pub(crate) const ADD_REFRESH: &str = "INSERT INTO refresh_tokens (digest, grant_id, generation, expires_at) \
        VALUES ($1, $2, $3, $4)";
    pub(crate) const REFRESH: &str = "SELECT refresh_tokens.digest, refresh_tokens.grant_id, \
        refresh_tokens.generation, refresh_tokens.expires_at, refresh_tokens.used_at, grants.id, grants.user_id, grants.client_id, \
        grants.redirect_uri, grants.resource, grants.scope, grants.created_at, \
        grants.expires_at AS grant_expires_at \
        FROM refresh_tokens JOIN grants ON grants.id = refresh_tokens.grant_id \
        WHERE refresh_tokens.digest = $1";
    pub(crate) const ROTATE: &str = "UPDATE refresh_tokens SET used_at = $2 \
        WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 AND EXISTS \
        (SELECT 1 FROM grants JOIN users ON users.id = grants.user_id \
        WHERE grants.id = refresh_tokens.grant_id \
        AND grants.revoked_at IS NULL AND grants.expires_at > $2 AND users.disabled = 0)";
    /// The retry of a lost answer: its successor must be there, unused, and the one that this caller would get.
    pub(crate) const RETRY: &str = "UPDATE refresh_tokens SET retries = retries + 1 \
        WHERE digest = $1 AND used_at + $3 > $2 AND retries < $4 AND EXISTS \
        (SELECT 1 FROM grants JOIN users ON users.id = grants.user_id \
        WHERE grants.id = refresh_tokens.grant_id \
        AND grants.revoked_at IS NULL AND grants.expires_at > $2 AND users.disabled = 0) \
        AND EXISTS (SELECT 1 FROM refresh_tokens AS next WHERE next.grant_id = refresh_tokens.grant_id \
        AND next.digest = $5 AND next.used_at IS NULL)";
    /// The grant of a token whose reuse is proven. A burst of retries is none while nobody has used the successor.
    pub(crate) const USED_REFRESH: &str = "SELECT grant_id FROM refresh_tokens \
        WHERE digest = $1 AND used_at IS NOT NULL AND NOT (used_at + $3 > $2 \
        AND EXISTS (SELECT 1 FROM refresh_tokens AS next \
        WHERE next.grant_id = refresh_tokens.grant_id \
        AND next.digest = $4 AND next.used_at IS NULL))";
    pub(crate) const REVOKE: &str =
        "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    pub(crate) const LIVES: &str = "SELECT 1 FROM grants \
        WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2";
    pub(crate) const LIST: &str = "SELECT grants.*, grants.expires_at AS grant_expires_at, \
        users.name AS user_name, clients.metadata AS client_metadata FROM grants \
        JOIN users ON users.id = grants.user_id LEFT JOIN clients ON clients.id = grants.client_id \
        WHERE grants.revoked_at IS NULL AND grants.expires_at > $1 \
        AND ($2 IS NULL OR grants.user_id = $2) ORDER BY grants.created_at DESC";
}

pub(super) mod keys {
    pub(crate) const PUT: &str = "INSERT INTO keys (id, purpose, generation, secret, active_from, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    pub(crate) const LIST: &str = "SELECT * FROM keys WHERE purpose = $1 \
        AND (expires_at IS NULL OR expires_at > $2) ORDER BY generation";
    pub(crate) const END_EARLIER: &str = "UPDATE keys SET expires_at = $3 \
        WHERE purpose = $1 AND generation < $2 AND (expires_at IS NULL OR expires_at > $3)";
    pub(crate) const DENY: &str = "INSERT INTO revocations (subject, revoked_at, expires_at) \
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    pub(crate) const DENIED: &str =
        "SELECT subject, expires_at FROM revocations WHERE expires_at > $1";
}
