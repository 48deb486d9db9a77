//! What the environment says: where to listen, under which URL the world sees us, where state lies.
//!
//! Read once at start-up; every later layer receives the parsed values and never looks at the environment itself.

mod network;
mod outer_keys;
mod proxies;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use url::{Host, Url};

pub(crate) use network::Network;
pub use outer_keys::OuterKeys;
pub use proxies::Proxies;

/// A start-up setting that cannot be used. The text is one sentence that names the setting and says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(String);

impl SettingsError {
    /// An error with the sentence to show.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

/// The settings that every built server honours; the environment comes before `.env`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// `HOST`: the address to bind, 127.0.0.1 by default.
    pub host: String,
    /// `PORT`: 8000 by default; 0 takes a free one.
    pub port: u16,
    /// `PUBLIC_URL`: the one base URL that stands in all metadata; by default `http://HOST:PORT`.
    pub public_url: Option<PublicUrl>,
    /// `ALLOWED_ORIGINS`: further browser origins that may call `/mcp`, comma-separated.
    pub allowed_origins: Vec<String>,
    /// `DATABASE_URL`: `sqlite:` and a path, or `postgres://…` (feature `postgres`); by default a SQLite file under the user's state directory.
    pub database_url: Option<String>,
    /// Where that file's directory is made: `XDG_STATE_HOME`, else `~/.local/state`; `None` without a home.
    pub state_home: Option<PathBuf>,
    /// `CLIENTS_FILE`: a JSON array of clients that need not register, for the embedded authorization server.
    pub clients_file: Option<PathBuf>,
    /// `EGRESS_PROXY`: the HTTP proxy through which the server's own requests go; none by default, whatever
    /// `HTTPS_PROXY` says.
    pub egress_proxy: Option<String>,
    /// `TRUSTED_PROXIES`: the addresses and networks of proxies that say from where a request came.
    pub trusted_proxies: Proxies,
    /// `KEY_ENCRYPTION_KEY`, or the file that `KEY_ENCRYPTION_KEY_FILE` names: seals the server's keys in the store.
    pub key_encryption_keys: OuterKeys,
    /// `PASSWORD_PEPPER`, or the file that `PASSWORD_PEPPER_FILE` names: without it no password can be checked.
    pub password_peppers: OuterKeys,
    /// `OPENID_ISSUER`: the OpenID provider at which users sign in, in place of the password form.
    pub openid_issuer: Option<String>,
    /// `OPENID_CLIENT_ID`: this server's id there.
    pub openid_client_id: Option<String>,
    /// `OPENID_CLIENT_SECRET`: its secret there, if it has one.
    pub openid_client_secret: Option<String>,
    /// `WORKERS`: worker threads, one a core by default.
    pub workers: Option<usize>,
    /// `ALLOW_INSECURE_HTTP=1`: serve plain `http` under a name that is not loopback. Warned about at every start.
    pub allow_insecure_http: bool,
}

impl fmt::Debug for Settings {
    /// Without the database's URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 8000,
            public_url: None,
            allowed_origins: Vec::new(),
            database_url: None,
            state_home: None,
            clients_file: None,
            egress_proxy: None,
            trusted_proxies: Proxies::default(),
            key_encryption_keys: OuterKeys::default(),
            password_peppers: OuterKeys::default(),
            openid_issuer: None,
            openid_client_id: None,
            openid_client_secret: None,
            workers: None,
            allow_insecure_http: false,
        }
    }
}

