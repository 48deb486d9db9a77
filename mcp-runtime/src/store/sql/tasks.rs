//! The records of tasks. Dispatch owns their trait; several processes share them here.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::Sql;
use super::database::{Row, args};
use crate::dispatch::{
    Bounds, Created, End, NewTask, RecordsError, Signals, Status, TaskKey, TaskRecord, TaskRecords,
    Verb,
};
use crate::extract::{News, User};
use crate::store::{Millis, StoreError};

/// For how long a runner is believed to live without a word.
const LEASE: Duration = Duration::from_secs(30);
/// For how long a task that works is kept after its time: its runner ends it, or is missed.
const GRACE: Millis = 60_000;
/// How many expired tasks a new one sweeps up.
const BATCH: Millis = 100;

pub(super) const COLLECT: &str = "DELETE FROM tasks WHERE expires_at <= $1 AND id IN \
    (SELECT id FROM tasks WHERE expires_at <= $1 LIMIT $2)";
/// All callers of a user have their beginning in common.
const RUNNING: &str = "SELECT COUNT(*) AS n FROM tasks \
    WHERE SUBSTR(caller, 1, LENGTH($1)) = $1 AND status = 'working' AND alive_until > $2";
const EVICT: &str = "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks \
    WHERE SUBSTR(caller, 1, LENGTH($1)) = $1 AND status <> 'working' \
    ORDER BY updated_at DESC LIMIT 1000000 OFFSET $2)";
const CREATE: &str = "INSERT INTO tasks \
    (id, caller, runner, status, created_at, updated_at, ttl, alive_until, expires_at) \
    SELECT $1, $2, $3, 'working', $4, $4, $5, $6, $7 \
    WHERE (SELECT COUNT(*) FROM tasks) < $8";
const FIND: &str = "SELECT status, message, outcome, created_at, updated_at, ttl, alive_until FROM tasks \
    WHERE id = $1 AND caller = $2 AND expires_at > $3";
const ASKED: &str = "SELECT name, request FROM task_questions WHERE task = $1 AND answer IS NULL";
const TOUCH: &str = "UPDATE tasks SET message = COALESCE($2, message), updated_at = $3 \
    WHERE id = $1 AND status = 'working'";
const ASK: &str = "INSERT INTO task_questions (task, name, request) VALUES ($1, $2, $3) \
    ON CONFLICT DO NOTHING";
const WITHDRAW: &str =
    "DELETE FROM task_questions WHERE task = $1 AND name = $2 AND answer IS NULL";
const ANSWER: &str = "UPDATE task_questions SET answer = $3 \
    WHERE task = $1 AND name = $2 AND answer IS NULL";
/// `$4` is the present, `$5` for how long at least the end stays readable.
const END: &str = "UPDATE tasks SET status = $1, message = $2, outcome = $3, updated_at = $4, \
    ttl = CASE WHEN $4 - created_at + $5 > ttl THEN $4 - created_at + $5 ELSE ttl END, \
    expires_at = CASE WHEN $4 + $5 > created_at + ttl THEN $4 + $5 ELSE created_at + ttl END \
    WHERE id = $6 AND status = 'working'";
/// One whose runner is missed, if that is still so.
const LOSE: &str = "UPDATE tasks SET status = $1, message = $2, outcome = $3, updated_at = $4, \
    ttl = CASE WHEN $4 - created_at + $5 > ttl THEN $4 - created_at + $5 ELSE ttl END, \
    expires_at = CASE WHEN $4 + $5 > created_at + ttl THEN $4 + $5 ELSE created_at + ttl END \
    WHERE id = $6 AND status = 'working' AND alive_until <= $4";
const ABANDON: &str = "UPDATE tasks SET status = $1, message = $2, outcome = $3, updated_at = $4, \
    ttl = CASE WHEN $4 - created_at + $5 > ttl THEN $4 - created_at + $5 ELSE ttl END, \
    expires_at = CASE WHEN $4 + $5 > created_at + ttl THEN $4 + $5 ELSE created_at + ttl END, \
    runner = NULL WHERE runner = $6 AND status = 'working'";
