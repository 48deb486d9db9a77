//! Calls a server in this process, so that its instructions can be counted.
//!
//! `in-process TARGET ASK CALLS`: the target is `floor` or a number of tools, ASK one of `echo`, `echo-in-session`,
//! `roll-dice` and `list`. The same work is done around the calls however many there are, so the difference of two runs
//! is the calls alone. `cargo xtask test instructions` runs it under callgrind.

use mcp_bench::{Ask, Target, call, floor, ours, requests, text};

/// How many requests are made, called or not.
const MADE: usize = 1_000;
/// Calls before the counted ones, which meet everything for the first time.
const WARM: usize = 10;

#[actix_web::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match &args[..] {
        [target, ask, calls] => Ask::named(ask).zip(calls.parse().ok()).map(|p| (target, p)),
        _ => None,
    };
    let Some((target, (ask, calls))) = parsed.filter(|(_, (_, calls))| *calls <= MADE) else {
        eprintln!(
            "usage: in-process (floor | TOOLS) (echo | echo-in-session | roll-dice | list) CALLS"
        );
        std::process::exit(2);
    };
    match target.parse() {
        Ok(tools) => run(&ours(tools).await, ask, calls, true).await,
        Err(_) => run(&floor(98).await, ask, calls, false).await,
    }
}

async fn run(app: &impl Target, ask: Ask, calls: usize, is_ours: bool) {
    // The floor opens no session.
    let asked = if is_ours { ask } else { Ask::Echo };
    let mut requests = requests(app, asked, MADE + WARM).await.into_iter();
    for request in requests.by_ref().take(WARM) {
        let answer = text(call(app, request).await).await;
        assert!(!is_ours || answer.contains("\"result\""), "{answer}");
    }
    for request in requests.by_ref().take(calls) {
        std::hint::black_box(call(app, request).await);
    }
    // What was not called is not dropped, or that would be counted as well.
    std::mem::forget(requests);
}
