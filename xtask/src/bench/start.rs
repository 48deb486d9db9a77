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

/// What one start showed, or the medians of several: milliseconds to the first answer, and KiB of memory then.
struct Seen {
    millis: f64,
    idle_kib: f64,
    own_kib: f64,
}

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Report> {
    contender::build_own(bench)?;
    let home = Scratch::new("bench-start")?;
    let mut report = Report::with_head(&[
        "",
        "first answer, ms",
        "RSS idle, MB",
        "of it no file's, MB",
        "stripped, MB",
    ]);
    let ours = |bench: &Bench<'_>| contender::start_own(bench, home.path(), "bench-server", &[]);
    let seen = several(bench, ours)?;
    let size = stripped(bench, &own(bench, "bench-server"), home.path())?;
    add(&mut report, OURS, &seen, Some(size));
    report.goals = vec![
        Goal::at_most("first answer after the start", 30.0, seen.millis, " ms"),
        Goal::at_most("idle memory", 6.0, seen.idle_kib * 1024.0 / 1e6, " MB"),
    ];
    for peer in PEERS {
        let measured = peer.build(bench).and_then(|()| {
            let seen = several(bench, |bench| peer.start(bench, home.path()))?;
            let binary = peer.binary(bench);
            let size = binary
                .map(|binary| stripped(bench, &binary, home.path()))
                .transpose()?;
            Ok((seen, size))
        });
        match measured {
            Ok((seen, size)) => add(&mut report, peer.name, &seen, size),
            Err(error) => report
                .notes
                .push(format!("{} was not measured: {error}", peer.name)),
        }
    }
    Ok(report)
}

fn add(report: &mut Report, name: &str, seen: &Seen, size: Option<u64>) {
    let size = size.map_or_else(|| "–".to_owned(), |bytes| megabytes(bytes / 1024));
    let memory = |kib: f64| figure(kib * 1024.0 / 1e6);
    report.rows.push(vec![
        name.to_owned(),
        figure(seen.millis),
        memory(seen.idle_kib),
        memory(seen.own_kib),
        size,
    ]);
    let figures = json!({
        "first_answer_millis": seen.millis, "rss_idle_kib": seen.idle_kib, "rss_own_kib": seen.own_kib,
    });
    report.figures.insert(name.to_owned(), figures);
}

fn several(bench: &Bench<'_>, start: impl Fn(&Bench<'_>) -> Result<Process>) -> Result<Seen> {
    let starts = bench.effort.rounds * 2 + 1;
    let seen: Vec<Seen> = (0..starts)
        .map(|_| once(|| start(bench)))
        .collect::<Result<_>>()?;
    let of = |what: fn(&Seen) -> f64| median(seen.iter().map(what).collect());
    Ok(Seen {
        millis: of(|s| s.millis),
        idle_kib: of(|s| s.idle_kib),
        own_kib: of(|s| s.own_kib),
    })
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
    let answered_in = begin.elapsed();
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let kib = |kib: u64| kib as f64;
    Ok(Seen {
        millis: answered_in.as_secs_f64() * 1e3,
        idle_kib: kib(server.rss_kib()?),
        own_kib: kib(server.own_kib()?),
    })
}

/// The bytes of a binary without its symbols.
pub(super) fn stripped(bench: &mut Bench<'_>, binary: &Path, home: &Path) -> Result<u64> {
    let small = home.join("stripped");
    let mut strip = Command::new("strip");
    bench
        .log
        .run(strip.arg("-o").arg(&small).arg(binary), STRIP_LIMIT)?;
    Ok(std::fs::metadata(&small)?.len())
}