const RENEW: &str = "UPDATE tasks SET alive_until = $2 WHERE runner = $1 AND status = 'working'";
const ANSWERED: &str = "SELECT task, name, answer FROM task_questions \
    JOIN tasks ON tasks.id = task WHERE runner = $1 AND status = 'working' AND answer IS NOT NULL";
const TAKE: &str = "DELETE FROM task_questions WHERE task = $1 AND name = $2";
const ENDED: &str = "SELECT id FROM tasks WHERE runner = $1 AND status <> 'working'";
const TOLD: &str = "UPDATE tasks SET runner = NULL WHERE id = $1";

impl TaskRecords for Sql {
    fn create<'a>(&'a self, task: &'a NewTask, bounds: Bounds) -> Verb<'a, Created> {
        Box::pin(async move { Ok(self.create_task(task, bounds).await?) })
    }

    fn find<'a>(
        &'a self,
        key: &'a TaskKey,
        caller: &'a str,
        now: Millis,
        keep: Millis,
    ) -> Verb<'a, Option<TaskRecord>> {
        Box::pin(async move {
            let found = args![key.as_str(), caller, now];
            let Some(mut row) = self.database()?.row(FIND, found).await? else {
                return Ok(None);
            };
            let is_missed = row.get::<i64>("alive_until")? <= now;
            if is_missed && status(&row)? == Status::Working {
                let found = args![key.as_str(), caller, now];
                self.finish(LOSE, key.as_str(), &End::lost(), now, keep)
                    .await?;
                match self.database()?.row(FIND, found).await? {
                    Some(fresh) => row = fresh,
                    None => return Ok(None),
                }
            }
            let asked = self.database()?.rows(ASKED, args![key.as_str()]).await?;
            Ok(Some(read(&row, &asked)?))
        })
    }

    fn tell<'a>(&'a self, key: &'a TaskKey, news: &'a News, now: Millis) -> Verb<'a, ()> {
        Box::pin(async move {
            let task = key.as_str();
            let mut write = self.write().await?;
            if write.run(TOUCH, args![task, &news.message, now]).await? == 0 {
                return Ok(write.rollback().await?);
            }
            for (name, request) in &news.asked {
                let request = request.to_string();
                write.run(ASK, args![task, name, &request]).await?;
            }
            for name in &news.withdrawn {
                write.run(WITHDRAW, args![task, name]).await?;
            }
            Ok(write.commit().await?)
        })
    }

    fn answer<'a>(
        &'a self,
        key: &'a TaskKey,
        answers: BTreeMap<String, Value>,
        now: Millis,
    ) -> Verb<'a, BTreeMap<String, Value>> {
        Box::pin(async move {
            let task = key.as_str();
            let mut write = self.write().await?;
            let mut taken = BTreeMap::new();
            // The task's row first: it is locked from here on, and so cannot end in between.
            if write.run(TOUCH, args![task, None::<&str>, now]).await? == 1 {
                for (name, answer) in answers {
                    let text = answer.to_string();
                    if write.run(ANSWER, args![task, &name, &text]).await? == 1 {
                        taken.insert(name, answer);
                    }
                }
            }
            match taken.is_empty() {
                true => write.rollback().await?,
                false => write.commit().await?,
            }
            Ok(taken)
        })
    }

    fn end<'a>(
        &'a self,
        key: &'a TaskKey,
        end: &'a End,
        now: Millis,
        keep: Millis,
    ) -> Verb<'a, bool> {
        Box::pin(async move { Ok(self.finish(END, key.as_str(), end, now, keep).await? == 1) })
    }

    fn lease(&self) -> Option<Duration> {
        Some(LEASE)
    }

    fn renew<'a>(&'a self, runner: &'a str, now: Millis) -> Verb<'a, ()> {
        Box::pin(async move {
            let until = now + lease();
            self.database()?.run(RENEW, args![runner, until]).await?;
            Ok(())
        })
    }

    fn signals<'a>(&'a self, runner: &'a str) -> Verb<'a, Signals> {
        Box::pin(async move {
            // Reads only, as long as nothing happened.
            let database = self.database()?;
            let mut signals = Signals::default();
            for row in database.rows(ANSWERED, args![runner]).await? {
                let (task, name) = (row.get::<String>("task")?, row.get::<String>("name")?);
                database.run(TAKE, args![&task, &name]).await?;
                let answer = json(&row.get::<String>("answer")?)?;
                let answers = BTreeMap::from([(name, answer)]);
                signals.answers.push((TaskKey::from(task), answers));
            }
            for row in database.rows(ENDED, args![runner]).await? {
                let task: String = row.get("id")?;
                database.run(TOLD, args![&task]).await?;
                signals.ended.push(TaskKey::from(task));
            }
            Ok(signals)
        })
    }

    fn abandon<'a>(&'a self, runner: &'a str, now: Millis, keep: Millis) -> Verb<'a, ()> {
        Box::pin(async move {
            self.finish(ABANDON, runner, &End::lost(), now, keep)
                .await?;
            Ok(())
        })
    }
}

