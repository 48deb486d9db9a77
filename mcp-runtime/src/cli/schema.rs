//! `schema`: what the server offers, as a contract. No port is opened, no state built, no setting read.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::contract::{
    Diff, Format, LOCK_FILE, POLICY_FILE, Places, Policy, Profile, Report, Surface, Unreadable,
    is_newer, lint, read_file, read_text,
};
use crate::server::Server;

/// What the lock file says is not what the server offers.
const EXIT_DRIFT: i32 = 1;
/// Callers break, and neither a version nor a waiver says so.
const EXIT_BREAKING: i32 = 2;
/// The linter found an error.
const EXIT_LINT: i32 = 3;
/// It could not be done: a lock that is missing or broken, a server that does not start, a usage error.
pub(super) const EXIT_CANNOT: i32 = 4;

#[derive(Debug, Args)]
#[command(after_help = "\
Without an option it prints the lock file. The lock file is PATH of --lock, else ./mcp.lock.json, else the one in the
directory of the package that defines the items. What is waived or pinned stands in mcp.policy.json beside it.

Exit codes: 0 clean, 1 the lock is not up to date, 2 breaking without a bump or waiver, 3 a lint error, 4 cannot run")]
pub(super) struct SchemaArguments {
    /// Write the lock file
    #[arg(long, group = "action")]
    write: bool,
    /// Compare the server with the lock file
    #[arg(long, group = "action")]
    check: bool,
    /// Compare two lock files, or answers to tools/list of any server; without NEW, this server with OLD
    #[arg(long, group = "action", num_args = 1..=2, value_names = ["OLD", "NEW"])]
    diff: Option<Vec<PathBuf>>,
    /// Look for what clients are known to trip over
    #[arg(long, group = "action")]
    lint: bool,
    /// Whose demands are errors: anthropic, openai-strict, gemini, cursor, directory
    #[arg(
        long,
        requires = "lint",
        conflicts_with_all = ["write", "check", "diff"],
        value_delimiter = ',',
        value_parser = profile
    )]
    profile: Vec<Profile>,
    /// How to write the report
    #[arg(long, value_enum, default_value_t = FormatName::Text)]
    format: FormatName,
    /// The lock file
    #[arg(long, value_name = "PATH")]
    lock: Option<PathBuf>,
    /// The file with waivers and pinned tools
    #[arg(long, value_name = "PATH")]
    policy: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    Text,
    Json,
    Markdown,
    Sarif,
}

fn profile(name: &str) -> Result<Profile, String> {
    let found = Profile::NAMES.iter().find(|(known, _)| *known == name);
    found.map(|(_, profile)| *profile).ok_or_else(|| {
        let names: Vec<&str> = Profile::NAMES.iter().map(|(known, _)| *known).collect();
        format!("known are {}", names.join(", "))
    })
}

/// Does what the arguments say, and ends the process.
pub(super) fn run(server: Server, arguments: SchemaArguments) -> ! {
    let code = Command { server, arguments }.run().unwrap_or_else(|why| {
        eprintln!("error: {}", why.0);
        EXIT_CANNOT
    });
    std::process::exit(code)
}

struct Command {
    server: Server,
    arguments: SchemaArguments,
}

/// This server, as far as a contract goes.
struct Own {
    surface: Surface,
    places: Places,
}

impl Command {
    fn run(mut self) -> Result<i32, Unreadable> {
        if let Some(files) = self.arguments.diff.take() {
            return match files.as_slice() {
                [old, new] => self.diff(old, Some(new)),
                [old] => self.diff(old, None),
                _ => Ok(EXIT_CANNOT),
            };
        }
        if self.arguments.write {
            self.write()
        } else if self.arguments.check {
            self.check()
        } else if self.arguments.lint {
            self.lint()
        } else if matches!(self.arguments.format, FormatName::Text | FormatName::Json) {
            print(&self.own()?.surface.lock());
            Ok(0)
        } else {
            Err(Unreadable(
                "the lock file is JSON: `--format` is for the reports of --check, --diff and --lint".into(),
            ))
        }
    }

    fn own(self) -> Result<Own, Unreadable> {
        let (surface, places) = self
            .server
            .surface()
            .map_err(|e| Unreadable(e.to_string()))?;
        Ok(Own { surface, places })
    }

    /// The same, as a lock file has it: what is compared went through the same reader on both sides.
    fn own_as_read(self) -> Result<Own, Unreadable> {
        let own = self.own()?;
        let surface = read_text(own.surface.lock().as_bytes())?;
        Ok(Own { surface, ..own })
    }

    fn format(&self) -> Format {
        match self.arguments.format {
            FormatName::Text => Format::Text {
                colours: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            },
            FormatName::Json => Format::Json,
            FormatName::Markdown => Format::Markdown,
            FormatName::Sarif => Format::Sarif,
        }
    }

    /// Where the lock file is, or is to be.
    fn lock(&self) -> PathBuf {
        if let Some(path) = &self.arguments.lock {
            return path.clone();
        }
        let here = PathBuf::from(LOCK_FILE);
        let home = Path::new(self.server.contract_directory());
        // The directory of the build is not there on the machine that runs a shipped binary.
        if here.exists() || !home.is_dir() {
            here
        } else {
            home.join(LOCK_FILE)
        }
    }

