//! `tasks/get`, `tasks/update`, `tasks/cancel`.

use bytes::Bytes;

use super::record::{End, TaskKey, TaskRecord};
use super::run::unreachable;
use super::{Tasks, unsupported, wire};
use crate::dispatch::{Failure, Reply};
use crate::extract::User;
use crate::protocol::{ClientCapabilities, Params, RpcError};

/// The answer to what changes a task: whatever came of it, `tasks/get` shows it.
const ACK: Reply = Reply::Written(Bytes::from_static(br#"{"resultType":"complete"}"#));

impl Tasks {
    /// Answers one of the three methods. A task of another user or client is unknown here.
    ///
    /// # Errors
    /// -32021 where the request does not declare the extension; -32602 for an unknown task.
    pub(in crate::dispatch) async fn answer(
        &self,
        method: &str,
        params: &Params<'_>,
        capabilities: &ClientCapabilities,
        user: Option<&User>,
    ) -> Result<Reply, Failure> {
        if !capabilities.supports_tasks() {
            return Err(unsupported().into());
        }
        let id = Params::need(&params.task_id, "taskId")?;
        let key = TaskKey::of(id);
        let task = self.find(&key, user).await?;
        match method {
            "tasks/get" => Ok(Reply::Written(wire::detailed(
                id,
                &task,
                self.options.poll_interval_ms(),
            ))),
            "tasks/update" => self.update(&key, params).await,
            "tasks/cancel" => self.cancel(&key).await,
            other => Err(RpcError::method_not_found(other).into()),
        }
    }

    pub(super) async fn find(
        &self,
        key: &TaskKey,
        user: Option<&User>,
    ) -> Result<TaskRecord, RpcError> {
        let (caller, keep) = (User::caller(user), self.options.keep_ms());
        let found = self.records.find(key, &caller, self.now(), keep).await;
        found
            .map_err(|error| unreachable(&error))?
            .ok_or_else(|| RpcError::invalid_params("there is no such task here, or no longer"))
    }

    async fn update(&self, key: &TaskKey, params: &Params<'_>) -> Result<Reply, Failure> {
        let Some(answers) = params.input_responses.clone() else {
            return Err(RpcError::invalid_params("`params.inputResponses` is missing").into());
        };
        let taken = self.records.answer(key, answers, self.now()).await;
        let taken = taken.map_err(|error| unreachable(&error))?;
        let ctx = self.running().get(key).map(|runner| runner.ctx.clone());
        // Where another process runs it, that one finds the answers in the records.
        if let Some(rounds) = ctx.as_ref().and_then(|ctx| ctx.rounds()) {
            rounds.answer(taken);
        }
        self.publish(key);
        Ok(ACK)
    }

    async fn cancel(&self, key: &TaskKey) -> Result<Reply, Failure> {
        let cancelled = End::cancelled();
        let ended = self
            .records
            .end(key, &cancelled, self.now(), self.options.keep_ms());
        if ended.await.map_err(|error| unreachable(&error))?
            && let Some(runner) = self.running().remove(key)
        {
            runner.stop.abort();
        }
        self.publish(key);
        Ok(ACK)
    }
}
