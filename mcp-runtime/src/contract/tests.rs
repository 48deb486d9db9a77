//! Each rule in each direction, one row a change; and what must not be one.

use serde_json::{Value, json};

use super::compare::compare;
use super::document::{Entry, Head, Kind, Surface};
use super::lint::{Finding, Level, Profile, lint};
use super::policy::Policy;
use super::rules::{RULES, Severity};
use super::{Bump, Diff, read};

const B: Severity = Severity::Breaking;
const R: Severity = Severity::Review;
const M: Severity = Severity::Minor;
const P: Severity = Severity::Patch;

/// Rules with their severities.
type Judged = &'static [(u8, Severity)];

fn tools(list: Value) -> Surface {
    read::text_of(json!({ "tools": list }).to_string().as_bytes()).expect("a list")
}

/// The changes of a surface as (rule, severity), gravest first.
fn judged(old: &Surface, new: &Surface) -> Vec<(u8, Severity)> {
    let changes = compare(old, new, &[]);
    for change in &changes {
        assert!(
            !change.message.is_empty() && !change.item.is_empty(),
            "{change:?}"
        );
        assert!(
            change.severity < R || !change.hint.is_empty(),
            "no hint: {change:?}"
        );
    }
    changes.iter().map(|c| (c.rule, c.severity)).collect()
}

fn input(old: &Value, new: &Value) -> Vec<(u8, Severity)> {
    let tool = |schema: &Value| tools(json!([{ "name": "t", "inputSchema": schema }]));
    judged(&tool(old), &tool(new))
}

fn output(old: &Value, new: &Value) -> Vec<(u8, Severity)> {
    let tool = |schema: &Value| {
        tools(json!([{ "name": "t", "inputSchema": {"type": "object"}, "outputSchema": schema }]))
    };
    judged(&tool(old), &tool(new))
}

