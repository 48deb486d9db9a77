//! Ten thousand open `subscriptions/listen` streams: their memory, how fast an event reaches all, and what calls beside
//! them notice; and a thousand clients that come and vanish.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::contender;
use super::process::Process;
use super::report::{Goal, Report, figure};
use super::scenario::{ECHO, SCENARIOS, as_text, call};
use super::wrk::Load;
use super::{Bench, median};
use crate::server::Scratch;

const STREAMS: usize = 10_000;
const VANISHING: usize = 1_000;
/// How many lots of them come and go before what they leave is looked at: the allocator takes some lots until each size
/// has its free places. What is lost for good is lost by every later lot too.
const SETTLING: usize = 10;
const LOTS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(30);
/// What each side needs of open files.
const FILES: &str = "--nofile=20000:20000";

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Report> {
    contender::build_own(bench)?;
    allow_files(std::process::id())?;
    let home = Scratch::new("bench-streams")?;
    let mut report = Report::with_head(&["", "measured"]);
    let bare = bare(bench, home.path())?;

    let server = contender::start_own(bench, home.path(), "stream-server", &[])?;
    allow_files(server.id())?;
    let echo = SCENARIOS
        .iter()
        .find(|s| s.name == ECHO)
        .context("it is there")?;
    let prepared = echo.prepare(server.port, None)?;
    echo.check(server.port, &prepared)?;
    let load = Load::post(home.path(), "calls", &prepared.headers, &prepared.body)?;
    let alone = load.run(bench, &server, bench.effort.seconds)?;
    let before = server.rss_kib()?;
    let mut streams = open(server.port, STREAMS)?;
    let each = per_stream(before, server.rss_kib()?);
    let beside = load.run(bench, &server, bench.effort.seconds)?;
    let mut reach = Vec::new();
    for _ in 0..bench.effort.rounds {
        let begin = Instant::now();
        flip(&server)?;
        until_all_have(&mut streams, b"list_changed")?;
        reach.push(begin.elapsed().as_secs_f64());
    }
    drop(streams);

    let settling = vanish(&server, SETTLING)?;
    let left = vanish(&server, LOTS)?;
    let calls = beside.per_second / alone.per_second;
    let slowest = reach.iter().copied().fold(0.0, f64::max);
    for (what, value, unit) in [
        ("memory of a bare actix-web stream", bare, " KiB"),
        ("memory of an open subscription", each, " KiB"),
        (
            "a changed list reaches all 10,000, median",
            median(reach.clone()),
            " s",
        ),
        ("calls alone", alone.per_second, " /s"),
        ("calls beside 10,000 streams", beside.per_second, " /s"),
        (
            "first 10 × 1,000 clients that vanished: memory more",
            settling,
            " MiB",
        ),
        ("next 5 × 1,000: memory more", left, " MiB"),
    ] {
        report
            .rows
            .push(vec![what.to_owned(), format!("{}{unit}", figure(value))]);
    }
    report.goals = vec![
        Goal::at_most(
            "memory of a stream beyond a bare one",
            3.0,
            each - bare,
            " KiB",
        ),
        Goal::at_most(
            "a changed list reaches all, the slowest",
            1.0,
            slowest,
            " s",
        ),
        Goal::at_least("calls beside the streams, of those alone", 0.8, calls, " ×"),
        Goal::at_most("memory left by 5 × 1,000 that vanished", 1.0, left, " MiB"),
    ];
    report.figures.insert("reach_seconds".into(), json!(reach));
    Ok(report)
}

/// The memory of a stream that nothing but actix-web holds, in KiB.
fn bare(bench: &Bench<'_>, home: &Path) -> Result<f64> {
    let server = contender::start_own(bench, home, "stream-server", &[("BARE", "1")])?;
    allow_files(server.id())?;
    // The first connections meet everything for the first time.
    drop(open(server.port, 100)?);
    let before = server.rss_kib()?;
    let _streams = open(server.port, STREAMS)?;
    Ok(per_stream(before, server.rss_kib()?))
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_stream(before: u64, after: u64) -> f64 {
    after.saturating_sub(before) as f64 / STREAMS as f64
}

/// Raises the limit of open files of a process of ours.
fn allow_files(process: u32) -> Result<()> {
    let raised = Command::new("prlimit")
        .args(["--pid", &process.to_string(), FILES])
        .status()?;
    ensure!(
        raised.success(),
        "{STREAMS} streams need 20,000 open files: raise `ulimit -n`"
    );
    Ok(())
}

/// Opens so many subscriptions, each acknowledged.
fn open(port: u16, count: usize) -> Result<Vec<TcpStream>> {
    let filter = json!({ "notifications": { "toolsListChanged": true } });
    let request = as_text(port, "subscriptions/listen", filter);
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.write_all(request.as_bytes())?;
        stream.set_nonblocking(true)?;
        streams.push(stream);
    }
    until_all_have(&mut streams, b"data:")?;
    Ok(streams)
}

/// Reads until each has said `wanted`; what came before it is gone. A stream says nothing else in between.
fn until_all_have(streams: &mut [TcpStream], wanted: &[u8]) -> Result<()> {
    let begin = Instant::now();
    let mut said: Vec<Vec<u8>> = vec![Vec::new(); streams.len()];
    let mut waiting: Vec<usize> = (0..streams.len()).collect();
    let mut chunk = [0; 4096];
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for index in waiting {
            match streams[index].read(&mut chunk) {
                Ok(0) => anyhow::bail!("a stream ended: {}", String::from_utf8_lossy(&said[index])),
                Ok(read) => said[index].extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if !said[index].windows(wanted.len()).any(|part| part == wanted) {
                still.push(index);
            }
        }
        waiting = still;
        ensure!(
            begin.elapsed() < PATIENCE,
            "{} streams hear nothing",
            waiting.len()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn flip(server: &Process) -> Result<()> {
    let answer = call("flip").send(server.port)?;
    ensure!(
        answer.status == 200,
        "flip: {} {}",
        answer.status,
        answer.body
    );
    Ok(())
}

/// Lots of clients that open a stream and leave without a word: by how many MiB the server has grown when all are gone.
fn vanish(server: &Process, lots: usize) -> Result<f64> {
    let before = server.rss_kib()?;
    for _ in 0..lots {
        drop(open(server.port, VANISHING)?);
        std::thread::sleep(Duration::from_secs(1));
    }
    let grown = server.rss_kib()?.saturating_sub(before);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let grown = grown as f64;
    Ok(grown / 1024.0)
}
