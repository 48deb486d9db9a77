//! One task from its first note to its end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::record::{Created, End, NewTask, RecordsError, TaskKey, millis};
use super::slots::{self, Slot};
use super::{Runner, Tasks, Work, random, wire};
use crate::dispatch::{Failure, Reply, guard};
use crate::extract::{Context, Rounds};
use crate::protocol::{RpcError, code};

/// How often at most a mere message about the progress is noted.
const MESSAGES: Duration = Duration::from_millis(500);
/// How often, and after which pause, an end is noted again where the records cannot be reached.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(3);

/// A call that goes on as a task.
pub(super) struct Detached {
    pub name: String,
    pub caller: String,
    pub ctx: Context,
    /// How long it may work, not counting the time in which it waits for its user.
    pub limit: Option<Duration>,
    pub work: Work,
    pub _slot: Slot,
}

impl Tasks {
    /// Notes the task, then answers with its id.
    pub(super) async fn detach(self: &Arc<Self>, detached: Detached) -> Result<Reply, Failure> {
        let id = random(24);
        let task = NewTask {
            key: TaskKey::of(&id),
            caller: detached.caller.clone(),
            runner: self.runner.clone(),
            created_at: self.now(),
            ttl_ms: millis(self.options.ttl_of(detached.limit)),
        };
        let answer = wire::created(
            &id,
            task.created_at,
            task.ttl_ms,
            self.options.poll_interval_ms(),
        );
        let (noted, is_noted) = oneshot::channel();
        let (stop, stopped) = AbortHandle::new_pair();
        let this = self.clone();
        // Apart from the request, so that one who leaves right now leaves no task behind that nobody runs.
        tokio::spawn(async move {
            let created = this.records.create(&task, this.options.bounds()).await;
            let runs = matches!(created, Ok(Created::Done));
            if runs {
                // Before the answer: a cancellation may come with the next request.
                let ctx = detached.ctx.clone();
                this.running()
                    .insert(task.key.clone(), Runner { ctx, stop });
                detached.ctx.detach();
            }
            let is_heard = noted.send(created).is_ok();
            if !runs {
                return;
            }
            let _entry = Entry {
                tasks: &this,
                key: &task.key,
            };
            if !is_heard {
                // Nobody knows its id.
                return this.note_end(&task.key, &End::cancelled()).await;
            }
            this.beat();
            let run = this.run(&task, detached);
            // A task that was stopped has been ended by whoever stopped it.
            if let Ok(end) = Abortable::new(run, stopped).await {
                this.note_end(&task.key, &end).await;
            }
        });
        match is_noted.await {
            Ok(Ok(Created::Done)) => Ok(Reply::Written(answer)),
            Ok(Ok(Created::TooManyRunning)) => Ok(Reply::refusal(slots::too_many(
                self.options.bounds().running,
            ))),
            Ok(Ok(Created::Full)) => Ok(Reply::refusal(slots::busy())),
            Ok(Err(error)) => Err(unreachable(&error).into()),
            Err(_) => Err(RpcError::new(code::INTERNAL_ERROR, "the server shuts down").into()),
        }
    }

    /// Runs the work to its end, and notes what it says of itself on the way.
    async fn run(&self, task: &NewTask, detached: Detached) -> End {
        let Detached {
            name,
            ctx,
            limit,
            mut work,
            ..
        } = detached;
        let Some(rounds) = ctx.rounds() else {
            return End::lost();
        };
        let ttl = Duration::from_millis(u64::try_from(task.ttl_ms).unwrap_or_default());
        let expires = Instant::now() + ttl;
        let mut left = limit;
        let mut news_due: Option<Instant> = None;
        let mut messages_from = Instant::now();
        loop {
            let (began, parked) = (Instant::now(), rounds.is_asking());
            tokio::select! {
                biased;
                outcome = &mut work => return end_of(outcome),
                () = rounds.has_news() => {
                    // A message can wait for the next one; a question cannot.
                    let soonest = if rounds.only_reports() { messages_from } else { began };
                    news_due = Some(soonest);
                }
                () = sleep_until(news_due.unwrap_or(expires)), if news_due.is_some() => {
                    let told = self.tell(&task.key, rounds).await;
                    messages_from = Instant::now() + MESSAGES;
                    news_due = (!told).then(|| Instant::now() + PAUSE);
                }
                () = sleep(left.unwrap_or(ttl)), if !parked && left.is_some() => {
                    let limit = limit.unwrap_or(ttl);
                    return end_of(Ok(Reply::refusal(guard::too_long(&name, limit))));
                }
                () = sleep_until(expires) => {
                    let text = format!("the task did not end within its {} s", ttl.as_secs());
                    return End::failed(&RpcError::new(code::INTERNAL_ERROR, text));
                }
            }
            if !parked {
                left = left.map(|left| left.saturating_sub(began.elapsed()));
            }
        }
    }

    async fn tell(&self, key: &TaskKey, rounds: &Rounds) -> bool {
        let news = rounds.take_news();
        match self.records.tell(key, &news, self.now()).await {
            Ok(()) => {
                self.publish(key);
                true
            }
            Err(error) => {
                tracing::error!(%error, "what a task says of itself cannot be noted; trying on");
                rounds.put_back(news);
                false
            }
        }
    }

    /// Notes the end, however long the records cannot be reached: the work is done and must not be lost.
    async fn note_end(&self, key: &TaskKey, end: &End) {
        for attempt in 1..=ATTEMPTS {
            match self
                .records
                .end(key, end, self.now(), self.options.keep_ms())
                .await
            {
                Ok(_) => return self.publish(key),
                Err(error) if attempt == 1 => {
                    tracing::error!(%error, "the end of a task cannot be noted; trying on");
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
        tracing::error!("the end of a task was given up");
    }
}

/// Takes the task from the list of those that run when it is over, however that comes.
struct Entry<'a> {
    tasks: &'a Tasks,
    key: &'a TaskKey,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.tasks.running().remove(self.key);
    }
}

/// As the call would have been answered: a result completes the task, also where the tool says that it failed.
fn end_of(outcome: Result<Reply, Failure>) -> End {
    match outcome {
        Ok(reply) => {
            let mut json = Vec::new();
            reply.write(&mut json);
            match String::from_utf8(json) {
                Ok(json) => End::completed(json),
                Err(_) => End::lost(),
            }
        }
        Err(failure) => End::failed(&failure.into_rpc()),
    }
}

/// -32603 where the records cannot be reached: nothing is known of the task.
pub(super) fn unreachable(error: &RecordsError) -> RpcError {
    let text = guard::log_internal("tasks", &std::io::Error::other(error.to_string()));
    RpcError::new(code::INTERNAL_ERROR, text)
}