/// Changes of the schema of one property, and the rule with its severity for the input and the output.
fn property_changes() -> Vec<(u8, Value, Value, Severity, Severity)> {
    let (s, n) = (json!({"type": "string"}), json!({"type": "number"}));
    let list = |items: Value| json!({"type": "array", "items": items});
    let number = |key: &str, value: Value| json!({"type": "number", key: value});
    let string = |key: &str, value: Value| json!({"type": "string", key: value});
    let array = |key: &str, value: Value| json!({"type": "array", key: value});
    let object = |key: &str, value: Value| json!({"type": "object", key: value});
    let one_of = |branches: Value| json!({"oneOf": branches});
    let tagged = |tag: &str, more: Value| {
        let mut properties = json!({"kind": {"const": tag}});
        properties
            .as_object_mut()
            .expect("map")
            .extend(more.as_object().expect("map").clone());
        json!({"type": "object", "properties": properties, "required": ["kind"]})
    };
    vec![
        (16, json!({"type": "integer"}), n.clone(), M, B),
        (16, s.clone(), json!({"type": ["string", "null"]}), M, B),
        (16, s.clone(), json!({}), M, B),
        (17, n.clone(), json!({"type": "integer"}), B, M),
        (
            17,
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            s.clone(),
            B,
            M,
        ),
        (17, json!({}), s.clone(), B, M),
        (18, s.clone(), n.clone(), B, B),
        (18, list(s.clone()), s.clone(), B, B),
        (18, list(s.clone()), list(n.clone()), B, B),
        (
            19,
            json!({"enum": ["a"]}),
            json!({"enum": ["a", "b"]}),
            M,
            B,
        ),
        (20, json!({"enum": ["a", "b"]}), json!({"const": "a"}), B, M),
        (
            21,
            json!({"enum": ["a", "b"]}),
            json!({"enum": ["b", "a"]}),
            P,
            P,
        ),
        (
            22,
            s.clone(),
            json!({"type": "string", "enum": ["a"]}),
            B,
            M,
        ),
        (22, s.clone(), json!({"type": "string", "const": "a"}), B, M),
        (
            23,
            json!({"type": "string", "enum": ["a"]}),
            s.clone(),
            M,
            B,
        ),
        (
            24,
            number("minimum", json!(1)),
            number("minimum", json!(2)),
            B,
            M,
        ),
        (24, n.clone(), number("maximum", json!(2)), B, M),
        (
            24,
            number("maximum", json!(2)),
            number("exclusiveMaximum", json!(2)),
            B,
            M,
        ),
        (24, s.clone(), string("minLength", json!(1)), B, M),
        (
            24,
            array("maxItems", json!(3)),
            array("maxItems", json!(2)),
            B,
            M,
        ),
        (
            24,
            object("minProperties", json!(1)),
            object("minProperties", json!(2)),
            B,
            M,
        ),
        (
            25,
            number("minimum", json!(1)),
            number("minimum", json!(0)),
            M,
            B,
        ),
        (
            25,
            number("exclusiveMinimum", json!(1)),
            number("minimum", json!(1)),
            M,
            B,
        ),
        (25, string("maxLength", json!(9)), s.clone(), M, B),
        (
            25,
            array("minItems", json!(1)),
            json!({"type": "array"}),
            M,
            B,
        ),
        (
            25,
            object("maxProperties", json!(1)),
            object("maxProperties", json!(2)),
            M,
            B,
        ),
        (26, s.clone(), string("pattern", json!("^a")), B, M),
        (27, string("pattern", json!("^a")), s.clone(), M, B),
        (
            28,
            string("pattern", json!("^a")),
            string("pattern", json!("^b")),
            R,
            R,
        ),
        (29, s.clone(), string("format", json!("date")), B, M),
        (63, string("format", json!("email")), s.clone(), M, B),
        (30, s.clone(), string("format", json!("password")), P, P),
        (
            30,
            json!({"type": "integer", "format": "int32"}),
            json!({"type": "integer", "format": "uint32"}),
            P,
            P,
        ),
        (
            31,
            json!({"type": "array"}),
            array("uniqueItems", json!(true)),
            B,
            M,
        ),
        (31, n.clone(), number("multipleOf", json!(5)), B, M),
        (
            31,
            number("multipleOf", json!(5)),
            number("multipleOf", json!(10)),
            B,
            M,
        ),
        (
            63,
            array("uniqueItems", json!(true)),
            json!({"type": "array"}),
            M,
            B,
        ),
        (
            63,
            number("multipleOf", json!(10)),
            number("multipleOf", json!(5)),
            M,
            B,
        ),
        (
            32,
            json!({"type": "object"}),
            object("additionalProperties", json!(false)),
            B,
            M,
        ),
        (
            32,
            object("additionalProperties", s.clone()),
            object("additionalProperties", json!(false)),
            B,
            M,
        ),
        (
            33,
            object("additionalProperties", json!(false)),
            json!({"type": "object"}),
            M,
            B,
        ),
        (35, s.clone(), string("default", json!("a")), M, P),
        (35, s.clone(), string("default", json!(null)), M, P),
        (
            36,
            string("default", json!("a")),
            string("default", json!("b")),
            R,
            P,
        ),
        (36, string("default", json!("a")), s.clone(), R, P),
        (
            37,
            json!({"anyOf": [s.clone(), n.clone()]}),
            json!({"anyOf": [s.clone(), n.clone(), {"type": "boolean"}]}),
            M,
            B,
        ),
        (
            37,
            s.clone(),
            json!({"anyOf": [s.clone(), n.clone()]}),
            M,
            B,
        ),
        (
            37,
            one_of(json!([tagged("a", json!({}))])),
            one_of(json!([tagged("a", json!({})), tagged("b", json!({}))])),
            M,
            B,
        ),
        (
            38,
            json!({"anyOf": [s.clone(), n.clone()]}),
            json!({"anyOf": [s.clone()]}),
            B,
            M,
        ),
        (
            38,
            json!({"oneOf": [s.clone(), n.clone()]}),
            s.clone(),
            B,
            M,
        ),
        (
            39,
            one_of(json!([
                object("required", json!(["a"])),
                object("required", json!(["b"]))
            ])),
            one_of(json!([
                object("required", json!(["a"])),
                object("required", json!(["c"]))
            ])),
            R,
            R,
        ),
        (
            39,
            json!({"type": "string", "not": {"const": "a"}}),
            s.clone(),
            R,
            R,
        ),
        (
            39,
            object("patternProperties", json!({"^a": s.clone()})),
            object("patternProperties", json!({"^b": s.clone()})),
            R,
            R,
        ),
        (
            39,
            json!({"$ref": "https://example.com/a"}),
            json!({"$ref": "https://example.com/b"}),
            R,
            R,
        ),
        (
            43,
            string("description", json!("a")),
            string("description", json!("b")),
            P,
            P,
        ),
        (43, s.clone(), string("description", json!("b")), P, P),
        (44, string("description", json!("a")), s.clone(), P, P),
        (5, s.clone(), string("title", json!("b")), P, P),
        (58, s.clone(), string("x-mcp-header", json!("A")), R, R),
        (
            58,
            string("x-mcp-header", json!("A")),
            string("x-mcp-header", json!("B")),
            R,
            R,
        ),
        (58, string("x-mcp-header", json!("A")), s.clone(), R, R),
    ]
}

