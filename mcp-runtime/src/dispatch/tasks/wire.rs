//! A task as it goes over the wire.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::record::{Status, TaskRecord};
use crate::dispatch::shared::Millis;
use crate::protocol::SUBSCRIPTION_ID;

/// `Task` of SEP-2663, with the fields of its status.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    task_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a str>,
    created_at: String,
    last_updated_at: String,
    ttl_ms: Millis,
    poll_interval_ms: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_requests: Option<&'a BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RawValue>,
}

/// `CreateTaskResult`.
pub(super) fn created(id: &str, now: Millis, ttl_ms: Millis, poll_interval_ms: Millis) -> Bytes {
    let at = timestamp(now);
    Bytes::from(write(&Shown {
        meta: None,
        result_type: Some("task"),
        task_id: id,
        status: "working",
        status_message: None,
        created_at: at.clone(),
        last_updated_at: at,
        ttl_ms,
        poll_interval_ms,
        input_requests: None,
        result: None,
        error: None,
    }))
}

/// The result of `tasks/get`.
pub(super) fn detailed(id: &str, record: &TaskRecord, poll_interval_ms: Millis) -> Bytes {
    let complete = Some("complete");
    Bytes::from(with(id, record, poll_interval_ms, |shown| {
        write(&Shown {
            result_type: complete,
            ..shown
        })
    }))
}

/// `notifications/tasks`, on a subscription.
pub(super) fn notification(
    id: &str,
    record: &TaskRecord,
    poll_interval_ms: Millis,
    subscription: &RawValue,
) -> Vec<u8> {
    #[derive(Serialize)]
    struct Message<'a> {
        jsonrpc: &'static str,
        method: &'static str,
        params: Shown<'a>,
    }
    with(id, record, poll_interval_ms, |shown| {
        write(&Message {
            jsonrpc: "2.0",
            method: "notifications/tasks",
            params: Shown {
                meta: Some(json!({ SUBSCRIPTION_ID: subscription })),
                ..shown
            },
        })
    })
}

/// A task with the fields of its status.
fn with<T>(
    id: &str,
    record: &TaskRecord,
    poll_interval_ms: Millis,
    write: impl FnOnce(Shown<'_>) -> T,
) -> T {
    // What we wrote is JSON.
    let outcome: Option<&RawValue> = record
        .outcome
        .as_deref()
        .and_then(|json| serde_json::from_str(json).ok());
    let asks = record.status == Status::Working && !record.asked.is_empty();
    write(Shown {
        meta: None,
        result_type: None,
        task_id: id,
        status: match record.status {
            Status::Working if asks => "input_required",
            Status::Working => "working",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        },
        status_message: record.message.as_deref(),
        created_at: timestamp(record.created_at),
        last_updated_at: timestamp(record.updated_at),
        ttl_ms: record.ttl_ms,
        poll_interval_ms,
        input_requests: asks.then_some(&record.asked),
        result: outcome.filter(|_| record.status == Status::Completed),
        error: outcome.filter(|_| record.status == Status::Failed),
    })
}

fn write(message: &impl Serialize) -> Vec<u8> {
    // Writing to memory cannot fail, and all keys are strings.
    serde_json::to_vec(message).unwrap_or_default()
}

/// ISO 8601 in UTC, to the millisecond.
fn timestamp(at: Millis) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn times_are_iso_8601() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(1_764_036_061_250), "2025-11-25T02:01:01.25Z");
        assert_eq!(timestamp(i64::MAX), "1970-01-01T00:00:00Z");
    }
}
