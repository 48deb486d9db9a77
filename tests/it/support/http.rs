//! One HTTP client that follows nothing, keeps nothing and believes nothing.

use std::net::SocketAddr;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HOST, HeaderMap};
use serde_json::Value;
use url::Url;

use super::Page;

/// The way to a server: its address, and the name under which it wants to be called.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    http: reqwest::Client,
    pub(crate) address: SocketAddr,
    /// `PUBLIC_URL`, the issuer.
    pub(crate) base: String,
}

impl Door {
    pub(crate) fn new(address: SocketAddr, base: String) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // A server that stops need not wait for idle connections.
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        Self {
            http,
            address,
            base,
        }
    }

    /// `host[:port]` of the public URL.
    pub(crate) fn authority(&self) -> String {
        let url = Url::parse(&self.base).expect("a base URL");
        match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        }
    }

    /// An absolute URL of the server's.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request to an absolute URL of the server's, or to a path of its origin.
    pub(crate) async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let path = match Url::parse(target) {
            Ok(url) => {
                let ours = Url::parse(&self.base).expect("a base URL");
                assert_eq!(url.origin(), ours.origin(), "{target} is another server's");
                // Cut from the text: a parser would repair what a test spoilt.
                format!("/{}", target.splitn(4, '/').nth(3).unwrap_or_default())
            }
            Err(_) => target.to_owned(),
        };
        let mut request = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .body(body);
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request = request.header(HOST, self.authority());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: String::from_utf8_lossy(&response.bytes().await.expect("a body")).into_owned(),
        }
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.send(Method::GET, target, &[], "").await
    }

    /// Posts a form.
    pub(crate) async fn form(
        &self,
        target: &str,
        headers: &[(&str, &str)],
        form: &super::Params,
    ) -> Reply {
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = std::iter::once(form_type)
            .chain(headers.iter().copied())
            .collect();
        self.send(Method::POST, target, &headers, form.encoded())
            .await
    }

    /// Posts JSON text.
    pub(crate) async fn json(&self, target: &str, body: impl Into<reqwest::Body>) -> Reply {
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, target, &headers, body).await
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    /// A header that is there at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} is there twice: {self:?}");
        Some(value.to_str().expect("ASCII"))
    }

    /// The body, which must be declared to be JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        assert!(kind.starts_with("application/json"), "no JSON: {self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The body, which must be declared to be HTML.
    #[track_caller]
    pub(crate) fn page(&self) -> Page {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        assert!(kind.starts_with("text/html"), "no page: {self:?}");
        Page::parse(&self.body)
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Any refusal of the caller's request.
    #[track_caller]
    pub(crate) fn expect_refusal(self) -> Self {
        assert!((400..500).contains(&self.status), "{self:?}");
        assert!(self.header("location").is_none(), "{self:?}");
        self
    }

    /// An error of a JSON endpoint (RFC 6749 §5.2).
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, error: &str) -> Self {
        assert_eq!(
            (self.status, self.json()["error"].as_str()),
            (status, Some(error)),
            "{self:?}"
        );
        assert!(self.is_no_store(), "{self:?}");
        self
    }

    /// An error that is answered here and not at the client's redirect URI.
    #[track_caller]
    pub(crate) fn expect_local_error(self) -> Self {
        assert_eq!(self.status, 400, "{self:?}");
        assert!(self.header("location").is_none(), "{self:?}");
        self
    }

    pub(crate) fn is_no_store(&self) -> bool {
        self.header("cache-control")
            .is_some_and(|v| v.contains("no-store"))
    }

    /// Where a redirect leads.
    #[track_caller]
    pub(crate) fn location(&self) -> Url {
        assert!(matches!(self.status, 302 | 303), "no redirect: {self:?}");
        let location = self
            .header("location")
            .unwrap_or_else(|| panic!("no location: {self:?}"));
        Url::parse(location).unwrap_or_else(|e| panic!("{e}: {location}"))
    }

    /// A parameter of the redirect, which must be there at most once.
    #[track_caller]
    pub(crate) fn answer(&self, name: &str) -> Option<String> {
        let location = self.location();
        let mut values = location.query_pairs().filter(|(n, _)| n == name);
        let value = values.next()?.1.into_owned();
        assert!(values.next().is_none(), "{name} is there twice: {location}");
        Some(value)
    }
}
