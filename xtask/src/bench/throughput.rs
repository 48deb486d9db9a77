//! Requests per second, CPU time per request and memory, one core each for the server and the load.
//!
//! In each round every contender has its turn, so that what the machine does meanwhile hits all alike; the medians of
//! the rounds are shown. A ratio to the floor is the median of the rounds' ratios.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::contender::{self, FLYMCPRUST, PEERS, RMCP_BEST};
use super::process::Process;
use super::report::{Goal, Report, figure};
use super::scenario::{ECHO, ECHO_LEGACY, ECHO_TOKEN, LIST, MEGABYTE, SCENARIOS, Scenario};
use super::wrk::{Load, Run};
use super::{Bench, login, median};
use crate::server::Scratch;

const FLOOR: &str = "bare actix-web";
const OURS: &str = "ours";

/// A contender in one scenario, ready to be loaded.
struct Entry {
    scenario: &'static Scenario,
    name: &'static str,
    /// Its place among the servers.
    server: usize,
    load: Load,
    runs: Vec<Run>,
}

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Report> {
    contender::build_own(bench)?;
    let home = Scratch::new("bench")?;
    let mut report = Report::with_head(&[
        "",
        "req/s",
        "of the floor",
        "CPU µs per request",
        "CPU of the floor",
        "RSS idle, MB",
        "RSS after, MB",
    ]);
    let mut field = Field::default();
    field.own(bench, &home)?;
    for peer in PEERS {
        let started = peer
            .build(bench)
            .and_then(|()| peer.start(bench, home.path()));
        match started {
            Ok(server) => field.peer(bench, &home, peer.name, server, &mut report)?,
            Err(error) => report
                .notes
                .push(format!("{} was not measured: {error}", peer.name)),
        }
    }
    for round in 0..bench.effort.rounds {
        println!("round {} of {}", round + 1, bench.effort.rounds);
        field.round(bench)?;
    }
    field.tell(&mut report)?;
    Ok(report)
}

/// All servers and what is asked of them.
#[derive(Default)]
struct Field {
    servers: Vec<(Process, u64)>,
    entries: Vec<Entry>,
}

impl Field {
    fn serve(&mut self, server: Process) -> Result<usize> {
        let idle = server.rss_kib()?;
        self.servers.push((server, idle));
        Ok(self.servers.len() - 1)
    }

    /// Ours, open and with sign-in, and for each scenario a floor that answers as many bytes.
    fn own(&mut self, bench: &mut Bench<'_>, home: &Scratch) -> Result<()> {
        let open = contender::start_own(bench, home.path(), "bench-server", &[])?;
        let open = self.serve(open)?;
        login::add_user(bench, home.path(), "alice")?;
        let guarded = contender::start_own(bench, home.path(), "bench-server", &[("AUTH", "1")])?;
        let token = login::sign_in(guarded.port, "alice")?;
        let guarded = self.serve(guarded)?;
        for scenario in &SCENARIOS {
            let (server, token) = match scenario.with_token {
                true => (guarded, Some(token.as_str())),
                false => (open, None),
            };
            let bytes = self.enter(scenario, OURS, server, home, token)?;
            let bytes = bytes.to_string();
            let parse = if scenario.parse { "1" } else { "0" };
            let variables = [("BYTES", bytes.as_str()), ("PARSE", parse)];
            let floor = contender::start_own(bench, home.path(), "floor", &variables)?;
            let floor = self.serve(floor)?;
            self.enter_floor(scenario, floor)?;
        }
        Ok(())
    }

    /// A peer, in each scenario that it answers rightly.
    fn peer(
        &mut self,
        bench: &mut Bench<'_>,
        home: &Scratch,
        name: &'static str,
        server: Process,
        report: &mut Report,
    ) -> Result<()> {
        let server = self.serve(server)?;
        for scenario in SCENARIOS.iter().filter(|s| !s.with_token) {
            if let Err(error) = self.enter(scenario, name, server, home, None) {
                bench
                    .log
                    .note(&format!("{name}, {}: {error:#}", scenario.name))?;
                report
                    .notes
                    .push(format!("{name} does not answer “{}”", scenario.name));
            }
        }
        Ok(())
    }

    /// Enters a contender that answers as it should, and says in how many bytes.
    fn enter(
        &mut self,
        scenario: &'static Scenario,
        name: &'static str,
        server: usize,
        home: &Scratch,
        token: Option<&str>,
    ) -> Result<usize> {
        let port = self.servers[server].0.port;
        let prepared = scenario.prepare(port, token)?;
        let answer = scenario
            .check(port, &prepared)
            .with_context(|| format!("{name}, {}", scenario.name))?;
        let file = format!("load-{}", self.entries.len());
        let load = Load::post(home.path(), &file, &prepared.headers, &prepared.body)?;
        self.entries.push(Entry {
            scenario,
            name,
            server,
            load,
            runs: Vec::new(),
        });
        Ok(answer.body.len())
    }

