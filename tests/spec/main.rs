//! What we send and what we understand, against the specification's own files: `spec DIR`.
//!
//! `DIR` is laid out as the folder `schema` of the specification's repository: `<revision>/schema.json`, and for
//! 2026-07-28 `examples/<Type>/*.json`. `MCP_URL` names a running everything server. Nothing of `DIR` is kept here.

mod answers;
mod drive;
mod examples;
mod schema;
mod stream;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use schema::Schema;

const REVISIONS: [&str; 4] = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

#[tokio::main]
async fn main() -> Result<()> {
    let dir = PathBuf::from(std::env::args_os().nth(1).context("usage: spec DIR")?);
    let url = std::env::var("MCP_URL").context("MCP_URL is not set")?;
    let mut problems = Vec::new();
    for revision in REVISIONS {
        let schema = Schema::read(&dir.join(revision).join("schema.json"))?;
        let seen = drive::run(&url, revision, schema).await?;
        println!(
            "ok messages of {revision}: {} of {} kinds",
            seen.messages,
            seen.kinds.len()
        );
        println!(
            "   {}",
            seen.kinds.into_iter().collect::<Vec<_>>().join(" ")
        );
        problems.extend(seen.problems);
    }
    let examples = dir.join("2026-07-28/examples");
    let (good, bad) = examples::round_trip(&examples)?;
    println!("ok examples: {good} decode and encode back to the same JSON");
    problems.extend(bad);
    for problem in &problems {
        println!("FAILED {problem}");
    }
    ensure!(problems.is_empty(), "{} problems", problems.len());
    Ok(())
}
