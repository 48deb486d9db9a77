//! `subscriptions/listen` (2026-07-28), and `resources/subscribe` of the wires before it.

use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use futures_util::Stream;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::events::{Event, Interest, Listener, Reader};
use super::tasks::Followed;
use super::{Dispatcher, Failure, guard, resources};
use crate::extract::User;
use crate::protocol::{ClientCapabilities, Id, Notification, Params, RpcError, SUBSCRIPTION_ID};
use crate::registry::Found;

/// How many resources one client may follow on one stream or in one session.
const MAX_URIS: usize = 1_000;
/// How many tasks: each is looked up, and looked at again and again.
const MAX_TASKS: usize = 64;

/// What a client asks for; what is unknown here is not honoured.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    tools_list_changed: bool,
    prompts_list_changed: bool,
    resources_list_changed: bool,
    resource_subscriptions: Vec<String>,
    task_ids: Vec<String>,
}

/// An open subscription: yields its messages, the first of which acknowledges it; where the server ends it in order,
/// the last is its answer. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Subscription {
    id: Box<RawValue>,
    honoured: Option<Value>,
    followed: Option<Followed>,
    _listener: Listener,
    reader: Reader,
    done: bool,
}

impl Subscription {
    /// Whether it was let go without an answer: its client read nothing for long.
    pub(crate) fn was_let_go(&self) -> bool {
        self.reader.was_let_go()
    }
}

impl Stream for Subscription {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Vec<u8>>> {
        let this = &mut *self;
        if let Some(honoured) = this.honoured.take() {
            let message = Notification::Acknowledged {
                honoured: &honoured,
                subscription: &this.id,
            };
            return Poll::Ready(serde_json::to_vec(&message).ok());
        }
        if this.done {
            return Poll::Ready(None);
        }
        loop {
            match (Pin::new(&mut this.reader).poll_next(cx), &mut this.followed) {
                (Poll::Ready(Some(Event::Task(key))), Some(followed)) => followed.touch(key),
                (Poll::Ready(Some(event)), _) => {
                    if let Some(message) = event.message(Some(&this.id)) {
                        return Poll::Ready(Some(message));
                    }
                }
                (Poll::Ready(None), _) => {
                    this.done = true;
                    return Poll::Ready(this.reader.was_closed().then(|| this.result()));
                }
                (Poll::Pending, Some(followed)) => return followed.poll(cx, &this.id).map(Some),
                (Poll::Pending, None) => return Poll::Pending,
            }
        }
    }
}

impl Subscription {
    /// The answer to the request, which tells of an end in order: without it a client connects again.
    pub(crate) fn result(&self) -> Vec<u8> {
        let result = json!({ "resultType": "complete", "_meta": { SUBSCRIPTION_ID: &self.id } });
        json!({ "jsonrpc": "2.0", "id": &self.id, "result": result })
            .to_string()
            .into_bytes()
    }
}

impl Dispatcher {
    /// Opens a subscription. What this server never tells of, and what the caller may not read, is left out of what
    /// it acknowledges.
    ///
    /// # Errors
    /// -32602 where the filter is missing or wrong; -32021 for tasks of a client that does not declare the extension.
    pub(crate) async fn listen(
        &self,
        id: Id<'_>,
        params: &Params<'_>,
        capabilities: &ClientCapabilities,
        user: Option<&User>,
    ) -> Result<Subscription, RpcError> {
        let Some(filter) = params.notifications else {
            return Err(RpcError::invalid_params(
                "`params.notifications` is missing: say what to tell of, `{}` for nothing",
            ));
        };
        let filter: Filter = serde_json::from_str(filter.get())
            .map_err(|e| RpcError::invalid_params(format!("bad `params.notifications`: {e}")))?;
        if filter.resource_subscriptions.len() > MAX_URIS || filter.task_ids.len() > MAX_TASKS {
            return Err(too_many());
        }
        let followed = match filter.task_ids.is_empty() || !self.catalogue.has_tasks() {
            true => None,
            false => Some(
                self.tasks
                    .follow(filter.task_ids, capabilities, user)
                    .await?,
            ),
        };
        let interest = Interest {
            uris: filter
                .resource_subscriptions
                .into_iter()
                .filter(|uri| self.may_follow(uri, user).is_ok())
                .collect(),
            tasks: followed.iter().flat_map(Followed::keys).cloned().collect(),
            ..self.lists_of_interest(
                filter.tools_list_changed,
                filter.prompts_list_changed,
                filter.resources_list_changed,
            )
        };
        let mut honoured = honoured(&interest);
        if let Some(followed) = &followed {
            honoured["taskIds"] = json!(followed.ids());
        }
        let listener = self.handle.bus().listen(interest);
        let reader = listener.reader();
        Ok(Subscription {
            id: id.to_owned(),
            honoured: Some(honoured),
            followed,
            _listener: listener,
            reader,
            done: false,
        })
    }

    /// What a client of a wire before 2026-07-28 is told of unasked: changes of the lists.
    pub(crate) fn listen_to_lists(&self) -> Listener {
        self.handle
            .bus()
            .listen(self.lists_of_interest(true, true, true))
    }

    fn lists_of_interest(&self, tools: bool, prompts: bool, resources: bool) -> Interest {
        let offer = self.info.offer();
        Interest {
            tools: tools && offer.changes && offer.tools,
            prompts: prompts && offer.changes && offer.prompts,
            resources: resources && offer.changes && offer.resources,
            ..Interest::default()
        }
    }

    /// `resources/subscribe` and `resources/unsubscribe`.
    pub(super) fn follow(
        &self,
        params: &Params<'_>,
        user: Option<&User>,
        listener: &Listener,
        on: bool,
    ) -> Result<(), Failure> {
        let uri = Params::need(&params.uri, "uri")?;
        if !on {
            listener.adjust(|interest| interest.uris.remove(uri));
            return Ok(());
        }
        self.may_follow(uri, user)?;
        listener.adjust(|interest| {
            if interest.uris.len() >= MAX_URIS && !interest.uris.contains(uri) {
                return Err(too_many().into());
            }
            interest.uris.insert(uri.to_owned());
            Ok(())
        })
    }

    /// Only what is there and may be read can be followed.
    fn may_follow(&self, uri: &str, user: Option<&User>) -> Result<(), Failure> {
        match self.catalogue.resource(uri) {
            _ if !self.info.lists_change() => Err(resources::not_found(uri, false)),
            None => Err(resources::not_found(uri, false)),
            Some(Found::View(..) | Found::SkillFile(_)) => Ok(()),
            Some(Found::Resource(resource, _)) => {
                guard::scopes_of(resource.descriptor.scopes, user)
            }
        }
    }
}

fn honoured(interest: &Interest) -> Value {
    let mut honoured = Map::new();
    for (key, is) in [
        ("toolsListChanged", interest.tools),
        ("promptsListChanged", interest.prompts),
        ("resourcesListChanged", interest.resources),
    ] {
        if is {
            honoured.insert(key.to_owned(), true.into());
        }
    }
    if !interest.uris.is_empty() {
        let mut uris: Vec<&String> = interest.uris.iter().collect();
        uris.sort();
        honoured.insert("resourceSubscriptions".to_owned(), json!(uris));
    }
    Value::Object(honoured)
}

fn too_many() -> RpcError {
    RpcError::invalid_params(format!(
        "one client may follow {MAX_URIS} resources and {MAX_TASKS} tasks at once"
    ))
}
