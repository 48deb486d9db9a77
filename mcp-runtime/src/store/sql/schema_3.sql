-- So that a look for news reads what is new, and not an hour of revocations.
CREATE INDEX revocations_by_time ON revocations (revoked_at);
