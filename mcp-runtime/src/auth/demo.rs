//! Demo users: known passwords while only this machine can use them, random ones otherwise.
//!
//! Judged at every start and again at every sign-in. A demo user's mark in the store says how it got its present password: `known:` with a keyed
//! digest of the configured one, so that nothing is hashed anew at every start, or `random`.

use std::io::IsTerminal;
use std::net::IpAddr;
use std::path::Path;

use super::hashing::Busy;
use super::secret::{Secret, random_id};
use super::server::Server;
use super::users;
use crate::settings::SettingsError;
use crate::store::{StoreError, UserRecord, write_private};

const RANDOM: &str = "random";
const KNOWN: &str = "known:";

/// Whether this user's password is one that everybody knows, and the caller may be anybody. Asked at every sign-in:
/// another server on the same store may be a private one, and give a known password back at its start.
pub(crate) fn is_out_of_reach(server: &Server, user: &UserRecord, address: Option<IpAddr>) -> bool {
    let known = user.demo.as_ref().is_some_and(|m| m.starts_with(KNOWN));
    let here = address.is_some_and(|ip| ip.to_canonical().is_loopback());
    known && !(server.is_private() && here)
}

/// Brings the demo users in line with the configuration and with who can reach the server; lines for the banner.
pub(crate) async fn settle(server: &Server) -> Result<Vec<String>, SettingsError> {
    let trouble = |e: Trouble| SettingsError::new(e.0);
    let private = server.is_private();
    let mut known = Vec::new();
    let mut due = Vec::new();

    for (name, password) in &server.config.demo_users {
        if users::check_name(name).is_err() {
            return Err(SettingsError::new(format!(
                "the demo user {name:?} has a name that users cannot have: use 1 to 64 visible \
                 characters"
            )));
        }
        let present = server.store.user_by_name(&users::name_key(name)).await;
        let present = present.map_err(|e| trouble(e.into()))?;
        match present {
            // Someone made a real user of that name: it is theirs.
            Some(user) if user.demo.is_none() => {}
            present if private => {
                known.push(name.as_str());
                make_known(server, name, password, present)
                    .await
                    .map_err(trouble)?;
            }
            Some(user) if user.demo.as_deref() == Some(RANDOM) => {}
            present => due.push((name.clone(), Secret::new(random_id()), present)),
        }
    }
    remove_unconfigured(server)
        .await
        .map_err(|e| trouble(e.into()))?;

    let mut lines = Vec::new();
    if !known.is_empty() {
        lines.push(format!(
            "users   {} (demo; this machine only)",
            known.join(", ")
        ));
    }
    if !due.is_empty() {
        lines.extend(make_random(server, due).await?);
    }
    if lines.is_empty() {
        let users = server
            .store
            .list_users()
            .await
            .map_err(|e| trouble(e.into()))?;
        lines.push(match users.len() {
            0 => "users   none yet: add one with the command `user add NAME`".into(),
            n => format!("users   {n}"),
        });
    }
    Ok(lines)
}

async fn make_known(
    server: &Server,
    name: &str,
    password: &Secret,
    present: Option<UserRecord>,
) -> Result<(), Trouble> {
    let digest = server
        .derive
        .derive("demo password", password.expose(), &[]);
    let mark = format!("{KNOWN}{}", digest.expose());
    if present
        .as_ref()
        .is_some_and(|user| user.demo.as_deref() == Some(&mark))
    {
        return Ok(());
    }
    let hash = server.hasher.hash(password).await?;
    put(server, name, hash, &mark, present).await?;
    Ok(())
}

/// Gives each a random password, which is shown on the terminal, or written to a file that only the owner reads. Never
/// to a stream that is no terminal: that is a log.
async fn make_random(
    server: &Server,
    due: Vec<(String, Secret, Option<UserRecord>)>,
) -> Result<Vec<String>, SettingsError> {
    let terminal = std::io::stderr().is_terminal();
    let kept = match server.store.path().and_then(Path::parent) {
        Some(directory) if !terminal => Some(directory.join("demo-passwords.txt")),
        _ => None,
    };
    // Written before any password takes effect, or a crash in between would lose it; under a name of its own, since
    // another process may be doing the same.
    let draft = kept.as_ref().map(|path| path.with_extension(random_id()));
    let line = |(name, password): (&String, &Secret)| format!("{name}  {}\n", password.expose());
    if let Some(draft) = &draft {
        let all: String = due.iter().map(|(n, p, _)| line((n, p))).collect();
        write_private(draft, &all).map_err(|e| unwritable(draft, &e))?;
    }
    let mut given = String::new();
    for (name, password, present) in due {
        let done = async {
            let hash = server.hasher.hash(&password).await?;
            put(server, &name, hash, RANDOM, present).await
        };
        if done.await.map_err(|e: Trouble| SettingsError::new(e.0))? {
            given.push_str(&line((&name, &password)));
        }
    }
    let why = "users   others can reach this server: demo users got new passwords";
    Ok(match (kept, draft) {
        // Another process was faster in all of them.
        (_, Some(draft)) if given.is_empty() => {
            std::fs::remove_file(&draft).map_err(|e| unwritable(&draft, &e))?;
            Vec::new()
        }
        (Some(path), Some(draft)) => {
            write_private(&path, &given).map_err(|e| unwritable(&path, &e))?;
            std::fs::remove_file(&draft).map_err(|e| unwritable(&draft, &e))?;
            tracing::warn!(path = %path.display(), "demo users got new passwords");
            vec![format!("{why}, written to {}", path.display())]
        }
        _ if given.is_empty() => Vec::new(),
        _ if terminal => {
            eprint!("The new passwords of the demo users, shown this once:\n{given}");
            vec![why.into()]
        }
        _ => vec![format!(
            "{why} that nobody knows, as there is neither a terminal nor a file to tell them to: \
             set DATABASE_URL to a file"
        )],
    })
}

fn unwritable(path: &Path, error: &std::io::Error) -> SettingsError {
    SettingsError::new(format!(
        "the new passwords of the demo users cannot be written to `{}` ({error}): make its \
         directory writable",
        path.display()
    ))
}

async fn put(
    server: &Server,
    name: &str,
    hash: String,
    mark: &str,
    present: Option<UserRecord>,
) -> Result<bool, Trouble> {
    let now = server.now();
    Ok(match present {
        Some(user) => {
            let until = server.denied_until();
            server
                .store
                .change_password(&user, &hash, Some(mark), now, until)
                .await?
        }
        None => {
            let user = users::new_user(name, hash, Some(mark.to_owned()), now);
            server.store.add_user(&user).await?
        }
    })
}

/// A demo user that the code no longer names must not keep a password that its history does.
async fn remove_unconfigured(server: &Server) -> Result<(), StoreError> {
    for user in server.store.list_users().await? {
        let configured = server
            .config
            .demo_users
            .iter()
            .any(|(name, _)| users::name_key(name) == user.name_key);
        if user.demo.is_some() && !configured {
            server
                .store
                .remove_user(&user.id, server.now(), server.denied_until())
                .await?;
        }
    }
    Ok(())
}

/// What kept a demo user from being settled, in words.
struct Trouble(String);

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self(format!(
            "demo users cannot be set up because {error}: check DATABASE_URL"
        ))
    }
}

impl From<Busy> for Trouble {
    fn from(_: Busy) -> Self {
        Self("a demo user's password cannot be hashed: free some memory and start again".into())
    }
}
