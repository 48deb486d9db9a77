//! wip
use crate::server::Server;
use crate::settings::SettingsError;
use clap::Subcommand;
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add
    Add { name: String },
}
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Rotate
    Rotate,
}
pub(super) async fn user(_s: Server, _c: UserCommand) -> Result<(), SettingsError> {
    Ok(())
}
pub(super) async fn keys(_s: Server, _c: KeysCommand) -> Result<(), SettingsError> {
    Ok(())
}