    /// The lock file as it is; one that is missing is an error.
    fn locked(&self, path: &Path) -> Result<Surface, Unreadable> {
        if path.exists() {
            return read_file(path);
        }
        Err(Unreadable(match &self.arguments.lock {
            Some(_) => format!(
                "{}: there is no lock file: make it with `schema --write --lock …`, and commit it",
                path.display()
            ),
            None => format!(
                "there is no {LOCK_FILE}, neither here nor in {}: make it with `schema --write`, and commit it",
                self.server.contract_directory()
            ),
        }))
    }

    fn policy(&self, lock: &Path) -> Result<Policy, Unreadable> {
        match &self.arguments.policy {
            Some(path) if !path.exists() => Err(Unreadable(format!(
                "{}: there is no such file",
                path.display()
            ))),
            Some(path) => Policy::read(path),
            None => Policy::read(&lock.with_file_name(POLICY_FILE)),
        }
    }

    fn write(self) -> Result<i32, Unreadable> {
        let lock = self.lock();
        let policy = self.policy(&lock)?;
        // One that cannot be read is what is to be mended; one of a newer version would lose what that one knows.
        let before = match read_file(&lock) {
            Err(why) if is_newer(&lock) => return Err(why),
            read => read.ok(),
        };
        let own = self.own_as_read()?;
        let text = own.surface.lock();
        if let Some(before) = before {
            of_this_server(&before, &own.surface, &lock)?;
            let diff = Diff::of(&before, &own.surface, &policy);
            let format = Format::Text {
                colours: std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            };
            let report =
                Report::Diff(&diff).write(format, &own.places, &lock.display().to_string());
            eprint!("{report}");
        }
        std::fs::write(&lock, text)
            .map_err(|e| Unreadable(format!("{}: cannot be written: {e}", lock.display())))?;
        eprintln!("Wrote {}.", lock.display());
        Ok(0)
    }

    fn check(self) -> Result<i32, Unreadable> {
        let lock = self.lock();
        let locked = self.locked(&lock)?;
        let policy = self.policy(&lock)?;
        let format = self.format();
        let own = self.own_as_read()?;
        of_this_server(&locked, &own.surface, &lock)?;
        let diff = Diff::of(&locked, &own.surface, &policy);
        let name = lock.display().to_string();
        print(&Report::Diff(&diff).write(format, &own.places, &name));
        // The server's own text, read back: neither white space nor the order of keys is drift.
        if diff.is_blocked() {
            eprintln!(
                "error: release a new version, waive it in {POLICY_FILE}, or accept it with `schema --write`"
            );
            return Ok(EXIT_BREAKING);
        }
        if same(&lock, &own.surface.lock())? {
            return Ok(0);
        }
        eprintln!("error: {name} is not up to date: run `schema --write`, and commit it");
        Ok(EXIT_DRIFT)
    }

    fn diff(self, old: &Path, new: Option<&PathBuf>) -> Result<i32, Unreadable> {
        let was = read_file(old)?;
        let policy = self.policy(&self.lock())?;
        let format = self.format();
        let name = old.display().to_string();
        let (diff, places) = match new {
            Some(new) => (Diff::of(&was, &read_file(new)?, &policy), Places::new()),
            None => {
                let own = self.own_as_read()?;
                of_this_server(&was, &own.surface, old)?;
                (Diff::of(&was, &own.surface, &policy), own.places)
            }
        };
        print(&Report::Diff(&diff).write(format, &places, &name));
        Ok(if diff.is_blocked() { EXIT_BREAKING } else { 0 })
    }

    fn lint(self) -> Result<i32, Unreadable> {
        let lock = self.lock();
        let locked = if lock.exists() {
            Some(read_file(&lock)?)
        } else {
            None
        };
        let (format, profiles) = (self.format(), self.arguments.profile.clone());
        let own = self.own()?;
        let findings = lint(&own.surface, &profiles, locked.as_ref());
        print(&Report::Lint(&findings).write(format, &own.places, &lock.display().to_string()));
        Ok(if findings.iter().any(|f| f.is_error()) {
            EXIT_LINT
        } else {
            0
        })
    }
}

/// Whether the file says what this text says.
fn same(lock: &Path, text: &str) -> Result<bool, Unreadable> {
    let file = std::fs::read(lock)
        .map_err(|e| Unreadable(format!("{}: cannot be read: {e}", lock.display())))?;
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    Ok(read(&file) == read(text.as_bytes()))
}

/// Refuses the lock file of another server.
fn of_this_server(locked: &Surface, own: &Surface, path: &Path) -> Result<(), Unreadable> {
    if let (Some(locked), Some(own)) = (&locked.server, &own.server)
        && locked.name != own.name
    {
        return Err(Unreadable(format!(
            "{} is the lock file of `{}`, and this server is `{}`: name its own with `--lock PATH`; if it was renamed, \
             remove the file and run `schema --write`",
            path.display(),
            locked.name,
            own.name
        )));
    }
    Ok(())
}

/// To stdout; a reader that has seen enough is no error.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
