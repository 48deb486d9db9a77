//! A server of many tools, generated into a scratch directory: what grows with their number is measured on it.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::exec::Log;
use crate::project::{Project, manifest, our_dependencies};
use crate::workspace::Workspace;

/// Enough for a first release build on a small machine.
const BUILD: Duration = Duration::from_secs(40 * 60);
const RUN: Duration = Duration::from_secs(30);

/// So many tools has the server whose `schema` is timed, and so often it is run.
const TOOLS: usize = 500;
const RUNS: usize = 21;

/// What the tools share: a type that is taken, and one that is answered.
const TYPES: &str = "\
use mcp_runtime::prelude::*;

/// A unit of measure.
#[mcp_type]
#[serde(rename_all = \"lowercase\")]
pub enum Unit { Metre, Mile }

/// A place on the map.
#[mcp_type]
pub struct Place {
    /// Its name, as people call it.
    pub name: String,
    /// Degrees north.
    #[schemars(range(min = -90.0, max = 90.0))]
    pub latitude: f64,
    /// Degrees east.
    #[schemars(range(min = -180.0, max = 180.0))]
    pub longitude: f64,
}

/// What was found.
#[mcp_type]
pub struct Found {
    /// How many there are.
    pub count: u32,
    /// The first of them.
    pub places: Vec<Place>,
}
";

/// The profiles of the server: its `dev` as a user would have it who looks at build times.
pub(crate) const PROFILES: &str = "\
[profile.dev]
debug = \"line-tables-only\"

[profile.release]
lto = \"thin\"
codegen-units = 1
";

const MAIN: &str = "\
mod tools;
mod types;

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    mcp_runtime::mcp_server!(\"Many tools\").auth(mcp_runtime::Auth::none()).run().await
}
";

/// Writes a server of so many tools that has what a server has by default.
pub(crate) fn write(workspace: &Workspace, tools: usize) -> Result<Project> {
    let dependencies = our_dependencies(workspace, &["default"]);
    let files = [
        (
            "Cargo.toml",
            &*manifest("many-tools", &dependencies, PROFILES),
        ),
        ("src/types.rs", TYPES),
        ("src/tools.rs", &*source(tools)),
        ("src/main.rs", MAIN),
    ];
    Project::write(workspace, "many-tools", "Cargo.lock", &files)
}

/// Tools of five kinds in turn, with three arguments each.
fn source(tools: usize) -> String {
    let mut out = String::from("use mcp_runtime::prelude::*;\n\nuse crate::types::*;\n");
    for i in 0..tools {
        let (arguments, result, body) = match i % 5 {
            0 => (
                "    /// How far to look.\n    #[arg(default = 10, range(1..=1_000))]\n    radius: u32,\n    \
                 /// What to look for.\n    #[arg(length(1..=200))]\n    query: String,\n    \
                 /// Whether to look in closed places too.\n    #[arg(default = false)]\n    closed: bool,\n",
                "String",
                "format!(\"{query} {radius} {closed}\")",
            ),
            1 => (
                "    /// Where to begin.\n    from: Place,\n    /// Where to end.\n    to: Option<Place>,\n    \
                 /// In which unit.\n    unit: Unit,\n",
                "Json<Found>",
                "let _ = unit;\n    Json(Found { count: 2, places: [Some(from), to].into_iter().flatten().collect() })",
            ),
            2 => (
                "    /// The names to look up.\n    names: Vec<String>,\n    /// The language of the answer.\n    \
                 language: Option<String>,\n    /// How many at most.\n    #[arg(default = 50, range(1..=100))]\n    \
                 limit: u8,\n",
                "Json<Vec<String>>",
                "let _ = language;\n    Json(names.into_iter().take(limit.into()).collect())",
            ),
            3 => (
                "    /// The first number.\n    a: f64,\n    /// The second number.\n    b: f64,\n    \
                 /// How many digits to round to.\n    #[arg(default = 2, range(0..=12))]\n    digits: u8,\n",
                "f64",
                "(a + b) * f64::from(digits)",
            ),
            _ => (
                "    /// The day, as YYYY-MM-DD.\n    #[arg(format = \"date\")]\n    day: String,\n    \
                 /// The code of the line.\n    #[arg(pattern = \"^[A-Z]{2}[0-9]+$\")]\n    line: String,\n    \
                 /// Which way.\n    back: bool,\n",
                "String",
                "format!(\"{day} {line} {back}\")",
            ),
        };
        let _ = write!(
            out,
            "\n/// Does what is called number {i}, for those who plan a journey, and says how it went.\n#[mcp_tool(title = \
             \"Tool {i}\", read_only, open_world = false)]\nasync fn tool_{i:03}(\n{arguments}) -> {result} {{\n    {body}\n}}\n"
        );
    }
    out
}

/// Times `schema` of a server of 500 tools from start to exit, and holds that each run prints the same bytes.
pub(crate) fn schema(workspace: &Workspace) -> Result<()> {
    let mut log = Log::create(workspace.log_dir().join("many-tools.log"))?;
    let project = write(workspace, TOOLS)?;
    log.run(
        &mut project.cargo(workspace, &["build", "--release", "--quiet"])?,
        BUILD,
    )?;
    let server = project.path("target/release/many-tools");
    let mut times = Vec::new();
    let mut first: Option<String> = None;
    for run in 0..RUNS {
        let mut command = Command::new(&server);
        // Wherever it is called from.
        command
            .arg("schema")
            .current_dir(if run % 2 == 0 { "/" } else { "." });
        let started = Instant::now();
        let output = command
            .output()
            .with_context(|| server.display().to_string())?;
        times.push(started.elapsed());
        ensure!(
            output.status.success() && started.elapsed() < RUN,
            "schema ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout)?;
        ensure!(
            first.get_or_insert_with(|| text.clone()) == &text,
            "two runs print different bytes"
        );
    }
    times.sort();
    let text = first.unwrap_or_default();
    let named = text.matches("\"name\": \"tool_").count();
    ensure!(
        named >= TOOLS,
        "only {named} names of tools are in the lock"
    );
    println!(
        "schema of {TOOLS} tools: {:.1} ms from start to exit (median of {RUNS}; least {:.1}, most {:.1}), {} bytes, the \
         same in each run",
        millis(times[RUNS / 2]),
        millis(times[0]),
        millis(times[RUNS - 1]),
        text.len()
    );
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_written_once_and_the_same_each_time() {
        let text = source(12);
        assert_eq!(text.matches("#[mcp_tool").count(), 12);
        assert!(text.contains("async fn tool_011("));
        assert_eq!(text, source(12));
    }
}
