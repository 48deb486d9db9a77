//! `cargo xtask bench`: how fast the servers are, beside a bare actix-web handler and beside others' SDKs.
//!
//! A section prints its table, and leaves it with its figures and its goals in `target/xtask/bench/results.json`, where
//! it replaces what an earlier run left. `--write-docs` writes those tables into `docs/performance.md`, so that no figure
//! there is typed by hand.

mod compile;
mod contender;
mod docs;
mod http;
mod login;
mod machine;
mod process;
mod report;
mod scenario;
mod sign_in;
mod start;
mod streams;
mod throughput;
mod wrk;

use anyhow::{Result, bail};

use crate::exec::Log;
use crate::workspace::Workspace;
use report::Report;

/// A part of the measurements, which can be run by itself.
struct Section {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Bench<'_>) -> Result<Report>,
}

const SECTIONS: &[Section] = &[
    Section {
        name: "throughput",
        about: "requests per second on one core: the floor, ours and peers, in turn",
        run: throughput::run,
    },
    Section {
        name: "start",
        about: "time to the first answer, idle memory and size on disk",
        run: start::run,
    },
    Section {
        name: "streams",
        about: "10,000 open subscriptions: memory, reach, calls beside them; clients that vanish",
        run: streams::run,
    },
    Section {
        name: "login",
        about: "200 sign-ins at once, and what calls beside them notice",
        run: sign_in::run,
    },
    Section {
        name: "compile",
        about: "clean builds beside rmcp's, a rebuild, the cost of a further tool, sizes on disk",
        run: compile::run,
    },
];

/// What every section works with.
struct Bench<'w> {
    workspace: &'w Workspace,
    log: Log,
    effort: Effort,
}

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Effort {
    rounds: usize,
    /// Of each contender in each round.
    seconds: u32,
}

impl Effort {
    const FULL: Self = Self {
        rounds: 5,
        seconds: 2,
    };
    /// Whether everything works; its figures are worth little.
    const QUICK: Self = Self {
        rounds: 1,
        seconds: 1,
    };
}

pub(crate) const USAGE: &str = "\
  cargo xtask bench                 all measurements, into target/xtask/bench/results.json (about half an hour)
  cargo xtask bench SECTION…        some of them: `--list` shows which
  cargo xtask bench --quick …       one short round, to see whether everything works
  cargo xtask bench --write-docs    write the last results into docs/performance.md
";

/// The command. It says whether everything could be measured; a goal that is missed is no failure.
pub(crate) fn command(workspace: &Workspace, args: &[&str]) -> Result<bool> {
    match args {
        ["--list"] => {
            for section in SECTIONS {
                println!("{:<12} {}", section.name, section.about);
            }
            Ok(true)
        }
        ["--write-docs"] => docs::write(workspace),
        _ => {
            let quick = args.contains(&"--quick");
            let names: Vec<&str> = args.iter().copied().filter(|a| *a != "--quick").collect();
            let effort = if quick { Effort::QUICK } else { Effort::FULL };
            measure(workspace, &choose(&names)?, effort)
        }
    }
}

fn choose(names: &[&str]) -> Result<Vec<&'static Section>> {
    let known = |name: &str| SECTIONS.iter().any(|section| section.name == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        bail!("`{unknown}` is no section: `cargo xtask bench --list` shows them");
    }
    let wanted = |section: &&Section| names.is_empty() || names.contains(&section.name);
    Ok(SECTIONS.iter().filter(wanted).collect())
}

fn measure(workspace: &Workspace, sections: &[&Section], effort: Effort) -> Result<bool> {
    let mut all_ran = true;
    for section in sections {
        println!("== {}: {}\n", section.name, section.about);
        let log = Log::create(
            workspace
                .log_dir()
                .join(format!("bench-{}.log", section.name)),
        )?;
        let mut bench = Bench {
            workspace,
            log,
            effort,
        };
        let before = machine::load();
        match (section.run)(&mut bench) {
            Ok(report) => {
                print!("{}", report.markdown());
                report.keep(workspace, section.name, effort, before)?;
            }
            Err(error) => {
                all_ran = false;
                println!("FAILED: {error:#}\nlog: {}\n", bench.log.path().display());
            }
        }
    }
    Ok(all_ran)
}

/// The middle one; of an even number the lower of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => values[(n - 1) / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_section_is_refused_and_none_means_all() {
        assert!(choose(&["nonsense"]).is_err_and(|e| e.to_string().contains("`nonsense`")));
        assert_eq!(choose(&[]).expect("all").len(), SECTIONS.len());
    }

    #[test]
    fn the_median_does_not_mind_an_outlier() {
        assert!((median(vec![3.0, 1.0, 900.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median(vec![2.0, 1.0]) - 1.0).abs() < f64::EPSILON);
    }
}
