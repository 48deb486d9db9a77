//! The list of the authorization server once more, on PostgreSQL: the machine's own package, started for this run on a
//! free port in a directory that goes with it.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::exec::{Guarded, Log};
use crate::run::{Tally, counted};
use crate::server::Scratch;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(40 * 60);
const START_LIMIT: Duration = Duration::from_secs(60);

/// Who runs the server where we are root: it refuses to be.
const UNPRIVILEGED: &str = "nobody";

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let server = Server::start(log)?;
    let mut command = workspace.cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])?;
    command.args(["--features", "mcp-tests/on-postgres"]);
    command.env("TEST_POSTGRES", server.url()).args([
        "--status-level",
        "fail",
        "--failure-output",
        "final",
        "--filterset",
        "test(/^oauth::/) | test(/^store::/)",
    ]);
    let tally = counted(&log.run(&mut command, LIMIT)?);
    ensure!(tally.passed > 0, "no test ran");
    Ok(tally)
}

/// Where the machine keeps PostgreSQL's programs; Debian has them outside `PATH`.
pub(crate) fn find_programs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        dirs.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let programs = ["initdb", "postgres", "pg_isready"];
    dirs.into_iter()
        .find(|dir| programs.iter().all(|name| dir.join(name).is_file()))
        .context("no PostgreSQL server: run `cargo xtask test provision`, or install one")
}

/// A running server.
struct Server {
    process: Guarded,
    port: u16,
    password: String,
    _scratch: Scratch,
}

impl Server {
    fn start(log: &mut Log) -> Result<Self> {
        let programs = find_programs()?;
        let scratch = Scratch::new("postgres")?;
        let data = scratch.path().join("data");
        let password_file = scratch.path().join("password");
        // The tests sign in as users of the store do: over TCP, with a password.
        let password = format!("{:x}", std::process::id());
        std::fs::write(&password_file, &password)?;
        std::fs::create_dir(&data)?;
        let user = unprivileged(log)?;
        if let Some((uid, gid)) = user {
            chown(&data, Some(uid), Some(gid))?;
        }
        let program = |name: &str| {
            let program = programs.join(name);
            let Some((uid, gid)) = user else {
                return Command::new(program);
            };
            let mut command = Command::new("setpriv");
            command
                .args([format!("--reuid={uid}"), format!("--regid={gid}")])
                .arg("--clear-groups")
                .arg(program)
                .current_dir("/");
            command
        };
        log.run(
            program("initdb")
                .args(["--username=mcp", "--auth=scram-sha-256", "--encoding=UTF8"])
                .args(["--locale=C", "--no-sync"])
                .arg(format!("--pwfile={}", password_file.display()))
                .arg("--pgdata")
                .arg(&data),
            START_LIMIT,
        )?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut postgres = program("postgres");
        postgres
            .arg("-D")
            .arg(&data)
            .arg("-p")
            .arg(port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=400",
            // What is in it need not outlive the machine.
            "fsync=off",
            "log_min_messages=fatal",
            "log_min_error_statement=fatal",
        ] {
            postgres.arg("-c").arg(setting);
        }
        let output = std::fs::OpenOptions::new().append(true).open(log.path())?;
        let process = postgres
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start postgres")?;
        let server = Self {
            process: Guarded(process),
            port,
            password,
            _scratch: scratch,
        };
        server.wait(log, &programs)?;
        Ok(server)
    }

    fn wait(&self, log: &mut Log, programs: &std::path::Path) -> Result<()> {
        let started = Instant::now();
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["--host=127.0.0.1", "--quiet", "--dbname=postgres"]);
        ready.arg(format!("--port={}", self.port));
        while !log.run_any(&mut ready, START_LIMIT)?.0.success() {
            ensure!(started.elapsed() < START_LIMIT, "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn url(&self) -> String {
        format!("postgres://mcp:{}@127.0.0.1:{}", self.password, self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // "Immediate": it leaves no process and no shared memory behind. The guard makes an end of what does not end.
        let id = self.process.0.id().to_string();
        let stopped = Command::new("kill").args(["-QUIT", &id]).status();
        if stopped.is_ok_and(|status| status.success()) {
            let _ = self.process.wait(Duration::from_secs(20));
        }
    }
}

/// The ids of an ordinary user, where we are root.
fn unprivileged(log: &mut Log) -> Result<Option<(u32, u32)>> {
    let mut id = |args: &[&str]| -> Result<u32> {
        let number = log.run(Command::new("id").args(args), START_LIMIT)?;
        number.trim().parse().context("`id` printed no number")
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((
        id(&["-u", UNPRIVILEGED])?,
        id(&["-g", UNPRIVILEGED])?,
    )))
}
