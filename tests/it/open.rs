//! A server without authorization on a free port of its own thread, stopped when it goes out of scope.

use std::sync::mpsc;
use std::thread::JoinHandle;

use mcp_runtime::{Auth, Server, Settings};

pub(crate) struct OpenServer {
    pub(crate) url: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl OpenServer {
    /// Starts what `build` makes; it runs on the server's own thread.
    pub(crate) fn start(build: impl FnOnce() -> Server + Send + 'static) -> Self {
        let (ready, started) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let settings = Settings::from_vars(|name| match name {
                    "PORT" => Some("0".into()),
                    "WORKERS" => Some("1".into()),
                    _ => None,
                });
                let settings = settings.expect("good settings");
                let running = build()
                    .auth(Auth::none())
                    .settings(settings)
                    .start()
                    .await
                    .expect("starts");
                ready.send(running.url()).expect("the test waits");
                let _ = stopped.await;
                running.stop().await;
            });
        });
        let url = started.recv().expect("the server starts");
        Self {
            url,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn authority(&self) -> &str {
        self.url
            .trim_start_matches("http://")
            .split('/')
            .next()
            .expect("an authority")
    }
}

impl Drop for OpenServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