impl Settings {
    /// Reads `.env` (the nearest one upwards from the working directory) and the environment.
    ///
    /// # Errors
    /// The first setting that cannot be used, in one sentence.
    pub fn from_env() -> Result<Self, SettingsError> {
        match dotenvy::dotenv() {
            Ok(_) => {}
            Err(error) if error.not_found() => {}
            Err(error) => {
                // The error would quote the line, and a line may hold a secret.
                let why = match error {
                    dotenvy::Error::LineParse(..) => "a line of it is not NAME=value".to_owned(),
                    other => other.to_string(),
                };
                return Err(SettingsError::new(format!(
                    "`.env` cannot be read ({why}): mend the line, or remove the file"
                )));
            }
        }
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// Reads the settings through a lookup of one's own.
    ///
    /// # Errors
    /// The first setting that cannot be used, in one sentence.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        // An empty value is how `.env.example` spells "the default".
        let var = |name: &str| {
            var(name)
                .map(|v| v.trim().to_owned())
                .filter(|v| !v.is_empty())
        };
        let mut settings = Self::default();
        if let Some(host) = var("HOST") {
            settings.host = host;
        }
        if let Some(port) = var("PORT") {
            settings.port = port.parse().map_err(|_| {
                SettingsError::new(format!(
                    "PORT is `{port}`: set it to a number from 0 to 65535 (0 takes a free port)"
                ))
            })?;
        }
        settings.allow_insecure_http = matches!(
            var("ALLOW_INSECURE_HTTP").as_deref(),
            Some("1" | "true" | "yes")
        );
        if let Some(url) = var("PUBLIC_URL") {
            settings.public_url = Some(PublicUrl::parse(&url, settings.allow_insecure_http)?);
        }
        if let Some(origins) = var("ALLOWED_ORIGINS") {
            for origin in origins.split(',').map(str::trim).filter(|o| !o.is_empty()) {
                settings.allowed_origins.push(parse_origin(origin)?);
            }
        }
        settings.database_url = var("DATABASE_URL");
        settings.clients_file = var("CLIENTS_FILE").map(PathBuf::from);
        settings.egress_proxy = var("EGRESS_PROXY");
        settings.openid_issuer = var("OPENID_ISSUER");
        settings.openid_client_id = var("OPENID_CLIENT_ID");
        settings.openid_client_secret = var("OPENID_CLIENT_SECRET");
        // The XDG specification has relative paths ignored.
        let absolute = |name: &str| var(name).map(PathBuf::from).filter(|p| p.is_absolute());
        settings.state_home = absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
        if let Some(proxies) = var("TRUSTED_PROXIES") {
            settings.trusted_proxies = Proxies::parse(&proxies)?;
        }
        let outer_keys = |name: &str| {
            let keys = match var(&format!("{name}_FILE")) {
                None => var(name).unwrap_or_default(),
                Some(path) => std::fs::read_to_string(&path).map_err(|error| {
                    SettingsError::new(format!(
                        "{name}_FILE is `{path}`, which cannot be read ({error}): make it readable for the server"
                    ))
                })?,
            };
            OuterKeys::parse(name, &keys)
        };
        settings.key_encryption_keys = outer_keys("KEY_ENCRYPTION_KEY")?;
        settings.password_peppers = outer_keys("PASSWORD_PEPPER")?;
        if let Some(workers) = var("WORKERS") {
            settings.workers = Some(
                workers
                    .parse()
                    .ok()
                    .filter(|n| (1..=1024).contains(n))
                    .ok_or_else(|| {
                        SettingsError::new(format!(
                            "WORKERS is `{workers}`: set it to a number from 1 to 1024"
                        ))
                    })?,
            );
        }
        Ok(settings)
    }

    /// Whether only this machine can reach the bind address.
    pub fn binds_loopback(&self) -> bool {
        is_loopback_name(&self.host)
    }

    /// The public URL, once the port that was really bound is known.
    ///
    /// # Errors
    /// A bind address that other machines reach needs an explicit `PUBLIC_URL`.
    pub fn public_url_at(&self, port: u16) -> Result<PublicUrl, SettingsError> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        if !self.binds_loopback() {
            return Err(SettingsError::new(format!(
                "HOST is `{}`, which other machines can reach: set PUBLIC_URL to the https:// address under which they do",
                self.host
            )));
        }
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        PublicUrl::parse(&format!("http://{host}:{port}"), self.allow_insecure_http)
    }
}

/// The base URL under which the world sees this server: an origin and, behind a path-routing proxy, a path.
/// Never ends in a slash, so that it is byte-equal wherever it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: String,
    path: String,
    loopback: bool,
    https: bool,
}

