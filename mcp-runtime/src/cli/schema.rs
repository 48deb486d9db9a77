//! `schema`: what the server offers, as JSON. No port is opened, no state built, no secret read.

use serde_json::{Value, json};

use crate::registry::List;
use crate::server::Server;
use crate::settings::SettingsError;

pub(super) fn print(server: Server) -> Result<(), SettingsError> {
    let dispatcher = server.into_dispatcher()?;
    let catalogue = &dispatcher.catalogue;
    let info = dispatcher.info();
    let document = json!({
        "server": { "name": info.name, "version": info.version },
        "tools": sorted(&catalogue.tool_list, "name"),
        "prompts": sorted(&catalogue.prompt_list, "name"),
        "resources": sorted(&catalogue.resource_list, "uri"),
        "resourceTemplates": sorted(&catalogue.template_list, "uriTemplate"),
    });
    println!("{document:#}");
    Ok(())
}

/// By name: the order in the source is no part of what is offered.
fn sorted<'l>(list: &'l List, key: &str) -> Vec<&'l Value> {
    let mut entries: Vec<&Value> = list.entries().collect();
    entries.sort_by_key(|e| e[key].as_str().unwrap_or_default().to_owned());
    entries
}
