//! Serves the tools of each server, prints what they publish, and compares how calls of them are judged.

mod agreement;
mod servers;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), String> {
    let arguments: Vec<String> = std::env::args().collect();
    let instances: usize = arguments[1].parse().map_err(|_| "usage: INSTANCES PART OF")?;
    let part = |n: usize| arguments[n].parse::<usize>().unwrap_or(1);
    let (part, of) = (part(2), part(3));
    for (index, (name, items)) in servers::all().into_iter().enumerate() {
        let client = mcp_server!(name).only(items()).auth(Auth::none()).test().await;
        let mut client = client.map_err(|error| format!("{name}: {error}"))?;
        let tools = client.list_tools().await.map_err(|error| format!("{name}: {error:?}"))?;
        let (mut accepted, mut refused, mut disagreements) = (0, 0, Vec::<Value>::new());
        for (n, tool) in tools.iter().enumerate() {
            if (n + index) % of != part {
                continue;
            }
            let judged = agreement::of(&mut client, tool, instances, |a| a.text() == "accepted").await;
            match judged {
                Ok(judged) => {
                    accepted += judged.accepted;
                    refused += judged.refused;
                    disagreements.extend(judged.disagreements.into_iter().map(Value::from));
                }
                Err(error) => disagreements.push(error.into()),
            }
        }
        let tools = if part == 0 { tools } else { Vec::new() };
        println!("{}", json!({
            "server": name, "tools": tools, "accepted": accepted, "refused": refused, "disagreements": disagreements
        }));
    }
    Ok(())
}
