//! The project's own commands: what CI runs, and what a developer runs before a push.
//!
//! `cargo xtask test` needs nothing but Rust, Node, Python and, on Debian, apt: the rest it provisions under
//! `target/xtask`. Every step either passes or fails; the two that need files from elsewhere say when they did not run.

mod bench;
mod bless;
mod browser;
mod cargo_steps;
mod client_walks;
mod conformance;
mod contract;
mod corpus;
mod exec;
mod instructions;
mod layers;
mod many_tools;
mod peers;
mod postgres;
mod project;
mod provision;
mod run;
mod security;
mod server;
mod spec;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::run::Step;
use crate::workspace::Workspace;

const USAGE: &str = "\
The project's own commands.

  cargo xtask test                  everything that CI runs, in its order
  cargo xtask test STEP…            some steps only (`provision` first, on a fresh machine)
  cargo xtask test --list           the steps
  cargo xtask test --fail-fast …    stop at the first step that fails
  cargo xtask spec DIR              its step `spec` alone, against the specification's schemas in DIR
  cargo xtask bench schema          time `schema` of a generated server of 500 tools
  cargo xtask corpus DIR            can the macros say what the tools in these *.json publish?
  cargo xtask bless                 accept the UI tests' messages and the snapshots as they are now
  cargo xtask bless instructions    accept what a call costs now
  cargo xtask bless security        write the table of docs/security.md from the tests' names
";

/// Cheap checks first, so that a slip shows within seconds; foreign programs last.
const STEPS: &[Step] = &[
    Step::new("provision", "install what the steps need", provision::run),
    Step::new(
        "layers",
        "each layer imports only earlier ones; short files",
        layers::run,
    ),
    Step::new(
        "security",
        "docs/security.md says which test holds which rule",
        security::run,
    ),
    Step::new("fmt", "cargo fmt --check", cargo_steps::fmt),
    Step::new(
        "clippy",
        "clippy on everything, warnings are errors",
        cargo_steps::clippy,
    ),
    Step::new("unit", "unit and integration tests", cargo_steps::unit),
    Step::new(
        "postgres",
        "the authorization server's tests on PostgreSQL",
        postgres::run,
    ),
    Step::new("ui", "the macros' compile errors", cargo_steps::ui),
    Step::new(
        "contract",
        "the example's lock file, and what cargo check says of a break",
        contract::run,
    ),
    Step::new(
        "doctest",
        "examples in the documentation",
        cargo_steps::doctest,
    ),
    Step::new("doc", "rustdoc, warnings are errors", cargo_steps::doc),
    Step::new(
        "features",
        "mcp-runtime with no feature and with each alone",
        cargo_steps::features,
    ),
    Step::new(
        "deny",
        "licences, bans, sources and advisories",
        cargo_steps::deny,
    ),
    Step::new(
        "corpus",
        "the published contracts of other servers, written with our macros",
        corpus::step,
    ),
    Step::new(
        "instructions",
        "what a call costs, counted by callgrind",
        instructions::run,
    ),
    Step::new(
        "e2e",
        "foreign clients against a running server",
        client_walks::run,
    ),
    Step::new(
        "peers",
        "foreign clients through all of the everything server",
        peers::run,
    ),
    Step::new(
        "conformance",
        "the official conformance suite",
        conformance::run,
    ),
    Step::new(
        "spec",
        "messages against the specification's schemas and examples",
        spec::run,
    ),
    Step::new(
        "browser",
        "the login page in headless Chromium",
        browser::run,
    ),
    Step::new(
        "views",
        "the views in a host of MCP Apps, and the dev page",
        browser::views,
    ),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match command(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn command(args: &[&str]) -> Result<bool> {
    match args {
        ["test", "--list"] => {
            for step in STEPS {
                println!("{:<12} {}", step.name, step.about);
            }
            Ok(true)
        }
        ["test", wanted @ ..] => {
            let fail_fast = wanted.contains(&"--fail-fast");
            let wanted: Vec<&str> = wanted
                .iter()
                .copied()
                .filter(|arg| *arg != "--fail-fast")
                .collect();
            run::run(&Workspace::find()?, &choose(&wanted)?, fail_fast)
        }
        ["spec", dir] => spec::command(&Workspace::find()?, dir),
        ["bench", "schema"] => many_tools::schema(&Workspace::find()?).map(|()| true),
        ["corpus", args @ ..] => corpus::command(&Workspace::find()?, args),
        ["bless"] => bless::run(&Workspace::find()?),
        ["bless", "instructions"] => instructions::bless(&Workspace::find()?),
        ["bless", "security"] => security::bless(&Workspace::find()?),
        ["bench", args @ ..] => bench::command(&Workspace::find()?, args),
        [] | ["help" | "-h" | "--help"] => {
            print!("{USAGE}{}", bench::USAGE);
            Ok(true)
        }
        other => bail!("`{}` is no command\n\n{USAGE}", other.join(" ")),
    }
}

/// The named steps in their own order, or all.
fn choose(wanted: &[&str]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| STEPS.iter().all(|s| s.name != **name))
    {
        bail!("`{unknown}` is no step: `cargo xtask test --list` shows them");
    }
    Ok(STEPS
        .iter()
        .filter(|step| wanted.is_empty() || wanted.contains(&step.name))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_keep_their_order_and_unknown_ones_are_refused() {
        let names: Vec<_> = choose(&["clippy", "fmt"])
            .expect("both exist")
            .iter()
            .map(|step| step.name)
            .collect();
        assert_eq!(names, ["fmt", "clippy"]);
        assert_eq!(choose(&[]).expect("all").len(), STEPS.len());
        assert!(choose(&["lint"]).is_err_and(|error| error.to_string().contains("`lint`")));
    }
}
