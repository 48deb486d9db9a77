//! Who sent a request: the connection says it, or a proxy that is trusted.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};

use crate::auth::Guard;
use crate::auth::audit::Caller;
use crate::auth::secret::random_id;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who sent a request.
pub(crate) fn of(guard: &Guard, request: &ServiceRequest) -> Option<Caller> {
    let proxies = &guard.server()?.proxies;
    let peer = request.peer_addr().map(|peer| peer.ip());
    let heads = request.headers();
    let trusted = peer.is_some_and(|peer| proxies.trusts(peer));
    let address = peer.map(|peer| {
        let (old, new) = (
            values(heads, X_FORWARDED_FOR),
            values(heads, header::FORWARDED),
        );
        proxies.client(peer, &old, &new)
    });
    let given = heads.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let given = given.filter(|id| trusted && is_an_id(id));
    Some(Caller {
        address,
        request: given.map_or_else(random_id, ToOwned::to_owned),
    })
}

/// The address of the caller; where nobody noted it, that of the connection.
pub(super) fn address(request: &HttpRequest) -> Option<IpAddr> {
    match Caller::current() {
        Some(caller) => caller.address,
        None => request.peer_addr().map(|peer| peer.ip()),
    }
}

/// The values of a header; one that is no text is one that says nothing.
fn values(heads: &HeaderMap, name: HeaderName) -> Vec<&str> {
    heads
        .get_all(name)
        .map(|value| value.to_str().unwrap_or_default())
        .collect()
}

/// Whether a log may hold it: short, and nothing that looks like another line.
fn is_an_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.:=+/".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}
