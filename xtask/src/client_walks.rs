//! End to end: clients that others wrote go the whole way against a server process, and the process itself is
//! killed and started badly.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::exec::{Guarded, Log};
use crate::run::{Tally, counted};
use crate::server::{self, Scratch, Server};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);
const WALK_LIMIT: Duration = Duration::from_secs(180);
const EXIT_LIMIT: Duration = Duration::from_secs(20);

/// Each client: its name and its command line.
const WALKS: &[(&str, &[&str])] = &[
    ("rmcp, legacy wire", &["rmcp_walk", "legacy"]),
    ("rmcp, modern wire", &["rmcp_walk", "modern"]),
    ("the example's own client", &["connect_with_client"]),
    (
        "TypeScript SDK, legacy wire",
        &["node", "typescript.mjs", "walk", "legacy"],
    ),
    (
        "TypeScript SDK, modern wire",
        &["node", "typescript.mjs", "walk", "modern"],
    ),
    ("FastMCP", &["python", "fastmcp_walk.py"]),
    ("Inspector", &["node", "inspector.mjs"]),
];

pub(crate) fn run(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let build = ["build", "--workspace", "--bins", "--examples"];
    log.run(&mut workspace.cargo(&build)?, BUILD_LIMIT)?;
    copy_scripts(workspace, "clients")?;
    println!();
    let mut tally = Tally::default();
    for (name, line) in WALKS {
        report(log, &mut tally, name, |log| walk(workspace, log, line))?;
    }
    report(
        log,
        &mut tally,
        "kill -9 between login and refresh",
        |log| survive(workspace, log),
    )?;
    let name = "oidc-provider, as upstream and as issuer";
    report(log, &mut tally, name, |log| openid_provider(workspace, log))?;
    let name = "command line beside a running server";
    report(log, &mut tally, name, |log| command_line(workspace, log))?;
    for (name, spoil) in BAD_STARTS {
        report(log, &mut tally, name, |log| {
            bad_start(workspace, log, *spoil)
        })?;
    }
    Ok(tally)
}

/// Runs one part, prints its line, and goes on after a failure: the others may tell what it has in common with them.
pub(crate) fn report(
    log: &mut Log,
    tally: &mut Tally,
    name: &str,
    part: impl FnOnce(&mut Log) -> Result<Tally>,
) -> Result<()> {
    log.note(&format!("== {name}"))?;
    match part(log) {
        Ok(part) => {
            println!("      ok      {name} ({} checks)", part.passed);
            *tally += part;
        }
        Err(error) => {
            println!("      FAILED  {name}");
            log.note(&format!("FAILED {name}: {error:#}"))?;
            tally.failed += 1;
        }
    }
    Ok(())
}

/// Node resolves packages beside the script: so the scripts go where the packages are.
pub(crate) fn copy_scripts(workspace: &Workspace, name: &str) -> Result<()> {
    let target = workspace.provisioned(name);
    ensure!(
        target.join("node_modules").is_dir(),
        "run `cargo xtask test provision` first"
    );
    for script in std::fs::read_dir(workspace.path("tests").join(name))? {
        let script = script?;
        std::fs::copy(script.path(), target.join(script.file_name()))?;
    }
    Ok(())
}

pub(crate) fn client(
    workspace: &Workspace,
    server: &Server,
    home: &Path,
    line: &[&str],
) -> Result<Command> {
    let Some((program, args)) = line.split_first() else {
        bail!("an empty command line")
    };
    let example = workspace.built("examples").join(program);
    let mut command = if example.is_file() {
        workspace.command(example)?
    } else {
        workspace.command(program)?
    };
    let sign_in = workspace.provisioned("clients/sign-in.mjs");
    command
        .args(args)
        .current_dir(workspace.provisioned("clients"))
        .env("MCP_URL", server.endpoint())
        .env("SIGN_IN", &sign_in)
        .env("STATE_DIR", home);
    if *program == "connect_with_client" {
        command.arg(server.endpoint()).env("BROWSER", &sign_in);
    }
    Ok(command)
}

