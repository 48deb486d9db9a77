//! The machine that measured: without it a figure means nothing.

use std::process::Command;

use serde_json::{Value, json};

/// What a reader must know of the machine.
pub(super) fn describe() -> Value {
    json!({
        "cpu": cpu(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory_gib": memory_gib(),
        "kernel": line("/proc/sys/kernel/osrelease"),
        "rustc": rustc(),
    })
}

/// How many processes wanted a core in the last minute, on average: on a quiet machine next to none.
pub(super) fn load() -> Option<f64> {
    line("/proc/loadavg").split(' ').next()?.parse().ok()
}

fn line(path: &str) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn cpu() -> String {
    let all = line("/proc/cpuinfo");
    let name = |key: &str| {
        let found = all
            .lines()
            .find_map(|l| l.strip_prefix(key)?.split_once(':'));
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    name("model name")
}

fn memory_gib() -> u64 {
    let all = line("/proc/meminfo");
    let total = all.lines().find_map(|l| l.strip_prefix("MemTotal:"));
    let kib: u64 = total
        .and_then(|t| t.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    kib.div_ceil(1024 * 1024)
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or_else(
        |_| String::new(),
        |o| String::from_utf8_lossy(&o.stdout).trim().to_owned(),
    )
}
