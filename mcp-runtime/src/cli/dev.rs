//! `dev`: the developer's page.

use std::process::{Command, Stdio};

use crate::server::Server;
use crate::settings::SettingsError;

pub(super) async fn dev(
    server: Server,
    port: u16,
    print_url: bool,
    in_release: bool,
) -> Result<(), SettingsError> {
    // Whoever opens the page calls every tool as anyone: not something to find on a server by accident.
    if !cfg!(debug_assertions) && !in_release {
        return Err(SettingsError::new(
            "`dev` lets everyone on this machine call every tool as anyone, so a release build does not start it unasked: \
             use a debug build, or say `dev --in-release`",
        ));
    }
    let name = server.name().to_owned();
    server
        .serve_dev(port, |url| {
            eprintln!("\n  {name}, for its developer\n");
            eprintln!("  {:<8}{url}", "page");
            eprintln!(
                "  {:<8}calls every tool as anyone, from this machine only; Ctrl-C stops it\n",
                "note"
            );
            if !print_url {
                open(url);
            }
        })
        .await
}

/// Opens the page in the browser, if there is one; the address stands on the terminal anyway.
fn open(url: &str) {
    let system = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let chosen = std::env::var("BROWSER").ok().filter(|b| !b.is_empty());
    let browser = Command::new(chosen.as_deref().unwrap_or(system))
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut browser) = browser {
        // Some browsers end with their window: whoever waits for them does it elsewhere.
        std::thread::spawn(move || browser.wait());
    }
}
