//! Serving over HTTP: binds the address, runs the workers, and says where it is.

use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};

use tokio::task::JoinHandle;

use super::Mount;
use crate::settings::{Settings, SettingsError};

/// How long running calls may go on after a signal to stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// Binds the address; the port is the one that was taken. Or says in one sentence why not.
pub(crate) fn bind(settings: &Settings) -> Result<(TcpListener, u16), SettingsError> {
    use std::io::ErrorKind;
    let (host, port) = (settings.host.as_str(), settings.port);
    let listener = TcpListener::bind((host, port)).map_err(|error| {
        SettingsError::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "port {port} of {host} is in use: stop the program that has it, or set PORT to another (0 takes a free one)"
            ),
            ErrorKind::PermissionDenied => {
                format!("port {port} needs more rights than this process has: set PORT to 1024 or above")
            }
            _ => format!("{host}:{port} cannot be bound ({error}): set HOST to an address of this machine"),
        })
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|e| SettingsError::new(format!("{host}:{port} cannot be served: {e}")))?;
    let port = listener.local_addr().map_or(port, |address| address.port());
    Ok((listener, port))
}

impl Mount {
    /// Serves on a bound address, in the background.
    pub(crate) fn listen(
        self,
        listener: TcpListener,
        workers: Option<usize>,
    ) -> Result<Running, SettingsError> {
        let app = self.clone();
        let mut server = HttpServer::new(move || App::new().configure(|cfg| app.configure(cfg)))
            // Without this, actix runs a call to its end though its client has left.
            .h1_allow_half_closed(false)
            // Subscriptions end first, in order; actix would wait for them.
            .disable_signals()
            .shutdown_timeout(SHUTDOWN_SECONDS);
        if let Some(workers) = workers {
            server = server.workers(workers);
        }
        let local = listener
            .local_addr()
            .map_or_else(|_| String::new(), |a| format!("http://{a}"));
        let server = server
            .listen(listener)
            .map_err(|e| SettingsError::new(format!("the address cannot be served: {e}")))?
            .run();
        let handle = server.handle();
        let task = tokio::spawn(server);
        Ok(Running {
            mount: self,
            handle,
            task,
            local,
        })
    }
}

/// Ends when the process is asked to stop.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut int), Ok(mut term)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            tokio::select! {
                _ = int.recv() => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    // Where signals cannot be had, nothing but Ctrl-C asks.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A server that runs.
pub struct Running {
    mount: Mount,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
    /// Where it listens, which a proxy or a tunnel must know.
    local: String,
}

impl Running {
    /// The URL that clients are given.
    pub fn url(&self) -> String {
        self.mount.url()
    }

    /// The base URL, without the endpoint's path.
    pub fn base_url(&self) -> String {
        self.mount.base_url()
    }

    /// Stops it: subscriptions are ended in order, running calls get 10 s to end.
    pub async fn stop(self) {
        self.mount.close();
        self.handle.stop(true).await;
        self.mount.dispatcher().stop().await;
    }

    /// Waits until SIGINT or SIGTERM stops it; a second one stops it at once.
    ///
    /// # Errors
    /// The server broke.
    pub async fn wait(mut self) -> Result<(), SettingsError> {
        let ended = tokio::select! {
            ended = &mut self.task => ended,
            () = signal() => {
                tracing::info!("stopping: running calls get {SHUTDOWN_SECONDS} s to end");
                self.mount.close();
                let stopping = self.handle.stop(true);
                tokio::select! {
                    () = stopping => {}
                    () = signal() => self.handle.stop(false).await,
                }
                self.task.await
            }
        };
        self.mount.dispatcher().stop().await;
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SettingsError::new(format!("the server broke: {error}"))),
            Err(error) => Err(SettingsError::new(format!("the server broke: {error}"))),
        }
    }

    /// Says on stderr where it is, what it serves and what to do next.
    pub(crate) fn banner(&self) {
        let dispatcher = self.mount.dispatcher();
        let (info, catalogue) = (dispatcher.info(), &dispatcher.catalogue);
        let counts = [
            (catalogue.tool_list.len(), "tool"),
            (
                catalogue.resource_list.len() + catalogue.template_list.len(),
                "resource",
            ),
            (catalogue.prompt_list.len(), "prompt"),
        ];
        let serves: Vec<String> = counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}{}", if *n == 1 { "" } else { "s" }))
            .collect();
        eprintln!("\n  {} {}\n", info.name, info.version);
        eprintln!("  {:<8}{}", "url", self.url());
        if self.mount.base_url() != self.local {
            eprintln!("  {:<8}{}", "listens", self.local);
        }
        eprintln!("  {:<8}{}", "serves", serves.join(", "));
        self.mount
            .notes()
            .iter()
            .for_each(|note| eprintln!("  {note}"));
        eprintln!(
            "  {:<8}add the url to an MCP client; Ctrl-C stops the server\n",
            "next"
        );
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