/// Changes of a whole schema.
fn root_changes() -> Vec<(u8, Value, Value, Severity, Severity)> {
    let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let open = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let s = json!({"type": "string"});
    let a = json!({"a": s.clone()});
    let ab = json!({"a": s.clone(), "b": {"type": "integer"}});
    let of = |definitions: Value, schema: Value| json!({"type": "object", "properties": {"a": schema}, "$defs": definitions});
    let map = |values: Value| json!({"type": "object", "additionalProperties": values});
    vec![
        (
            7,
            open(a.clone(), json!([])),
            open(ab.clone(), json!(["b"])),
            B,
            M,
        ),
        (
            8,
            open(a.clone(), json!([])),
            open(ab.clone(), json!([])),
            M,
            M,
        ),
        (
            9,
            closed(a.clone(), json!([])),
            closed(ab.clone(), json!([])),
            M,
            B,
        ),
        (
            10,
            open(ab.clone(), json!(["b"])),
            open(a.clone(), json!([])),
            B,
            B,
        ),
        (
            11,
            closed(ab.clone(), json!([])),
            closed(a.clone(), json!([])),
            B,
            M,
        ),
        (
            12,
            open(ab.clone(), json!([])),
            open(a.clone(), json!([])),
            R,
            R,
        ),
        (
            13,
            open(json!({"user_id": s.clone()}), json!(["user_id"])),
            open(json!({"userId": s.clone()}), json!(["userId"])),
            B,
            B,
        ),
        (
            13,
            closed(
                json!({"sides": {"type": "integer", "description": "How many."}}),
                json!([]),
            ),
            closed(
                json!({"faces": {"type": "integer", "description": "How many."}}),
                json!([]),
            ),
            B,
            B,
        ),
        (
            14,
            open(a.clone(), json!([])),
            open(a.clone(), json!(["a"])),
            B,
            M,
        ),
        (
            15,
            open(a.clone(), json!(["a"])),
            open(a.clone(), json!([])),
            M,
            B,
        ),
        (
            24,
            map(json!({"type": "string"})),
            map(json!({"type": "string", "minLength": 1})),
            B,
            M,
        ),
        (
            16,
            map(json!({"type": "integer"})),
            map(json!({"type": "number"})),
            M,
            B,
        ),
        (
            40,
            open(a.clone(), json!([])),
            json!({"type": "object", "properties": {"a": s.clone()}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            B,
            R,
        ),
        (
            40,
            open(a.clone(), json!([])),
            json!({"type": "object", "properties": {"a": s.clone()}, "allOf": [{"minProperties": 1}, {"maxProperties": 2}]}),
            B,
            R,
        ),
        (
            64,
            json!({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"type": "object"}),
            M,
            R,
        ),
        (
            41,
            of(json!({"A": s.clone()}), json!({"$ref": "#/$defs/A"})),
            open(a.clone(), json!([])),
            P,
            P,
        ),
        (
            41,
            of(json!({"A": s.clone()}), json!({"$ref": "#/$defs/A"})),
            of(json!({"B": s.clone()}), json!({"$ref": "#/$defs/B"})),
            P,
            P,
        ),
        (
            17,
            of(
                json!({"A": {"type": "number"}}),
                json!({"$ref": "#/$defs/A"}),
            ),
            of(
                json!({"A": {"type": "integer"}}),
                json!({"$ref": "#/$defs/A"}),
            ),
            B,
            M,
        ),
        (
            42,
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}),
            json!({"type": "object"}),
            R,
            R,
        ),
    ]
}

