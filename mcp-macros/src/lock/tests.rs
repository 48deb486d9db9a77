//! Every break that a token tells, against one lock.

use std::path::Path;

use super::file::{Found, parse};
use super::judge;
use crate::errors::Errors;
use crate::parse::attr;
use crate::parse::item::Annotated;

const LOCK: &str = r#"{"lockVersion": 1, "server": {"name": "s", "version": "0.1.0"}, "tools": [{"name": "act", "descriptor": {
    "name": "act", "inputSchema": {"type": "object", "additionalProperties": false, "required": ["sides"], "properties": {
        "sides": {"type": "integer", "minimum": 2, "maximum": 4294967295, "description": "How many."},
        "note": {"type": "string", "default": "none", "maxLength": 80, "pattern": "^a"},
        "weight": {"type": "number", "exclusiveMaximum": 1.5},
        "day": {"type": "string", "format": "date"}
    }}
}}]}"#;

const SIDES: &str = "#[arg(range(2..))] sides: u32";
const NOTE: &str = "#[arg(default = \"none\", length(..=80), pattern = \"^a\")] note: String";
const WEIGHT: &str = "#[arg(range(..1.5))] weight: Option<f64>";
const DAY: &str = "#[arg(format = \"date\")] day: Option<&str>";

/// The errors and the warnings of a tool with these parameters.
fn judged(attribute: &str, params: &[&str]) -> (Vec<String>, String) {
    let Found::Lock(lock) = parse(LOCK, Path::new("mcp.lock.json")) else {
        panic!("a lock");
    };
    let text = format!("/// Acts.\nasync fn act({}) {{}}", params.join(", "));
    let Ok(Annotated::Fn(item)) = syn::parse_str(&text) else {
        panic!("{text}");
    };
    let errors = Errors::new();
    let tool = attr::tool(attribute.parse().expect("tokens"), &item, &errors);
    judge::tool(&lock, &lock.tools["act"], &tool, &errors);
    let warnings = errors
        .warning_tokens(&proc_macro2::TokenStream::new())
        .to_string();
    (errors.messages(), warnings)
}

#[test]
fn what_did_not_change_is_silent_and_so_is_what_callers_can_live_with() {
    for params in [
        [SIDES, NOTE, WEIGHT, DAY, "extra: Option<u32>"],
        // Wider: a lower bound, a longer text, an open end, a free text.
        [
            "sides: u32",
            "#[arg(default = \"none\")] note: String",
            "weight: Option<f64>",
            "day: Option<String>",
            "#[arg(default = 1)] extra: u32",
        ],
        [
            "#[arg(range(1..4294967296))] sides: i64",
            NOTE,
            "#[arg(range(..=1.5))] weight: Option<f64>",
            DAY,
            "extra: Option<&str>",
        ],
        [
            "#[arg(default = 6)] sides: f64",
            NOTE,
            WEIGHT,
            DAY,
            "extra: Option<Alias>",
        ],
    ] {
        assert_eq!(judged("", &params), (vec![], String::new()), "{params:?}");
    }
}

