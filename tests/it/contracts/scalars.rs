//! A library's catalogue: text, numbers, truth.

use std::borrow::Cow;

use mcp_runtime::prelude::*;
use serde_json::json;

use super::{publish, takes};

/// Find books by a word of their title.
#[mcp_tool(read_only)]
async fn find_books(
    /// A word that the title contains.
    word: &str,
) -> String {
    format!("No book is called {word}.")
}

/// Show one book.
#[mcp_tool(read_only)]
async fn show_book(
    /// The number on its back.
    number: u32,
    /// Whether to show the first page too.
    #[arg(default = false)]
    first_page: bool,
) -> String {
    format!("{number} {first_page}")
}

/// List the newest books.
#[mcp_tool(read_only)]
async fn newest(
    /// How many to list.
    #[arg(default = 10)]
    count: u8,
    /// How many to leave out first.
    #[arg(default = 0)]
    skip: u64,
) -> String {
    format!("{count} {skip}")
}

/// Move a book along its shelf.
#[mcp_tool]
async fn move_book(
    /// How many places: to the right, or to the left if it is negative.
    by: i16,
    /// Why.
    reason: Option<&str>,
) -> String {
    format!("{by} {reason:?}")
}

/// Show a page of the catalogue.
#[mcp_tool]
async fn page(
    /// Which one, from 1.
    #[arg(default = 1, range(1..))]
    page: Integer,
    /// A number that another system gave; it may be of any size.
    cursor: Option<Integer>,
) -> String {
    format!("{page} {cursor:?}")
}

/// Judge a book.
#[mcp_tool]
async fn rate(
    /// From 0 to 5; halves are fine.
    stars: f64,
    #[arg(default = 0.5)] weight: f32,
) -> String {
    format!("{stars} {weight}")
}

/// Put a book back.
#[mcp_tool]
fn give_back(
    /// The title, or its number as text.
    book: Cow<'static, str>,
    /// The letter of the shelf.
    #[arg(default = "A")]
    shelf: String,
) -> String {
    format!("{book} {shelf}")
}

/// Say when the library is open.
#[mcp_tool]
async fn opening_hours() -> &'static str {
    "Always."
}

#[tokio::test]
async fn text_numbers_and_truth() {
    let items = tools![
        find_books,
        show_book,
        newest,
        move_book,
        page,
        rate,
        give_back,
        opening_hours
    ];
    publish(items, [
        ("find_books", takes(json!({"word": {"type": "string"}}), &["word"])),
        (
            "show_book",
            takes(
                json!({
                    "number": {"type": "integer", "minimum": 0, "maximum": u32::MAX},
                    "first_page": {"type": "boolean", "default": false}
                }),
                &["number"],
            ),
        ),
        (
            "newest",
            takes(
                json!({
                    "count": {"type": "integer", "minimum": 0, "maximum": 255, "default": 10},
                    "skip": {"type": "integer", "minimum": 0, "maximum": u64::MAX, "default": 0}
                }),
                &[],
            ),
        ),
        (
            "move_book",
            takes(
                json!({
                    "by": {"type": "integer", "minimum": -32768, "maximum": 32767},
                    "reason": {"type": "string"}
                }),
                &["by"],
            ),
        ),
        (
            "page",
            takes(
                json!({
                    "page": {"type": "integer", "minimum": 1, "default": 1},
                    "cursor": {"type": "integer"}
                }),
                &[],
            ),
        ),
        (
            "rate",
            takes(
                json!({"stars": {"type": "number"}, "weight": {"type": "number", "default": 0.5}}),
                &["stars"],
            ),
        ),
        (
            "give_back",
            takes(
                json!({"book": {"type": "string"}, "shelf": {"type": "string", "default": "A"}}),
                &["book"],
            ),
        ),
        ("opening_hours", takes(json!({}), &[])),
    ])
    .await;
}