#[test]
fn each_change_of_a_schema_is_judged_in_both_directions() {
    let wrap =
        |schema: &Value| json!({"type": "object", "properties": {"p": schema}, "required": ["p"]});
    let mut rows = root_changes();
    rows.extend(
        property_changes()
            .into_iter()
            .map(|(rule, old, new, i, o)| (rule, wrap(&old), wrap(&new), i, o)),
    );
    let mut failed = Vec::new();
    for (rule, old, new, as_input, as_output) in rows {
        for (judged, severity, word) in [
            (input(&old, &new), as_input, "input"),
            (output(&old, &new), as_output, "output"),
        ] {
            if judged != [(rule, severity)] {
                failed.push(format!("rule {rule}, {word}: {judged:?}\n  {old}\n  {new}"));
            }
        }
        assert_eq!(input(&old, &old), [], "{old}");
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn another_way_to_say_the_same_is_no_change() {
    let p = |schema: Value| json!({"type": "object", "properties": {"p": schema}});
    for (old, new) in [
        (
            json!({"type": "object", "required": ["a", "b"], "properties": {"a": {}, "b": {}}}),
            json!({"properties": {"b": {}, "a": {}}, "required": ["b", "a"], "type": "object"}),
        ),
        (
            p(json!({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]})),
            p(json!({"type": ["string", "null"], "maxLength": 3})),
        ),
        (
            p(json!({"type": "integer", "maximum": 9})),
            p(json!({"type": "integer", "exclusiveMaximum": 10})),
        ),
        (
            p(json!({"type": "number", "maximum": 9})),
            p(json!({"type": "number", "maximum": 9.0})),
        ),
        (
            p(json!({"const": "a"})),
            p(json!({"enum": ["a"], "type": "string"})),
        ),
        (
            p(json!({"oneOf": [{"const": "a"}, {"const": "b"}]})),
            p(json!({"enum": ["a", "b"]})),
        ),
        (
            p(json!({"type": "object"})),
            p(json!({"type": "object", "additionalProperties": true, "required": []})),
        ),
        (
            json!({"type": "object"}),
            json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}),
        ),
    ] {
        assert_eq!(input(&old, &new), [], "{old} {new}");
        assert_eq!(output(&new, &old), [], "{new} {old}");
    }
    assert_eq!(
        input(&json!({}), &json!({"type": "object"})),
        [],
        "arguments are an object anyway"
    );
    let hints = |annotations: Value| tools(json!([{"name": "t", "annotations": annotations}]));
    for (old, new) in [
        (
            json!({}),
            json!({"readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": true}),
        ),
        (
            json!({"readOnlyHint": true}),
            json!({"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true}),
        ),
    ] {
        assert_eq!(
            judged(&hints(old.clone()), &hints(new.clone())),
            [],
            "{old} {new}"
        );
    }
}

#[test]
fn changes_within_alternatives_and_recursion_are_found() {
    let p = |schema: Value| json!({"type": "object", "properties": {"p": schema}});
    let branch = |most: u32| json!({"type": "object", "properties": {"kind": {"const": "a"}, "n": {"type": "integer", "maximum": most}}, "required": ["kind"]});
    let other =
        json!({"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]});
    for key in ["anyOf", "oneOf"] {
        let of = |most| p(json!({key: [branch(most), other.clone()]}));
        assert_eq!(input(&of(9), &of(8)), [(24, B)]);
        assert_eq!(output(&of(9), &of(8)), [(24, M)]);
        let turned = p(json!({key: [other.clone(), branch(9)]}));
        assert_eq!(
            input(&of(9), &turned),
            [],
            "the order of alternatives is none"
        );
    }
    // An alternative that another lets through already is no news to those who read it, and no loss to those who write.
    let kind = |kinds: Value| json!({"type": "object", "properties": {"kind": {"enum": kinds}}, "required": ["kind"]});
    let (whole, parts) = (
        p(kind(json!(["a", "b", "c"]))),
        p(json!({"anyOf": [kind(json!(["a", "b"])), kind(json!(["d"]))]})),
    );
    assert_eq!(output(&whole, &parts), [(37, B), (38, M)]);
    assert_eq!(input(&parts, &whole), [(38, B), (37, M)]);
    let within = p(json!({"anyOf": [kind(json!(["a"])), kind(json!(["c", "b"]))]}));
    assert_eq!(output(&whole, &within), [(38, M)]);
    assert_eq!(input(&within, &whole), [(37, M)]);
    // A nullable value that may be something more.
    let any = |more: Value| {
        let mut branches = vec![
            json!({"type": "string", "minLength": 1}),
            json!({"type": "null"}),
        ];
        branches.extend(more.as_array().cloned().unwrap_or_default());
        p(json!({"anyOf": branches}))
    };
    let more = any(json!([{"type": "array"}]));
    assert!(input(&any(json!([])), &more).iter().all(|c| c.1 == M));
    assert!(output(&more, &any(json!([]))).iter().all(|c| c.1 == M));
    // A value that two alternatives let through, `oneOf` refuses.
    let one = |second: Value| p(json!({"oneOf": [{"enum": ["a", "b"]}, {"enum": second}]}));
    assert_eq!(
        input(&one(json!(["c"])), &one(json!(["b", "c"]))),
        [(39, R)]
    );
    let tree = |name: &str, most: u32| {
        json!({
            "type": "object", "properties": {"root": {"$ref": format!("#/$defs/{name}")}},
            "$defs": {name: {"type": "object", "properties": {
                "size": {"type": "integer", "maximum": most},
                "children": {"type": "array", "items": {"$ref": format!("#/$defs/{name}")}}
            }}}
        })
    };
    assert_eq!(
        input(&tree("Node", 9), &tree("Node", 8)),
        [(24, B)],
        "once, though it recurs"
    );
    assert_eq!(input(&tree("Node", 9), &tree("Tree", 9)), [(41, P)]);
    assert_eq!(
        input(&json!({"$ref": "#"}), &json!({"$ref": "#/x"})).len(),
        1,
        "a circle ends"
    );
    // null beside a reference.
    let nullable = |inner: Value| json!({"type": "object", "properties": {"p": {"anyOf": [inner, {"type": "null"}]}}, "$defs": {"A": {"type": "string"}}});
    let plain = json!({"type": "object", "properties": {"p": {"type": ["string", "null"]}}});
    assert_eq!(
        input(&nullable(json!({"$ref": "#/$defs/A"})), &plain),
        [(41, P)]
    );
}

#[test]
fn huge_and_deep_schemas_end_in_an_answer() {
    let wide = |n: usize, prefix: &str| {
        let properties: serde_json::Map<String, Value> = (0..n)
            .map(|i| (format!("{prefix}{i}"), json!({"type": "string"})))
            .collect();
        json!({"type": "object", "properties": properties})
    };
    assert_eq!(input(&wide(10_000, "a"), &wide(10_000, "a")), []);
    let all_new = input(&wide(10_000, "a"), &wide(10_000, "b"));
    assert_eq!(all_new.iter().filter(|c| c.0 == 12).count(), 10_000);
    // A chain of references is followed so far, and then said to be too long.
    let chain = |n: usize, last: &str| {
        let mut definitions = serde_json::Map::new();
        for i in 0..n {
            let next = json!({"type": "object", "properties": {"next": {"$ref": format!("#/$defs/d{}", i + 1)}}});
            definitions.insert(format!("d{i}"), next);
        }
        definitions.insert(format!("d{n}"), json!({"type": last}));
        json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions})
    };
    assert_eq!(
        input(&chain(100, "string"), &chain(100, "number")),
        [(18, B)]
    );
    assert_eq!(
        input(&chain(5_000, "string"), &chain(5_000, "number")),
        [(39, R)]
    );
    // Each definition names the next one twice: expanded, that is 2^60 schemas.
    let bush = |last: &str| {
        let mut definitions = serde_json::Map::new();
        for i in 0..60 {
            let next = json!({"$ref": format!("#/$defs/d{}", i + 1)});
            definitions.insert(
                format!("d{i}"),
                json!({"type": "object", "properties": {"a": next, "b": next}}),
            );
        }
        definitions.insert("d60".into(), json!({"type": last}));
        json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions})
    };
    assert_eq!(
        input(&bush("string"), &bush("number")),
        [(18, B); 2],
        "once for each of its two last uses"
    );
}

