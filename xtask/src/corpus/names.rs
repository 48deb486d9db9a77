//! Names of other servers as names of Rust.

use std::collections::HashSet;

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Names that are taken: by the language, by the prelude, by our own.
const TAKEN_TYPES: &[&str] = &[
    "Self",
    "Option",
    "Some",
    "None",
    "Ok",
    "Err",
    "Result",
    "String",
    "Vec",
    "Box",
    "Value",
    "Map",
    "BTreeMap",
    "Integer",
    "Object",
    "Nullable",
    "Json",
    "Content",
    "Context",
    "Error",
    "Image",
    "Audio",
    "Auth",
    "User",
    "Embed",
    "ToolResult",
    "UiResult",
    "LogLevel",
    "Output",
    "Fn",
    "Send",
    "Sync",
    "Clone",
    "Copy",
    "Default",
    "From",
    "Into",
    "ResourceLink",
    "ResourceContents",
    "EmbeddedResource",
    "PromptMessage",
    "ToolFailure",
    "Drop",
    "Debug",
    "Iterator",
];

/// The words of a name, in lower case: `camelCase` and `kebab-case` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let starts =
            c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if starts || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `snake_case`, without a regard to keywords.
pub(super) fn plain_snake(name: &str) -> String {
    let name = words(name).join("_");
    match name.chars().next() {
        None => "value".into(),
        Some(c) if c.is_ascii_digit() => format!("n{name}"),
        _ => name,
    }
}

/// A name that is not yet in `used`.
fn unused(name: String, used: &mut HashSet<String>) -> String {
    let mut unique = name.clone();
    let mut n = 2;
    while !used.insert(unique.clone()) {
        unique = format!("{name}{n}");
        n += 1;
    }
    unique
}

/// The name of a parameter, a field or a function.
pub(super) fn snake(name: &str, used: &mut HashSet<String>) -> String {
    let name = unused(plain_snake(name), used);
    match name.as_str() {
        "self" | "super" | "crate" | "static" | "str" => format!("{name}_"),
        keyword if KEYWORDS.contains(&keyword) => format!("r#{keyword}"),
        _ => name,
    }
}

/// The name of a type or a variant.
pub(super) fn pascal(name: &str, used: &mut HashSet<String>) -> String {
    let mut pascal = String::new();
    for word in words(name) {
        let mut letters = word.chars();
        pascal.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        pascal.push_str(letters.as_str());
    }
    if pascal.is_empty() || pascal.starts_with(|c: char| c.is_ascii_digit()) {
        pascal.insert(0, 'V');
    }
    if TAKEN_TYPES.contains(&pascal.as_str()) {
        pascal.push('_');
        pascal = pascal.replace('_', "Kind");
    }
    unused(pascal, used)
}

/// A `snake_case` name in `camelCase`, as serde and the macros have it.
pub(super) fn camel(snake: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for c in snake.trim_start_matches("r#").chars() {
        match c {
            '_' => upper = !camel.is_empty(),
            c if upper => {
                camel.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_of_rust() {
        let mut used = HashSet::new();
        assert_eq!(snake("perPage", &mut used), "per_page");
        assert_eq!(snake("per_page", &mut used), "per_page2");
        assert_eq!(snake("type", &mut used), "r#type");
        assert_eq!(snake("API-get.user", &mut used), "api_get_user");
        assert_eq!(snake("2fa", &mut used), "n2fa");
        assert_eq!(snake("", &mut used), "value");
        let mut used = HashSet::new();
        assert_eq!(pascal("rich_textRequest", &mut used), "RichTextRequest");
        assert_eq!(pascal("Value", &mut used), "ValueKind");
        assert_eq!(camel("per_page"), "perPage");
    }
}
