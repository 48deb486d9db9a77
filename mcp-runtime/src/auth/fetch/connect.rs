//! A connection to the one place that was judged: the name is resolved once, and what was judged is what is dialled.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::{FetchError, Fetcher, Reach};
use crate::settings::{SettingsError, is_loopback_name};

/// A byte stream to a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Addresses of one name that are tried at the most.
const MOST_TRIES: usize = 4;

/// The longest head of a proxy's answer, in bytes.
const PROXY_HEAD: usize = 8 * 1024;

/// A forward proxy, spoken to by `CONNECT` (RFC 9110 §9.3.6).
#[derive(Clone)]
pub(super) struct Proxy {
    host: String,
    port: u16,
    credentials: Option<String>,
}

impl Proxy {
    pub(super) fn parse(text: &str) -> Result<Self, SettingsError> {
        // The text may hold a password: it is not shown.
        let bad = || {
            SettingsError::new(
                "the egress proxy (EGRESS_PROXY) is not an HTTP proxy's URL: write \
                 http://host:port, or http://user:password@host:port",
            )
        };
        let url = Url::parse(text).map_err(|_| bad())?;
        let host = url.host_str().ok_or_else(bad)?;
        if url.scheme() != "http" || url.path() != "/" || url.query().is_some() {
            return Err(bad());
        }
        let decode = |part: &str| {
            crate::auth::params::unescape(part.replace('+', "%2B").as_bytes()).unwrap_or_default()
        };
        let credentials = (!url.username().is_empty()).then(|| {
            let user = decode(url.username());
            let password = decode(url.password().unwrap_or_default());
            STANDARD.encode(format!("{user}:{password}"))
        });
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(80),
            credentials,
        })
    }

    /// A tunnel to `authority`, or an error: never another way.
    async fn tunnel(&self, authority: &str) -> Result<TcpStream, FetchError> {
        let no = |why: String| FetchError(format!("the egress proxy: {why}"));
        let mut stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|e| no(e.to_string()))?;
        let credentials = match &self.credentials {
            Some(text) => format!("Proxy-Authorization: Basic {text}\r\n"),
            None => String::new(),
        };
        let ask = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{credentials}\r\n");
        let written = stream.write_all(ask.as_bytes()).await;
        written.map_err(|e| no(e.to_string()))?;
        // Byte by byte: what follows the head belongs to the tunnel.
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == PROXY_HEAD {
                return Err(no("its answer is too long".into()));
            }
            head.push(stream.read_u8().await.map_err(|e| no(e.to_string()))?);
        }
        let status = head.split(|b| *b == b' ').nth(1).unwrap_or_default();
        if !head.starts_with(b"HTTP/1.") || status.first() != Some(&b'2') {
            let status = String::from_utf8_lossy(status).escape_debug().to_string();
            return Err(no(format!("it answered {status}")));
        }
        Ok(stream)
    }
}

impl Fetcher {
    /// Dials the host of a URL.
    pub(super) async fn connect(
        &self,
        url: &Url,
        reach: Reach,
    ) -> Result<Box<dyn Stream>, FetchError> {
        let no = |why: &str| FetchError(why.to_owned());
        let host = url.host().ok_or_else(|| no("the URL has no host"))?;
        let port = url
            .port_or_known_default()
            .ok_or_else(|| no("the URL has no port"))?;
        let encrypted = match url.scheme() {
            "https" => true,
            // What an operator runs on this machine, as in a test set-up.
            "http" if reach == Reach::Named && is_loopback(&host) => false,
            _ => return Err(no("the URL is not https")),
        };
        let stream = match &self.proxy {
            // What is on this machine is not behind a proxy.
            Some(proxy) if encrypted => {
                if let Some(ip) = literal(&host) {
                    self.judge(&[ip], reach)?;
                }
                proxy.tunnel(&format!("{host}:{port}")).await?
            }
            _ => self.dial(&host, port, reach).await?,
        };
        if !encrypted {
            return Ok(Box::new(stream));
        }
        let name = host.to_string();
        let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned())
            .map_err(|_| no("the host is no name that a certificate can have"))?;
        let stream = TlsConnector::from(self.tls.clone())
            .connect(name, stream)
            .await
            .map_err(|e| FetchError(format!("no TLS: {e}")))?;
        Ok(Box::new(stream))
    }

    async fn dial(
        &self,
        host: &Host<&str>,
        port: u16,
        reach: Reach,
    ) -> Result<TcpStream, FetchError> {
        let addresses = match (literal(host), host) {
            // A literal needs no resolver, in whatever notation it came: the URL parser reads them all.
            (Some(ip), _) => vec![ip],
            (None, Host::Domain(name)) => self
                .resolver
                .resolve(name)
                .await
                .map_err(|e| FetchError(format!("the host cannot be resolved: {e}")))?,
            (None, _) => Vec::new(),
        };
        self.judge(&addresses, reach)?;
        let mut failed = FetchError("the host has no address".into());
        for ip in addresses.into_iter().take(MOST_TRIES) {
            match TcpStream::connect(SocketAddr::new(ip, port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = FetchError(format!("no connection: {error}")),
            }
        }
        Err(failed)
    }

    /// Refuses all addresses of a name if one of them is not to be dialled.
    fn judge(&self, addresses: &[IpAddr], reach: Reach) -> Result<(), FetchError> {
        let good = |ip: &IpAddr| {
            reach == Reach::Named
                || super::address::is_global(*ip)
                || self.networks.iter().any(|network| network.contains(*ip))
        };
        match addresses.iter().find(|ip| !good(ip)) {
            Some(bad) => Err(FetchError(format!("{bad} is no public address"))),
            None => Ok(()),
        }
    }
}

fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(ip) => Some((*ip).into()),
        Host::Ipv6(ip) => Some((*ip).into()),
        Host::Domain(_) => None,
    }
}

/// Whether a host is this machine, by its name or address.
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_loopback_name(name),
        _ => literal(host).is_some_and(|ip| ip.is_loopback()),
    }
}
