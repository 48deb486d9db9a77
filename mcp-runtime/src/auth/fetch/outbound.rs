//! What a user of the crate may set about the requests that the server itself makes.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How the server reaches others: clients' metadata documents, the keys of an outside issuer, an upstream provider.
///
/// By default it asks the system's resolver, trusts the system's certificates, uses no proxy whatever the environment
/// says, and goes to public addresses only where the URL came from a stranger.
///
/// ```
/// # use mcp_runtime::auth::{Auth, Outbound};
/// let outbound = Outbound::new().proxy("http://proxy.internal:3128").allow_network("10.20.0.0/16");
/// let auth = Auth::embedded().outbound(outbound);
/// ```
#[derive(Clone, Default)]
pub struct Outbound {
    pub(super) proxy: Option<String>,
    pub(super) certificates: Vec<String>,
    pub(super) networks: Vec<String>,
    pub(super) resolver: Option<Arc<dyn Resolver>>,
    pub(super) deadline: Option<Duration>,
}

impl Outbound {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends everything through this HTTP proxy (`http://[user:password@]host[:port]`, by `CONNECT`), and nothing past
    /// it: while the proxy is away, nothing is fetched. The proxy resolves names, so it has to keep requests away from
    /// the inside of its network. The setting `EGRESS_PROXY` says the same.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts these certificates (PEM) besides the system's: those of a company's own authority.
    #[must_use]
    pub fn trust(mut self, pem: impl Into<String>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Lets a stranger's URL lead into this network too, such as `10.20.0.0/16`, where clients publish their documents
    /// inside a company. Whatever listens there can then be asked for by anyone who may sign in.
    #[must_use]
    pub fn allow_network(mut self, network: impl Into<String>) -> Self {
        self.networks.push(network.into());
        self
    }

    /// Another resolver than the system's. Its answers are judged like the system's.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Takes the proxy of the settings where none was named.
    pub(crate) fn settle(&mut self, settings: &crate::settings::Settings) {
        if self.proxy.is_none() {
            self.proxy.clone_from(&settings.egress_proxy);
        }
    }

    /// How long one request may take in all, from the name's resolution to the last byte: 5 seconds by default, and at
    /// the most.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl fmt::Debug for Outbound {
    /// Without the proxy's URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("networks", &self.networks)
            .finish_non_exhaustive()
    }
}

/// What [`Resolver::resolve`] yields.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Turns a host's name into addresses.
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a host. Asked once per request; one answer that may not be dialled spoils them all.
    fn resolve(&self, host: &str) -> Resolving;
}

/// The system's.
pub(super) struct System;

impl Resolver for System {
    fn resolve(&self, host: &str) -> Resolving {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
