//! The one way out: every request that the server makes itself goes through here.
//!
//! https only; the address is judged that is dialled; no redirect is followed; the environment names no proxy; one
//! deadline covers everything; the answer is JSON of a bounded size. A stranger may choose the URL, so none of this is
//! left to a client library's defaults.

mod address;
mod connect;
mod outbound;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use url::Url;

use self::connect::Proxy;
pub(crate) use self::connect::is_loopback;
pub use self::outbound::{Outbound, Resolver, Resolving};
use crate::settings::{Network, SettingsError};

/// How long a request may take in all.
const DEADLINE: Duration = Duration::from_secs(5);

/// Why nothing was fetched: for the log, never for whoever chose the URL.
#[derive(Debug, Clone)]
pub(crate) struct FetchError(pub(crate) String);

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who chose the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A stranger: public addresses only.
    Public,
    /// The operator: wherever it leads; plain http on this machine too.
    Named,
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a Url,
    pub(crate) reach: Reach,
    /// The most bytes of an answer.
    pub(crate) limit: usize,
    /// Posted, as a form; without it this is a GET.
    pub(crate) form: Option<String>,
    pub(crate) authorization: Option<HeaderValue>,
}

/// An answer in JSON.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// For how many seconds it may be kept, where it says so.
    pub(crate) max_age: Option<u64>,
}

/// Makes the server's own requests; cheap to clone.
#[derive(Clone)]
pub(crate) struct Fetcher {
    tls: Arc<ClientConfig>,
    proxy: Option<Proxy>,
    networks: Vec<Network>,
    resolver: Arc<dyn Resolver>,
    deadline: Duration,
}

impl Fetcher {
    /// `None` where there is no certificate to trust, so that nothing could be fetched.
    ///
    /// # Errors
    /// A setting that cannot be used, in one sentence.
    pub(crate) fn new(outbound: &Outbound) -> Result<Option<Self>, SettingsError> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        for pem in &outbound.certificates {
            let mut any = false;
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                any = certificate.is_ok_and(|certificate| roots.add(certificate).is_ok());
                if !any {
                    break;
                }
            }
            if !any {
                return Err(SettingsError::new(
                    "a certificate to trust cannot be read: give `Outbound::trust` the PEM text \
                     of certificate authorities",
                ));
            }
        }
        if roots.is_empty() {
            return Ok(None);
        }
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| SettingsError::new(format!("TLS cannot be set up: {e}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let network = |text: &String| {
            Network::parse(text).ok_or_else(|| {
                SettingsError::new(format!(
                    "`{text}` is no network: write one such as 10.0.0.0/8"
                ))
            })
        };
        let networks = outbound.networks.iter().map(network);
        Ok(Some(Self {
            tls: Arc::new(tls),
            proxy: outbound.proxy.as_deref().map(Proxy::parse).transpose()?,
            networks: networks.collect::<Result<_, _>>()?,
            resolver: (outbound.resolver.clone()).unwrap_or_else(|| Arc::new(outbound::System)),
            deadline: outbound.deadline.unwrap_or(DEADLINE).min(DEADLINE),
        }))
    }

    /// A document at a URL: 200 and JSON, or an error.
    pub(crate) async fn get(
        &self,
        url: &Url,
        reach: Reach,
        limit: usize,
    ) -> Result<Answer, FetchError> {
        let answer = self
            .send(Ask {
                url,
                reach,
                limit,
                form: None,
                authorization: None,
            })
            .await?;
        match answer.status {
            200 => Ok(answer),
            status => Err(FetchError(format!("the answer is {status}, not 200"))),
        }
    }

    /// Any answer in JSON.
    pub(crate) async fn send(&self, ask: Ask<'_>) -> Result<Answer, FetchError> {
        match tokio::time::timeout(self.deadline, self.exchange(ask)).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError("it took too long".into())),
        }
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Answer, FetchError> {
        let broken = |e: hyper::Error| FetchError(format!("no HTTP: {e}"));
        let stream = self.connect(ask.url, ask.reach).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let limit = ask.limit;
        let request = request(ask)?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(broken)?;
            read(response, limit).await
        };
        // The connection has to be driven while the answer is read, and ends with this call.
        let mut answered = std::pin::pin!(answered);
        tokio::select! {
            answer = &mut answered => answer,
            // How it ended does not matter if the answer is there; if it is not, reading it says so.
            _ended = connection => answered.await,
        }
    }
}

fn request(ask: Ask<'_>) -> Result<Request<Full<Bytes>>, FetchError> {
    let no = |_| FetchError("the URL cannot be asked for".into());
    let url = ask.url;
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::builder()
        .method(match ask.form {
            Some(_) => Method::POST,
            None => Method::GET,
        })
        .uri(target)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("mcp-runtime/", env!("CARGO_PKG_VERSION")),
        );
    if let Some(value) = ask.authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    if ask.form.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(ask.form.unwrap_or_default()));
    request.body(body).map_err(no)
}

/// Reads no more than `limit` bytes, announced or not. What is compressed is refused: nobody asked for it.
async fn read<B>(response: Response<B>, limit: usize) -> Result<Answer, FetchError>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let headers = response.headers();
    let plain = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|v| v.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !plain {
        return Err(FetchError("the answer is compressed".into()));
    }
    if !is_json(headers) {
        return Err(FetchError("the answer is not JSON".into()));
    }
    let too_long = || FetchError(format!("the answer is longer than {limit} bytes"));
    let mut answer = Answer {
        status: response.status().as_u16(),
        body: Vec::new(),
        max_age: max_age(headers),
    };
    let mut body = response.into_body();
    if body.size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| FetchError(format!("the answer broke off: {e}")))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if answer.body.len() + data.len() > limit {
            return Err(too_long());
        }
        answer.body.extend_from_slice(&data);
    }
    Ok(answer)
}

/// `application/json`, or a type that says it is JSON by its suffix (RFC 6839 §3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = one.to_str().unwrap_or_default().split(';').next();
    let essence = essence.unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn max_age(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let directives = values
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','));
    directives
        .filter_map(|d| {
            d.trim()
                .to_ascii_lowercase()
                .strip_prefix("max-age=")
                .map(str::to_owned)
        })
        .find_map(|seconds| seconds.trim_matches('"').parse().ok())
}
