use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card", versioned)]
fn card() -> String {
    "<!doctype html>".into()
}

fn main() {}
