//! `call TOOL JSON`: one call in this process, over the same bytes as any other.

use serde_json::Value;

use crate::extract::User;
use crate::server::Server;
use crate::settings::SettingsError;

/// The exit code of a tool that says it failed.
const EXIT_TOOL_FAILED: i32 = 1;

pub(super) async fn call(
    server: Server,
    tool: &str,
    arguments: &str,
    user: Option<String>,
    json: bool,
) -> Result<(), SettingsError> {
    let arguments: Value = serde_json::from_str(arguments).map_err(|e| {
        SettingsError::new(format!(
            "the arguments are no JSON ({e}): write an object such as '{{\"sides\": 6}}'"
        ))
    })?;
    let mut client = server.test().await?;
    if let Some(user) = user {
        client = client.as_user(User::named(user));
    }
    let answer = client.call(tool, arguments).await.map_err(|error| {
        SettingsError::new(match error.message.contains("signed-in user") {
            true => format!("`{tool}` needs a user: add `--as NAME`"),
            false => error.message.into_owned(),
        })
    })?;
    if json {
        println!("{:#}", answer.0);
    } else {
        println!("{}", answer.text());
    }
    if answer.is_error() {
        std::process::exit(EXIT_TOOL_FAILED);
    }
    Ok(())
}