fn walk(workspace: &Workspace, log: &mut Log, line: &[&str]) -> Result<Tally> {
    let home = Scratch::new("walk")?;
    let server = Server::start(workspace, home.path())?;
    let outcome = log.run(
        &mut client(workspace, &server, home.path(), line)?,
        WALK_LIMIT,
    );
    let output = match outcome {
        Ok(output) => output,
        Err(error) => {
            log.note(&format!("-- the server's log\n{}", server.log()))?;
            return Err(error);
        }
    };
    no_secret_left(home.path())?;
    let tally = if line[0] == "connect_with_client" {
        six_steps(&output)?
    } else {
        counted(&output)
    };
    ensure!(
        tally.passed >= 6,
        "the walk reports {} checks only",
        tally.passed
    );
    Ok(tally)
}

/// Neither the log, at the most talkative level there is, nor the store holds anything that one could sign in with.
fn no_secret_left(home: &Path) -> Result<()> {
    let client = std::fs::read_to_string(home.join("typescript.json")).unwrap_or_default();
    let mut secrets = vec!["password123"];
    for name in ["access_token", "refresh_token", "verifier"] {
        let field = format!("\"{name}\":\"");
        secrets.extend(
            client
                .split(&field)
                .skip(1)
                .filter_map(|rest| rest.split('"').next()),
        );
    }
    for file in ["server.log", "auth.db", "auth.db-wal"] {
        let bytes = std::fs::read(home.join(file)).unwrap_or_default();
        for secret in &secrets {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            ensure!(
                !found,
                "{file} holds a secret in clear: {}…",
                &secret[..secret.len().min(12)]
            );
        }
    }
    Ok(())
}

/// The example's client is for people: it prints no "ok" but its six steps and both answers.
fn six_steps(output: &str) -> Result<Tally> {
    for step in 1..=6 {
        ensure!(
            output.contains(&format!("[{step}/6] ")),
            "step {step} is missing:\n{output}"
        );
    }
    ensure!(
        output.contains("roll_dice: alice rolled a "),
        "no dice:\n{output}"
    );
    ensure!(
        output.contains("greeting_card: ") && output.matches("alice").count() >= 3,
        "{output}"
    );
    Ok(Tally {
        passed: 8,
        failed: 0,
        not_run: None,
    })
}

/// No client, no user and no refresh token is lost when the server dies without warning.
fn survive(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let home = Scratch::new("survive")?;
    let mut tally = Tally::default();
    let first = Server::start(workspace, home.path())?;
    let port = first.port();
    let mut login = client(
        workspace,
        &first,
        home.path(),
        &["node", "typescript.mjs", "login"],
    )?;
    tally += counted(&log.run(&mut login, WALK_LIMIT)?);
    first.kill();

    let second = Server::start_at(workspace, home.path(), port).context("the restart")?;
    // The old client and its refresh token still work …
    let mut resume = client(
        workspace,
        &second,
        home.path(),
        &["node", "typescript.mjs", "resume"],
    )?;
    tally += counted(&log.run(&mut resume, WALK_LIMIT)?);
    // … and so do the users, for a client that comes anew.
    let mut anew = client(workspace, &second, home.path(), &["rmcp_walk", "modern"])?;
    tally += counted(&log.run(&mut anew, WALK_LIMIT)?);
    Ok(tally)
}

/// Users sign in at a provider that others wrote, and its own tokens are taken by a server that has none.
fn openid_provider(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    const SECRET: &str = "a-secret-that-both-sides-of-the-login-know";
    let homes = (Scratch::new("openid")?, Scratch::new("openid-tokens")?);
    let issuer = format!("http://127.0.0.1:{}", server::free_port()?);
    let settings = [
        ("OPENID_ISSUER", issuer.as_str()),
        ("OPENID_CLIENT_ID", "mcp-server"),
        ("OPENID_CLIENT_SECRET", SECRET),
    ];
    let start = |home: &Scratch, settings: &[(&str, &str)]| {
        Server::start_binary_with(workspace, home.path(), "auth_server", settings)
    };
    let embedded = start(&homes.0, &settings)?;
    let resource = start(&homes.1, &[("TOKENS_OF", issuer.as_str())])?;
    let line = ["node", "openid.mjs"];
    let mut walk = client(workspace, &embedded, homes.0.path(), &line)?;
    walk.env("ISSUER", &issuer)
        .env("OPENID_CLIENT_SECRET", SECRET)
        .env("RESOURCE_URL", resource.endpoint());
    let tally = match log.run(&mut walk, WALK_LIMIT) {
        Ok(output) => counted(&output),
        Err(error) => {
            let logs = (embedded.log(), resource.log());
            log.note(&format!("-- the servers' logs\n{}\n{}", logs.0, logs.1))?;
            return Err(error);
        }
    };
    ensure!(tally.passed >= 13, "{} checks only", tally.passed);
    for file in ["server.log", "auth.db", "auth.db-wal"] {
        let bytes = std::fs::read(homes.0.path().join(file)).unwrap_or_default();
        let found = bytes
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes());
        ensure!(!found, "{file} holds the secret of the provider's client");
    }
    Ok(tally)
}

