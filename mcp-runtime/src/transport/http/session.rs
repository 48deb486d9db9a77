//! Sessions of the wires before 2026-07-28.
//!
//! An id says itself what was negotiated, under a seal that binds it to its user and client. So `initialize`
//! costs no memory, however often it is called; only what a session changes later is remembered. The seal's key
//! lives as long as the process: after a restart an id is unknown, and clients begin again.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::memory::{Key, Memory, Name};
use crate::dispatch::{self, Dispatcher, Listener};
use crate::protocol::{ClientCapabilities, LogLevel, ProtocolVersion};

/// How long an id is good for.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const PAYLOAD: usize = 22;
const SEAL: usize = 16;

/// A session, read back from its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    pub version: ProtocolVersion,
    capabilities: u8,
    name: Name,
}

pub(crate) struct Sessions {
    /// Seals ids; keyed once, which is half of the work.
    seal: Hmac<Sha256>,
    /// Names owners in short, in a way that nobody outside can foresee.
    owners: RandomState,
    memory: Mutex<Memory>,
}

impl Sessions {
    pub(crate) fn new() -> Self {
        let key: [u8; 64] = rand::random();
        Self {
            seal: Hmac::new(&key.into()),
            owners: RandomState::new(),
            memory: Mutex::default(),
        }
    }

    /// A new session's id.
    pub(super) fn open(
        &self,
        version: ProtocolVersion,
        capabilities: &ClientCapabilities,
        owner: &str,
    ) -> String {
        let mut payload = [0_u8; PAYLOAD + SEAL];
        payload[0] = version_code(version);
        payload[1] = capabilities.pack();
        payload[2..6].copy_from_slice(&now().to_be_bytes());
        payload[6..PAYLOAD].copy_from_slice(&rand::random::<Key>());
        let seal = self.seal(&payload[..PAYLOAD], owner);
        payload[PAYLOAD..].copy_from_slice(&seal[..SEAL]);
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// The session of an id, unless it is forged, someone else's, too old, of another process, or ended.
    pub(super) fn find(&self, id: &str, owner: &str) -> Option<Session> {
        let bytes = URL_SAFE_NO_PAD
            .decode(id)
            .ok()
            .filter(|b| b.len() == PAYLOAD + SEAL)?;
        let (payload, seal) = bytes.split_at(PAYLOAD);
        self.mac(payload, owner).verify_truncated_left(seal).ok()?;
        let issued = u32::from_be_bytes(payload[2..6].try_into().ok()?);
        if u64::from(now().saturating_sub(issued)) > LIFETIME.as_secs() {
            return None;
        }
        let name = Name {
            key: payload[6..PAYLOAD].try_into().ok()?,
            issued,
            owner: self.owners.hash_one(owner),
        };
        if !self.with_memory(|memory| memory.is_used(&name)) {
            return None;
        }
        Some(Session {
            version: version_of(payload[0])?,
            capabilities: payload[1],
            name,
        })
    }

    /// Ends a session.
    pub(super) fn end(&self, session: &Session) {
        self.with_memory(|memory| memory.end(session.name));
    }

    /// Which log messages a session wants; `info` and above until it says so.
    pub(super) fn log_level(&self, session: &Session) -> LogLevel {
        let set = self.with_memory(|memory| memory.get(&session.name)?.log_level);
        set.unwrap_or(LogLevel::Info)
    }

    fn with_memory<T>(&self, f: impl FnOnce(&mut Memory) -> T) -> T {
        f(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn mac(&self, payload: &[u8], owner: &str) -> Hmac<Sha256> {
        let mut mac = self.seal.clone();
        mac.update(payload);
        mac.update(owner.as_bytes());
        mac
    }

    fn seal(&self, payload: &[u8], owner: &str) -> [u8; 32] {
        self.mac(payload, owner).finalize().into_bytes().into()
    }
}

/// What dispatch may ask of a session.
pub(super) struct InSession<'a> {
    pub sessions: &'a Sessions,
    pub session: &'a Session,
    pub dispatcher: &'a Dispatcher,
}

impl dispatch::Session for InSession<'_> {
    fn set_log_level(&self, level: LogLevel) {
        let name = self.session.name;
        self.sessions
            .with_memory(|memory| memory.touch(name).log_level = Some(level));
    }

    fn listener(&self) -> Arc<Listener> {
        self.sessions.with_memory(|memory| {
            let state = memory.touch(self.session.name);
            Listener::of(&mut state.listener, || self.dispatcher.listen_to_lists())
        })
    }
}

impl Session {
    /// A name for the session that nobody outside can guess.
    pub(super) fn scope(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.name.key)
    }

    /// What the client said that it can do, as far as a server needs to know.
    pub(super) fn capabilities(&self) -> ClientCapabilities {
        ClientCapabilities::unpack(self.capabilities)
    }
}

fn version_code(version: ProtocolVersion) -> u8 {
    match version {
        ProtocolVersion::V2025_03_26 => 1,
        ProtocolVersion::V2025_06_18 => 2,
        ProtocolVersion::V2025_11_25 => 3,
        ProtocolVersion::V2026_07_28 => 4,
    }
}

fn version_of(code: u8) -> Option<ProtocolVersion> {
    ProtocolVersion::ALL
        .into_iter()
        .find(|v| version_code(*v) == code && !v.is_stateless())
}

/// Seconds since 1970, good until 2106.
fn now() -> u32 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sessions: &Sessions, owner: &str) -> String {
        sessions.open(
            ProtocolVersion::V2025_06_18,
            &ClientCapabilities::default(),
            owner,
        )
    }

    #[test]
    fn an_id_says_what_was_negotiated_to_its_owner_only() {
        let sessions = Sessions::new();
        let id = open(&sessions, "alice c1");
        assert_eq!(
            sessions.find(&id, "alice c1").map(|s| s.version),
            Some(ProtocolVersion::V2025_06_18)
        );
        assert_eq!(sessions.find(&id, "bob c1"), None);
        assert_eq!(sessions.find(&id, "alice c2"), None);
        assert_eq!(
            Sessions::new().find(&id, "alice c1"),
            None,
            "another process"
        );
        assert!(id.bytes().all(|b| (0x21..=0x7e).contains(&b)));
    }

    #[test]
    fn a_changed_id_is_unknown() {
        let sessions = Sessions::new();
        let id = open(&sessions, "");
        for at in 0..id.len() {
            let mut forged = id.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ascii");
            assert_eq!(sessions.find(&forged, ""), None, "changed at {at}");
        }
        assert_eq!(sessions.find("", ""), None);
    }

    #[test]
    fn an_ended_session_is_unknown() {
        let sessions = Sessions::new();
        let id = open(&sessions, "");
        let session = sessions.find(&id, "").expect("open");
        sessions.end(&session);
        assert_eq!(sessions.find(&id, ""), None);
    }
}