fn descriptor_changes() -> Vec<(Judged, Value, Value)> {
    let t =
        |name: &str| json!({"name": name, "description": name, "inputSchema": {"type": "object"}});
    let with = |key: &str, value: Value| {
        let mut tool = t("a");
        tool[key] = value;
        json!([tool])
    };
    let hints = |hints: Value| with("annotations", hints);
    let plain = json!([t("a")]);
    vec![
        (&[(1, M)], plain.clone(), json!([t("a"), t("b")])),
        (&[(2, B)], json!([t("a"), t("b")]), plain.clone()),
        (&[(4, P)], plain.clone(), with("description", json!("A."))),
        (&[(5, P)], plain.clone(), with("title", json!("A"))),
        (
            &[(5, P)],
            plain.clone(),
            with("icons", json!([{"src": "https://a.test/i.png"}])),
        ),
        (&[(5, P)], plain.clone(), hints(json!({"title": "A"}))),
        (&[(6, P)], json!([t("a"), t("b")]), json!([t("b"), t("a")])),
        (
            &[(45, M)],
            plain.clone(),
            with("outputSchema", json!({"type": "object"})),
        ),
        (
            &[(46, B)],
            with("outputSchema", json!({"type": "object"})),
            plain.clone(),
        ),
        (
            &[(47, B)],
            hints(json!({"readOnlyHint": true})),
            hints(json!({"readOnlyHint": false})),
        ),
        (
            &[(47, B)],
            hints(json!({"destructiveHint": false})),
            hints(json!({"destructiveHint": true})),
        ),
        (
            &[(47, B)],
            hints(json!({"readOnlyHint": true})),
            plain.clone(),
        ),
        (
            &[(48, R), (48, M)],
            hints(json!({"readOnlyHint": false})),
            hints(json!({"readOnlyHint": true})),
        ),
        (
            &[(48, R), (48, M)],
            hints(json!({"destructiveHint": true})),
            hints(json!({"destructiveHint": false})),
        ),
        (
            &[(49, B)],
            hints(json!({"idempotentHint": true})),
            hints(json!({"idempotentHint": false})),
        ),
        (
            &[(50, M)],
            hints(json!({"openWorldHint": false})),
            hints(json!({"openWorldHint": true})),
        ),
        (
            &[(65, M)],
            hints(json!({"openWorldHint": true})),
            hints(json!({"openWorldHint": false})),
        ),
        (
            &[(54, B)],
            with("execution", json!({"taskSupport": "optional"})),
            with("execution", json!({"taskSupport": "required"})),
        ),
        (
            &[(54, M)],
            plain.clone(),
            with("execution", json!({"taskSupport": "optional"})),
        ),
        (
            &[(54, R)],
            with("execution", json!({"taskSupport": "optional"})),
            plain.clone(),
        ),
        (
            &[(55, B)],
            with("_meta", json!({"ui": {"resourceUri": "ui://a/b"}})),
            plain.clone(),
        ),
        (
            &[(55, B)],
            with("_meta", json!({"ui": {"resourceUri": "ui://a/b"}})),
            with("_meta", json!({"ui/resourceUri": "ui://a/c"})),
        ),
        (
            &[(67, M)],
            plain.clone(),
            with("_meta", json!({"ui": {"resourceUri": "ui://a/b"}})),
        ),
        (
            &[(39, R)],
            plain.clone(),
            with("_meta", json!({"example.com/x": 1})),
        ),
    ]
}