/// A second process on the same store works, and what it changes holds for the server at once or within seconds.
fn command_line(workspace: &Workspace, log: &mut Log) -> Result<Tally> {
    let home = Scratch::new("command-line")?;
    let server = Server::start(workspace, home.path())?;
    let mut tally = Tally::default();
    let mut login = client(
        workspace,
        &server,
        home.path(),
        &["node", "typescript.mjs", "login"],
    )?;
    tally += counted(&log.run(&mut login, WALK_LIMIT)?);

    for (args, expected) in [
        (&["user", "list"][..], "alice"),
        (
            &["call", "roll_dice", r#"{"sides":6}"#, "--as", "alice"],
            "alice rolled a ",
        ),
        (&["schema"], "\"roll_dice\""),
        (&["keys", "rotate"], ""),
    ] {
        let mut command = server::command(workspace, home.path(), server.port());
        let said = log.run(command.env_remove("RUST_LOG").args(args), EXIT_LIMIT)?;
        ensure!(
            said.contains(expected),
            "`{}` does not say {expected}: {said}",
            args.join(" ")
        );
        tally += Tally::ONE;
    }
    // Keys were rotated under the running server: it goes on.
    let mut resume = client(
        workspace,
        &server,
        home.path(),
        &["node", "typescript.mjs", "resume"],
    )?;
    tally += counted(&log.run(&mut resume, WALK_LIMIT)?);
    Ok(tally)
}

/// Spoils a start; returns what the sentence must name, and what must live as long as the process.
type Spoil = fn(&mut Command, &Path) -> Result<(String, Option<TcpListener>)>;

const BAD_STARTS: &[(&str, Spoil)] = &[
    ("port in use", |command, _| {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = taken.local_addr()?.port().to_string();
        command.env("PORT", &port);
        Ok((port, Some(taken)))
    }),
    ("unwritable store", |command, home| {
        // A file where a directory should be: not even root writes there.
        let file = home.join("file");
        std::fs::write(&file, "")?;
        command.env(
            "DATABASE_URL",
            format!("sqlite:{}", file.join("auth.db").display()),
        );
        Ok((file.display().to_string(), None))
    }),
    ("bad PUBLIC_URL", |command, _| {
        command.env("PUBLIC_URL", "mcp.example.com");
        Ok(("PUBLIC_URL".into(), None))
    }),
];

/// Exit code 2 and one sentence on stderr, nothing more.
fn bad_start(workspace: &Workspace, log: &mut Log, spoil: Spoil) -> Result<Tally> {
    let home = Scratch::new("bad-start")?;
    let mut command = server::command(workspace, home.path(), server::free_port()?);
    let (named, _taken) = spoil(&mut command, home.path())?;
    let stderr = home.path().join("stderr");
    command
        // As a user starts it, not at our talkative level.
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&stderr)?);
    let status = Guarded(command.spawn()?).wait(EXIT_LIMIT)?;
    let said = std::fs::read_to_string(&stderr)?;
    log.note(&said)?;
    ensure!(status.code() == Some(2), "{status}, not exit code 2");
    let lines = said.trim().lines().count();
    ensure!(lines == 1, "{lines} lines on stderr, not one sentence");
    ensure!(said.contains(&named), "it does not name {named}");
    Ok(Tally {
        passed: 3,
        failed: 0,
        not_run: None,
    })
}
