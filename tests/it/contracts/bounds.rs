//! A post office: numbers and texts within bounds.

use mcp_runtime::prelude::*;
use serde_json::json;

use super::{publish, takes};

/// Weigh a parcel.
#[mcp_tool]
async fn weigh(
    /// In grams.
    #[arg(range(1..=30_000))]
    grams: u32,
    /// In millimetres.
    #[arg(range(..1200))]
    longest_side: Option<u16>,
) -> String {
    format!("{grams} {longest_side:?}")
}

/// Say what a parcel costs.
#[mcp_tool(read_only)]
async fn postage(
    /// In kilograms.
    #[arg(above = 0, range(..=30.0))]
    weight: f64,
    /// What it is worth, for the insurance.
    #[arg(above = 0.0, default = 100.0)]
    value: f64,
) -> String {
    format!("{weight} {value}")
}

/// Sell stamps.
#[mcp_tool]
async fn sell_stamps(
    /// A sheet has ten.
    #[arg(range(10..=500), multiple_of = 10)]
    count: u32,
    /// Of one stamp, in cents.
    #[arg(multiple_of = 0.5, examples(0.5, 85))]
    price: f64,
) -> String {
    format!("{count} {price}")
}

/// Send a telegram.
#[mcp_tool]
async fn telegram(
    #[arg(length(1..=80), title = "Text")] text: &str,
    /// The place, as two capital letters and a number.
    #[arg(pattern = "^[A-Z]{2}-[0-9]+$", examples("DE-10115"))]
    place: String,
    #[arg(length(2..))] signature: Option<String>,
) -> String {
    format!("{text} {place} {signature:?}")
}

/// Follow a parcel.
#[mcp_tool]
async fn follow(
    #[arg(format = "uuid")] parcel: &str,
    /// The earliest day to show.
    #[arg(format = "date")]
    since: Option<&str>,
    #[arg(format = "date-time")] until: Option<String>,
) -> String {
    format!("{parcel} {since:?} {until:?}")
}

/// Tell somebody when a parcel comes.
#[mcp_tool]
async fn tell(
    #[arg(format = "email")] mail: String,
    #[arg(format = "uri")] hook: Option<String>,
    #[arg(format = "ipv4")] printer: Option<String>,
) -> String {
    format!("{mail} {hook:?} {printer:?}")
}

/// Print a label.
#[mcp_tool]
async fn print_label(
    /// In a format of the printer's own, which nobody can check.
    #[arg(extend("format" = "zpl", "deprecated" = true))]
    label: String,
    /// One of the sizes of paper, in millimetres.
    #[arg(extend("enum" = [62, 102]), default = 62)]
    width: u32,
) -> String {
    format!("{label} {width}")
}

/// Book a time to bring parcels.
#[mcp_tool]
async fn book_time(
    #[arg(range(8..18))] hour: u8,
    /// In quarters of an hour.
    #[arg(range(0..=45), multiple_of = 15, default = 0)]
    minute: u8,
    /// Signed or not, of any size.
    #[arg(above = -10)]
    priority: Integer,
) -> String {
    format!("{hour} {minute} {priority}")
}

#[tokio::test]
async fn numbers_and_texts_within_bounds() {
    let items = tools![
        weigh,
        postage,
        sell_stamps,
        telegram,
        follow,
        tell,
        print_label,
        book_time
    ];
    publish(items, [
        (
            "weigh",
            takes(
                json!({
                    "grams": {"type": "integer", "minimum": 1, "maximum": 30000},
                    "longest_side": {"type": "integer", "minimum": 0, "exclusiveMaximum": 1200}
                }),
                &["grams"],
            ),
        ),
        (
            "postage",
            takes(
                json!({
                    "weight": {"type": "number", "maximum": 30.0, "exclusiveMinimum": 0},
                    "value": {"type": "number", "exclusiveMinimum": 0.0, "default": 100.0}
                }),
                &["weight"],
            ),
        ),
        (
            "sell_stamps",
            takes(
                json!({
                    "count": {"type": "integer", "minimum": 10, "maximum": 500, "multipleOf": 10},
                    "price": {"type": "number", "multipleOf": 0.5, "examples": [0.5, 85]}
                }),
                &["count", "price"],
            ),
        ),
        (
            "telegram",
            takes(
                json!({
                    "text": {"type": "string", "minLength": 1, "maxLength": 80, "title": "Text"},
                    "place": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$", "examples": ["DE-10115"]},
                    "signature": {"type": "string", "minLength": 2}
                }),
                &["text", "place"],
            ),
        ),
        (
            "follow",
            takes(
                json!({
                    "parcel": {"type": "string", "format": "uuid"},
                    "since": {"type": "string", "format": "date"},
                    "until": {"type": "string", "format": "date-time"}
                }),
                &["parcel"],
            ),
        ),
        (
            "tell",
            takes(
                json!({
                    "mail": {"type": "string", "format": "email"},
                    "hook": {"type": "string", "format": "uri"},
                    "printer": {"type": "string", "format": "ipv4"}
                }),
                &["mail"],
            ),
        ),
        (
            "print_label",
            takes(
                json!({
                    "label": {"type": "string", "format": "zpl", "deprecated": true},
                    "width": {"type": "integer", "minimum": 0, "maximum": u32::MAX, "enum": [62, 102], "default": 62}
                }),
                &["label"],
            ),
        ),
        (
            "book_time",
            takes(
                json!({
                    "hour": {"type": "integer", "minimum": 8, "exclusiveMaximum": 18},
                    "minute": {"type": "integer", "minimum": 0, "maximum": 45, "multipleOf": 15, "default": 0},
                    "priority": {"type": "integer", "exclusiveMinimum": -10}
                }),
                &["hour", "priority"],
            ),
        ),
    ])
    .await;
}
