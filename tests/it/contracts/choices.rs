//! A café: one of several.

use mcp_runtime::prelude::*;
use serde_json::json;

use super::{publish, takes};

/// How much.
#[mcp_type]
#[derive(Debug, Default)]
#[serde(rename_all = "lowercase")]
enum Size {
    Small,
    #[default]
    Medium,
    Large,
}

/// What to drink; each choice says what it is.
#[mcp_type]
#[derive(Debug)]
#[serde(rename_all = "kebab-case")]
enum Drink {
    /// Coffee, black.
    Coffee,
    /// Coffee with foamed milk.
    FlatWhite,
}

/// How it is paid, in the words of the till.
#[mcp_type]
#[derive(Debug)]
enum Payment {
    #[serde(rename = "CASH")]
    Cash,
    #[serde(rename = "credit card")]
    CreditCard,
    #[serde(rename = "")]
    Nothing,
}

/// The only beans that there are.
#[mcp_type]
#[derive(Debug)]
enum Beans {
    Arabica,
}

/// Order a drink.
#[mcp_tool]
async fn order(drink: Drink, #[arg(default = Size::Medium)] size: Size) -> String {
    format!("{drink:?} {size:?}")
}

/// Pay the bill.
#[mcp_tool]
async fn pay(#[arg(rename = "with")] payment: Payment, tip: Option<Size>) -> String {
    format!("{payment:?} {tip:?}")
}

/// Buy beans.
#[mcp_tool]
async fn buy_beans(beans: Beans, #[arg(default = Size::default())] bag: Size) -> String {
    format!("{beans:?} {bag:?}")
}

/// Choose how the beans are ground.
#[mcp_tool]
async fn grind(
    /// The mill knows three degrees.
    #[arg(extend("enum" = [1, 4, 9]))]
    degree: u8,
    /// Always the same mill.
    #[arg(constant = "mill-1")]
    mill: String,
) -> String {
    format!("{degree} {mill}")
}

/// Take sugar, or say that there is to be none.
#[mcp_tool]
async fn sugar(
    /// Pieces, or `false` for none at all.
    #[arg(extend("enum" = [1, 2, false]))]
    pieces: serde_json::Value,
    kind: Nullable<Size>,
) -> String {
    format!("{pieces} {:?}", kind.0)
}

/// Reserve several tables at once.
#[mcp_tool]
async fn reserve(
    /// Of which size each table is.
    tables: Vec<Size>,
    #[arg(constant = true)] understood: bool,
    #[arg(constant = 2)] version: u32,
) -> String {
    format!("{tables:?} {understood} {version}")
}

#[tokio::test]
async fn one_of_several() {
    let size = json!({"type": "string", "enum": ["small", "medium", "large"]});
    let medium =
        json!({"type": "string", "enum": ["small", "medium", "large"], "default": "medium"});
    let items = tools![order, pay, buy_beans, grind, sugar, reserve];
    publish(items, [
        (
            "order",
            takes(
                json!({
                    "drink": {"oneOf": [
                        {"type": "string", "const": "coffee"},
                        {"type": "string", "const": "flat-white"}
                    ]},
                    "size": medium
                }),
                &["drink"],
            ),
        ),
        (
            "pay",
            takes(
                json!({
                    "with": {"type": "string", "enum": ["CASH", "credit card", ""]},
                    "tip": size
                }),
                &["with"],
            ),
        ),
        (
            "buy_beans",
            takes(
                json!({"beans": {"type": "string", "enum": ["Arabica"]}, "bag": medium}),
                &["beans"],
            ),
        ),
        (
            "grind",
            takes(
                json!({
                    "degree": {"type": "integer", "minimum": 0, "maximum": 255, "enum": [1, 4, 9]},
                    "mill": {"type": "string", "const": "mill-1"}
                }),
                &["degree", "mill"],
            ),
        ),
        (
            "sugar",
            takes(
                json!({
                    "pieces": {"enum": [1, 2, false]},
                    "kind": {"type": ["string", "null"], "enum": ["small", "medium", "large", null]}
                }),
                &["pieces", "kind"],
            ),
        ),
        (
            "reserve",
            takes(
                json!({
                    "tables": {"type": "array", "items": size},
                    "understood": {"type": "boolean", "const": true},
                    "version": {"type": "integer", "minimum": 0, "maximum": u32::MAX, "const": 2}
                }),
                &["tables", "understood", "version"],
            ),
        ),
    ])
    .await;
}
