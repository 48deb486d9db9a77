//! The load: `wrk`, one thread on a core of its own, 32 connections that stay open.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::Bench;
use super::process::{LOAD_CORE, Process, pinned};

const CONNECTIONS: u32 = 32;

/// Prints what was counted, as one line that is easy to read back.
const SUMMARY: &str = r#"
done = function(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("counted %d %d %d %d\n",
    summary.requests, summary.duration, bad, latency:percentile(99)))
end
"#;

/// A request that is sent again and again.
#[derive(Clone)]
pub(super) struct Load {
    script: PathBuf,
}

/// What one run counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counted {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    /// Answers that were no 2xx, and connections that broke.
    pub(super) bad: u64,
    pub(super) p99: Duration,
}

/// One run, with what it cost the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) per_second: f64,
    pub(super) cpu_micros: f64,
    pub(super) p99: Duration,
}

impl Run {
    /// No answer came.
    pub(super) const NONE: Self = Self {
        per_second: f64::NAN,
        cpu_micros: f64::NAN,
        p99: Duration::ZERO,
    };
}

impl Load {
    /// Writes the script.
    pub(super) fn post(
        dir: &Path,
        name: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Result<Self> {
        let mut script = String::from("wrk.method = \"POST\"\n");
        script.push_str(&format!("wrk.body = {}\n", quoted(body)));
        for (name, value) in headers {
            script.push_str(&format!(
                "wrk.headers[{}] = {}\n",
                quoted(name),
                quoted(value)
            ));
        }
        script.push_str(SUMMARY);
        let path = dir.join(format!("{name}.lua"));
        fs::write(&path, script)?;
        Ok(Self { script: path })
    }

    /// Sends it for so long.
    pub(super) fn run(&self, bench: &mut Bench<'_>, server: &Process, seconds: u32) -> Result<Run> {
        let before = server.cpu()?;
        let mut command = self.command(server.port, seconds);
        let limit = Duration::from_secs(u64::from(seconds) + 30);
        let output = bench.log.run(&mut command, limit)?;
        let cpu = server.cpu()?.saturating_sub(before);
        let counted = Counted::parse(&output)?;
        ensure!(counted.bad == 0, "{} bad answers: see the log", counted.bad);
        ensure!(counted.requests > 0, "no answer came");
        #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
        let requests = counted.requests as f64;
        Ok(Run {
            per_second: requests / counted.seconds,
            cpu_micros: cpu.as_secs_f64() * 1e6 / requests,
            p99: counted.p99,
        })
    }

    pub(super) fn command(&self, port: u16, seconds: u32) -> Command {
        let mut command = pinned(LOAD_CORE, Path::new("wrk"));
        command
            .args(["--threads", "1", "--connections", &CONNECTIONS.to_string()])
            .args(["--duration", &format!("{seconds}s"), "--timeout", "10s"])
            .arg("--script")
            .arg(&self.script)
            .arg(format!("http://127.0.0.1:{port}/mcp"));
        command
    }
}

impl Counted {
    pub(super) fn parse(output: &str) -> Result<Self> {
        let line = output.lines().find_map(|l| l.strip_prefix("counted "));
        let numbers: Vec<u64> = line
            .context("wrk counted nothing")?
            .split(' ')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let [requests, micros, bad, p99] = numbers[..] else {
            anyhow::bail!("wrk counted {numbers:?}");
        };
        Ok(Self {
            requests,
            seconds: Duration::from_micros(micros).as_secs_f64(),
            bad,
            p99: Duration::from_micros(p99),
        })
    }
}

/// A string of Lua, byte for byte.
fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_counts_is_read_back() {
        let counted =
            Counted::parse("Running 1s test\ncounted 5000 2000000 1 900\n").expect("read");
        assert_eq!((counted.requests, counted.bad), (5000, 1));
        assert!((counted.seconds - 2.0).abs() < f64::EPSILON);
        assert_eq!(counted.p99, Duration::from_micros(900));
        assert!(Counted::parse("unable to connect").is_err());
    }

    #[test]
    fn json_survives_lua() {
        assert_eq!(quoted(r#"{"a":"\n"}"#), r#""{\"a\":\"\\n\"}""#);
    }
}
