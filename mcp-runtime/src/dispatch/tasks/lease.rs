//! Word between the processes that share the records: this one still lives; what did others do to its tasks?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Tasks;
use super::record::RecordsError;

/// How often a process looks for answers and cancellations that reached another.
const LOOK: Duration = Duration::from_secs(1);

/// Whether the loop runs.
#[derive(Debug, Default)]
pub(super) struct Beating(AtomicBool);

/// The thread that ran the loop is gone before the loop was over.
struct Broken(Option<Arc<Tasks>>);

impl Broken {
    fn not_at_all(&mut self) {
        self.0 = None;
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        if let Some(tasks) = &self.0 {
            tasks.beating.0.store(false, Ordering::Release);
        }
    }
}

impl Tasks {
    /// Sees to it that the loop runs while tasks do, where there is anyone to talk to.
    pub(super) fn beat(self: &Arc<Self>) {
        let Some(lease) = self.records.lease() else {
            return;
        };
        if self.beating.0.swap(true, Ordering::AcqRel) {
            return;
        }
        let tasks = self.clone();
        let mut broken = Broken(Some(self.clone()));
        tokio::spawn(async move {
            let mut renewed = Instant::now();
            let mut is_failing = false;
            loop {
                sleep(LOOK).await;
                if tasks.is_idle() {
                    broken.not_at_all();
                    return;
                }
                let mut looked = tasks.look_around().await;
                if looked.is_ok() && renewed.elapsed() >= lease / 3 {
                    renewed = Instant::now();
                    looked = tasks.records.renew(&tasks.runner, tasks.now()).await;
                }
                match looked {
                    Ok(()) => is_failing = false,
                    // A store that is away for an hour is one event.
                    Err(error) if !is_failing => {
                        is_failing = true;
                        tracing::error!(%error, "cannot look after the tasks; trying on");
                    }
                    Err(_) => {}
                }
            }
        });
    }

    /// Whether the loop is over. A task that begins now is either seen here, or sees the flag down.
    fn is_idle(&self) -> bool {
        let running = self.running();
        if running.is_empty() {
            self.beating.0.store(false, Ordering::Release);
        }
        running.is_empty()
    }

    async fn look_around(&self) -> Result<(), RecordsError> {
        let signals = self.records.signals(&self.runner).await?;
        for (key, answers) in signals.answers {
            let ctx = self.running().get(&key).map(|runner| runner.ctx.clone());
            if let Some(rounds) = ctx.as_ref().and_then(|ctx| ctx.rounds()) {
                rounds.answer(answers);
            }
        }
        for key in signals.ended {
            if let Some(runner) = self.running().remove(&key) {
                runner.stop.abort();
            }
        }
        Ok(())
    }
}