#[test]
fn each_change_of_a_tool_is_judged() {
    for (expected, old, new) in descriptor_changes() {
        assert_eq!(
            judged(&tools(old.clone()), &tools(new.clone())),
            expected,
            "{old}\n{new}"
        );
    }
    let renamed = |name: &str| json!([{"name": name, "description": "Same.", "inputSchema": {"type": "object"}}]);
    let changes = compare(&tools(renamed("a")), &tools(renamed("b")), &[]);
    assert_eq!((changes.len(), changes[0].rule), (1, 2));
    assert!(changes[0].message.contains("called `b` now"));
}

fn surface(kind: Kind, change: impl FnOnce(&mut Entry)) -> Surface {
    let descriptor = match kind {
        Kind::Tool => json!({"name": "x", "inputSchema": {"type": "object"}}),
        Kind::Prompt => json!({"name": "x", "arguments": [{"name": "a", "required": false}]}),
        Kind::Resource => json!({"uri": "x", "name": "x", "mimeType": "text/plain"}),
        Kind::Template => json!({"uriTemplate": "x", "name": "x"}),
        Kind::View => {
            json!({"uri": "x", "name": "x", "_meta": {"ui": {"csp": {"connectDomains": ["https://a.test"]}}}})
        }
    };
    let mut entry = Entry::plain("x".into(), descriptor);
    entry.scopes = Some(vec!["a".into()]);
    entry.html = Some("1".into());
    change(&mut entry);
    entry.key = entry.descriptor[kind.key()]
        .as_str()
        .expect("a key")
        .to_owned();
    let mut surface = Surface::default();
    surface.set(kind, vec![entry]);
    surface
}

fn none(kind: Kind) -> Surface {
    let mut surface = Surface::default();
    surface.set(kind, Vec::new());
    surface
}

type Set<'s> = &'s dyn Fn(&mut Entry);

