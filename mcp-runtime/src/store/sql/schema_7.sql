-- What an upstream provider said of a user at the last sign-in, JSON, for the operator's rule to be asked again.
CREATE TABLE identities (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    claims  TEXT NOT NULL
);
