//! Redirect URIs: which may be registered, and which request matches which registration.

use url::{Host, Url};

use super::config::Config;

/// Whether a client may register this redirect URI: `https`, `http` on loopback, or a private-use scheme where those
/// are allowed (RFC 8252 §7). Judged on the text as well as on the parsed form, since what a parser repairs silently
/// (spaces, tabs, a missing slash) is exactly what an attacker sends.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn registrable(uri: &str, config: &Config) -> Result<(), &'static str> {
    if uri.len() > 2048 {
        return Err("a redirect URI is longer than 2048 bytes");
    }
    if !uri.bytes().all(|b| b.is_ascii_graphic()) || uri.contains(['\\', '*', '<', '>', '"', '#']) {
        return Err("a redirect URI has a character that is not allowed there, or a fragment");
    }
    let Ok(url) = Url::parse(uri) else {
        return Err("a redirect URI is not absolute");
    };
    if !url.username().is_empty() || url.password().is_some() || has_userinfo(uri) {
        return Err("a redirect URI has a user name");
    }
    if has_dot_segment(uri) {
        return Err("a redirect URI has dot segments");
    }
    match url.scheme() {
        "https" if uri.starts_with("https://") && !uri.starts_with("https:///") => Ok(()),
        "http" if uri.starts_with("http://") && is_loopback(&url, config) => Ok(()),
        "http" => Err("a redirect URI is plain http and not on loopback"),
        // A registered name such as `com.example.app:/cb` or `cursor://…`; none that a browser runs or reads itself.
        scheme if config.private_use_schemes.iter().any(|s| s == scheme) => Ok(()),
        _ => Err("a redirect URI has a scheme that is not allowed"),
    }
}

/// Whether a redirect leads back to the machine that the browser runs on.
pub(crate) fn is_loopback(url: &Url, config: &Config) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(ip)) => ip == std::net::Ipv6Addr::LOCALHOST,
        Some(Host::Domain(name)) => name == "localhost" && config.localhost_redirects,
        None => false,
    }
}

/// Whether a requested redirect URI is a registered one: byte for byte, but for the port of a loopback URI, which an
/// app learns when it starts (RFC 8252 §7.3).
pub(crate) fn matches(registered: &str, asked: &str, config: &Config) -> bool {
    // Judged by today's rules: they may be stricter than those of the day when it was registered.
    if registrable(registered, config).is_err() {
        return false;
    }
    if registered == asked {
        return true;
    }
    let loopback =
        Url::parse(registered).is_ok_and(|u| u.scheme() == "http" && is_loopback(&u, config));
    if !loopback {
        return false;
    }
    match (without_port(registered), without_port(asked)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// `http://127.0.0.1:5/cb` as `("127.0.0.1", "/cb")`, in the caller's own spelling.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host_end = match authority.find(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_end);
    let port_is_good = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            !digits.is_empty()
                && digits.bytes().all(|b| b.is_ascii_digit())
                && digits.parse::<u16>().is_ok()
        }
    };
    port_is_good.then_some((host, tail))
}

/// A registered redirect URI with the parameters of an answer. Its own query stays as it is, except for parameters
/// that an answer carries itself, so that each stands there once (RFC 9207 §2).
pub(crate) fn with_params(uri: &str, params: &[(&str, &str)]) -> String {
    const OURS: [&str; 6] = [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
    ];
    let (base, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut out = format!("{base}?");
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let name = super::params::unescape(name.as_bytes());
        if !name.is_some_and(|n| OURS.contains(&n.as_str())) {
            out.push_str(pair);
            out.push('&');
        }
    }
    out.push_str(
        &url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish(),
    );
    out
}

/// Where a redirect leads, for people: a host, or the name of an app's scheme.
pub(crate) fn shown_host(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) => match (url.host_str(), url.port()) {
            (Some(host), Some(port)) if url.scheme().starts_with("http") => {
                format!("{host}:{port}")
            }
            (Some(host), None) if url.scheme().starts_with("http") => host.to_owned(),
            _ => format!("{}:", url.scheme()),
        },
        Err(_) => uri.to_owned(),
    }
}

fn has_userinfo(uri: &str) -> bool {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split(['/', '?'])
        .next()
        .unwrap_or_default()
        .contains('@')
}

/// Whether a path has `.` or `..` in it, in whatever spelling.
pub(crate) fn has_dot_segment(uri: &str) -> bool {
    let path = uri.split('?').next().unwrap_or_default();
    path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    })
}

