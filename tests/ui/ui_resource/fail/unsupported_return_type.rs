use mcp_runtime::mcp_ui_resource;

/// A card.
#[mcp_ui_resource(uri = "ui://acme/card")]
async fn card() -> u32 {
    1
}

fn main() {}
