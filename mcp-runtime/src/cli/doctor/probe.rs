//! One request as a client on the internet would send it, and at which stage it failed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};
use url::Url;

use crate::settings::SettingsError;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Why there is no answer, by how far the request got.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The name has no address.
    Name(String),
    /// Nothing accepts a connection.
    Connect(String),
    /// The certificate is not accepted.
    Certificate(String),
    /// What answers does not speak TLS.
    NoTls(String),
    /// What answers does not speak HTTP, or stops in the middle.
    Http(String),
    /// It took too long.
    Slow,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// Seconds by which its `Date` is ahead of this machine's clock.
    pub(super) ahead: Option<i64>,
}

impl Reply {
    /// All values of a header.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.filter_map(|value| value.to_str().ok()).collect()
    }

    /// The first value of a header, empty where it is missing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_default()
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&self.body).ok()
    }
}

/// The way to a server.
pub(super) struct Probe {
    tls: Arc<ClientConfig>,
    /// Where to dial instead of the address of the name.
    connect: Option<SocketAddr>,
}

impl Probe {
    /// Trusts what this machine trusts, and the authorities in that file.
    pub(super) fn new(
        authorities: Option<&Path>,
        connect: Option<SocketAddr>,
    ) -> Result<Self, SettingsError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = authorities {
            let unreadable = |why: String| {
                SettingsError::new(format!(
                    "the certificates in `{}` cannot be read ({why}): name a PEM file",
                    path.display()
                ))
            };
            let pem = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let added = certificate.map_err(|e| unreadable(e.to_string()))?;
                roots.add(added).map_err(|e| unreadable(e.to_string()))?;
            }
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| SettingsError::new(format!("TLS cannot be set up: {e}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: Arc::new(tls),
            connect,
        })
    }

    /// Sends one request; redirects are told, not followed.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Trouble> {
        let url = Url::parse(url).map_err(|e| Trouble::Name(e.to_string()))?;
        let all = self.exchange(method, &url, headers, body);
        tokio::time::timeout(PATIENCE, all)
            .await
            .map_err(|_| Trouble::Slow)?
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Trouble> {
        let broken = |e: &dyn std::fmt::Display| Trouble::Http(e.to_string());
        let stream = self.connect(url).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| broken(&e))?;
        let host = url.host_str().unwrap_or_default();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, "mcp-runtime doctor");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_owned())))
            .map_err(|e| broken(&e))?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await;
            let body = body.map_err(|e| broken(&e))?.to_bytes();
            let date = parts.headers.get(header::DATE);
            let date = date.and_then(|d| seconds(d.to_str().ok()?));
            Ok(Reply {
                status: parts.status.as_u16(),
                ahead: date.map(|date| date - now()),
                headers: parts.headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            })
        };
        // The connection has to be driven while the answer is read, and ends with this call.
        let mut answered = std::pin::pin!(answered);
        tokio::select! {
            answer = &mut answered => answer,
            _ended = connection => answered.await,
        }
    }

    async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, Trouble> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses: Vec<SocketAddr> = match self.connect {
            Some(address) => vec![address],
            None => tokio::net::lookup_host((bare, port))
                .await
                .map_err(|e| Trouble::Name(e.to_string()))?
                .collect(),
        };
        let stream = TcpStream::connect(&*addresses).await;
        let stream = stream.map_err(|e| Trouble::Connect(e.to_string()))?;
        if url.scheme() != "https" {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| Trouble::Certificate("no certificate can have this name".into()))?;
        let connected = TlsConnector::from(self.tls.clone())
            .connect(name, stream)
            .await;
        Ok(Box::new(connected.map_err(|error| tls_trouble(&error))?))
    }
}

/// A byte stream to a server.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn tls_trouble(error: &std::io::Error) -> Trouble {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<TlsError>());
    match inner {
        Some(TlsError::InvalidCertificate(why)) => Trouble::Certificate(match why {
            CertificateError::UnknownIssuer => "it is signed by nobody whom clients know".into(),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "it has expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "it is for another name".into()
            }
            other => other.to_string(),
        }),
        _ => Trouble::NoTls(error.to_string()),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// The seconds since 1970 of an HTTP date (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds(date: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut parts = date.split_once(", ")?.1.split([' ', ':']);
    let mut number = || parts.next()?.parse::<i64>().ok();
    let day = number()?;
    let month = MONTHS.find(parts.next()?)? / 3 + 1;
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    // Days since 1970 in the proleptic Gregorian calendar, the year counted from March.
    let month = i64::try_from(month).ok()?;
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn http_dates_are_read() {
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(
            seconds("Thu, 29 Feb 2024 23:59:59 GMT"),
            Some(1_709_251_199)
        );
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds("Sun, 06 Foo 1994 08:49:37 GMT"), None);
    }
}