#[test]
fn each_break_is_one_error_that_names_the_version_and_the_ways_out() {
    for (params, words) in [
        (
            ["sides: String", NOTE, WEIGHT, DAY],
            "`sides` was integer and is string",
        ),
        (
            ["#[arg(range(2..=6))] sides: u32", NOTE, WEIGHT, DAY],
            "`sides` could be 4294967295 and must be at most 6",
        ),
        (
            ["#[arg(range(2..6))] sides: u32", NOTE, WEIGHT, DAY],
            "`sides` could be 4294967295 and must be at most 5",
        ),
        (
            ["#[arg(range(3..))] sides: u32", NOTE, WEIGHT, DAY],
            "`sides` could be 2 and must be at least 3",
        ),
        (
            ["sides: u8", NOTE, WEIGHT, DAY],
            "`sides` could be 4294967295 and must be at most 255",
        ),
        (
            ["faces: u32", NOTE, WEIGHT, DAY],
            "is it called `faces` now?",
        ),
        (
            [SIDES, "note: String", WEIGHT, DAY],
            "`note` could be left out and is required",
        ),
        (
            [
                SIDES,
                "#[arg(default = \"none\", length(..=8))] note: String",
                WEIGHT,
                DAY,
            ],
            "`note` could be 80 long and must be 8 at most",
        ),
        (
            [
                SIDES,
                "#[arg(default = \"none\", length(1..=80))] note: String",
                WEIGHT,
                DAY,
            ],
            "`note` could be 0 long and must be 1 at least",
        ),
        (
            [
                SIDES,
                "#[arg(default = \"none\", format = \"email\")] note: String",
                WEIGHT,
                DAY,
            ],
            "`note` was free and must be `email`",
        ),
        (
            [SIDES, NOTE, "#[arg(range(..1))] weight: Option<f64>", DAY],
            "`weight` could be 1.5 and must be below 1",
        ),
        (
            [
                SIDES,
                NOTE,
                "#[arg(range(0..1.5))] weight: Option<f64>",
                DAY,
            ],
            "`weight` had no least value and must be at least 0",
        ),
        (
            [
                SIDES,
                NOTE,
                WEIGHT,
                "#[arg(pattern = \"^2\", format = \"date\")] day: Option<&str>",
            ],
            "`day` was free and must match `^2`",
        ),
    ] {
        let (errors, warnings) = judged("", &params);
        assert_eq!(
            (errors.len(), warnings.as_str()),
            (1, ""),
            "{params:?}: {errors:?}"
        );
        for part in [
            words,
            "the locked version 0.1.0",
            "version = \"0.2.0\"",
            "MCP_BLESS=1",
        ] {
            assert!(errors[0].contains(part), "{part} in {}", errors[0]);
        }
    }
    let (errors, _) = judged("", &[SIDES, NOTE, WEIGHT, DAY, "extra: u32"]);
    assert!(
        errors.len() == 1
            && errors[0]
                .contains("`extra` is not in the locked version 0.1.0, and callers must send it")
    );
    let (errors, _) = judged("", &[NOTE, DAY]);
    assert!(
        errors.len() == 2 && errors.iter().all(|e| e.contains("is gone")),
        "{errors:?}"
    );
}

#[test]
fn what_only_a_person_can_tell_is_a_warning() {
    let changed = "#[arg(default = \"some\", length(..=80), pattern = \"^b\")] note: String";
    let (errors, warnings) = judged("", &[SIDES, changed, WEIGHT, DAY]);
    assert_eq!(errors, [""; 0]);
    assert!(
        warnings.contains("changed_default") && warnings.contains("changed_pattern"),
        "{warnings}"
    );
    assert!(
        warnings.contains("was \\\"none\\\" in the locked version 0.1.0 and is \\\"some\\\""),
        "{warnings}"
    );
    let (_, silent) = judged(
        "allow(changed_default, changed_pattern)",
        &[SIDES, changed, WEIGHT, DAY],
    );
    assert_eq!(silent, "");
    let (errors, warnings) = judged("open", &[SIDES, NOTE, WEIGHT]);
    assert_eq!(errors, [""; 0]);
    assert!(
        warnings.contains("removed_argument") && warnings.contains("`day`"),
        "{warnings}"
    );
}

#[test]
fn a_lock_that_cannot_be_read_says_what_to_do() {
    for (text, words) in [
        ("{\n<<<<<<< HEAD", "in line 2"),
        ("{}", "no lock file"),
        ("{\"lockVersion\": 9}", "newer than this"),
        ("{\"lockVersion\": 1}", "no version or no tools"),
    ] {
        let Found::Broken(message, help) = parse(text, Path::new("x")) else {
            panic!("{text} was read");
        };
        assert!(message.contains(words) && !help.is_empty(), "{message}");
    }
}
