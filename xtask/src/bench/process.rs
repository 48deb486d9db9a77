//! A server process on a core of its own: what it costs in time and memory, read from `/proc`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::exec::Guarded;

/// The core of what is measured, and that of what measures it.
pub(super) const SERVER_CORE: &str = "0";
pub(super) const LOAD_CORE: &str = "1";

const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server, ended when dropped.
pub(super) struct Process {
    child: Guarded,
    pub(super) port: u16,
}

/// A command that runs on one core.
pub(super) fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]).arg(program);
    command
}

impl Process {
    /// Starts a command that serves on `port`, with its output in `log`.
    pub(super) fn start(command: &mut Command, port: u16, log: &Path) -> Result<Self> {
        let file = fs::File::create(log)?;
        let begin = Instant::now();
        let child = command
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let mut process = Self {
            child: Guarded(child),
            port,
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        while TcpStream::connect_timeout(&address, START_LIMIT).is_err() {
            if let Some(status) = process.child.0.try_wait()? {
                let said = fs::read_to_string(log).unwrap_or_default();
                bail!("{command:?} ended with {status}:\n{said}");
            }
            if begin.elapsed() > START_LIMIT {
                bail!(
                    "{command:?} does not listen on {port}: see {}",
                    log.display()
                );
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(process)
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// The time that its threads have spent on a core, to the nanosecond.
    pub(super) fn cpu(&self) -> Result<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.0.id()))? {
            // A thread may end between the listing and the reading.
            let Ok(stat) = fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let spent = stat.split(' ').next().and_then(|n| n.parse::<u64>().ok());
            nanos += spent.context("schedstat begins with a number")?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Its resident memory, in KiB.
    pub(super) fn rss_kib(&self) -> Result<u64> {
        self.status_kib("VmRSS:")
    }

    /// That part of its resident memory, in KiB, that is no file's: without the pages of the program and its libraries,
    /// which the kernel shares, reads ahead, and takes back when it needs the room.
    pub(super) fn own_kib(&self) -> Result<u64> {
        self.status_kib("RssAnon:")
    }

    fn status_kib(&self, name: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.0.id()))?;
        let line = status.lines().find_map(|l| l.strip_prefix(name));
        line.and_then(|l| l.split_whitespace().next()?.parse().ok())
            .context("the process has no memory: it ended")
    }
}