#[test]
fn each_change_of_what_is_no_tool_or_no_schema_is_judged() {
    use Kind::{Prompt, Resource, Template, Tool, View};
    let rows: Vec<(Kind, Set<'_>, Judged)> = vec![
        (
            Tool,
            &|e| e.scopes = Some(vec!["a".into(), "b".into()]),
            &[(52, B)],
        ),
        (Tool, &|e| e.scopes = Some(Vec::new()), &[(53, R), (53, M)]),
        (Tool, &|e| e.scopes = None, &[]),
        (Tool, &|e| e.task = Some("required".into()), &[(54, B)]),
        (
            Tool,
            &|e| {
                e.descriptor["name"] = json!("y");
                e.aliases = vec!["x".into()];
            },
            &[(3, M)],
        ),
        (
            Prompt,
            &|e| e.descriptor["arguments"] = json!([{"name": "a", "required": true}]),
            &[(59, B)],
        ),
        (
            Prompt,
            &|e| e.descriptor["arguments"] = json!([]),
            &[(66, B)],
        ),
        (
            Prompt,
            &|e| e.descriptor["arguments"] = json!([{"name": "a"}, {"name": "b"}]),
            &[(67, M)],
        ),
        (
            Prompt,
            &|e| {
                e.descriptor["arguments"] = json!([{"name": "a"}, {"name": "b", "required": true}])
            },
            &[(59, B)],
        ),
        (
            Prompt,
            &|e| e.descriptor["arguments"] = json!([{"name": "a", "description": "d"}]),
            &[(43, P)],
        ),
        (
            Prompt,
            &|e| e.descriptor["description"] = json!("d"),
            &[(4, P)],
        ),
        (
            Resource,
            &|e| e.descriptor["mimeType"] = json!("text/html"),
            &[(60, B)],
        ),
        (Resource, &|e| e.descriptor["title"] = json!("t"), &[(5, P)]),
        (
            Resource,
            &|e| e.scopes = Some(vec!["a".into(), "b".into()]),
            &[(52, B)],
        ),
        (
            Resource,
            &|e| e.descriptor["uri"] = json!("y"),
            &[(59, B), (67, M)],
        ),
        (
            Template,
            &|e| e.descriptor["uriTemplate"] = json!("y"),
            &[(59, B), (67, M)],
        ),
        (View, &|e| e.html = Some("2".into()), &[(57, P)]),
        (
            View,
            &|e| {
                e.descriptor["_meta"]["ui"]["csp"]["connectDomains"] =
                    json!(["https://a.test", "https://b.test"])
            },
            &[(56, R)],
        ),
        (
            View,
            &|e| e.descriptor["_meta"]["ui"]["permissions"] = json!({"camera": {}}),
            &[(56, R)],
        ),
        (
            View,
            &|e| e.descriptor["_meta"]["ui"]["csp"]["connectDomains"] = json!([]),
            &[(57, P)],
        ),
        (
            View,
            &|e| e.descriptor["_meta"]["ui"]["prefersBorder"] = json!(true),
            &[(39, R)],
        ),
    ];
    for (kind, change, expected) in rows {
        assert_eq!(
            judged(&surface(kind, |_| {}), &surface(kind, change)),
            expected,
            "{kind:?}"
        );
    }
    for (kind, gone) in [
        (Tool, 2),
        (Prompt, 66),
        (Resource, 59),
        (Template, 59),
        (View, 59),
    ] {
        let come = if kind == Tool { 1 } else { 67 };
        assert_eq!(judged(&surface(kind, |_| {}), &none(kind)), [(gone, B)]);
        assert_eq!(judged(&none(kind), &surface(kind, |_| {}))[0], (come, M));
        assert_eq!(
            judged(&surface(kind, |_| {}), &Surface::default()),
            [],
            "not told of, not gone"
        );
    }
    let server = |capabilities: Value, versions: &[&str]| Surface {
        capabilities: capabilities.as_object().cloned(),
        protocol_versions: Some(versions.iter().map(|v| (*v).to_owned()).collect()),
        ..Surface::default()
    };
    let (all, less) = (
        json!({"tools": {"listChanged": true}, "logging": {}}),
        json!({"tools": {}}),
    );
    assert_eq!(
        judged(
            &server(all.clone(), &["b", "a"]),
            &server(less.clone(), &["b"])
        ),
        [(61, B); 3]
    );
    assert_eq!(
        judged(&server(less, &["b"]), &server(all, &["b", "a"])),
        [(67, M); 3]
    );
}

#[test]
fn no_rule_is_without_a_row() {
    let mut tested: Vec<u8> = property_changes()
        .iter()
        .chain(&root_changes())
        .map(|row| row.0)
        .collect();
    tested.extend(
        descriptor_changes()
            .iter()
            .flat_map(|row| row.0.iter().map(|c| c.0)),
    );
    // Those of the test above; 34 recurses, 51 is no change, 62 is a lint.
    tested.extend([3, 52, 53, 56, 57, 59, 60, 61, 66, 34, 51, 62]);
    let missing: Vec<u8> = RULES
        .iter()
        .map(|r| r.number)
        .filter(|n| !tested.contains(n))
        .collect();
    assert_eq!(missing, [0_u8; 0]);
}

#[test]
fn a_pinned_description_is_for_review() {
    let of = |text: &str| tools(json!([{"name": "t", "description": text}]));
    let changes = compare(&of("a"), &of("b"), &["t".to_owned()]);
    assert_eq!((changes[0].rule, changes[0].severity), (4, R));
}

fn versioned(version: &str, schema: Value) -> Surface {
    let mut surface = tools(json!([{"name": "t", "inputSchema": schema}]));
    surface.server = Some(Head {
        name: "s".into(),
        version: version.into(),
    });
    surface
}

