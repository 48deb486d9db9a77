-- A digest of the address that began a sign-in, so that one place cannot take up all of the waiting ones.
ALTER TABLE transactions ADD COLUMN origin TEXT NOT NULL DEFAULT '';
CREATE INDEX transactions_by_origin ON transactions (origin);
