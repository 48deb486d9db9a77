//! How tasks are kept: what a server may say of them.

use std::time::Duration;

use super::record::{Bounds, millis};
use crate::descriptor::TaskSupport;
use crate::dispatch::shared::Millis;
use crate::registry::Catalogue;
use crate::settings::SettingsError;

/// The longest time for which a task may be kept.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many tasks may be kept altogether, ended ones too.
const TOTAL: usize = 10_000;
/// How many ended tasks are kept for one user.
const ENDED: usize = 1_000;

/// How a server keeps its tasks (SEP-2663); set by [`Server::tasks`](crate::Server::tasks).
///
/// ```
/// # use mcp_runtime::prelude::*;
/// # use mcp_runtime::TaskOptions;
/// use std::time::Duration;
/// let server = mcp_server!("Reports")
///     .tasks(TaskOptions::default().ttl(Duration::from_secs(24 * 60 * 60)).running_per_user(4));
/// ```
#[derive(Debug, Clone)]
pub struct TaskOptions {
    ttl: Duration,
    keep: Duration,
    poll_interval: Duration,
    running: usize,
    running_per_user: usize,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(60 * 60),
            keep: Duration::from_secs(10 * 60),
            poll_interval: Duration::from_secs(1),
            running: 256,
            running_per_user: 16,
        }
    }
}

impl TaskOptions {
    /// For how long a task is kept from its creation on, `ttlMs`: an hour by default, 7 days at most. A task that
    /// still runs then has failed. A tool with a longer `timeout` has tasks that live for as long.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// For how long a task stays readable after it has ended, however late that is: 10 minutes by default.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// How often clients should ask, `pollIntervalMs`: once a second by default.
    #[must_use]
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// How many tasks may run in one process: 256 by default. The model reads why a further one is refused.
    #[must_use]
    pub fn running(mut self, tasks: usize) -> Self {
        self.running = tasks;
        self
    }

    /// How many tasks of one user may run, whatever the clients: 16 by default. Where nobody signs in, all callers are
    /// one user.
    #[must_use]
    pub fn running_per_user(mut self, tasks: usize) -> Self {
        self.running_per_user = tasks;
        self
    }

    /// Judges the options, and the tools against them.
    ///
    /// # Errors
    /// What cannot be kept, in one sentence.
    pub(crate) fn check(&self, catalogue: &Catalogue) -> Result<(), SettingsError> {
        let days = LONGEST.as_secs() / (24 * 60 * 60);
        if self.ttl.is_zero() || self.ttl > LONGEST || self.keep > LONGEST {
            return Err(SettingsError::new(format!(
                "`TaskOptions` keeps tasks for {} s: set `ttl` and `keep` to {days} days at most, and `ttl` to something",
                self.ttl.max(self.keep).as_secs()
            )));
        }
        if self.poll_interval.as_millis() == 0 {
            return Err(SettingsError::new(
                "`TaskOptions::poll_interval` is 0: set it to a millisecond or more",
            ));
        }
        if self.running == 0 || self.running_per_user == 0 {
            return Err(SettingsError::new(
                "`TaskOptions` lets no task run: set `running` and `running_per_user` to 1 or more",
            ));
        }
        for tool in catalogue
            .tools()
            .filter(|t| t.task != TaskSupport::Forbidden)
        {
            if tool
                .timeout_ms
                .is_some_and(|ms| Duration::from_millis(ms) > LONGEST)
            {
                return Err(SettingsError::new(format!(
                    "the tool `{}` ({}) may work for longer than a task is kept: set its `timeout` to {days} days at most",
                    tool.name, tool.place
                )));
            }
        }
        Ok(())
    }

    /// For how long a task is kept that may work for so long.
    pub(super) fn ttl_of(&self, limit: Option<Duration>) -> Duration {
        let worked = limit.map_or(Duration::ZERO, |limit| limit + self.keep);
        self.ttl.max(worked)
    }

    pub(super) fn keep_ms(&self) -> Millis {
        millis(self.keep)
    }

    pub(super) fn poll_interval_ms(&self) -> Millis {
        millis(self.poll_interval)
    }

    /// How many may run here.
    pub(super) fn slots(&self) -> (usize, usize) {
        (self.running, self.running_per_user)
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            running: self.running_per_user,
            ended: ENDED,
            total: TOTAL,
        }
    }
}