    /// The floor, which answers anything: it gets the request that ours got, token and session included.
    fn enter_floor(&mut self, scenario: &'static Scenario, server: usize) -> Result<()> {
        let ours = self.entries.last().context("ours was entered before")?;
        self.entries.push(Entry {
            scenario,
            name: FLOOR,
            server,
            load: ours.load.clone(),
            runs: Vec::new(),
        });
        Ok(())
    }

    fn round(&mut self, bench: &mut Bench<'_>) -> Result<()> {
        for entry in &mut self.entries {
            let server = &self.servers[entry.server].0;
            let run = match entry.load.run(bench, server, bench.effort.seconds) {
                Ok(run) => run,
                // A slow peer may not answer in time; that must not end the measurement of the others.
                Err(error) if ![OURS, FLOOR].contains(&entry.name) => {
                    let what = entry.scenario.name;
                    bench
                        .log
                        .note(&format!("{}, {what}: {error:#}", entry.name))?;
                    Run::NONE
                }
                Err(error) => return Err(error.context(entry.scenario.name)),
            };
            entry.runs.push(run);
        }
        Ok(())
    }

    fn entry(&self, scenario: &str, name: &str) -> Option<&Entry> {
        let is = |e: &&Entry| e.scenario.name == scenario && e.name == name;
        self.entries.iter().find(is)
    }

    /// The median of the rounds' ratios between two contenders.
    fn ratio(&self, scenario: &str, name: &str, other: &str, of: fn(&Run) -> f64) -> f64 {
        let (Some(one), Some(other)) = (self.entry(scenario, name), self.entry(scenario, other))
        else {
            return f64::NAN;
        };
        let pairs = one.runs.iter().zip(&other.runs);
        median(pairs.map(|(a, b)| of(a) / of(b)).collect())
    }

    fn tell(&self, report: &mut Report) -> Result<()> {
        for scenario in &SCENARIOS {
            report.rows.push(vec![format!("**{}**", scenario.name)]);
            let mut entries: BTreeMap<usize, &Entry> = BTreeMap::new();
            for entry in self
                .entries
                .iter()
                .filter(|e| e.scenario.name == scenario.name)
            {
                // The floor first, then ours, then the others.
                entries.insert(
                    if entry.name == FLOOR {
                        0
                    } else {
                        entries.len() + 1
                    },
                    entry,
                );
            }
            for entry in entries.into_values() {
                let of = |pick: fn(&Run) -> f64| median(entry.runs.iter().map(pick).collect());
                let (per_second, cpu) = (of(|r| r.per_second), of(|r| r.cpu_micros));
                let by_speed = self.ratio(scenario.name, entry.name, FLOOR, |r| r.per_second);
                let by_cpu = self.ratio(scenario.name, entry.name, FLOOR, |r| r.cpu_micros);
                let (server, idle) = &self.servers[entry.server];
                let after = server.rss_kib()?;
                report.rows.push(vec![
                    entry.name.to_owned(),
                    figure(per_second),
                    times(by_speed),
                    figure(cpu),
                    times(by_cpu),
                    megabytes(*idle),
                    megabytes(after),
                ]);
                report.figures.insert(
                    format!("{}: {}", scenario.name, entry.name),
                    json!({
                        "requests_per_second": entry.runs.iter().map(|r| r.per_second).collect::<Vec<_>>(),
                        "cpu_micros_per_request": entry.runs.iter().map(|r| r.cpu_micros).collect::<Vec<_>>(),
                        "p99_micros": entry.runs.iter().map(|r| r.p99.as_micros() as u64).collect::<Vec<_>>(),
                        "rss_idle_kib": idle,
                        "rss_after_kib": after,
                    }),
                );
            }
        }
        let speed = |scenario, other| self.ratio(scenario, OURS, other, |r| r.per_second);
        report.goals = vec![
            Goal::at_least(
                "echo, 2026-07-28, of the floor",
                0.85,
                speed(ECHO, FLOOR),
                " ×",
            ),
            Goal::at_least(
                "echo, 2025-11-25, of the floor",
                0.85,
                speed(ECHO_LEGACY, FLOOR),
                " ×",
            ),
            Goal::at_least(
                "echo with a token, of the floor",
                0.80,
                speed(ECHO_TOKEN, FLOOR),
                " ×",
            ),
            Goal::at_least(
                "echo, of rmcp at its best",
                3.5,
                speed(ECHO, RMCP_BEST),
                " ×",
            ),
            Goal::at_least("echo, of flymcprust", 1.5, speed(ECHO, FLYMCPRUST), " ×"),
            Goal::at_least(
                "list of 52 tools, of the floor",
                0.90,
                speed(LIST, FLOOR),
                " ×",
            ),
            Goal::at_most(
                "1 MB argument: time, of a floor that parses it",
                1.3,
                1.0 / speed(MEGABYTE, FLOOR),
                " ×",
            ),
        ];
        Ok(())
    }
}

fn times(ratio: f64) -> String {
    match ratio.is_nan() {
        true => figure(ratio),
        false => format!("{ratio:.2} ×"),
    }
}

/// KiB as MB.
pub(super) fn megabytes(kib: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let megabytes = kib as f64 * 1024.0 / 1e6;
    format!("{megabytes:.1}")
}
