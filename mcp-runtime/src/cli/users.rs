//! `user`, `keys` and `grants`: work on the store beside a running server, which follows within 5 s.

use std::io::{BufRead as _, IsTerminal as _};

use clap::Subcommand;
use serde_json::Value;

use crate::auth::{Admin, Site, shown};
use crate::server::Server;
use crate::settings::SettingsError;
use crate::store::GrantLine;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user; the password is asked for, or read from stdin if that is no terminal
    Add {
        /// The name to sign in with
        name: String,
    },
    /// List the users: name, notes, id
    List,
    /// Remove a user and end all that came of their sign-ins
    Remove {
        /// The user's name or id
        name: String,
    },
    /// Let a user sign in no more, and end all that came of their sign-ins
    Disable {
        /// The user's name or id
        name: String,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The user's name or id
        name: String,
    },
    /// Change a password and end all that came of the user's sign-ins
    Passwd {
        /// The user's name or id
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a new signing key; the old one verifies until its last token has expired
    Rotate {
        /// Drop the old keys at once: every access token becomes invalid
        #[arg(long)]
        compromised: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum GrantsCommand {
    /// List which clients may act for which users
    List {
        /// Those of this user only, by name or id
        #[arg(long)]
        user: Option<String>,
    },
    /// End a grant, with its tokens
    Revoke {
        /// Its id, from `grants list`
        id: String,
    },
}

pub(super) async fn user(server: Server, command: UserCommand) -> Result<(), SettingsError> {
    let admin = open(server).await?;
    match command {
        UserCommand::Add { name } => {
            admin.add_user(&name, &read_password()?).await?;
            println!("{name} can sign in now.");
        }
        UserCommand::List => {
            for user in admin.list_users().await? {
                let notes = [(user.demo.is_some(), "demo"), (user.disabled, "disabled")];
                let notes: Vec<_> = notes
                    .iter()
                    .filter(|(on, _)| *on)
                    .map(|(_, n)| *n)
                    .collect();
                let (name, notes) = (shown(&user.name), notes.join(", "));
                println!("{name}\t{notes}\t{}", user.id);
            }
        }
        UserCommand::Remove { name } => {
            admin.remove_user(&name).await?;
            println!("{name} is removed.");
        }
        UserCommand::Disable { name } => {
            admin.set_disabled(&name, true).await?;
            println!("{name} cannot sign in any more, and is signed out everywhere.");
        }
        UserCommand::Enable { name } => {
            admin.set_disabled(&name, false).await?;
            println!("{name} can sign in again.");
        }
        UserCommand::Passwd { name } => {
            admin.set_password(&name, &read_password()?).await?;
            println!("{name} has a new password; every client has to sign in again.");
        }
    }
    Ok(())
}

pub(super) async fn keys(server: Server, command: KeysCommand) -> Result<(), SettingsError> {
    let KeysCommand::Rotate { compromised } = command;
    let id = open(server).await?.rotate_keys(compromised).await?;
    println!("The new signing key is {id}.");
    Ok(())
}

pub(super) async fn grants(server: Server, command: GrantsCommand) -> Result<(), SettingsError> {
    let admin = open(server).await?;
    match command {
        GrantsCommand::List { user } => {
            for grant in admin.list_grants(user.as_deref()).await? {
                println!("{}", line(&grant));
            }
        }
        GrantsCommand::Revoke { id } => {
            if !admin.revoke_grant(&id).await? {
                return Err(SettingsError::new(format!(
                    "there is no grant `{id}` that still lives: see `grants list`"
                )));
            }
            println!("The grant is ended.");
        }
    }
    Ok(())
}

/// One grant: id, user, client, scopes.
fn line(grant: &GrantLine) -> String {
    let metadata = grant
        .client_metadata
        .as_deref()
        .and_then(|m| serde_json::from_str::<Value>(m).ok());
    let client = metadata.and_then(|m| m["client_name"].as_str().map(str::to_owned));
    let client = client.unwrap_or_else(|| grant.grant.client_id.clone());
    format!(
        "{}\t{}\t{}\t{}",
        grant.grant.id,
        shown(&grant.user_name),
        shown(&client),
        grant.grant.scope
    )
}

async fn open(mut server: Server) -> Result<Admin, SettingsError> {
    let settings = server.known_settings()?;
    let auth = server.take_auth()?;
    let site = Site::of(
        settings.public_url_at(settings.port)?,
        server.name(),
        &settings,
    );
    Admin::open(&auth, &site, &settings).await
}

/// Asks twice on a terminal; else takes the first line of stdin.
fn read_password() -> Result<String, SettingsError> {
    let unreadable =
        |e: std::io::Error| SettingsError::new(format!("the password cannot be read: {e}"));
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(unreadable)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("Password: ").map_err(unreadable)?;
    if rpassword::prompt_password("Once more: ").map_err(unreadable)? != password {
        return Err(SettingsError::new("the two passwords differ: try again"));
    }
    Ok(password)
}
