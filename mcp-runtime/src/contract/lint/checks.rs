//! The checks, one row each.

use serde_json::{Map, Value};

use super::super::document::{Kind, Surface, list_tokens};
use super::Profile::{Anthropic, Cursor, Directory, Gemini, OpenaiStrict};
use super::walk::{schemas, tools, walk};
use super::{Check, Reports};

/// Longer names are cut or refused by the APIs of models.
const MAX_NAME: usize = 64;
/// Cursor counts the server's name, too.
const MAX_NAME_WITH_SERVER: usize = 60;
const MAX_DESCRIPTION: usize = 1024;
const MAX_TOOLS: usize = 128;
const MAX_TOKENS: usize = 20_000;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "root-composition",
        profiles: &[Anthropic],
        fatal: true,
        hint: "the whole request fails for such a root: write the alternatives into a property",
        run: root_composition,
    },
    Check {
        name: "old-output-dialect",
        profiles: &[],
        fatal: true,
        hint: "clients in TypeScript refuse such output schemas: leave `$schema` out, it is 2020-12",
        run: old_output_dialect,
    },
    Check {
        name: "long-name",
        profiles: &[Anthropic, OpenaiStrict],
        fatal: true,
        hint: "the APIs of models take at most 64 characters",
        run: long_name,
    },
    Check {
        name: "long-name-with-server",
        profiles: &[Cursor],
        fatal: false,
        hint: "Cursor leaves tools out whose name with the server's has more than 60 characters",
        run: long_name_with_server,
    },
    Check {
        name: "format-of-a-language",
        profiles: &[Gemini, Cursor],
        fatal: false,
        hint: "several clients reject it: say it by `minimum` and `maximum`",
        run: format_of_a_language,
    },
    Check {
        name: "nullable-type",
        profiles: &[Gemini, Cursor],
        fatal: false,
        hint: "several clients reject `[\"T\", \"null\"]`: let callers leave the property out instead",
        run: |surface, found| type_lists(surface, found, true),
    },
    Check {
        name: "type-list",
        profiles: &[Gemini],
        fatal: false,
        hint: "Gemini's converter rejects lists of types: take one, or `anyOf`",
        run: |surface, found| type_lists(surface, found, false),
    },
    Check {
        name: "reference",
        profiles: &[Gemini],
        fatal: false,
        hint: "Gemini's converter rejects `$ref`: write the schema out where it is used",
        run: |surface, found| keyword(surface, found, "$ref"),
    },
    Check {
        name: "const",
        profiles: &[Gemini],
        fatal: false,
        hint: "Gemini's converter rejects `const`: write an `enum` of one value",
        run: |surface, found| keyword(surface, found, "const"),
    },
    Check {
        name: "free-form-object",
        profiles: &[OpenaiStrict],
        fatal: false,
        hint: "strict converters empty it: say `additionalProperties: true`, or name its properties",
        run: free_form_object,
    },
    Check {
        name: "no-title",
        profiles: &[Directory],
        fatal: false,
        hint: "directories demand a title: `#[mcp_tool(title = \"…\")]`",
        run: no_title,
    },
    Check {
        name: "implicit-hints",
        profiles: &[Directory],
        fatal: false,
        hint: "directories demand the three hints: `read_only`, `destructive` and `open_world`, with `= false` where they are not so",
        run: implicit_hints,
    },
    Check {
        name: "no-description",
        profiles: &[],
        fatal: false,
        hint: "models choose by it",
        run: no_description,
    },
    Check {
        name: "long-description",
        profiles: &[OpenaiStrict],
        fatal: false,
        hint: "some clients cut or refuse more than 1024 characters",
        run: long_description,
    },
    Check {
        name: "too-many-tools",
        profiles: &[OpenaiStrict],
        fatal: false,
        hint: "some clients take at most 128 tools: split the server",
        run: too_many_tools,
    },
    Check {
        name: "large-list",
        profiles: &[],
        fatal: false,
        hint: "every conversation pays for the list: shorten descriptions, or split the server",
        run: large_list,
    },
];

fn root_composition(surface: &Surface, found: &mut Reports) {
    for (item, tool) in tools(surface) {
        for key in ["anyOf", "oneOf", "allOf"] {
            if tool
                .descriptor
                .get("inputSchema")
                .is_some_and(|s| s.get(key).is_some())
            {
                let path = format!("/inputSchema/{key}");
                found.push((
                    item.clone(),
                    path,
                    format!("the input has `{key}` at its root (rule 40)"),
                ));
            }
        }
    }
}

fn old_output_dialect(surface: &Surface, found: &mut Reports) {
    for (item, tool) in tools(surface) {
        let dialect = tool
            .descriptor
            .get("outputSchema")
            .and_then(|s| s.get("$schema"));
        if let Some(dialect) = dialect
            .and_then(Value::as_str)
            .filter(|d| d.contains("draft-"))
        {
            found.push((
                item,
                "/outputSchema/$schema".into(),
                format!("the output schema is written in {dialect}"),
            ));
        }
    }
}

fn long_name(surface: &Surface, found: &mut Reports) {
    for (item, tool) in tools(surface) {
        let length = tool.key.chars().count();
        if length > MAX_NAME {
            found.push((
                item,
                "/name".into(),
                format!("the name has {length} characters"),
            ));
        }
    }
}

