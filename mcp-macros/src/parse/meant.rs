//! Words that people try, and the way to say what they mean.

/// Word, the key that must be there for the advice to hold, advice.
const MEANT: &[(&[&str], &str, &str)] = &[
    (
        &["min", "max", "minimum", "maximum", "ge", "le", "gte", "lte"],
        "range",
        "write both ends, or one, as a range: `range(1..=100)`",
    ),
    (
        &[
            "gt",
            "greater_than",
            "exclusive_min",
            "exclusive_minimum",
            "exclusiveMinimum",
        ],
        "above",
        "write `above = 0`",
    ),
    (
        &[
            "lt",
            "less_than",
            "below",
            "exclusive_max",
            "exclusive_maximum",
            "exclusiveMaximum",
        ],
        "range",
        "write `range(..100)`, which excludes its end",
    ),
    (
        &[
            "min_length",
            "max_length",
            "minLength",
            "maxLength",
            "len",
            "min_items",
            "max_items",
            "minItems",
            "maxItems",
            "size",
        ],
        "length",
        "write `length(1..=80)`: the characters of a string, or the items of a list",
    ),
    (
        &["regex", "regexp", "matches"],
        "pattern",
        "write `pattern = \"^[a-z]+$\"`",
    ),
    (
        &["email", "url", "uri", "uuid", "date"],
        "format",
        "write it as a format: `format = \"email\"`",
    ),
    (
        &["optional", "required", "nullable"],
        "default",
        "the type says it: an `Option<T>` may be left out, everything without a default must be sent, a `Nullable<T>` \
         may be `null`",
    ),
    (
        &["enum", "one_of", "choices", "options", "oneof"],
        "default",
        "take an enum with #[mcp_type] as the type",
    ),
    (
        &["name", "alias"],
        "rename",
        "write `rename = \"name-on-the-wire\"`",
    ),
    (
        &["desc", "doc", "docs", "help"],
        "description",
        "write a doc comment (`/// …`), or `description = \"…\"`",
    ),
    (&["example"], "examples", "write `examples(\"a\", \"b\")`"),
    (
        &["const", "value"],
        "constant",
        "write `constant = \"fixed\"`",
    ),
    (&["unique_items", "uniqueItems"], "unique", "write `unique`"),
    (
        &["multipleOf", "step"],
        "multiple_of",
        "write `multiple_of = 5`",
    ),
    (
        &[
            "deny_unknown_fields",
            "additional_properties",
            "additionalProperties",
        ],
        "closed",
        "a type lets unknown fields pass, unless it says `closed`",
    ),
    (
        &[
            "deny_unknown_fields",
            "additional_properties",
            "additionalProperties",
        ],
        "open",
        "a tool refuses unknown arguments, unless it says `open`",
    ),
    (
        &[
            "input_schema",
            "inputSchema",
            "params",
            "parameters",
            "args",
        ],
        "schema",
        "the signature says it; `schema = \"…\"` gives one word for word",
    ),
    (
        &["output_schema", "outputSchema", "output", "returns"],
        "schema",
        "the return type says it: `Json<T>` has the schema of `T`",
    ),
    (
        &["hints", "hint"],
        "read_only",
        "each hint is a key: `read_only`, `destructive`, `idempotent`, `open_world`",
    ),
    (
        &["scope", "auth", "authorize"],
        "scopes",
        "write `scopes(\"dice:roll\")`",
    ),
    (
        &["resource_uri", "resourceUri", "view", "card"],
        "ui",
        "write `ui = CARD`, with the const that has #[mcp_ui_resource]",
    ),
    (
        &["mime", "mimeType", "content_type"],
        "mime_type",
        "write `mime_type = \"text/markdown\"`",
    ),
];

/// What to write in place of a word that is no key.
pub(crate) fn instead(word: &str, keys: &[&str]) -> Option<&'static str> {
    let fits =
        |(words, key, _): &&(&[&str], &str, &str)| words.contains(&word) && keys.contains(key);
    MEANT.iter().find(fits).map(|(_, _, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_given_where_it_can_be_followed() {
        assert!(instead("min", &["range"]).is_some_and(|a| a.contains("range(")));
        assert!(instead("min", &["title"]).is_none());
        assert!(instead("colour", &["range"]).is_none());
    }
}
