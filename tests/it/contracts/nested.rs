//! A hotel: types within types.

use mcp_runtime::prelude::*;
use serde_json::{Map, Value, json};

use super::{publish, takes};

/// A guest.
#[mcp_type]
#[derive(Debug)]
struct Guest {
    #[field(length(1..=60))]
    name: String,
    #[field(range(0..=120))]
    age: Option<u8>,
    #[field(default = "en", pattern = "^[a-z]{2}$")]
    language: String,
}

/// A room, with nothing that we do not know.
#[mcp_type(closed)]
#[derive(Debug)]
struct Room {
    #[field(range(1..=999), title = "Number")]
    number: u16,
    #[field(default = 1, range(1..=4))]
    beds: u8,
}

/// An address, as another system has it: with more fields than we read.
#[mcp_type]
#[derive(Debug)]
#[serde(rename_all = "camelCase")]
struct Address {
    street_name: String,
    #[field(rename = "zip-code", pattern = "^[0-9]+$")]
    zip: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The key of a room, such as `A-101`.
#[mcp_type]
#[derive(Debug)]
struct Key(#[field(pattern = "^[A-Z]-[0-9]+$")] String);

/// A floor, and the floors that lead off it.
#[mcp_type]
#[derive(Debug)]
struct Floor {
    name: String,
    #[serde(default)]
    inner: Vec<Floor>,
}

/// A day of the stay.
#[mcp_type(shared)]
#[derive(Debug)]
struct Day {
    #[field(format = "date")]
    date: String,
    breakfast: bool,
}

/// A wish, under the name that other systems know it by.
#[mcp_type(shared = "wish.v1", extend("x-owner" = "reception"))]
#[derive(Debug)]
struct Wish {
    text: String,
    then: Option<Box<Wish>>,
}

/// Check a guest in.
#[mcp_tool]
async fn check_in(guest: Guest, with: Option<Vec<Guest>>) -> String {
    format!("{guest:?} {with:?}")
}

/// Give a room to a guest.
#[mcp_tool]
async fn give_room(room: Room, #[arg(title = "Who")] guest: Guest) -> String {
    format!("{room:?} {guest:?}")
}

/// Send the bill.
#[mcp_tool]
async fn send_bill(to: Address) -> String {
    format!("{to:?}")
}

/// Open doors.
#[mcp_tool]
async fn open(#[arg(length(1..=3))] keys: Vec<Key>, master: Option<Key>) -> String {
    format!("{keys:?} {master:?}")
}

/// Draw the house.
#[mcp_tool]
async fn draw(ground: Floor) -> String {
    format!("{ground:?}")
}

/// Plan a stay.
#[mcp_tool]
async fn plan_stay(arrival: Day, departure: Day, between: Vec<Day>, party: Option<Day>) -> String {
    format!("{arrival:?} {departure:?} {between:?} {party:?}")
}

/// Note what a guest wishes.
#[mcp_tool]
async fn note(wish: Wish, instead_of: Nullable<Wish>) -> String {
    format!("{wish:?} {:?}", instead_of.0)
}

/// Say which types the other tools speak of.
#[mcp_tool(definitions(Day, Wish))]
async fn speak() -> String {
    "Of days and wishes.".into()
}

#[tokio::test]
async fn types_within_types() {
    let guest = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 60},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "language": {"type": "string", "default": "en", "pattern": "^[a-z]{2}$"}
        },
        "required": ["name"]
    });
    let mut titled = guest.clone();
    titled["title"] = json!("Who");
    let key = json!({"type": "string", "pattern": "^[A-Z]-[0-9]+$"});
    let floor = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "inner": {"type": "array", "items": {"$ref": "#/$defs/Floor"}, "default": []}
        },
        "required": ["name"]
    });
    let day = json!({
        "type": "object",
        "properties": {"date": {"type": "string", "format": "date"}, "breakfast": {"type": "boolean"}},
        "required": ["date", "breakfast"]
    });
    let wish = json!({
        "type": "object",
        "properties": {"text": {"type": "string"}, "then": {"$ref": "#/$defs/wish.v1"}},
        "required": ["text"],
        "x-owner": "reception"
    });
    let to_day = json!({"$ref": "#/$defs/Day"});
    let with = |mut schema: Value, definitions: Value| {
        schema["$defs"] = definitions;
        schema
    };
    let items = tools![
        check_in, give_room, send_bill, open, draw, plan_stay, note, speak
    ];
    publish(items, [
        (
            "check_in",
            takes(json!({"guest": guest, "with": {"type": "array", "items": guest}}), &["guest"]),
        ),
        (
            "give_room",
            takes(
                json!({
                    "room": {
                        "type": "object",
                        "properties": {
                            "number": {"type": "integer", "minimum": 1, "maximum": 999, "title": "Number"},
                            "beds": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}
                        },
                        "required": ["number"],
                        "additionalProperties": false
                    },
                    "guest": titled
                }),
                &["room", "guest"],
            ),
        ),
        (
            "send_bill",
            takes(
                json!({"to": {
                    "type": "object",
                    "properties": {
                        "streetName": {"type": "string"},
                        "zip-code": {"type": "string", "pattern": "^[0-9]+$"}
                    },
                    "required": ["streetName", "zip-code"],
                    "additionalProperties": true
                }}),
                &["to"],
            ),
        ),
        (
            "open",
            takes(
                json!({"keys": {"type": "array", "items": key, "minItems": 1, "maxItems": 3}, "master": key}),
                &["keys"],
            ),
        ),
        ("draw", with(takes(json!({"ground": floor}), &["ground"]), json!({"Floor": floor}))),
        (
            "plan_stay",
            with(
                takes(
                    json!({
                        "arrival": to_day, "departure": to_day,
                        "between": {"type": "array", "items": to_day}, "party": to_day
                    }),
                    &["arrival", "departure", "between"],
                ),
                json!({"Day": day}),
            ),
        ),
        (
            "note",
            with(
                takes(
                    json!({
                        "wish": {"$ref": "#/$defs/wish.v1"},
                        "instead_of": {"anyOf": [{"$ref": "#/$defs/wish.v1"}, {"type": "null"}]}
                    }),
                    &["wish", "instead_of"],
                ),
                json!({"wish.v1": wish}),
            ),
        ),
        ("speak", with(takes(json!({}), &[]), json!({"Day": day, "wish.v1": wish}))),
    ])
    .await;
}
