//! A server process: its own port, its own store, gone when dropped.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::exec::{Guarded, tail};
use crate::workspace::Workspace;

const START_LIMIT: Duration = Duration::from_secs(60);

/// An empty directory, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("mcp-xtask-{}-{name}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running server.
pub(crate) struct Server {
    process: Guarded,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts the example on a free port and a store in `home`, and waits until it answers.
    pub(crate) fn start(workspace: &Workspace, home: &Path) -> Result<Self> {
        Self::start_at(workspace, home, free_port()?)
    }

    /// As [`Self::start`], on a given port.
    pub(crate) fn start_at(workspace: &Workspace, home: &Path, port: u16) -> Result<Self> {
        Self::spawn(command(workspace, home, port), home, port)
    }

    /// As [`Self::start`], another built server.
    pub(crate) fn start_binary(workspace: &Workspace, home: &Path, binary: &str) -> Result<Self> {
        let port = free_port()?;
        Self::spawn(command_of(binary, workspace, home, port), home, port)
    }

    /// As [`Self::start_binary`], with these settings besides.
    pub(crate) fn start_binary_with(
        workspace: &Workspace,
        home: &Path,
        binary: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let port = free_port()?;
        let mut command = command_of(binary, workspace, home, port);
        command.envs(settings.iter().copied());
        Self::spawn(command, home, port)
    }

    fn spawn(mut command: Command, home: &Path, port: u16) -> Result<Self> {
        let log = home.join("server.log");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let process = Guarded(command.spawn().context("cannot start the server")?);
        let mut server = Self { process, port, log };
        server.wait_until_healthy()?;
        Ok(server)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The URL that a user would type into a client.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// The end of what it has printed, without the chatter of the libraries below it.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let telling: Vec<&str> = log
            .lines()
            .filter(|line| !line.contains(" TRACE "))
            .collect();
        tail(&telling.join("\n"), 30)
    }

    /// `kill -9`: no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }

    fn wait_until_healthy(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = self.process.0.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.log());
            }
            if healthy(self.port) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the server does not answer /health:\n{}", self.log())
    }
}

/// The example server, not started: nothing of this machine's own settings reaches it.
pub(crate) fn command(workspace: &Workspace, home: &Path, port: u16) -> Command {
    command_of("example", workspace, home, port)
}

fn command_of(binary: &str, workspace: &Workspace, home: &Path, port: u16) -> Command {
    let mut command = Command::new(workspace.built(binary));
    command
        // Away from the repository, where a `.env` may lie.
        .current_dir(home)
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env(
            "DATABASE_URL",
            format!("sqlite:{}", home.join("auth.db").display()),
        )
        .env("XDG_STATE_HOME", home)
        .env("RUST_LOG", "trace,sqlx=info,h2=info,mio=info,polling=info")
        .env("NO_COLOR", "1");
    for name in [
        "PUBLIC_URL",
        "ALLOWED_ORIGINS",
        "WORKERS",
        "ALLOW_INSECURE_HTTP",
    ] {
        command.env_remove(name);
    }
    command
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn healthy(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let second = Duration::from_secs(1);
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, second)?;
        stream.set_read_timeout(Some(second))?;
        write!(
            stream,
            "GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    answer().is_ok_and(|text| text.starts_with("HTTP/1.1 200"))
}
