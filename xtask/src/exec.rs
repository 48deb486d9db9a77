//! Runs a program to its end: output into a file, a time limit, nothing left behind.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// A step's log: the whole output of all its programs, in order.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Starts an empty log.
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line of our own.
    pub(crate) fn note(&mut self, line: &str) -> Result<()> {
        writeln!(self.file, "{line}").context("cannot write the log")
    }

    /// Runs a program, its output appended here, and returns what it printed.
    ///
    /// # Errors
    /// It could not be started, ended in failure, or outlasted `limit` and was killed.
    pub(crate) fn run(&mut self, command: &mut Command, limit: Duration) -> Result<String> {
        let (status, output) = self.run_any(command, limit)?;
        if !status.success() {
            bail!("{} ended with {status}", name(command));
        }
        Ok(output)
    }

    /// As [`Self::run`], for a program that may well fail.
    pub(crate) fn run_any(
        &mut self,
        command: &mut Command,
        limit: Duration,
    ) -> Result<(ExitStatus, String)> {
        self.note(&format!("$ {command:?}"))?;
        let start = self.file.seek(SeekFrom::End(0))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(self.file.try_clone()?)
            .stderr(self.file.try_clone()?)
            .spawn()
            .with_context(|| format!("cannot start {}", name(command)))?;
        let status = Guarded(child).wait(limit).with_context(|| name(command))?;
        let mut output = Vec::new();
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_to_end(&mut output)?;
        Ok((status, String::from_utf8_lossy(&output).into_owned()))
    }
}

/// A child that does not outlive us, whichever way we leave.
pub(crate) struct Guarded(pub(crate) Child);

impl Guarded {
    /// Waits for the end, and makes one at `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("did not end within {} s", limit.as_secs())
    }

    /// `kill -9`, and waits until the process is gone.
    pub(crate) fn kill(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}

fn name(command: &Command) -> String {
    let mut words = vec![
        Path::new(command.get_program())
            .file_name()
            .unwrap_or_default(),
    ];
    words.extend(command.get_args().take(3));
    words
        .iter()
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last lines of a text, for a report.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> Log {
        let path = std::env::temp_dir().join(format!("xtask-{}-{name}.log", std::process::id()));
        Log::create(path).expect("a log in the temporary directory")
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_is_returned_and_kept() {
        let mut log = log("output");
        let limit = Duration::from_secs(10);
        assert_eq!(
            log.run(&mut shell("echo one; echo two >&2"), limit)
                .expect("runs"),
            "one\ntwo\n"
        );
        assert_eq!(
            log.run(&mut shell("echo three"), limit).expect("runs"),
            "three\n"
        );
        let all = std::fs::read_to_string(log.path()).expect("the log");
        assert!(all.contains("one\ntwo\n") && all.contains("three"), "{all}");
    }

    #[test]
    fn a_failure_and_an_endless_program_are_errors() {
        let mut log = log("failure");
        let error = log
            .run(&mut shell("exit 3"), Duration::from_secs(10))
            .expect_err("fails");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        let started = Instant::now();
        let error = log.run(&mut shell("exec sleep 60"), Duration::from_millis(200));
        assert!(format!("{:#}", error.expect_err("is killed")).contains("did not end"));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn the_tail_is_the_end() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
    }
}