fn long_name_with_server(surface: &Surface, found: &mut Reports) {
    let server = surface
        .server
        .as_ref()
        .map_or(0, |s| s.name.chars().count());
    for (item, tool) in tools(surface) {
        let length = tool.key.chars().count() + server;
        if length > MAX_NAME_WITH_SERVER {
            found.push((
                item,
                "/name".into(),
                format!("the name has {length} characters with the server's"),
            ));
        }
    }
}

fn format_of_a_language(surface: &Surface, found: &mut Reports) {
    const FORMATS: &[&str] = &[
        "uint", "uint8", "uint16", "uint32", "uint64", "uint128", "int", "int8", "int16", "int32",
        "int64", "int128", "float", "double",
    ];
    for (item, tool) in tools(surface) {
        schemas(tool, &mut |schema, path| {
            if let Some(format) = schema.get("format").and_then(Value::as_str)
                && FORMATS.contains(&format)
            {
                found.push((
                    item.clone(),
                    format!("{path}/format"),
                    format!("`format: {format}` is a language's word"),
                ));
            }
        });
    }
}

/// Lists of types: those of one type and `null`, or the others.
fn type_lists(surface: &Surface, found: &mut Reports, nullable: bool) {
    for (item, tool) in tools(surface) {
        schemas(tool, &mut |schema, path| {
            if let Some(Value::Array(types)) = schema.get("type") {
                let is_nullable = types.len() == 2 && types.iter().any(|t| t == "null");
                if is_nullable == nullable {
                    let shown = Value::Array(types.clone());
                    found.push((
                        item.clone(),
                        format!("{path}/type"),
                        format!("the type is {shown}"),
                    ));
                }
            }
        });
    }
}

fn keyword(surface: &Surface, found: &mut Reports, key: &str) {
    for (item, tool) in tools(surface) {
        schemas(tool, &mut |schema, path| {
            if schema.contains_key(key) {
                found.push((
                    item.clone(),
                    format!("{path}/{key}"),
                    format!("the schema has `{key}`"),
                ));
            }
        });
    }
}

fn free_form_object(surface: &Surface, found: &mut Reports) {
    const SHAPES: &[&str] = &[
        "properties",
        "additionalProperties",
        "patternProperties",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
    ];
    for (item, tool) in tools(surface) {
        schemas(tool, &mut |schema, path| {
            let is_root = matches!(path, "/inputSchema" | "/outputSchema");
            let is_object = schema.get("type").is_some_and(|t| t == "object");
            let is_free = !SHAPES.iter().any(|key| schema.contains_key(*key));
            if is_object && is_free && !is_root {
                found.push((
                    item.clone(),
                    path.to_owned(),
                    "the object may hold anything, and does not say so".into(),
                ));
            }
        });
    }
}

fn no_title(surface: &Surface, found: &mut Reports) {
    for (item, tool) in tools(surface) {
        let annotated = tool
            .descriptor
            .get("annotations")
            .and_then(|a| a.get("title"));
        if tool.descriptor.get("title").or(annotated).is_none() {
            found.push((item, "/title".into(), "the tool has no title".into()));
        }
    }
}

fn implicit_hints(surface: &Surface, found: &mut Reports) {
    for (item, tool) in tools(surface) {
        let hints = tool.descriptor.get("annotations");
        let missing: Vec<&str> = ["readOnlyHint", "destructiveHint", "openWorldHint"]
            .into_iter()
            .filter(|hint| hints.and_then(|h| h.get(*hint)).is_none())
            .collect();
        if !missing.is_empty() {
            found.push((
                item,
                "/annotations".into(),
                format!("the tool does not say {}", missing.join(", ")),
            ));
        }
    }
}

fn no_description(surface: &Surface, found: &mut Reports) {
    let blank = |map: &Map<String, Value>| {
        let text = map.get("description").and_then(Value::as_str);
        text.is_none_or(|t| t.trim().is_empty())
    };
    for (item, tool) in tools(surface) {
        if tool.descriptor.as_object().is_some_and(blank) {
            found.push((
                item.clone(),
                "/description".into(),
                "the tool is not described".into(),
            ));
        }
        let Some(input) = tool.descriptor.get("inputSchema") else {
            continue;
        };
        walk(input, "/inputSchema", &mut |schema, path| {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                // Its description may stand where a reference leads.
                if property
                    .as_object()
                    .is_some_and(|p| blank(p) && !p.contains_key("$ref"))
                {
                    let path = format!(
                        "{path}/properties/{}",
                        name.replace('~', "~0").replace('/', "~1")
                    );
                    found.push((item.clone(), path, format!("`{name}` is not described")));
                }
            }
        });
    }
}

fn long_description(surface: &Surface, found: &mut Reports) {
    for (item, tool) in tools(surface) {
        let text = tool.descriptor.get("description").and_then(Value::as_str);
        let length = text.map_or(0, |t| t.chars().count());
        if length > MAX_DESCRIPTION {
            found.push((
                item,
                "/description".into(),
                format!("the description has {length} characters"),
            ));
        }
    }
}

fn too_many_tools(surface: &Surface, found: &mut Reports) {
    let count = surface.entries(Kind::Tool).map_or(0, <[_]>::len);
    if count > MAX_TOOLS {
        found.push((
            "tools".into(),
            String::new(),
            format!("there are {count} tools"),
        ));
    }
}

fn large_list(surface: &Surface, found: &mut Reports) {
    let tokens = surface.entries(Kind::Tool).map_or(0, list_tokens);
    if tokens > MAX_TOKENS {
        found.push((
            "tools".into(),
            String::new(),
            format!("the list of tools is about {tokens} tokens long"),
        ));
    }
}
