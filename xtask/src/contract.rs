//! The example's contract, as a user's CI would hold it; and what `cargo check` says when it breaks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::exec::Log;
use crate::run::Tally;
use crate::workspace::Workspace;

/// Enough for a first build on a small machine.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// A tool for what the example has not: an enum, and an alias.
const EXTRA: &str = "
use mcp_runtime::prelude::*;
/// A scale.
#[mcp_type]
#[serde(rename_all = \"lowercase\")]
enum Scale { Celsius, Kelvin }
type Days = u16;
/// Tell the weather.
#[mcp_tool(locked)]
async fn weather(scale: Scale, days: Days) -> String {
    match scale { Scale::Celsius => format!(\"{days}\"), _ => String::new() }
}
";

/// Its entry in the lock file.
const EXTRA_LOCK: &str = r#"{"name": "weather", "descriptor": {"name": "weather", "inputSchema": {"type": "object",
    "required": ["scale", "days"], "additionalProperties": false, "properties": {
        "scale": {"type": "string", "enum": ["celsius", "kelvin"]},
        "days": {"type": "integer", "minimum": 0, "maximum": 65535}}}}},"#;

/// One change of the source: what is replaced, by what, and what the compiler is to say at which token.
struct Change {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// The token that is pointed at, as it stands in the changed file.
    at: &'static str,
    says: &'static str,
}

const CHANGES: &[Change] = &[
    Change {
        name: "another type",
        file: "tools.rs",
        from: "#[arg(default = 6, range(2..=1_000_000))]\n    sides: u32",
        to: "#[arg(default = \"6\")]\n    sides: String",
        at: "sides: String",
        says: "error: the argument `sides` was integer and is string",
    },
    Change {
        name: "a lower bound",
        file: "tools.rs",
        from: "2..=1_000_000",
        to: "2..=100",
        at: "sides: u32",
        says: "error: the argument `sides` could be 1000000 and must be at most 100",
    },
    Change {
        name: "another name",
        file: "tools.rs",
        from: "sides: u32",
        to: "faces: u32",
        at: "faces: u32",
        says: "error: the argument `sides` of the locked version",
    },
    Change {
        name: "a new argument without a default",
        file: "tools.rs",
        from: "sides: u32",
        to: "sides: u32, times: u32",
        at: "times: u32",
        says: "error: the argument `times` is not in the locked version",
    },
    Change {
        name: "a default that is gone",
        file: "tools.rs",
        from: "#[arg(default = \"Welcome to the Acme MCP server.\")]",
        to: "",
        at: "message: String,\n    user",
        says: "error: the argument `message` could be left out and is required",
    },
    Change {
        name: "another default",
        file: "tools.rs",
        from: "default = 6",
        to: "default = 8",
        at: "sides: u32",
        says: "warning: use of deprecated constant `tools::_::changed_default`",
    },
    Change {
        name: "a narrower alias",
        file: "extra.rs",
        from: "type Days = u16",
        to: "type Days = u8",
        at: "Days) ->",
        says: "error[E0080]: evaluation panicked: the argument `days` could be 65535 and no longer can",
    },
    Change {
        name: "a value less",
        file: "extra.rs",
        from: "Celsius, Kelvin }",
        to: "Celsius, Rankine }",
        at: "Scale, days",
        says: "error[E0080]: evaluation panicked: the argument `scale` could be \"kelvin\" and no longer can",
    },
];

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut count = |log: &mut Log, name: &str, result: Result<()>| -> Result<()> {
        match result {
            Ok(()) => tally += Tally::ONE,
            Err(error) => {
                log.note(&format!("error: {name}: {error:#}"))?;
                tally.failed += 1;
            }
        }
        Ok(())
    };
    for arguments in [
        &["--check"][..],
        &[
            "--lint",
            "--profile",
            "anthropic,openai-strict,gemini,cursor,directory",
        ],
    ] {
        let mut cargo = workspace.cargo(&["run", "--quiet", "-p", "example", "--", "schema"])?;
        let ran = log.run(cargo.args(arguments), LIMIT).map(drop);
        count(log, &format!("schema {}", arguments.join(" ")), ran)?;
    }
    let scratch = Scratch::new(workspace)?;
    let unchanged = scratch.check(workspace, log)?;
    count(log, "nothing changed", said_nothing(&unchanged))?;
    for change in CHANGES {
        let outcome = scratch.with(workspace, log, change);
        count(log, change.name, outcome)?;
    }
    let recipe = scratch.recipe(workspace, log);
    count(log, "the shell recipe of docs/schemas-in-ci.md", recipe)?;
    Ok(tally)
}

fn said_nothing(output: &str) -> Result<()> {
    ensure!(
        !output.contains("error") && !output.contains("warning: use of"),
        "the compiler says something"
    );
    Ok(())
}

/// A copy of the example, in a workspace of its own, that can be changed.
struct Scratch {
    dir: PathBuf,
}