impl PublicUrl {
    /// Parses and judges a base URL: `https`, or `http` on a loopback host; no query, fragment or userinfo (RFC 8414 §2).
    ///
    /// # Errors
    /// What is wrong with it and what to write instead, in one sentence.
    pub fn parse(text: &str, allow_insecure_http: bool) -> Result<Self, SettingsError> {
        let bad = |why: &str| {
            Err(SettingsError::new(format!(
                "PUBLIC_URL is `{text}`, {why}: set it to a base URL such as https://mcp.example.com"
            )))
        };
        let Ok(url) = Url::parse(text) else {
            return bad("which is not an absolute URL");
        };
        if url.path().trim_end_matches('/').ends_with("/mcp") {
            return bad("the endpoint itself: leave out /mcp, which is added");
        }
        if !matches!(url.scheme(), "https" | "http") {
            return bad("which is neither https nor http");
        }
        if !url.username().is_empty() || url.password().is_some() {
            // Not shown: what stands there may be a secret.
            return Err(SettingsError::new(
                "PUBLIC_URL carries a user name or a password: set it to a base URL such as https://mcp.example.com",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return bad("which has a query or a fragment");
        }
        let Some(host) = url.host() else {
            return bad("which names no host");
        };
        let loopback = match host {
            Host::Domain(name) => is_loopback_name(name),
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        let https = url.scheme() == "https";
        if !https && !loopback && !allow_insecure_http {
            return bad(
                "plain http on a host that is not loopback, where anyone on the way reads the tokens",
            );
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        Ok(Self {
            origin: format!("{}://{authority}", url.scheme()),
            authority,
            path: url.path().trim_end_matches('/').to_owned(),
            loopback,
            https,
        })
    }

    /// `scheme://host[:port]`, as browsers send it in `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `host[:port]`, as clients send it in `Host`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path prefix, empty or `/prefix`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The absolute URL of a path of ours: `join("/mcp")`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }

    /// Whether the host is loopback.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// Whether a host name or literal means this machine only.
pub fn is_loopback_name(host: &str) -> bool {
    let host = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn parse_origin(text: &str) -> Result<String, SettingsError> {
    Url::parse(text)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https") && u.path() == "/" && u.query().is_none())
        .map(|u| u.origin().ascii_serialization())
        .ok_or_else(|| {
            SettingsError::new(format!(
                "ALLOWED_ORIGINS has `{text}`, which is not an origin: write entries such as https://app.example.com"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_vars(|name| {
            pairs
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn an_empty_value_is_the_default() {
        let s = settings(&[("PORT", ""), ("PUBLIC_URL", " ")]).expect("defaults");
        assert_eq!((s.port, s.public_url), (8000, None));
    }

    #[test]
    fn a_bad_setting_is_named_with_the_way_out() {
        for (name, value) in [
            ("PORT", "http"),
            ("PORT", "70000"),
            ("WORKERS", "0"),
            ("PUBLIC_URL", "mcp.example.com"),
            ("PUBLIC_URL", "https://mcp.example.com/mcp"),
            ("PUBLIC_URL", "http://mcp.example.com"),
            ("PUBLIC_URL", "https://me:pw@mcp.example.com"),
            ("PUBLIC_URL", "https://mcp.example.com/?q"),
            ("PUBLIC_URL", "https://mcp.example.com/#f"),
            ("PUBLIC_URL", "ftp://mcp.example.com"),
            ("ALLOWED_ORIGINS", "https://a.test/path"),
        ] {
            let text = settings(&[(name, value)]).expect_err(value).to_string();
            assert!(text.contains(name) && text.contains(": "), "{text}");
        }
    }

    #[test]
    fn the_public_url_never_ends_in_a_slash() {
        let url = PublicUrl::parse("https://Mcp.Example.com:443/", false).expect("good");
        assert_eq!(url.to_string(), "https://mcp.example.com");
        assert_eq!(url.join("/mcp"), "https://mcp.example.com/mcp");
        let url = PublicUrl::parse("https://example.com/tenant/", false).expect("good");
        assert_eq!(url.join("/mcp"), "https://example.com/tenant/mcp");
    }

    #[test]
    fn a_reachable_bind_needs_a_public_url() {
        let s = settings(&[("HOST", "0.0.0.0")]).expect("parses");
        assert!(
            s.public_url_at(8000)
                .expect_err("refused")
                .to_string()
                .contains("PUBLIC_URL")
        );
    }
}
