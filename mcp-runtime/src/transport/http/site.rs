//! Who may talk to us under which name: Host, Origin and CORS.

use actix_web::dev::RequestHead;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{StatusCode, Version};

use crate::auth::Site;
use crate::settings::{PublicUrl, Settings, is_loopback_name};

/// The name under which a request came: HTTP/2 has it in `:authority`, HTTP/1 in `Host`. Two `Host` headers never
/// get here: actix answers 400.
pub(super) fn asked_name(head: &RequestHead) -> Option<&str> {
    if head.version == Version::HTTP_2 {
        return head.uri.authority().map(|authority| authority.as_str());
    }
    head.headers.get(header::HOST)?.to_str().ok()
}

/// What the name of a request means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// The name in all metadata.
    Public,
    /// Another name of this machine: good for a call, not for metadata.
    OtherLoopback,
    /// None of ours: DNS rebinding, or a proxy that is not set up.
    Foreign,
}

/// The names and origins that a server accepts.
#[derive(Debug, Clone)]
pub(crate) struct Doorman {
    url: PublicUrl,
    port: u16,
    loopback_bind: bool,
    allowed_origins: Vec<String>,
}

impl Doorman {
    pub(crate) fn new(site: &Site, settings: &Settings, port: u16) -> Self {
        Self {
            url: site.url.clone(),
            port,
            loopback_bind: site.loopback_bind,
            allowed_origins: settings.allowed_origins.clone(),
        }
    }

    /// Judges the name under which a request came.
    pub(super) fn host(&self, asked: Option<&str>) -> Host {
        let Some(host) = asked else {
            return Host::Foreign;
        };
        let ours = self.url.authority();
        if host.eq_ignore_ascii_case(ours)
            || without_default_port(host, self.url.is_https()).eq_ignore_ascii_case(ours)
        {
            return Host::Public;
        }
        if self.loopback_bind {
            let (name, port) = match host.rsplit_once(':') {
                Some((name, port)) if !port.contains(']') => (name, port.parse().ok()),
                _ => (host, Some(80)),
            };
            if is_loopback_name(name) && port == Some(self.port) {
                return Host::OtherLoopback;
            }
        }
        Host::Foreign
    }

    /// Whether the `Origin` header, if there is one, may call us.
    pub(super) fn origin<'h>(&self, headers: &'h HeaderMap) -> Origin<'h> {
        let mut values = headers.get_all(header::ORIGIN);
        let Some(value) = values.next() else {
            return Origin::Absent;
        };
        if values.next().is_some() {
            return Origin::Refused;
        }
        match value.to_str() {
            Ok(origin) if self.allows(origin) => Origin::Allowed(value),
            _ => Origin::Refused,
        }
    }

    fn allows(&self, origin: &str) -> bool {
        if origin == self.url.origin() || self.allowed_origins.iter().any(|o| o == origin) {
            return true;
        }
        // A developer's page on another port of this machine.
        self.url.is_loopback()
            && url::Url::parse(origin).is_ok_and(|u| {
                matches!(u.scheme(), "http" | "https")
                    && u.host_str().is_some_and(is_loopback_name)
                    && u.origin().ascii_serialization() == origin
            })
    }

    /// Has browsers stay on https once they came by it (RFC 6797).
    pub(super) fn insist_on_https(&self, headers: &mut HeaderMap) {
        if self.url.is_https() {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
    }

    /// The sentence for a caller who used another name of this machine where the one public name matters.
    pub(super) fn right_url(&self, path: &str) -> String {
        format!(
            "This server is known as {}: use {}.",
            self.url,
            self.url.join(path)
        )
    }
}

fn without_default_port(host: &str, https: bool) -> &str {
    host.strip_suffix(if https { ":443" } else { ":80" })
        .unwrap_or(host)
}

/// What an `Origin` header means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin<'h> {
    Absent,
    Allowed(&'h HeaderValue),
    Refused,
}

impl Origin<'_> {
    /// The CORS headers for an answer to this origin.
    pub(super) fn decorate(self, headers: &mut HeaderMap) {
        if let Self::Allowed(origin) = self {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(
                    "Mcp-Session-Id, WWW-Authenticate, Retry-After, DPoP-Nonce",
                ),
            );
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
    }
}

/// The answer to a preflight.
pub(super) const PREFLIGHT: [(HeaderName, &str); 3] = [
    (
        header::ACCESS_CONTROL_ALLOW_METHODS,
        "POST, GET, DELETE, OPTIONS",
    ),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "*, Authorization"),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

/// RFC 9110 §15.5.20: the request came under a name that this server does not answer to.
pub(super) const MISDIRECTED: StatusCode = StatusCode::MISDIRECTED_REQUEST;

#[cfg(test)]
mod tests {
    use super::*;

    fn doorman(public: &str) -> Doorman {
        Doorman {
            url: PublicUrl::parse(public, false).expect("good"),
            port: 8000,
            loopback_bind: true,
            allowed_origins: vec!["https://chat.test".into()],
        }
    }

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(name, HeaderValue::from_static(value));
        map
    }

    #[test]
    fn hosts_are_told_apart() {
        for (public, host, verdict) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000", Host::Public),
            (
                "http://127.0.0.1:8000",
                "localhost:8000",
                Host::OtherLoopback,
            ),
            ("http://127.0.0.1:8000", "[::1]:8000", Host::OtherLoopback),
            ("http://127.0.0.1:8000", "localhost:9000", Host::Foreign),
            ("http://127.0.0.1:8000", "evil.test", Host::Foreign),
            (
                "http://127.0.0.1:8000",
                "localhost.evil.test:8000",
                Host::Foreign,
            ),
            ("https://mcp.test", "MCP.test", Host::Public),
            ("https://mcp.test", "mcp.test:443", Host::Public),
            ("https://mcp.test", "mcp.test:8443", Host::Foreign),
        ] {
            assert_eq!(doorman(public).host(Some(host)), verdict, "{public} {host}");
        }
    }

    #[test]
    fn origins_are_told_apart() {
        for (public, origin, allowed) in [
            ("http://127.0.0.1:8000", "http://localhost:6274", true),
            ("http://127.0.0.1:8000", "null", false),
            ("http://127.0.0.1:8000", "https://evil.test", false),
            ("http://127.0.0.1:8000", "http://localhost.evil.test", false),
            ("https://mcp.test", "https://mcp.test", true),
            ("https://mcp.test", "https://chat.test", true),
            ("https://mcp.test", "http://localhost:6274", false),
        ] {
            let headers = headers(header::ORIGIN, origin);
            let verdict = doorman(public).origin(&headers);
            assert_eq!(
                matches!(verdict, Origin::Allowed(_)),
                allowed,
                "{public} {origin}"
            );
        }
        assert_eq!(
            doorman("https://mcp.test").origin(&HeaderMap::new()),
            Origin::Absent
        );
    }
}
