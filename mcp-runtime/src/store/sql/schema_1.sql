-- Times are milliseconds since 1970 in UTC. Whatever a holder could present is kept as a SHA-256 digest.

CREATE TABLE users (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    -- The name as it is compared at login: trimmed, lower case.
    name_key    TEXT   NOT NULL UNIQUE,
    -- A PHC string (argon2id).
    password    TEXT   NOT NULL,
    -- NULL for a real user; how a demo user got its present password otherwise.
    demo        TEXT,
    disabled    BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL
);

CREATE TABLE clients (
    id           TEXT   NOT NULL PRIMARY KEY,
    secret       TEXT,
    -- The registered metadata, JSON.
    metadata     TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX clients_by_use ON clients (last_used_at, created_at);

-- An authorization request that waits for its user, frozen as JSON.
CREATE TABLE transactions (
    handle      TEXT   NOT NULL PRIMARY KEY,
    browser     TEXT   NOT NULL,
    request     TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX transactions_by_expiry ON transactions (expires_at);

CREATE TABLE sessions (
    handle      TEXT   NOT NULL PRIMARY KEY,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What a user allowed a client. Its codes and tokens are one family and end with it.
CREATE TABLE grants (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id    TEXT   NOT NULL,
    redirect_uri TEXT   NOT NULL,
    resource     TEXT   NOT NULL,
    scope        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);
CREATE INDEX grants_by_user ON grants (user_id, client_id);
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE codes (
    digest       TEXT   NOT NULL PRIMARY KEY,
    grant_id     TEXT   NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    challenge    TEXT   NOT NULL,
    -- NULL where the request named none.
    redirect_uri TEXT,
    expires_at   BIGINT NOT NULL,
    failures     BIGINT NOT NULL DEFAULT 0,
    used_at      BIGINT
);
CREATE INDEX codes_by_grant ON codes (grant_id);
CREATE INDEX codes_by_expiry ON codes (expires_at);

CREATE TABLE refresh_tokens (
    digest       TEXT   NOT NULL PRIMARY KEY,
    grant_id     TEXT   NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    generation   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT,
    retries      BIGINT NOT NULL DEFAULT 0,
    -- Two successors of one token cannot be written, whatever the code above does.
    UNIQUE (grant_id, generation)
);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- What resource servers must refuse although its signature is good: a grant's id or a token's `jti`.
CREATE TABLE revocations (
    subject      TEXT   NOT NULL PRIMARY KEY,
    revoked_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

CREATE TABLE keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    purpose      TEXT   NOT NULL,
    -- The first of a purpose is 1: replicas that start together agree on one.
    generation   BIGINT NOT NULL,
    secret       TEXT   NOT NULL,
    -- The key-encryption key under which `secret` is sealed; NULL when it is not.
    sealed_by    TEXT,
    active_from  BIGINT NOT NULL,
    -- From then on nothing that this key made is accepted.
    expires_at   BIGINT,
    UNIQUE (purpose, generation)
);

CREATE TABLE counters (
    name         TEXT   NOT NULL PRIMARY KEY,
    n            BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX counters_by_expiry ON counters (expires_at);
