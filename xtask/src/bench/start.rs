//! What a server costs that does nothing yet: its time to the first answer, its memory, its size on disk.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::contender::{self, PEERS, own};
use super::process::Process;
use super::report::{Goal, Report, figure};
use super::scenario::{ECHO, SCENARIOS};
use super::throughput::megabytes;
use super::{Bench, median};
use crate::server::Scratch;

const OURS: &str = "ours";
const STRIP_LIMIT: Duration = Duration::from_secs(60);

/// What one start showed.
struct Seen {
    answered_in: Duration,
    idle_kib: u64,
}

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Report> {
    contender::build_own(bench)?;
    let home = Scratch::new("bench-start")?;
    let mut report = Report::with_head(&["", "first answer, ms", "RSS idle, MB", "stripped, MB"]);
    let ours = |bench: &Bench<'_>| contender::start_own(bench, home.path(), "bench-server", &[]);
    let (millis, kib) = several(bench, ours)?;
    let size = stripped(bench, &own(bench, "bench-server"), home.path())?;
    add(&mut report, OURS, millis, kib, Some(size));
    report.goals = vec![
        Goal::at_most("first answer after the start", 30.0, millis, " ms"),
        Goal::at_most("idle memory", 6.0, kib * 1024.0 / 1e6, " MB"),
    ];
    for peer in PEERS {
        let measured = peer.build(bench).and_then(|()| {
            let (millis, kib) = several(bench, |bench| peer.start(bench, home.path()))?;
            let binary = peer.binary(bench);
            let size = binary
                .map(|binary| stripped(bench, &binary, home.path()))
                .transpose()?;
            Ok((millis, kib, size))
        });
        match measured {
            Ok((millis, kib, size)) => add(&mut report, peer.name, millis, kib, size),
            Err(error) => report
                .notes
                .push(format!("{} was not measured: {error}", peer.name)),
        }
    }
    Ok(report)
}

fn add(report: &mut Report, name: &str, millis: f64, kib: f64, size: Option<u64>) {
    let size = size.map_or_else(|| "–".to_owned(), |bytes| megabytes(bytes / 1024));
    let memory = figure(kib * 1024.0 / 1e6);
    report
        .rows
        .push(vec![name.to_owned(), figure(millis), memory, size]);
    let figures = json!({ "first_answer_millis": millis, "rss_idle_kib": kib });
    report.figures.insert(name.to_owned(), figures);
}

/// The medians of several starts: milliseconds to the first answer, and KiB of memory then.
fn several(bench: &Bench<'_>, start: impl Fn(&Bench<'_>) -> Result<Process>) -> Result<(f64, f64)> {
    let starts = bench.effort.rounds * 2 + 1;
    let seen: Vec<Seen> = (0..starts)
        .map(|_| once(|| start(bench)))
        .collect::<Result<_>>()?;
    let millis = seen.iter().map(|s| s.answered_in.as_secs_f64() * 1e3);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let kib = seen.iter().map(|s| s.idle_kib as f64);
    Ok((median(millis.collect()), median(kib.collect())))
}

fn once(start: impl Fn() -> Result<Process>) -> Result<Seen> {
    let echo = SCENARIOS
        .iter()
        .find(|s| s.name == ECHO)
        .context("it is there")?;
    let begin = Instant::now();
    let server = start()?;
    let prepared = echo.prepare(server.port, None)?;
    echo.check(server.port, &prepared)?;
    Ok(Seen {
        answered_in: begin.elapsed(),
        idle_kib: server.rss_kib()?,
    })
}

/// The bytes of a binary without its symbols.
fn stripped(bench: &mut Bench<'_>, binary: &Path, home: &Path) -> Result<u64> {
    let small = home.join("stripped");
    let mut strip = Command::new("strip");
    bench
        .log
        .run(strip.arg("-o").arg(&small).arg(binary), STRIP_LIMIT)?;
    Ok(std::fs::metadata(&small)?.len())
}
