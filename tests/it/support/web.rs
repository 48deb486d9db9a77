//! The rest of the web: an https server with a certificate authority of its own, and the names that lead to it.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use mcp_runtime::auth::{Outbound, Resolver, Resolving};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The host of the clients' documents.
pub(crate) const APP: &str = "app.test";

/// An answer, byte for byte, and what comes after it.
#[derive(Debug, Clone)]
pub(crate) struct Canned {
    bytes: Vec<u8>,
    /// Whether the connection then stays open in silence.
    stalls: bool,
}

impl Canned {
    pub(crate) fn json(body: &Value) -> Self {
        Self::of(
            200,
            &[("content-type", "application/json")],
            &body.to_string(),
        )
    }

    pub(crate) fn of(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let length = format!("content-length: {}\r\n", body.len());
        Self::raw(status, headers, &length, body.as_bytes())
    }

    pub(crate) fn raw(status: u16, headers: &[(&str, &str)], more: &str, body: &[u8]) -> Self {
        let headers: String = headers
            .iter()
            .map(|(n, v)| format!("{n}: {v}\r\n"))
            .collect();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}{more}connection: close\r\n\r\n");
        Self {
            bytes: [head.as_bytes(), body].concat(),
            stalls: false,
        }
    }

    pub(crate) fn that_stalls(mut self) -> Self {
        self.stalls = true;
        self
    }
}

#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    pages: Mutex<HashMap<String, Canned>>,
}

/// An https server on this machine that runs until it is dropped. It has a certificate for every name under `.test`
/// that is used here, and for this machine's address.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    authority: String,
    seen: Arc<Seen>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Web {
    pub(crate) fn start() -> Self {
        let (authority, config) = certificates();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("non-blocking");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let (stop, stopped) = oneshot::channel();
        let served = seen.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                let acceptor = TlsAcceptor::from(Arc::new(config));
                tokio::select! {
                    () = serve(listener, acceptor, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            authority,
            seen,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The URL of a path on the clients' host.
    pub(crate) fn url(&self, path: &str) -> String {
        self.url_at(APP, path)
    }

    pub(crate) fn url_at(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.address.port())
    }

    /// Puts an answer at a path, whatever the host.
    pub(crate) fn put(&self, path: &str, answer: Canned) {
        let mut pages = self.seen.pages.lock().expect("pages");
        pages.insert(path.to_owned(), answer);
    }

    /// Connections that were opened, whatever came of them.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The requests that came, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("requests").clone()
    }

    /// A way out that trusts this server, finds it by `names`, and may go to this machine.
    pub(crate) fn outbound(&self, names: &Names) -> Outbound {
        self.distrusted(names).allow_network("127.0.0.0/8")
    }

    /// The same, without leave to go to this machine.
    pub(crate) fn distrusted(&self, names: &Names) -> Outbound {
        Outbound::new()
            .trust(self.authority.clone())
            .resolver(names.clone())
            .deadline(Duration::from_secs(2))
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        let (acceptor, seen) = (acceptor.clone(), seen.clone());
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            let mut body = vec![0; length.unwrap_or(0)];
            if stream.read_exact(&mut body).await.is_err() {
                return;
            }
            let request = head + &String::from_utf8_lossy(&body);
            seen.requests.lock().expect("requests").push(request);
            let answer = seen.pages.lock().expect("pages").get(&path).cloned();
            let answer = answer.unwrap_or_else(|| Canned::of(404, &[], ""));
            let _ = stream.write_all(&answer.bytes).await;
            let _ = stream.flush().await;
            if answer.stalls {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            let _ = stream.shutdown().await;
        });
    }
}

fn certificates() -> (String, ServerConfig) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("an authority");
    let issuer = Issuer::new(params, key);
    let names = [APP, "other.test", "keys.test", "127.0.0.1"].map(String::from);
    let leaf_key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names).expect("names");
    let leaf = leaf.signed_by(&leaf_key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(leaf_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate");
    (authority.pem(), config)
}

/// A resolver that answers what a test says, and counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    answers: Arc<Mutex<Vec<Vec<IpAddr>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    /// Every name is this machine.
    pub(crate) fn local() -> Self {
        Self::of(&[&["127.0.0.1"]])
    }

    /// One answer after the other; the last one for ever.
    pub(crate) fn of(answers: &[&[&str]]) -> Self {
        let parse = |ip: &&str| ip.parse().expect("an address");
        let answers = answers.iter().map(|a| a.iter().map(parse).collect());
        Self {
            answers: Arc::new(Mutex::new(answers.collect())),
            asked: Arc::default(),
        }
    }

    /// The names that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("names").clone()
    }
}

impl Resolver for Names {
    fn resolve(&self, host: &str) -> Resolving {
        self.asked.lock().expect("names").push(host.to_owned());
        let mut answers = self.answers.lock().expect("answers");
        let answer = match answers.len() {
            0 => Err(io::Error::other("no such name")),
            1 => Ok(answers[0].clone()),
            _ => Ok(answers.remove(0)),
        };
        Box::pin(async move { answer })
    }
}
