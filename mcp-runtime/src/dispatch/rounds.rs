//! The rounds of a call on the stateless wire: when one ends, and what travels to the next, sealed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Poller, Poll, Wake, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::shared::{Millis, Now, Shared};
use super::{Asked, Failure, Reply};
use crate::extract::{Carried, Context, Rounds, User, input_requests};
use crate::protocol::RpcError;
use crate::result::Error;
use crate::schema::identity;

/// How long a user may take for one round.
const LIFETIME: Millis = 15 * 60 * 1000;
const NONCE: usize = 24;

/// Seals what a client carries for us: it can neither read nor change it, nor use it for another call.
pub(crate) struct Seal {
    cipher: XChaCha20Poly1305,
    now: Now,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    expires: Millis,
    carried: Carried,
}

impl Seal {
    pub(crate) fn new(shared: &Shared) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new((&shared.seal_key).into()),
            now: shared.now.clone(),
        }
    }

    fn close(&self, carried: Carried, binding: &[u8]) -> Result<String, Failure> {
        let broken = |_| {
            Failure::from(RpcError::new(
                crate::protocol::code::INTERNAL_ERROR,
                "the state cannot be sealed",
            ))
        };
        let sealed = Sealed {
            expires: self.now.get() + LIFETIME,
            carried,
        };
        let clear = serde_json::to_vec(&sealed)
            .map_err(|_| ())
            .map_err(broken)?;
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: &clear,
            aad: binding,
        };
        let mut out = nonce.to_vec();
        out.extend(
            self.cipher
                .encrypt(&XNonce::from(nonce), payload)
                .map_err(|_| ())
                .map_err(broken)?,
        );
        Ok(URL_SAFE_NO_PAD.encode(out))
    }

    fn open(&self, text: &str, binding: &[u8]) -> Option<Carried> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let clear = self
            .cipher
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: sealed,
                    aad: binding,
                },
            )
            .ok()?;
        let sealed: Sealed = serde_json::from_slice(&clear).ok()?;
        (sealed.expires >= self.now.get()).then_some(sealed.carried)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

/// What a state belongs to: this caller, this method, this item, these arguments.
pub(super) fn binding(asked: &Asked<'_>, user: Option<&User>) -> Vec<u8> {
    let arguments = asked
        .arguments
        .and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    let mut hash = Sha256::new();
    let name = asked.name.as_deref().unwrap_or_default();
    let (id, client) = user.map_or(("", ""), |u| (u.id(), u.client_id().unwrap_or_default()));
    // Each part with its length, so that no two lists of parts read the same.
    for part in [
        id,
        client,
        &*asked.method,
        name,
        // A client may write the keys of an object in another order when it sends the call again.
        &identity(&arguments.unwrap_or_else(|| json!({}))),
    ] {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}

/// The rounds of a request, with what its client sent along.
pub(super) fn begin(
    asked: &Asked<'_>,
    responses: Option<BTreeMap<String, Value>>,
    state: Option<Cow<'_, str>>,
    user: Option<&User>,
    seal: &Seal,
) -> Result<Rounds, RpcError> {
    let carried = match state {
        None => Carried::default(),
        Some(state) => seal.open(&state, &binding(asked, user)).ok_or_else(|| {
            RpcError::invalid_params("`requestState` is none of ours, belongs to another call, or is too old: begin again")
        })?,
    };
    Ok(Rounds::new(carried, responses.unwrap_or_default()))
}

/// The answer that ends a round: the questions, and the state if there is any.
pub(super) fn input_required(
    rounds: &Rounds,
    binding: &[u8],
    seal: &Seal,
) -> Result<Reply, Failure> {
    let (asked, carried) = rounds.end();
    let mut result =
        json!({ "resultType": "input_required", "inputRequests": input_requests(asked) });
    if !carried.answers.is_empty() || !carried.kept.is_empty() {
        result["requestState"] = seal.close(carried, binding)?.into();
    }
    Ok(Reply::Value(result))
}

/// Polls a call: it is done, or waits, or all that it waits for is input.
///
/// A question stays pending without keeping the waker. So where a poll leaves no copy of its waker behind, nothing
/// but input is awaited. The second poll, with a waker that can be counted, happens only once something was asked.
pub(super) fn drive<T>(
    ctx: &Context,
    mut call: Pin<&mut (impl Future<Output = Result<T, Error>> + ?Sized)>,
    cx: &mut Poller<'_>,
) -> Poll<Result<Result<T, Error>, Suspended>> {
    if let Poll::Ready(done) = call.as_mut().poll(cx) {
        return Poll::Ready(Ok(done));
    }
    if !ctx.rounds().is_some_and(Rounds::ends_the_round) {
        return Poll::Pending;
    }
    poll_counted(call, cx)
}

fn poll_counted<T>(
    call: Pin<&mut (impl Future<Output = Result<T, Error>> + ?Sized)>,
    cx: &Poller<'_>,
) -> Poll<Result<Result<T, Error>, Suspended>> {
    struct Counted(Waker, AtomicBool);
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.1.store(true, Ordering::Relaxed);
            self.0.wake_by_ref();
        }
    }
    let counted = Arc::new(Counted(cx.waker().clone(), AtomicBool::new(false)));
    let waker = Waker::from(counted.clone());
    if let Poll::Ready(done) = call.poll(&mut Poller::from_waker(&waker)) {
        return Poll::Ready(Ok(done));
    }
    drop(waker);
    // What woke itself within the poll, to be polled again, has kept no copy and is not done.
    let woken = counted.1.load(Ordering::Relaxed);
    if Arc::strong_count(&counted) == 1 && !woken {
        Poll::Ready(Err(Suspended))
    } else {
        Poll::Pending
    }
}

/// The call waits for input and for nothing else.
#[derive(Debug)]
pub(super) struct Suspended;
