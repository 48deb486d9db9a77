//! What a user pays to build: clean builds beside rmcp's, a rebuild after a change of one tool, the cost of a further
//! tool, sizes on disk.
//!
//! Clean builds and checks are told in CPU seconds, which say the same on any number of cores; a rebuild is told by the
//! clock, since someone waits for it.

mod apps;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::report::{Goal, Report, figure};
use super::throughput::megabytes;
use super::{Bench, Effort, median, start};
use crate::many_tools;
use crate::project::Project;

const LIMIT: Duration = Duration::from_secs(40 * 60);

/// So many tools has the server of which one is touched, and the two that are compared for the cost of one.
const TOUCHED_AMONG: usize = 100;
/// So many handlers of the actix-web app take as many lines as the tools.
const HANDLERS: usize = 75;
const FEW: usize = 100;
const MANY: usize = 500;

const OWN: &str = "of which our own crates";

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Report> {
    let mut report = Report::with_head(&["", "CPU seconds", "stripped, MB"]);
    let lean = apps::ours(bench.workspace, "compile/lean", &[])?;
    let full = apps::ours(bench.workspace, "compile/full", &["default"])?;
    let rmcp = apps::rmcp(bench.workspace)?;
    let theirs = clean(bench, &mut report, "rmcp, one tool", &rmcp)?;
    let lean_name = "ours, one tool, no default features";
    let lean_cost = clean(bench, &mut report, lean_name, &lean)?;
    let own_lean = own_crates(bench, &lean)?;
    row(&mut report, OWN, own_lean, None);
    let full_cost = clean(bench, &mut report, "ours, one tool, all defaults", &full)?;
    let own_full = own_crates(bench, &full)?;
    row(&mut report, OWN, own_full, None);
    let touch = touched(bench)?;
    let tool = further_tool(bench)?;
    report.goals = vec![
        Goal::at_most(
            "clean build, no default features, of rmcp's",
            1.2,
            lean_cost / theirs,
            " ×",
        ),
        Goal::at_most(
            "clean build, all defaults, of rmcp's",
            2.5,
            full_cost / theirs,
            " ×",
        ),
        Goal::at_most(
            "our own crates, no default features",
            25.0,
            own_lean,
            " CPU s",
        ),
        Goal::at_most("our own crates, all defaults", 25.0, own_full, " CPU s"),
        Goal::at_most(
            "rebuild after touching one tool among 100, of an actix-web app's",
            1.5,
            touch.ours / touch.actix,
            " ×",
        ),
        Goal::at_most("`cargo check` per further tool", 15.0, tool * 1e3, " ms"),
    ];
    report.notes.push(format!(
        "After a change of one tool among {TOUCHED_AMONG} a debug build takes {} s ({} lines), that of an actix-web app \
         with {HANDLERS} handlers {} s ({} lines).",
        figure(touch.ours),
        touch.our_lines,
        figure(touch.actix),
        touch.actix_lines
    ));
    report.figures.insert(
        "compile".to_owned(),
        json!({
            "rmcp_cpu_seconds": theirs, "lean_cpu_seconds": lean_cost, "full_cpu_seconds": full_cost,
            "own_lean_cpu_seconds": own_lean, "own_full_cpu_seconds": own_full, "rebuild_seconds": touch.ours, "rebuild_actix_seconds": touch.actix,
            "check_seconds_per_tool": tool,
        }),
    );
    Ok(report)
}

fn row(report: &mut Report, name: &str, cpu: f64, size: Option<u64>) {
    let size = size.map_or_else(String::new, |bytes| megabytes(bytes / 1024));
    report.rows.push(vec![name.to_owned(), figure(cpu), size]);
}

/// The CPU seconds of a release build from nothing, and a row with them and the size of what came out.
fn clean(bench: &mut Bench<'_>, report: &mut Report, name: &str, project: &Project) -> Result<f64> {
    project.clean()?;
    // What must be read from a registry is not what is measured.
    cargo(bench, project, &["fetch"])?;
    let cpu = cpu_of(|| cargo(bench, project, &["build", "--release"]))?;
    let binary = project.path("target/release/one-tool");
    let size = start::stripped(bench, &binary, &project.path("target"))?;
    row(report, name, cpu, Some(size));
    Ok(cpu)
}

/// The CPU seconds of our own crates in a release build whose other crates are there.
fn own_crates(bench: &mut Bench<'_>, project: &Project) -> Result<f64> {
    let ours = ["mcp-macros", "mcp-runtime", "mcp-views"];
    let packages = ours.iter().flat_map(|name| ["--package", name]);
    let forget: Vec<&str> = ["clean", "--release"].into_iter().chain(packages).collect();
    cargo(bench, project, &forget)?;
    cpu_of(|| {
        cargo(
            bench,
            project,
            &["build", "--release", "--package", "mcp-runtime"],
        )
    })
}

/// Seconds by the clock of a debug build after a change in one place.
struct Touched {
    ours: f64,
    our_lines: usize,
    actix: f64,
    actix_lines: usize,
}

