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
pub(crate) async fn settle(
    server: &Server,
    store_path: Option<&Path>,
) -> Result<Vec<String>, SettingsError> {
    let trouble = |e: Trouble| SettingsError::new(e.0);
    let private = server.is_private();
    let mut known = Vec::new();
    let mut fresh = Vec::new();

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
            present => {
                if let Some(password) = make_random(server, name, present).await.map_err(trouble)? {
                    fresh.push((name.clone(), password));
                }
            }
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
    lines.extend(show(&fresh, store_path)?);
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

/// The new password, or `None` where the user has a random one already or another process was faster.
async fn make_random(
    server: &Server,
    name: &str,
    present: Option<UserRecord>,
) -> Result<Option<Secret>, Trouble> {
    if present
        .as_ref()
        .is_some_and(|user| user.demo.as_deref() == Some(RANDOM))
    {
        return Ok(None);
    }
    let password = Secret::new(random_id());
    let hash = server.hasher.hash(&password).await?;
    Ok(put(server, name, hash, RANDOM, present)
        .await?
        .then_some(password))
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

/// On the terminal if there is one, where no log keeps them; else in a file that only the owner reads.
fn show(
    fresh: &[(String, Secret)],
    store_path: Option<&Path>,
) -> Result<Vec<String>, SettingsError> {
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<String> = fresh
        .iter()
        .map(|(name, password)| format!("{name}  {}", password.expose()))
        .collect();
    let why = "users   others can reach this server: demo users got new passwords";
    match store_path.and_then(Path::parent) {
        Some(directory) if !std::io::stderr().is_terminal() => {
            let path = directory.join("demo-passwords.txt");
            write_private(&path, &(lines.join("\n") + "\n")).map_err(|error| {
                SettingsError::new(format!(
                    "the new passwords of the demo users cannot be written to `{}` ({error}): make \
                     its directory writable",
                    path.display()
                ))
            })?;
            Ok(vec![format!("{why}, written to {}", path.display())])
        }
        _ => {
            let mut said = vec![format!("{why}, shown this once:")];
            said.extend(lines.iter().map(|line| format!("        {line}")));
            Ok(said)
        }
    }
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
