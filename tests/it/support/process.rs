//! A server in a process of its own, which can be killed, and commands beside it.

use std::net::{SocketAddr, TcpListener};
use std::ops::Deref;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{Database, Door};

const SERVER: &str = env!("CARGO_BIN_EXE_auth_server");

/// A running `auth_server`, killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    door: Door,
}

impl Process {
    /// Starts one on that store, on a free port.
    pub(crate) async fn start(database: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        Self::start_at(database, address, &format!("http://{address}")).await
    }

    /// Starts one there, under the name of another that it replaces or stands beside.
    pub(crate) async fn start_at(database: &Database, address: SocketAddr, base: &str) -> Self {
        let child = command(database, base)
            .env("PORT", address.port().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let process = Self {
            child,
            door: Door::new(address, base.to_owned()),
        };
        let started = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "no start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Deref for Process {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the server on that store, to its end.
pub(crate) fn run(database: &Database, arguments: &[&str]) -> Output {
    let mut command = command(database, "http://127.0.0.1:8000");
    command.args(arguments).output().expect("runs")
}

fn command(database: &Database, base: &str) -> Command {
    let mut command = Command::new(SERVER);
    for name in [
        "HOST",
        "PORT",
        "TRUSTED_PROXIES",
        "KEY_ENCRYPTION_KEY",
        "PASSWORD_PEPPER",
    ] {
        command.env_remove(name);
    }
    command
        .current_dir(std::env::temp_dir())
        .env("PUBLIC_URL", base)
        .env("WORKERS", "2")
        .env("DATABASE_URL", database.url())
        .stdin(Stdio::null());
    command
}