fn touched(bench: &mut Bench<'_>) -> Result<Touched> {
    let ours = many_tools::write(bench.workspace, TOUCHED_AMONG)?;
    let actix = apps::actix(bench.workspace, HANDLERS)?;
    cargo(bench, &ours, &["build"])?;
    cargo(bench, &actix, &["build"])?;
    let mut of_ours = Vec::new();
    let mut of_actix = Vec::new();
    for _ in 0..rounds(bench) {
        of_ours.push(rebuilt(bench, &ours, "src/tools.rs")?);
        of_actix.push(rebuilt(bench, &actix, "src/handlers.rs")?);
    }
    Ok(Touched {
        ours: median(of_ours),
        our_lines: lines(&ours, "src/tools.rs")?,
        actix: median(of_actix),
        actix_lines: lines(&actix, "src/handlers.rs")?,
    })
}

fn rebuilt(bench: &mut Bench<'_>, project: &Project, file: &str) -> Result<f64> {
    change(project, file)?;
    let begin = Instant::now();
    cargo(bench, project, &["build"])?;
    Ok(begin.elapsed().as_secs_f64())
}

/// Lets the body of a function in the middle of a file do something else.
fn change(project: &Project, file: &str) -> Result<()> {
    let path = project.path(file);
    let text = std::fs::read_to_string(&path)?;
    let next = |from: usize, what: &str| Some(from + text.get(from..)?.find(what)? + what.len());
    let body = next(text.len() / 2, " -> ").and_then(|arrow| next(arrow, " {\n    "));
    let at = body.context("there is a function in the file")?;
    let (before, after) = text.split_at(at);
    let marks = text.matches("std::hint::black_box").count() + 1;
    std::fs::write(
        &path,
        format!("{before}std::hint::black_box({marks});\n    {after}"),
    )?;
    Ok(())
}

fn lines(project: &Project, file: &str) -> Result<usize> {
    Ok(std::fs::read_to_string(project.path(file))?.lines().count())
}

/// The CPU seconds of `cargo check` that each tool of five hundred costs beyond those of a hundred.
fn further_tool(bench: &mut Bench<'_>) -> Result<f64> {
    let few = checked(bench, FEW)?;
    let many = checked(bench, MANY)?;
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    let further = (MANY - FEW) as f64;
    Ok((many - few) / further)
}

fn checked(bench: &mut Bench<'_>, tools: usize) -> Result<f64> {
    let project = many_tools::write(bench.workspace, tools)?;
    cargo(bench, &project, &["check"])?;
    let mut spent = Vec::new();
    for _ in 0..rounds(bench) {
        change(&project, "src/tools.rs")?;
        spent.push(cpu_of(|| cargo(bench, &project, &["check"]))?);
    }
    Ok(median(spent))
}

fn rounds(bench: &Bench<'_>) -> usize {
    if bench.effort == Effort::QUICK { 1 } else { 5 }
}

fn cargo(bench: &mut Bench<'_>, project: &Project, args: &[&str]) -> Result<()> {
    let mut cargo = project.cargo(bench.workspace, args)?;
    bench.log.run(&mut cargo, LIMIT)?;
    Ok(())
}

/// The CPU seconds that the children of this process spent meanwhile, theirs included.
fn cpu_of(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = children_ticks()?;
    work()?;
    let ticks = children_ticks()? - before;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let seconds = ticks as f64 / 100.0;
    Ok(seconds)
}

/// `cutime` and `cstime` of proc(5), in ticks, of which Linux shows a hundred a second to programs.
fn children_ticks() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name before the bracket may hold anything.
    let fields = stat
        .rsplit_once(')')
        .context("a name in brackets")?
        .1
        .split_whitespace();
    let spent: Vec<u64> = fields
        .skip(13)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(spent.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_lies_in_a_body_and_each_is_another() {
        let workspace = crate::workspace::Workspace::find().expect("a workspace");
        let function = |name| format!("fn {name}() -> u8 {{\n    1\n}}\n\n");
        let text: String = ["a", "b", "c", "d"].map(function).concat();
        let files = [("src/lib.rs", &*text)];
        let project = Project::write(&workspace, "compile/changed", "Cargo.lock", &files);
        let project = project.expect("written");
        change(&project, "src/lib.rs").expect("changed");
        change(&project, "src/lib.rs").expect("changed again");
        let changed = std::fs::read_to_string(project.path("src/lib.rs")).expect("text");
        for mark in [1, 2] {
            let body = format!("{{\n    std::hint::black_box({mark});\n");
            assert!(changed.contains(&body), "{changed}");
        }
        assert_eq!(
            changed
                .replace("    std::hint::black_box(1);\n", "")
                .replace("    std::hint::black_box(2);\n", ""),
            text
        );
    }

    #[test]
    fn the_work_of_children_is_counted() {
        let busy = || {
            let loops = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";
            let status = std::process::Command::new("sh")
                .args(["-c", loops])
                .status()?;
            anyhow::ensure!(status.success());
            Ok(())
        };
        assert!(cpu_of(busy).expect("counted") > 0.0);
    }
}
