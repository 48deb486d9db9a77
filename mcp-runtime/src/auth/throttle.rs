//! How often a password may be guessed: per account and address, per address, per account, and at all.
//!
//! Counters live in the store, so replicas add up. They are windows that pass, not locks: whoever guesses at `alice`
//! from one place is stopped, and whoever does so from many slows alice down, but keeps her out nowhere else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::secret::digest;
use super::server::Server;
use crate::store::{Millis, StoreError};

/// Milliseconds after which failures are forgotten.
const WINDOW: i64 = 5 * 60 * 1000;

/// Failures from one place that are let pass within a window; then that place has to wait it out.
const PER_ACCOUNT_AND_ADDRESS: i64 = 10;
const PER_ADDRESS: i64 = 100;

/// Failures from anywhere that are let pass within a window at full speed. Beyond them nobody is refused, or whoever
/// guesses from enough places could lock a user out: attempts at an account then go through one by one and slowly.
const PER_ACCOUNT: i64 = 50;
const GLOBAL: i64 = 1000;

/// What each attempt at an account waits once its attempts go one by one.
const PAUSE: Duration = Duration::from_secs(1);

/// Attempts that may stand in line at one account, the one that is at its turn included.
const LINE: usize = 8;

/// Accounts that may have a line at once.
const LINES: usize = 512;

/// An attempt that was let pass, counted as a failure until it is known to be none.
pub(crate) struct Attempt {
    /// The first is the account's counter at this address.
    counted: [String; 4],
    /// The counter of what the name leads to at this address, where users are kept elsewhere.
    behind: Option<String>,
    prefix: String,
    slowed: bool,
}

/// Why an attempt was not let pass.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Too many failures; seconds until the next attempt is let pass.
    Wait(u32),
    /// The counters are out of reach.
    Store(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Attempt {
    /// Counts an attempt before any work is done for it, so that parallel guesses do not slip through.
    pub(crate) async fn begin(
        server: &Server,
        name_key: &str,
        address: Option<IpAddr>,
    ) -> Result<Self, Stopped> {
        let prefix = prefix(address);
        let now = server.now();
        let bump = async |name: &str, by| server.store.bump_counter(name, by, WINDOW, now).await;
        let wait = |until: Millis| {
            let seconds = (until - now).max(1000) / 1000;
            Stopped::Wait(u32::try_from(seconds).unwrap_or(u32::MAX))
        };
        // Names are digests: a password typed into the wrong field must not end up in the store.
        let here = digest(&format!("login {name_key} {prefix}"));
        let from = digest(&format!("login from {prefix}"));
        let account = digest(&format!("login as {name_key}"));
        let all = "login".to_owned();

        // The address comes first: what it is refused leaves no trace of the many names that it may try.
        let (count, until) = bump(&from, 1).await?;
        if count > PER_ADDRESS {
            return Err(wait(until));
        }
        let (count, until) = bump(&here, 1).await?;
        if count > PER_ACCOUNT_AND_ADDRESS {
            // One account's misfortune is not to stop the others at this address.
            bump(&from, -1).await?;
            return Err(wait(until));
        }
        let slowed = bump(&account, 1).await?.0 > PER_ACCOUNT;
        let slowed = bump(&all, 1).await?.0 > GLOBAL || slowed;
        Ok(Self {
            counted: [here, from, account, all],
            behind: None,
            prefix,
            slowed,
        })
    }

    /// Counts the attempt at the account to which the name led, by other spellings or other names too, and says whether
    /// the password may be looked at. Where it led to none, the name is counted, so that the cost is the same. A `false`
    /// is to look like a wrong password: a wait would tell that there is an account, and that it has another name.
    pub(crate) async fn leads_to(
        &mut self,
        server: &Server,
        account: Result<&str, &str>,
    ) -> Result<bool, StoreError> {
        let (kind, which) = match account {
            Ok(id) => ("account", id),
            Err(name_key) => ("nobody", name_key),
        };
        let name = digest(&format!("login to {kind} {which} {}", self.prefix));
        let now = server.now();
        let (count, _) = server.store.bump_counter(&name, 1, WINDOW, now).await?;
        self.behind = Some(name);
        Ok(count <= PER_ACCOUNT_AND_ADDRESS)
    }

    /// Waits for a turn where attempts at this account go one by one; it is over when the answer is dropped. `None`
    /// where too many wait already.
    pub(crate) async fn turn(&self, server: &Server) -> Option<Turn> {
        match self.slowed {
            false => Some(Turn(None)),
            true => server.lines.turn(&self.counted[2]).await,
        }
    }

    /// The password was right: this account's failures here are forgotten, the rest is given back.
    pub(crate) async fn succeeded(&self, server: &Server) -> Result<(), StoreError> {
        for name in self.behind.iter().chain(&self.counted[..1]) {
            server.store.clear_counter(name).await?;
        }
        self.give_back(server, &self.counted[1..]).await
    }

    /// The password was not looked at.
    pub(crate) async fn came_to_nothing(&self, server: &Server) -> Result<(), StoreError> {
        self.give_back(server, &self.counted).await?;
        self.give_back(server, self.behind.as_slice()).await
    }

    async fn give_back(&self, server: &Server, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            let now = server.now();
            server.store.bump_counter(name, -1, WINDOW, now).await?;
        }
        Ok(())
    }
}

/// The lines at accounts under attack, of this process.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

/// The right to try a password now.
pub(crate) struct Turn(#[allow(dead_code, reason = "held")] Option<OwnedMutexGuard<()>>);

impl Lines {
    async fn turn(&self, account: &str) -> Option<Turn> {
        let line = {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever waits or is at its turn holds the line too, so its count is the line's length and one.
            lines.retain(|_, line| Arc::strong_count(line) > 1);
            if lines.len() >= LINES && !lines.contains_key(account) {
                return None;
            }
            let line = lines.entry(account.to_owned()).or_default();
            if Arc::strong_count(line) > LINE {
                return None;
            }
            line.clone()
        };
        let turn = line.lock_owned().await;
        tokio::time::sleep(PAUSE).await;
        Some(Turn(Some(turn)))
    }
}

/// The part of an address that one party controls: all of IPv4, a /64 of IPv6.
pub(crate) fn prefix(address: Option<IpAddr>) -> String {
    match address.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("{:x?}", &ip.segments()[..4]),
        None => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn item_46_the_line_at_an_account_is_bounded() {
        let lines = Arc::new(Lines::default());
        let mut waiting = Vec::new();
        for _ in 0..LINE {
            let lines = lines.clone();
            waiting.push(tokio::spawn(async move { lines.turn("a").await.is_some() }));
        }
        tokio::task::yield_now().await;
        assert!(lines.turn("a").await.is_none(), "too many wait");
        assert!(lines.turn("b").await.is_some(), "another account");
        for one in waiting {
            one.abort();
            let _ = one.await;
        }
        assert!(lines.turn("a").await.is_some(), "the line is gone");
    }

    #[test]
    fn item_46_addresses_are_counted_by_who_controls_them() {
        let of = |text: &str| prefix(text.parse().ok());
        assert_eq!(of("::ffff:1.2.3.4"), of("1.2.3.4"));
        assert_eq!(of("2001:db8:1:2:3::1"), of("2001:db8:1:2:ffff::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("1.2.3.4"), of("1.2.3.5"));
    }
}
