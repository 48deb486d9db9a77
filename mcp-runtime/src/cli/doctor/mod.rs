//! `doctor`: looks at a deployment from outside, as a client does, and says what to mend.

mod checks;
mod probe;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use self::probe::Probe;
use crate::server::Server;
use crate::settings::{PublicUrl, Settings, SettingsError};

/// The exit code where something is wrong with the deployment.
const EXIT_ILL: i32 = 1;

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// The URL that clients see, without /mcp; by default that of the settings
    url: Option<String>,
    /// A PEM file with further certificate authorities to trust
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Dial this address, whatever the name says: for a look before the DNS knows it
    #[arg(long, value_name = "ADDRESS:PORT")]
    connect: Option<SocketAddr>,
}

/// What a look at something yields.
#[derive(Debug, Default)]
struct Report {
    failed: usize,
    warned: usize,
}

impl Report {
    fn ok(&mut self, what: &str) {
        println!("ok    {what}");
    }

    /// Works, but not as well as it should.
    fn warn(&mut self, what: &str, remedy: &str) {
        self.warned += 1;
        println!("warn  {what}\n      -> {remedy}");
    }

    /// Clients will not get through.
    fn fail(&mut self, what: &str, remedy: &str) {
        self.failed += 1;
        println!("FAIL  {what}\n      -> {remedy}");
    }
}

/// Checks a deployment; ends the process with 1 if something is wrong.
pub(super) async fn run(server: &Server, arguments: DoctorArguments) -> Result<(), SettingsError> {
    let settings = server.known_settings()?;
    let url = match &arguments.url {
        Some(url) => PublicUrl::parse(url, true)
            .map_err(|e| SettingsError::new(e.to_string().replace("PUBLIC_URL", "the URL")))?,
        None => settings.public_url_at(settings.port)?,
    };
    let probe = Probe::new(arguments.ca.as_deref(), arguments.connect)?;
    println!("{url}\n");
    let mut report = Report::default();
    checks::all(&probe, &url, &mut report).await;
    if arguments.url.is_none() {
        look_at_settings(&settings, &url, &mut report);
    }
    println!("\n{} wrong, {} to improve", report.failed, report.warned);
    if report.failed > 0 {
        std::process::exit(EXIT_ILL);
    }
    Ok(())
}

/// What only the settings of this machine say.
fn look_at_settings(settings: &Settings, url: &PublicUrl, report: &mut Report) {
    if url.is_loopback() {
        return;
    }
    if url.is_https() && settings.trusted_proxies == crate::settings::Proxies::default() {
        report.warn(
            "no proxy is trusted, and something in front does TLS",
            "set TRUSTED_PROXIES to its address (127.0.0.1 on this machine): until then all users share its \
             address where wrong passwords are counted",
        );
    }
    if settings.database_url.as_deref() == Some("sqlite::memory:") {
        report.warn(
            "the store is in memory: users and tokens are lost at every stop",
            "set DATABASE_URL to a file or to postgres://…",
        );
    }
}