/// Whether a scheme can be an app's own: none that a browser or the system runs or opens itself.
pub(crate) fn is_private_use(scheme: &str) -> bool {
    const NEVER: [&str; 18] = [
        "javascript",
        "data",
        "vbscript",
        "blob",
        "file",
        "about",
        "ftp",
        "ws",
        "wss",
        "http",
        "https",
        "view-source",
        "filesystem",
        "mailto",
        "tel",
        "sms",
        "chrome",
        "intent",
    ];
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
        && !NEVER.contains(&scheme)
        && !scheme.starts_with("ms-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_9_schemes_are_allowed_not_denied() {
        let open = Config {
            private_use_schemes: vec!["cursor".into()],
            ..Config::default()
        };
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " https://c.test/cb",
            "https://c.test/cb ",
            "https://c.te\tst/cb",
            "https://c.test/\ncb",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://c.test/1",
            "file:///etc/passwd",
            "about:blank",
            "https:evil",
            "https:/evil",
            "https:///evil.test/cb",
            "//evil",
            "/cb",
            "cb",
            "",
            "https://c.test/cb#frag",
            "https://c.test/cb#",
            "https://user@c.test/cb",
            "https://user:pw@c.test/cb",
            "https://@c.test/cb",
            "https://*.c.test/cb",
            "https://c.test/a/../cb",
            "https://c.test/a/%2e%2E/cb",
            "https://c.test/./cb",
            "https://c.test\\@evil.test/cb",
        ] {
            assert!(registrable(bad, &Config::default()).is_err(), "{bad:?}");
            assert!(
                registrable(bad, &open).is_err(),
                "{bad:?} with private-use schemes"
            );
        }
    }

    #[test]
    fn item_10_https_or_loopback_or_opt_in() {
        let config = Config::default();
        for good in [
            "https://c.test/cb",
            "https://c.test:8443/cb?a=b",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:5000/cb",
            "http://[::1]:5000/cb",
            "http://localhost:5000/cb",
        ] {
            assert_eq!(registrable(good, &config), Ok(()), "{good}");
        }
        for bad in [
            "http://client.test/cb",
            "http://localhost.evil.test/cb",
            "cursor://x/cb",
        ] {
            assert!(registrable(bad, &config).is_err(), "{bad}");
        }
        let open = Config {
            private_use_schemes: vec!["cursor".into()],
            ..Config::default()
        };
        assert_eq!(
            registrable("cursor://anysphere.cursor-mcp/oauth/cb", &open),
            Ok(())
        );
        assert!(
            registrable("vscode://x/cb", &open).is_err(),
            "not in the list"
        );
        assert!(!is_private_use("javascript") && !is_private_use("cursor://"));
        let strict = Config {
            localhost_redirects: false,
            ..Config::default()
        };
        assert!(registrable("http://localhost:1/cb", &strict).is_err());
    }

    #[test]
    fn item_29_byte_for_byte() {
        let config = Config::default();
        for asked in [
            "https://c.test/cb/",
            "https://c.test/CB",
            "https://c.test/cb?x=1",
            "https://c.test/cb/..",
            "https://c.test:443/cb",
            "https://c.test.evil/cb",
            "https://c.test@evil/cb",
            "https://c.test/%63b",
            "https://c.test/cb ",
        ] {
            assert!(!matches("https://c.test/cb", asked, &config), "{asked:?}");
        }
    }

    #[test]
    fn item_30_only_the_port_of_loopback_varies() {
        let config = Config::default();
        let registered = "http://127.0.0.1:5/cb";
        for good in [
            "http://127.0.0.1:5/cb",
            "http://127.0.0.1:65000/cb",
            "http://127.0.0.1/cb",
        ] {
            assert!(matches(registered, good, &config), "{good}");
        }
        for bad in [
            "http://127.0.0.1:5/cb2",
            "http://127.0.0.1:5/cb?x",
            "https://127.0.0.1:5/cb",
            "http://localhost:5/cb",
            "http://127.1:5/cb",
            "http://127.0.0.1:5@evil.test/cb",
            "http://127.0.0.1:x/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:99999/cb",
        ] {
            assert!(!matches(registered, bad, &config), "{bad}");
        }
        assert!(matches("http://[::1]/cb", "http://[::1]:99/cb", &config));
        assert!(matches(
            "http://localhost:1/cb",
            "http://localhost:2/cb",
            &config
        ));
        assert!(!matches(
            "http://localhost.evil.test:1/cb",
            "http://localhost.evil.test:2/cb",
            &config
        ));
        let strict = Config {
            localhost_redirects: false,
            ..Config::default()
        };
        assert!(!matches(
            "http://localhost:1/cb",
            "http://localhost:2/cb",
            &strict
        ));
    }

    #[test]
    fn item_32_each_parameter_once() {
        let to = with_params(
            "https://c.test/cb?iss=x&a=%ff&%63ode=1",
            &[("code", "é&"), ("iss", "i")],
        );
        assert_eq!(to, "https://c.test/cb?a=%ff&code=%C3%A9%26&iss=i");
        assert_eq!(
            with_params("https://c.test/cb", &[("iss", "i")]),
            "https://c.test/cb?iss=i"
        );
    }
}
