//! The two cookies of the flow: whose browser it is before the login, and whose session after it.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderValue};

use super::origin;
use crate::auth::Site;
use crate::auth::consent::Browser;
use crate::auth::secret::{Secret, digest};

/// How long the first lives, in seconds: as long as a sign-in may take, with some room for a second one.
const PRE_LOGIN: i64 = 30 * 60;

/// The names of the cookies. On https the `__Host-` prefix ties them to this host; on loopback, where browsers do not
/// grant it, another name is used, which https ignores. Cookies do not know ports or paths, so each server's has the
/// start of a digest of its URL.
pub(super) struct Cookies {
    prefix: &'static str,
    suffix: String,
    attributes: &'static str,
}

impl Cookies {
    pub(super) fn of(site: &Site) -> Self {
        let https = site.url.is_https();
        Self {
            prefix: if https { "__Host-mcp" } else { "mcp" },
            suffix: digest(&site.url.to_string())[..8].to_owned(),
            attributes: match https {
                true => "Path=/; Secure; HttpOnly; SameSite=Lax",
                false => "Path=/; HttpOnly; SameSite=Lax",
            },
        }
    }

    fn name(&self, what: &str) -> String {
        format!("{}-{what}-{}", self.prefix, self.suffix)
    }

    /// What a request's cookies say.
    pub(super) fn read(&self, req: &HttpRequest) -> Browser {
        Browser {
            pre_login: find(req, &self.name("browser")),
            session: find(req, &self.name("session")),
            came_by_themselves: origin::came_by_themselves(req),
            upstream: find(req, &self.name("upstream")),
        }
    }

    /// Marks a browser before its user signs in.
    pub(super) fn pre_login(&self, value: &Secret) -> Option<HeaderValue> {
        self.set("browser", value, PRE_LOGIN)
    }

    /// Marks a signed-in browser.
    pub(super) fn session(&self, value: &Secret, seconds: i64) -> Option<HeaderValue> {
        self.set("session", value, seconds)
    }

    /// Marks a browser that goes to the upstream provider.
    #[cfg(feature = "fetch")]
    pub(super) fn upstream(&self, value: &Secret) -> Option<HeaderValue> {
        self.set("upstream", value, PRE_LOGIN)
    }

    /// Takes the mark of a signed-in browser away.
    pub(super) fn no_session(&self) -> Option<HeaderValue> {
        self.set("session", &Secret::new(String::new()), 0)
    }

    fn set(&self, what: &str, value: &Secret, seconds: i64) -> Option<HeaderValue> {
        let (name, attributes) = (self.name(what), self.attributes);
        let cookie = format!("{name}={}; Max-Age={seconds}; {attributes}", value.expose());
        let mut value = HeaderValue::try_from(cookie).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// A cookie of that name whose value could be one of ours.
fn find(req: &HttpRequest, name: &str) -> Option<Secret> {
    let values = req
        .headers()
        .get_all(header::COOKIE)
        .filter_map(|v| v.to_str().ok());
    values
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, v)| *n == name && v.len() == 43 && v.bytes().all(is_base64url))
        .map(|(_, value)| Secret::new(value.to_owned()))
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
