//! Which proxies may say from where a request came.

use std::fmt;
use std::net::IpAddr;

use super::{Network, SettingsError};

/// How many hops are followed; a request has fewer, and a header of the caller's may have any number.
const MOST_HOPS: usize = 16;

/// The networks of proxies whose `X-Forwarded-For` or `Forwarded` (RFC 7239) is believed; none by default.
///
/// ```
/// # use mcp_runtime::settings::Proxies;
/// let proxies = Proxies::parse("127.0.0.1, 10.0.0.0/8")?;
/// let from = |peer: &str, forwarded: &[&str]| proxies.client(peer.parse().unwrap(), forwarded, &[]).to_string();
/// assert_eq!(from("127.0.0.1", &["203.0.113.7"]), "203.0.113.7");
/// // What stands left of it was written by the caller.
/// assert_eq!(from("127.0.0.1", &["198.51.100.1, 203.0.113.7, 10.0.0.5"]), "203.0.113.7");
/// // Nobody else is believed.
/// assert_eq!(from("192.0.2.1", &["203.0.113.7"]), "192.0.2.1");
/// # Ok::<(), mcp_runtime::settings::SettingsError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    /// Reads addresses and networks, separated by commas: `127.0.0.1, 10.0.0.0/8, fd00::/8`.
    ///
    /// # Errors
    /// The first entry that is neither, in one sentence.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
        let network = |entry: &str| {
            Network::parse(entry).ok_or_else(|| {
                SettingsError::new(format!(
                    "TRUSTED_PROXIES has `{entry}`, which is no address and no network: write entries such as \
                     127.0.0.1 or 10.0.0.0/8"
                ))
            })
        };
        Ok(Self(entries.map(network).collect::<Result<_, _>>()?))
    }

    /// Whether the connection comes from one of them.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(peer))
    }

    /// From where a request came: the address of the connection, or what the proxies behind it say in the values of
    /// `X-Forwarded-For` and `Forwarded`. Both are read from the right, as far as proxies of ours wrote them. Where the
    /// two disagree, one of them is the caller's own invention, and neither is believed.
    pub fn client(&self, peer: IpAddr, x_forwarded_for: &[&str], forwarded: &[&str]) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let by_old = (!x_forwarded_for.is_empty())
            .then(|| self.follow(peer, hops(x_forwarded_for).map(address)));
        let by_new = (!forwarded.is_empty())
            .then(|| self.follow(peer, hops(forwarded).map(|hop| address(node(hop)?))));
        match (by_old, by_new) {
            (Some(old), Some(new)) if old != new => peer,
            (old, new) => old.or(new).unwrap_or(peer),
        }
    }

    fn follow(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut known = peer;
        for hop in hops.take(MOST_HOPS) {
            // A hop that hides its address (`unknown`, `_name`) is as far as we see.
            let Some(address) = hop else { break };
            known = address;
            if !self.trusts(address) {
                break;
            }
        }
        known
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(ToString::to_string))
            .finish()
    }
}

/// The entries of a list header from the last to the first.
fn hops<'a>(values: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    values.iter().rev().flat_map(|value| value.rsplit(','))
}

/// The `for` of a hop.
fn node(hop: &str) -> Option<&str> {
    hop.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim())
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`, each perhaps in quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => text.split_once(':')?.0,
    };
    bare.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, old: &[&str], new: &[&str]) -> String {
        let proxies = Proxies::parse("127.0.0.1, ::1, 10.0.0.0/8, fd00::/8").expect("networks");
        let peer = peer.parse().expect("an address");
        proxies.client(peer, old, new).to_string()
    }

    #[test]
    fn item_101_headers_are_read_from_the_right_as_far_as_proxies_wrote_them() {
        for (old, told) in [
            (&[][..], "127.0.0.1"),
            (&["203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7:5123"], "203.0.113.7"),
            (&["[2001:db8::1]:5123"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            (&["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
            (&["6.6.6.6", "203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            (&["6.6.6.6, 203.0.113.7, unknown, 10.1.2.3"], "10.1.2.3"),
            (&["nonsense"], "127.0.0.1"),
            (&[""], "127.0.0.1"),
            (&["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", old, &[]), told, "{old:?}");
            assert_eq!(client("::ffff:127.0.0.1", old, &[]), told, "{old:?}");
            assert_eq!(client("203.0.113.99", old, &[]), "203.0.113.99", "{old:?}");
        }
    }

    #[test]
    fn item_101_the_standard_header_says_the_same() {
        for (new, told) in [
            ("for=203.0.113.7", "203.0.113.7"),
            (
                "for=6.6.6.6, For=\"203.0.113.7:80\";proto=https;by=10.0.0.1",
                "203.0.113.7",
            ),
            ("proto=https; for=\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("for=203.0.113.7, for=10.0.0.9", "203.0.113.7"),
            ("for=_hidden", "127.0.0.1"),
            ("for=\", for=203.0.113.7", "203.0.113.7"),
            ("proto=https", "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", &[], &[new]), told, "{new}");
        }
        assert_eq!(
            client("::1", &["203.0.113.7"], &["for=203.0.113.7"]),
            "203.0.113.7"
        );
        // The proxy writes one of them and passes the caller's other on.
        assert_eq!(client("::1", &["203.0.113.7"], &["for=6.6.6.6"]), "::1");
    }
}