impl Sql {
    /// Where several processes begin tasks of one user at the same moment, the bound may be passed by as many.
    async fn create_task(&self, task: &NewTask, bounds: Bounds) -> Result<Created, StoreError> {
        let now = task.created_at;
        let caller = task.caller.as_str();
        let user = User::of_caller(caller);
        let mut write = self.write().await?;
        write.run(COLLECT, args![now, BATCH]).await?;
        let running = write.row(RUNNING, args![user, now]).await?;
        let running: i64 = running.map_or(Ok(0), |row| row.get("n"))?;
        if running >= count(bounds.running) {
            write.commit().await?;
            return Ok(Created::TooManyRunning);
        }
        let ended = count(bounds.ended.saturating_sub(1));
        write.run(EVICT, args![user, ended]).await?;
        let values = args![
            task.key.as_str(),
            caller,
            &task.runner,
            now,
            task.ttl_ms,
            now + lease(),
            now + task.ttl_ms + GRACE,
            count(bounds.total),
        ];
        let added = write.run(CREATE, values).await?;
        write.commit().await?;
        Ok(match added {
            0 => Created::Full,
            _ => Created::Done,
        })
    }

    /// Ends what `subject` names: a task, or all that a runner runs.
    async fn finish(
        &self,
        sql: &'static str,
        subject: &str,
        end: &End,
        now: Millis,
        keep: Millis,
    ) -> Result<u64, StoreError> {
        let values = args![
            word(end.status),
            &end.message,
            &end.outcome,
            now,
            keep,
            subject
        ];
        self.database()?.run(sql, values).await
    }
}

fn lease() -> Millis {
    Millis::try_from(LEASE.as_millis()).unwrap_or(Millis::MAX)
}

fn count(bound: usize) -> i64 {
    i64::try_from(bound).unwrap_or(i64::MAX)
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Working => "working",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
    }
}

fn status(row: &Row) -> Result<Status, StoreError> {
    match row.get::<String>("status")?.as_str() {
        "working" => Ok(Status::Working),
        "completed" => Ok(Status::Completed),
        "failed" => Ok(Status::Failed),
        "cancelled" => Ok(Status::Cancelled),
        other => Err(StoreError::Corrupt(format!("a task that is `{other}`"))),
    }
}

fn json(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("a question of a task".into()))
}

fn read(row: &Row, asked: &[Row]) -> Result<TaskRecord, StoreError> {
    let asked = asked.iter().map(|row| {
        let request = json(&row.get::<String>("request")?)?;
        Ok((row.get::<String>("name")?, request))
    });
    Ok(TaskRecord {
        status: status(row)?,
        message: row.get("message")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        ttl_ms: row.get("ttl")?,
        asked: asked.collect::<Result<_, StoreError>>()?,
        outcome: row.get("outcome")?,
    })
}

impl From<StoreError> for RecordsError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}
