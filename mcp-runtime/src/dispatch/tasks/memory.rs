//! Records in memory: for one process, and lost with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::record::{
    Bounds, Created, End, NewTask, Status, TaskKey, TaskRecord, TaskRecords, Verb,
};
use crate::dispatch::shared::Millis;
use crate::extract::{News, User};

/// How often what has expired is swept up, in milliseconds.
const SWEEP: Millis = 60_000;

/// The records of one process.
#[derive(Debug, Default)]
pub(crate) struct InMemory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    tasks: HashMap<TaskKey, Entry>,
    swept_at: Millis,
}

#[derive(Debug)]
struct Entry {
    caller: String,
    record: TaskRecord,
}

impl Entry {
    /// One that works is ended by its runner when its time is up, and is readable a while longer.
    fn is_expired(&self, now: Millis) -> bool {
        let grace = if self.works() { SWEEP } else { 0 };
        self.record.created_at + self.record.ttl_ms + grace <= now
    }

    fn works(&self) -> bool {
        self.record.status == Status::Working
    }
}

impl InMemory {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn create(&mut self, task: &NewTask, bounds: Bounds) -> Created {
        let now = task.created_at;
        if now - self.swept_at >= SWEEP || self.tasks.len() >= bounds.total {
            self.tasks.retain(|_, entry| !entry.is_expired(now));
            self.swept_at = now;
        }
        let user = User::of_caller(&task.caller);
        let (mut running, mut ended) = (0, Vec::new());
        for (key, entry) in self
            .tasks
            .iter()
            .filter(|(_, e)| User::of_caller(&e.caller) == user)
        {
            if entry.works() {
                running += 1;
            } else {
                ended.push((entry.record.updated_at, key.clone()));
            }
        }
        if running >= bounds.running {
            return Created::TooManyRunning;
        }
        if ended.len() >= bounds.ended
            && let Some((_, oldest)) = ended.into_iter().min_by_key(|(at, _)| *at)
        {
            self.tasks.remove(&oldest);
        }
        if self.tasks.len() >= bounds.total {
            return Created::Full;
        }
        let record = TaskRecord {
            status: Status::Working,
            message: None,
            created_at: now,
            updated_at: now,
            ttl_ms: task.ttl_ms,
            asked: BTreeMap::new(),
            outcome: None,
        };
        let caller = task.caller.clone();
        self.tasks
            .insert(task.key.clone(), Entry { caller, record });
        Created::Done
    }

    fn working(&mut self, key: &TaskKey) -> Option<&mut TaskRecord> {
        let entry = self.tasks.get_mut(key).filter(|e| e.works())?;
        Some(&mut entry.record)
    }

    fn tell(&mut self, key: &TaskKey, news: &News, now: Millis) {
        let Some(record) = self.working(key) else {
            return;
        };
        record.asked.extend(news.asked.clone());
        record
            .asked
            .retain(|question, _| !news.withdrawn.contains(question));
        if news.message.is_some() {
            record.message.clone_from(&news.message);
        }
        record.updated_at = now;
    }

    fn answer(
        &mut self,
        key: &TaskKey,
        mut answers: BTreeMap<String, Value>,
        now: Millis,
    ) -> BTreeMap<String, Value> {
        let Some(record) = self.working(key) else {
            return BTreeMap::new();
        };
        answers.retain(|question, _| record.asked.remove(question).is_some());
        if !answers.is_empty() {
            record.updated_at = now;
        }
        answers
    }

    fn end(&mut self, key: &TaskKey, end: &End, now: Millis, keep: Millis) -> bool {
        let Some(record) = self.working(key) else {
            return false;
        };
        record.status = end.status;
        record.message.clone_from(&end.message);
        record.outcome.clone_from(&end.outcome);
        record.asked.clear();
        record.updated_at = now;
        record.ttl_ms = record.ttl_ms.max(now - record.created_at + keep);
        true
    }
}

impl TaskRecords for InMemory {
    fn create<'a>(&'a self, task: &'a NewTask, bounds: Bounds) -> Verb<'a, Created> {
        Box::pin(async move { Ok(self.lock().create(task, bounds)) })
    }

    fn find<'a>(
        &'a self,
        key: &'a TaskKey,
        caller: &'a str,
        now: Millis,
        _keep: Millis,
    ) -> Verb<'a, Option<TaskRecord>> {
        Box::pin(async move {
            let kept = self.lock();
            let entry = kept.tasks.get(key);
            let entry = entry.filter(|e| e.caller == caller && !e.is_expired(now));
            Ok(entry.map(|e| e.record.clone()))
        })
    }

    fn tell<'a>(&'a self, key: &'a TaskKey, news: &'a News, now: Millis) -> Verb<'a, ()> {
        Box::pin(async move {
            self.lock().tell(key, news, now);
            Ok(())
        })
    }

    fn answer<'a>(
        &'a self,
        key: &'a TaskKey,
        answers: BTreeMap<String, Value>,
        now: Millis,
    ) -> Verb<'a, BTreeMap<String, Value>> {
        Box::pin(async move { Ok(self.lock().answer(key, answers, now)) })
    }

    fn end<'a>(
        &'a self,
        key: &'a TaskKey,
        end: &'a End,
        now: Millis,
        keep: Millis,
    ) -> Verb<'a, bool> {
        Box::pin(async move { Ok(self.lock().end(key, end, now, keep)) })
    }
}