impl Scratch {
    fn new(workspace: &Workspace) -> Result<Self> {
        let dir = workspace.provisioned("contract");
        let _ = std::fs::remove_dir_all(&dir);
        let example = workspace.path("example");
        for sub in ["src", "ui"] {
            std::fs::create_dir_all(dir.join(sub))?;
            for entry in std::fs::read_dir(example.join(sub))? {
                let from = entry?.path();
                let name = from.file_name().context("a file has a name")?;
                std::fs::copy(&from, dir.join(sub).join(name))
                    .with_context(|| from.display().to_string())?;
            }
        }
        let main = std::fs::read_to_string(dir.join("src/main.rs"))?;
        std::fs::write(
            dir.join("src/main.rs"),
            main.replace("mod tools;", "mod extra;\nmod tools;"),
        )?;
        std::fs::write(dir.join("src/extra.rs"), EXTRA)?;
        let lock = std::fs::read_to_string(example.join("mcp.lock.json"))?;
        let lock = lock.replacen("\"tools\": [", &format!("\"tools\": [{EXTRA_LOCK}"), 1);
        std::fs::write(dir.join("mcp.lock.json"), lock)?;
        // The same versions and profile as the workspace, so that nothing is built twice.
        std::fs::copy(workspace.path("Cargo.lock"), dir.join("Cargo.lock"))?;
        std::fs::write(
            dir.join("Cargo.toml"),
            manifest(&workspace.path("mcp-runtime")),
        )?;
        Ok(Self { dir })
    }

    fn check(&self, workspace: &Workspace, log: &mut Log) -> Result<String> {
        let mut cargo = workspace.cargo(&["check", "--quiet"])?;
        cargo
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", workspace.built("").join(".."));
        Ok(log.run_any(&mut cargo, LIMIT)?.1)
    }

    /// Runs the shell recipe of the guide as it stands there, in a repository whose main branch has the lock: it passes,
    /// and fails when a tool of the main branch has another name.
    fn recipe(&self, workspace: &Workspace, log: &mut Log) -> Result<()> {
        let guide = std::fs::read_to_string(workspace.path("docs/schemas-in-ci.md"))?;
        let recipe = guide
            .split("```")
            .find_map(|block| block.strip_prefix("sh\n#!"))
            .context("the guide has no shell recipe")?;
        let recipe = format!("#!{}", recipe.replace("your-server", "example"));
        std::fs::write(self.dir.join("contract.sh"), recipe)?;
        // The recipe looks for the server in `target`, where a user has it.
        let target = self.dir.join("target");
        if !target.exists() {
            std::os::unix::fs::symlink(workspace.built("").join(".."), &target)?;
        }
        let mut run = |script: &str| -> Result<(bool, String)> {
            let mut shell = workspace.command("sh")?;
            shell
                .args(["-c", script])
                .current_dir(&self.dir)
                .env_remove("CARGO_TARGET_DIR");
            let (status, output) = log.run_any(&mut shell, LIMIT)?;
            Ok((status.success(), output))
        };
        let (ready, _) = run(
            "set -e; echo target > .gitignore; cargo run --quiet -- schema --write; git init -q; git add .; \
             git -c user.name=ci -c user.email=ci@example.com commit -qm main; git update-ref refs/remotes/origin/main HEAD",
        )?;
        ensure!(ready, "the repository could not be made");
        let (passed, output) = run("sh contract.sh")?;
        ensure!(passed, "it fails where nothing changed: {output}");
        let extra = self.dir.join("src/extra.rs");
        std::fs::write(
            &extra,
            EXTRA
                .replace("#[mcp_tool(locked)]", "#[mcp_tool]")
                .replace("fn weather", "fn forecast"),
        )?;
        let (passed, output) = run("sh contract.sh")?;
        ensure!(
            !passed && output.contains("the old name leads nowhere"),
            "it does not see that a tool has another name: {output}"
        );
        // Accepted, and not yet on the main branch.
        let (passed, output) = run("cargo run --quiet -- schema --write && sh contract.sh")?;
        ensure!(
            !passed && output.contains("A major release is asked for"),
            "it lets a break pass without a release: {output}"
        );
        std::fs::write(&extra, EXTRA)?;
        Ok(())
    }

    /// Makes a change, looks at what the compiler says, and takes it back.
    fn with(&self, workspace: &Workspace, log: &mut Log, change: &Change) -> Result<()> {
        let path = self.dir.join("src").join(change.file);
        let before = std::fs::read_to_string(&path)?;
        ensure!(
            before.contains(change.from),
            "`{}` is not in {}",
            change.from,
            change.file
        );
        let after = before.replacen(change.from, change.to, 1);
        std::fs::write(&path, &after)?;
        let output = self.check(workspace, log);
        std::fs::write(&path, &before)?;
        let (line, column) =
            place(&after, change.at).with_context(|| format!("`{}` is not there", change.at))?;
        let place = format!("src/{}:{line}:{column}", change.file);
        let output = output?;
        let at = output
            .find(change.says)
            .with_context(|| format!("it does not say `{}`", change.says))?;
        // The place of that message, and of no later one.
        let here = output[at..]
            .lines()
            .find(|line| line.trim_start().starts_with("--> "));
        ensure!(
            here.is_some_and(|line| line.trim_start() == format!("--> {place}")),
            "it is not said at {place}, but {here:?}"
        );
        Ok(())
    }
}

/// Line and column, from 1.
fn place(text: &str, needle: &str) -> Option<(usize, usize)> {
    let before = &text[..text.find(needle)?];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    Some((line, column))
}

fn manifest(runtime: &Path) -> String {
    format!(
        "[package]\nname = \"example\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
         [dependencies]\nmcp-runtime = {{ path = {:?} }}\nactix-web = {{ version = \"*\", default-features = false, \
         features = [\"macros\"] }}\nrand = \"*\"\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\
         [profile.dev.package.argon2]\nopt-level = 3\n[profile.dev.package.blake2]\nopt-level = 3\n",
        runtime.display().to_string()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(place("a\nbä c", "c"), Some((2, 4)));
        assert_eq!(place("a", "b"), None);
    }
}
