-- Tasks: calls that outlive their request. `id` is the digest of the id that the client holds.
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    -- The process that runs it; NULL once that need not be told of its end.
    runner TEXT,
    status TEXT NOT NULL,
    message TEXT,
    outcome TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ttl BIGINT NOT NULL,
    -- Until when the runner is believed to live without a word.
    alive_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tasks_by_caller ON tasks (caller, status);
CREATE INDEX tasks_by_runner ON tasks (runner);
CREATE INDEX tasks_by_expiry ON tasks (expires_at);

-- What a task asks its client; an answer stays until the runner has taken it.
CREATE TABLE task_questions (
    task TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT,
    PRIMARY KEY (task, name)
);
