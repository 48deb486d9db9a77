//! Each way to take, describe and bound an argument.
#![deny(warnings)]

use std::borrow::Cow;
use std::collections::HashMap;

use mcp_runtime::{Error, Json, Nullable, mcp_tool, mcp_type};

/// Which unit to answer in.
#[mcp_type]
#[derive(Debug, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Degrees Celsius.
    #[default]
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
}

const DEFAULT_CITY: &str = "Berlin";

/// Take everything by value.
#[mcp_tool(
    name = "take.everything-1",
    title = "Take everything",
    rename_all = "camelCase",
    read_only,
    idempotent = true,
    open_world = false,
    scopes("weather:read"),
    icons(
        "https://example.com/a.png",
        icon(src = "data:,", mime = "image/svg+xml", sizes = "any")
    ),
    timeout = "30s",
    task = "optional",
    open
)]
#[allow(clippy::too_many_arguments)]
pub async fn take_everything(
    r#type: String,
    city_name: &str,
    #[arg(default = DEFAULT_CITY, length(1..=80))] other_city: &str,
    nickname: Option<&str>,
    #[arg(default = Unit::default())] unit: Unit,
    #[arg(default = -3, range(-5..=5))] offset: i8,
    #[arg(default = 0.5, range(0.0..1.0))] factor: f64,
    #[arg(range(..10))] small: Option<u64>,
    #[arg(default = true)] verbose: bool,
    #[arg(default = null)] limit: Option<u32>,
    #[arg(length(..=3))] tags: Vec<String>,
    labels: HashMap<String, u32>,
    #[arg(pattern = "^[a-z]+$", rename = "slug-name", header = "Slug")] slug: String,
    nullable: Nullable<String>,
    #[arg(default = null)] or_null: Nullable<u32>,
    #[arg(format = "email")] mail: Option<&str>,
    #[arg(format = "uuid", default = "00000000-0000-0000-0000-000000000000")] id: String,
    borrowed: Cow<'_, str>,
    /** Of any two numbers. */
    pair: (u32, u32),
) -> Result<Json<Vec<String>>, Error> {
    let _ = (or_null, mail, id, borrowed);
    let _ = (
        labels, nullable, pair, unit, offset, factor, small, verbose, limit,
    );
    let nickname = nickname.unwrap_or("none");
    Ok(Json(vec![
        r#type,
        city_name.into(),
        other_city.into(),
        nickname.into(),
        tags.concat(),
        slug,
    ]))
}

/// Run on the blocking pool.
#[mcp_tool]
fn add(
    a: i64,
    #[arg(default = "zero")] b: &str,
    c: Option<&str>,
    d: Option<Cow<'_, str>>,
) -> String {
    format!("{a} {b} {}", c.or(d.as_deref()).unwrap_or("-"))
}

/// Calls them as the functions that they are.
pub fn main() {
    assert_eq!(add(1, "b", None, None), "1 b -");
}
