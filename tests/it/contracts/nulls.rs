//! A garden: what may be left out, what may be `null`, and what it is then.

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

use super::{client, publish, takes};

/// Water the garden.
#[mcp_tool]
async fn water(bed: Option<u8>, #[arg(default = 5.0)] litres: f64) -> String {
    format!("{bed:?} {litres}")
}

/// Plant something.
#[mcp_tool]
async fn plant(
    what: String,
    /// `null` for nobody in particular.
    gardener: Nullable<String>,
) -> String {
    format!("{what} {:?}", gardener.0)
}

/// List the beds.
#[mcp_tool]
async fn beds(
    #[arg(default = null)] after: Nullable<String>,
    #[arg(default = null, range(1..=50))] limit: Nullable<u8>,
) -> String {
    format!("{:?} {:?}", after.0, limit.0)
}

/// Set the date of the harvest; `null` takes it away, and without it all stays as it is.
#[mcp_tool]
async fn harvest(#[arg(format = "date")] date: Option<Nullable<String>>) -> String {
    format!("{date:?}")
}

/// Mow the lawn.
#[mcp_tool]
async fn mow(
    #[arg(default = null)] height: Option<u8>,
    #[arg(default = null)] extra: Value,
) -> String {
    format!("{height:?} {extra}")
}

type Maybe = Option<u32>;

/// Dig.
#[mcp_tool]
async fn dig(#[arg(default = Some(30))] depth: Maybe) -> String {
    format!("{depth:?}")
}

/// Say what a plant costs.
#[mcp_tool]
async fn price(
    /// Always sent; the published default only helps people to fill in a form.
    #[arg(extend("default" = 3))]
    price: u32,
    #[arg(default = Nullable(Some(2)))] count: Nullable<u32>,
) -> String {
    format!("{price} {:?}", count.0)
}

#[tokio::test]
async fn left_out_or_null() {
    let u32 = json!({"type": "integer", "minimum": 0, "maximum": u32::MAX});
    let with_default = |default: Value, mut schema: Value| {
        schema["default"] = default;
        schema
    };
    let items = tools![water, plant, beds, harvest, mow, dig, price];
    publish(items, [
        (
            "water",
            takes(
                json!({
                    "bed": {"type": "integer", "minimum": 0, "maximum": 255},
                    "litres": {"type": "number", "default": 5.0}
                }),
                &[],
            ),
        ),
        (
            "plant",
            takes(
                json!({"what": {"type": "string"}, "gardener": {"type": ["string", "null"]}}),
                &["what", "gardener"],
            ),
        ),
        (
            "beds",
            takes(
                json!({
                    "after": {"type": ["string", "null"], "default": null},
                    "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 50, "default": null}
                }),
                &[],
            ),
        ),
        (
            "harvest",
            takes(json!({"date": {"type": ["string", "null"], "format": "date"}}), &[]),
        ),
        (
            "mow",
            takes(
                json!({
                    "height": {"type": "integer", "minimum": 0, "maximum": 255, "default": null},
                    "extra": {"default": null}
                }),
                &[],
            ),
        ),
        ("dig", takes(json!({"depth": with_default(json!(30), u32.clone())}), &[])),
        (
            "price",
            takes(
                json!({
                    "price": with_default(json!(3), u32),
                    "count": {"type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX, "default": 2}
                }),
                &["price"],
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_null_for_an_option_with_a_default_counts_as_left_out_on_every_path() {
    let mut client = client(tools![dig]).await;
    for (sent, seen) in [
        (json!({}), "Some(30)"),
        (json!({"depth": null}), "Some(30)"),
        (json!({"depth": 5}), "Some(5)"),
        (json!({"depth": "5"}), "Some(5)"),
    ] {
        let answer = client.call("dig", sent.clone()).await.expect("a result");
        assert_eq!(answer.text(), seen, "{sent}");
    }
}
