//! A weather station: what tools return.

use std::collections::BTreeMap;

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

use super::{client, undescribed};

/// What was measured.
#[mcp_type]
struct Measured {
    celsius: f64,
    /// `null` where there was no wind.
    wind: Option<f64>,
    /// Left out where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    clouds: Option<Clouds>,
}

/// What the sky was like.
#[mcp_type]
#[serde(rename_all = "lowercase")]
enum Clouds {
    None,
    Some,
}

/// A station.
#[mcp_type(closed, title = "Station", extend("x-source" = "register"))]
struct Station {
    #[field(pattern = "^[A-Z]{3}$")]
    id: String,
    #[field(range(-90..=90))]
    latitude: i8,
}

/// A page of stations.
#[mcp_type]
struct Stations {
    stations: Vec<Station>,
    next: Option<String>,
}

/// A region, with those inside it.
#[mcp_type(shared)]
struct Region {
    name: String,
    inner: Vec<Region>,
}

/// Measure.
#[mcp_tool]
async fn measure_now() -> Json<Measured> {
    Json(Measured {
        celsius: 21.5,
        wind: None,
        clouds: None,
    })
}

/// List the stations.
#[mcp_tool]
async fn stations() -> Json<Stations> {
    let stations = vec![Station {
        id: "BER".into(),
        latitude: 52,
    }];
    Json(Stations {
        stations,
        next: None,
    })
}

/// Measure everywhere.
#[mcp_tool]
async fn everywhere() -> Result<Json<BTreeMap<String, f64>>, String> {
    Ok(Json(BTreeMap::from([("BER".to_owned(), 21.5)])))
}

/// List the days with rain.
#[mcp_tool]
async fn rain() -> Json<Vec<String>> {
    Json(vec!["2026-11-25".into()])
}

/// Show the regions.
#[mcp_tool]
async fn regions() -> Json<Region> {
    Json(Region {
        name: "Earth".into(),
        inner: vec![],
    })
}

/// Show the sky.
#[mcp_tool]
async fn sky() -> Json<Clouds> {
    Json(Clouds::Some)
}

/// Say whatever the station said.
#[mcp_tool]
async fn raw() -> Json<Value> {
    Json(json!({"any": ["thing"]}))
}

/// Measure at a place that is not on Earth.
#[mcp_tool]
async fn beyond() -> Json<Station> {
    Json(Station {
        id: "mars".into(),
        latitude: 100,
    })
}

#[tokio::test]
async fn what_tools_return() {
    let station = json!({
        "type": "object",
        "title": "Station",
        "x-source": "register",
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "latitude": {"type": "integer", "minimum": -90, "maximum": 90}
        },
        "required": ["id", "latitude"],
        "additionalProperties": false
    });
    let expected = [
        (
            "measure_now",
            json!({
                "type": "object",
                "properties": {
                    "celsius": {"type": "number"},
                    "wind": {"type": ["number", "null"]},
                    "clouds": {"type": "string", "enum": ["none", "some"]}
                },
                "required": ["celsius", "wind"]
            }),
        ),
        (
            "stations",
            json!({
                "type": "object",
                "properties": {
                    "stations": {"type": "array", "items": station},
                    "next": {"type": ["string", "null"]}
                },
                "required": ["stations", "next"]
            }),
        ),
        (
            "everywhere",
            json!({"type": "object", "additionalProperties": {"type": "number"}}),
        ),
        (
            "rain",
            json!({"type": "array", "items": {"type": "string"}}),
        ),
        (
            "regions",
            json!({
                "$ref": "#/$defs/Region",
                "$defs": {"Region": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "inner": {"type": "array", "items": {"$ref": "#/$defs/Region"}}
                    },
                    "required": ["name", "inner"]
                }}
            }),
        ),
        ("sky", json!({"type": "string", "enum": ["none", "some"]})),
        ("raw", json!({})),
        ("beyond", station),
    ];
    let items = tools![
        measure_now,
        stations,
        everywhere,
        rain,
        regions,
        sky,
        raw,
        beyond
    ];
    let mut client = client(items).await;
    let tools = client.list_tools().await.expect("a list");
    for ((name, schema), tool) in expected.iter().zip(&tools) {
        assert_eq!(tool["name"], *name);
        assert_eq!(undescribed(&tool["outputSchema"]), *schema, "{name}");
        let answer = client.call(name, json!({})).await.expect("a result");
        assert_eq!(
            answer.is_error(),
            *name == "beyond",
            "{name}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn a_result_that_does_not_fit_its_schema_is_a_failure_in_debug_builds() {
    let mut client = client(tools![beyond]).await;
    let answer = client.call("beyond", json!({})).await.expect("a result");
    // The details go to the log: they are the developer's.
    assert!(
        answer.is_error() && !answer.text().contains("mars"),
        "{}",
        answer.text()
    );
    assert_eq!(*answer.structured(), Value::Null);
}