#[test]
fn what_breaks_is_blocked_until_the_version_says_so() {
    let (old, new) = (
        json!({"type": "object"}),
        json!({"type": "object", "required": ["a"]}),
    );
    for (from, to, blocked) in [
        ("1.0.0", "1.1.0", true),
        ("1.0.0", "2.0.0", false),
        ("0.1.0", "0.2.0", false),
        ("0.1.0", "0.1.1", true),
    ] {
        let diff = Diff::of(
            &versioned(from, old.clone()),
            &versioned(to, new.clone()),
            &Policy::default(),
        );
        assert_eq!(
            (diff.is_blocked(), diff.required()),
            (blocked, Bump::Major),
            "{from} {to}"
        );
    }
    let diff = Diff::of(
        &tools(json!([{"name": "t"}])),
        &tools(json!([])),
        &Policy::default(),
    );
    assert!(diff.is_blocked(), "without versions nothing announces it");
    let review = json!({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"});
    let diff = Diff::of(
        &versioned("1.0.0", review),
        &versioned("2.0.0", old),
        &Policy::default(),
    );
    assert_eq!(
        (diff.is_blocked(), diff.required(), diff.severity()),
        (true, Bump::None, R)
    );
}

#[test]
fn a_lock_is_read_as_it_was_written() {
    let mut surface = surface(Kind::Tool, |e| e.task = Some("optional".into()));
    for kind in [Kind::Prompt, Kind::Resource, Kind::Template, Kind::View] {
        surface.set(kind, Vec::new());
    }
    surface.server = Some(Head {
        name: "s".into(),
        version: "1.0.0".into(),
    });
    let text = surface.lock();
    let read = read::text_of(text.as_bytes()).expect("a lock");
    assert_eq!(read.lock(), text);
    assert_eq!(judged(&surface, &read), []);
}

fn checks(findings: &[Finding]) -> Vec<(&'static str, Level)> {
    findings.iter().map(|f| (f.check, f.level)).collect()
}

#[test]
fn each_lint_finds_what_it_is_for() {
    use Level::{Error, Warning};
    let tool = |more: Value| {
        let mut tool = json!({
            "name": "t", "title": "T", "description": "Does it.", "inputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": true, "destructiveHint": false, "openWorldHint": false}
        });
        tool.as_object_mut()
            .expect("map")
            .extend(more.as_object().expect("map").clone());
        tools(json!([tool]))
    };
    let p = |schema: Value| {
        let mut schema = schema;
        schema["description"] = json!("d");
        json!({"inputSchema": {"type": "object", "properties": {"p": schema}}})
    };
    let all: Vec<Profile> = Profile::NAMES.iter().map(|(_, p)| *p).collect();
    assert_eq!(checks(&lint(&tool(json!({})), &all, None)), []);
    for (more, check, without, profile) in [
        (
            json!({"inputSchema": {"type": "object", "anyOf": [{}]}}),
            "root-composition",
            Error,
            Profile::Anthropic,
        ),
        (
            json!({"outputSchema": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}}),
            "old-output-dialect",
            Error,
            Profile::Directory,
        ),
        (
            json!({"name": "n".repeat(65)}),
            "long-name",
            Error,
            Profile::Anthropic,
        ),
        (
            json!({"name": "n".repeat(61)}),
            "long-name-with-server",
            Warning,
            Profile::Cursor,
        ),
        (
            p(json!({"type": "integer", "format": "uint32"})),
            "format-of-a-language",
            Warning,
            Profile::Gemini,
        ),
        (
            p(json!({"type": ["string", "null"]})),
            "nullable-type",
            Warning,
            Profile::Cursor,
        ),
        (
            p(json!({"type": ["string", "integer"]})),
            "type-list",
            Warning,
            Profile::Gemini,
        ),
        (
            p(json!({"$ref": "#/$defs/A"})),
            "reference",
            Warning,
            Profile::Gemini,
        ),
        (p(json!({"const": 1})), "const", Warning, Profile::Gemini),
        (
            p(json!({"type": "object"})),
            "free-form-object",
            Warning,
            Profile::OpenaiStrict,
        ),
        (
            json!({"title": null, "annotations": {"readOnlyHint": true}}),
            "implicit-hints",
            Warning,
            Profile::Directory,
        ),
        (
            json!({"description": "d".repeat(1025)}),
            "long-description",
            Warning,
            Profile::OpenaiStrict,
        ),
    ] {
        let surface = tool(more.clone());
        assert!(
            checks(&lint(&surface, &[], None)).contains(&(check, without)),
            "{check} {more}"
        );
        assert!(
            checks(&lint(&surface, &[profile], None)).contains(&(check, Error)),
            "{check} {more}"
        );
    }
    let bare = tools(
        json!([{"name": "t", "inputSchema": {"type": "object", "properties": {"p": {"type": "string"}}}}]),
    );
    let found = checks(&lint(&bare, &[], None));
    assert_eq!(
        found.iter().filter(|(c, _)| *c == "no-description").count(),
        2
    );
    assert!(found.contains(&("no-title", Warning)));
    let many: Vec<Value> = (0..129)
        .map(|i| json!({"name": format!("t{i}"), "description": "d".repeat(1000)}))
        .collect();
    let found = checks(&lint(&tools(many.into()), &[], Some(&bare)));
    for check in ["too-many-tools", "large-list", "token-growth"] {
        assert!(found.contains(&(check, Warning)), "{check}");
    }
}
