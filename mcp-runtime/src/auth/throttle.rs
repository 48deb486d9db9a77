//! How often a password may be guessed: per account and address, per address, per account, and at all.
//!
//! Counters live in the store, so replicas add up. They are windows that pass, not locks: whoever guesses at `alice`
//! from one place is stopped long before the count that would hold up alice elsewhere.

use std::net::IpAddr;

use super::secret::digest;
use super::server::Server;
use crate::store::StoreError;

/// Milliseconds after which failures are forgotten.
const WINDOW: i64 = 5 * 60 * 1000;

/// Failures that are let pass within a window. The order matters: a guess that an earlier line stops does not count
/// for the later ones.
const PER_ACCOUNT_AND_ADDRESS: i64 = 10;
const PER_ADDRESS: i64 = 100;
const PER_ACCOUNT: i64 = 50;
const GLOBAL: i64 = 1000;

/// An attempt that was let pass, counted as a failure until it is known to be none.
pub(crate) struct Attempt(Vec<String>);

/// Why an attempt was not let pass.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Too many failures; seconds until the next attempt is let pass.
    Wait(u32),
    /// The counters are out of reach.
    Store(StoreError),
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
        let mut counted = Vec::new();
        // Names are digests: a password typed into the wrong field must not end up in the store.
        for (name, most) in [
            (
                digest(&format!("login {name_key} {prefix}")),
                PER_ACCOUNT_AND_ADDRESS,
            ),
            (digest(&format!("login from {prefix}")), PER_ADDRESS),
            (digest(&format!("login as {name_key}")), PER_ACCOUNT),
            ("login".to_owned(), GLOBAL),
        ] {
            let bumped = server.store.bump_counter(&name, 1, WINDOW, now).await;
            let (count, until) = bumped.map_err(Stopped::Store)?;
            if count > most {
                let seconds = (until - now).max(1000) / 1000;
                return Err(Stopped::Wait(u32::try_from(seconds).unwrap_or(u32::MAX)));
            }
            counted.push(name);
        }
        Ok(Self(counted))
    }

    /// The password was right: this account's failures here are forgotten, the rest is given back.
    pub(crate) async fn succeeded(self, server: &Server) -> Result<(), StoreError> {
        for (i, name) in self.0.iter().enumerate() {
            if i == 0 {
                server.store.clear_counter(name).await?;
            } else {
                server
                    .store
                    .bump_counter(name, -1, WINDOW, server.now())
                    .await?;
            }
        }
        Ok(())
    }
}

/// The part of an address that one party controls: all of IPv4, a /64 of IPv6.
fn prefix(address: Option<IpAddr>) -> String {
    match address.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("{:x?}", &ip.segments()[..4]),
        None => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_46_addresses_are_counted_by_who_controls_them() {
        let of = |text: &str| prefix(text.parse().ok());
        assert_eq!(of("::ffff:1.2.3.4"), of("1.2.3.4"));
        assert_eq!(of("2001:db8:1:2:3::1"), of("2001:db8:1:2:ffff::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("1.2.3.4"), of("1.2.3.5"));
    }
}
