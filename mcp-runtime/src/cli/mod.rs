//! The command line of every built server.

mod call;
mod dev;
#[cfg(feature = "fetch")]
mod doctor;
mod schema;
#[cfg(feature = "auth")]
mod users;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::extract::User;
use crate::result::Error;
use crate::server::Server;
use crate::settings::SettingsError;

/// The exit code of a mistake in the settings or in the arguments.
const EXIT_USAGE: i32 = 2;

#[derive(Debug, Parser)]
#[command(arg_required_else_help = false, disable_help_subcommand = true)]
#[command(after_help = "\
Settings, from the environment or from .env:
  HOST, PORT       where to listen              127.0.0.1, 8000
  PUBLIC_URL       the URL that clients see     http://HOST:PORT
  ALLOWED_ORIGINS  web pages that may call      -
  DATABASE_URL     users, clients and tokens    a SQLite file under ~/.local/state
  TRUSTED_PROXIES  whose X-Forwarded-For counts -
  KEY_ENCRYPTION_KEY, PASSWORD_PEPPER           keys kept outside the store
  WORKERS          threads                      one a core
  ALLOW_INSECURE_HTTP=1                         plain http under a public name
  RUST_LOG         what is logged on stderr     info")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve over HTTP, the default; or one client over stdin and stdout
    Serve {
        /// Speak over stdin and stdout in place of HTTP; nobody signs in
        #[arg(long)]
        stdio: bool,
        /// The user on whose behalf a client on stdin calls
        #[arg(long = "as", value_name = "USER", requires = "stdio")]
        user: Option<String>,
    },
    /// Print what the server offers as a lock file; write, check, compare or lint it
    Schema(schema::SchemaArguments),
    /// Call a tool in this process and print its answer
    Call {
        /// The tool's name
        tool: String,
        /// Its arguments, a JSON object
        #[arg(default_value = "{}", value_name = "JSON")]
        arguments: String,
        /// The user on whose behalf to call
        #[arg(long = "as", value_name = "USER")]
        user: Option<String>,
        /// Print the whole result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Open a page of this machine that calls the tools as any user and shows their views; nobody signs in
    Dev {
        /// The port of 127.0.0.1; 0 takes a free one
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Print the page's address, and leave the opening to you
        #[arg(long)]
        print_url: bool,
        /// Start in a release build too
        #[arg(long)]
        in_release: bool,
    },
    /// Add, list and remove the people who can sign in, or change a password
    #[cfg(feature = "auth")]
    #[command(subcommand)]
    User(users::UserCommand),
    /// Look after the keys that sign access tokens
    #[cfg(feature = "auth")]
    #[command(subcommand)]
    Keys(users::KeysCommand),
    /// See and end what clients may do on behalf of users
    #[cfg(feature = "auth")]
    #[command(subcommand)]
    Grants(users::GrantsCommand),
    /// Look at a deployment from outside, and say what to mend
    #[cfg(feature = "fetch")]
    Doctor(doctor::DoctorArguments),
}

/// Does what the arguments say. A usage or start error is shown in one sentence and ends the process with 2.
pub(crate) async fn run(server: Server) -> Result<(), Error> {
    let arguments = parse(&server);
    if let Some(Command::Schema(schema)) = arguments.command {
        schema::run(server, schema);
    }
    // RUST_LOG may stand in `.env` too; a broken file is reported when the settings are read.
    let _ = dotenvy::dotenv();
    start_log().map_err(|error| exit(&error))?;
    let outcome = match arguments.command.unwrap_or(Command::Serve {
        stdio: false,
        user: None,
    }) {
        Command::Serve { stdio: false, .. } => server.serve().await,
        Command::Serve { stdio: true, user } => server.serve_stdio(user.map(User::named)).await,
        // Taken above, before any setting was read.
        Command::Schema(_) => Ok(()),
        Command::Call {
            tool,
            arguments,
            user,
            json,
        } => call::call(server, &tool, &arguments, user, json).await,
        Command::Dev {
            port,
            print_url,
            in_release,
        } => dev::dev(server, port, print_url, in_release).await,
        #[cfg(feature = "auth")]
        Command::User(command) => users::user(server, command).await,
        #[cfg(feature = "auth")]
        Command::Keys(command) => users::keys(server, command).await,
        #[cfg(feature = "auth")]
        Command::Grants(command) => users::grants(server, command).await,
        #[cfg(feature = "fetch")]
        Command::Doctor(arguments) => doctor::run(&server, arguments).await,
    };
    outcome.map_err(|error| exit(&error))
}

/// Shows the sentence and ends the process.
fn exit(error: &SettingsError) -> ! {
    eprintln!("error: {error}");
    std::process::exit(EXIT_USAGE)
}

fn parse(server: &Server) -> Arguments {
    let package = server.package();
    let command = Arguments::command()
        .name(package.name)
        .version(package.version)
        .about(format!(
            "{}, a server for the Model Context Protocol",
            server.name()
        ));
    let matches = command.try_get_matches();
    matches
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .unwrap_or_else(|error| show(&error))
}

/// Shows help, or a usage error, and ends the process.
fn show(error: &clap::Error) -> ! {
    // Under `schema` a 2 says that callers break.
    if error.use_stderr() && std::env::args_os().nth(1).is_some_and(|a| a == "schema") {
        let _ = error.print();
        std::process::exit(schema::EXIT_CANNOT)
    }
    error.exit()
}

#[cfg(feature = "log")]
fn start_log() -> Result<(), SettingsError> {
    use std::io::IsTerminal as _;
    use tracing_subscriber::EnvFilter;
    let asked = std::env::var("RUST_LOG")
        .ok()
        .filter(|filter| !filter.trim().is_empty());
    // What a library says at `info` is no news to an operator; a filter that names it still wins.
    let quiet = format!("sqlx=error,{}", crate::transport::http::QUIET_LOG);
    let filter = format!("{quiet},{}", asked.as_deref().unwrap_or("info"));
    let filter = EnvFilter::try_new(&filter).map_err(|e| {
        SettingsError::new(format!(
            "RUST_LOG is `{}` ({e}): write a level such as info, or target=level pairs",
            asked.unwrap_or_default()
        ))
    })?;
    // A program that mounts us may have a log of its own already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    Ok(())
}

#[cfg(not(feature = "log"))]
fn start_log() -> Result<(), SettingsError> {
    Ok(())
}
