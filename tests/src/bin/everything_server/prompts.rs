//! Prompts.

use mcp_runtime::Completing;
use mcp_runtime::prelude::*;

use super::PNG;

/// A prompt without arguments.
#[mcp_prompt]
async fn test_simple_prompt() -> &'static str {
    "This is a simple prompt for testing."
}

async fn first_arguments(typing: Completing<'_>) -> Vec<&'static str> {
    typing.filter(["test", "test value 1", "other"])
}

/// A prompt with two arguments.
#[mcp_prompt]
async fn test_prompt_with_arguments(
    /// The first.
    #[arg(complete = first_arguments)]
    arg1: String,
    /// The second.
    arg2: String,
) -> String {
    format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
}

/// A prompt that carries a resource.
#[mcp_prompt(name = "test_prompt_with_embedded_resource")]
async fn prompt_with_resource(#[arg(rename = "resourceUri")] uri: String) -> [PromptMessage; 2] {
    let contents = ResourceContents::text(uri, "Embedded resource content for testing.")
        .mime_type("text/plain");
    [
        PromptMessage::user(EmbeddedResource::new(contents)),
        PromptMessage::user("Please process the embedded resource above."),
    ]
}

/// A prompt that carries a picture.
#[mcp_prompt]
async fn test_prompt_with_image() -> [PromptMessage; 2] {
    [
        PromptMessage::user(Image::new(PNG, "image/png")),
        PromptMessage::user("Please analyze the image above."),
    ]
}
