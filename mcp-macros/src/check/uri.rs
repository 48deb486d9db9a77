//! Judges addresses: uris of resources, templates (RFC 6570), `ui://` uris, the origins of a view.

use syn::LitStr;

use crate::errors::Errors;
use crate::model::Function;
use crate::text::{list, nearest};

/// Whether the uri of a resource has variables.
pub(crate) fn is_template(uri: &str) -> bool {
    uri.contains('{')
}

/// A resource's uri, and its variables against the parameters of its function (a const has none).
pub(super) fn resource(uri: &LitStr, function: Option<&Function>, errors: &Errors) {
    let text = uri.value();
    let help =
        "a uri starts with a scheme: `docs://guide`, `file:///README.md`, `https://example.com/a`";
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts
        || !scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    {
        return errors.at(uri, "this is no absolute uri", help);
    }
    if scheme.eq_ignore_ascii_case("ui") {
        return errors.at(
            uri,
            "a `ui://` uri names a view",
            "annotate it with #[mcp_ui_resource]",
        );
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return errors.at(uri, "a uri has no spaces", "write `%20`");
    }
    match variables(&text) {
        Ok(variables) => bind(uri, &variables, function, errors),
        Err(reason) => errors.at(
            uri,
            reason,
            "variables are written `{name}`, as RFC 6570 has them",
        ),
    }
}

/// Each variable is a parameter by value, and each parameter by value is a variable.
fn bind(uri: &LitStr, variables: &[String], function: Option<&Function>, errors: &Errors) {
    let params: Vec<_> = function.into_iter().flat_map(Function::arguments).collect();
    let names: Vec<String> = params
        .iter()
        .map(|(_, argument)| argument.wire.value())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // A misspelt name is one mistake, not one at each of its two places.
    let mut explained: Vec<&str> = Vec::new();
    for variable in variables.iter().filter(|v| !names.contains(&v.as_str())) {
        let unbound: Vec<&str> = names
            .iter()
            .copied()
            .filter(|n| !variables.iter().any(|v| v == n))
            .collect();
        let help = match (function, nearest(variable, &unbound)) {
            (None, _) => "a const has no parameters: write a function".to_owned(),
            (_, Some(near)) => {
                explained.push(near);
                format!("is it the parameter `{near}`? Give both the same name")
            }
            (_, None) => format!("add a parameter: `{variable}: String`"),
        };
        errors.at(
            uri,
            format!("the variable `{variable}` has no parameter"),
            help,
        );
    }
    for (param, argument) in params {
        let wire = argument.wire.value();
        if variables.contains(&wire) || explained.contains(&wire.as_str()) {
            continue;
        }
        let help = if variables.is_empty() {
            format!(
                "write `{{{wire}}}` where it belongs in the uri; what the server provides is taken by reference"
            )
        } else {
            let known: Vec<&str> = variables.iter().map(String::as_str).collect();
            format!(
                "the uri has {}; what the server provides is taken by reference",
                list(&known)
            )
        };
        errors.at(
            &param.ident,
            format!("the uri has no variable `{wire}`"),
            help,
        );
    }
}

/// The names in the expressions of a template (RFC 6570 §2), without repetitions.
fn variables(template: &str) -> Result<Vec<String>, &'static str> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        if rest.as_bytes()[at] == b'}' {
            return Err("a `}` closes nothing");
        }
        let Some((expression, after)) = rest[at + 1..].split_once('}') else {
            return Err("a `{` is never closed");
        };
        rest = after;
        let list = expression
            .strip_prefix(['+', '#', '.', '/', ';', '?', '&'])
            .unwrap_or(expression);
        for spec in list.split(',') {
            let name = match spec.split_once(':') {
                Some((name, length))
                    if length
                        .parse::<u16>()
                        .is_ok_and(|n| (1..10_000).contains(&n)) =>
                {
                    name
                }
                Some(_) => return Err("a prefix is a number up to 9999"),
                None => spec.strip_suffix('*').unwrap_or(spec),
            };
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"_.%".contains(&b);
            if name.is_empty() || !name.bytes().all(legal) {
                return Err("a variable has letters, digits, `_` and `.` only");
            }
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
    }
    Ok(names)
}

/// The uri of a view (MCP Apps).
pub(super) fn ui(uri: &LitStr, errors: &Errors) {
    let text = uri.value();
    let help = "write `ui://`, your server's name and the view's: `ui://acme/greeting-card`";
    match text.strip_prefix("ui://") {
        None => errors.at(uri, "the uri of a ui resource starts with `ui://`", help),
        Some(_) if is_template(&text) => {
            errors.at(
                uri,
                "the uri of a ui resource has no variables",
                "hosts load a view once and feed it results",
            );
        }
        Some(rest) if rest.trim_matches('/').is_empty() => {
            errors.at(uri, "the uri names no view", help)
        }
        Some(rest) if rest.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            errors.at(uri, "a uri has no spaces", help);
        }
        Some(_) => {}
    }
}

/// An entry of a view's content security policy: a bare origin.
pub(super) fn origin(origin: &LitStr, errors: &Errors) {
    let text = origin.value();
    let schemes = ["https://", "http://", "wss://", "ws://"];
    let host = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let legal = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
    if !host.is_some_and(|h| !h.is_empty() && h.bytes().all(legal)) {
        errors.at(
            origin,
            "this is no bare origin",
            "write scheme and host, nothing more: `https://api.example.com`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_every_operator() {
        let names = |template| variables(template).map(|v| v.join(" "));
        assert_eq!(names("docs://guide"), Ok(String::new()));
        assert_eq!(
            names("a://{x}/{+path}{?q,limit}{&more*}{/seg:3}"),
            Ok("x path q limit more seg".into())
        );
        assert_eq!(names("a://{x}/{x}"), Ok("x".into()));
    }

    #[test]
    fn malformed_templates() {
        for bad in [
            "a://{x",
            "a://x}",
            "a://{}",
            "a://{a b}",
            "a://{x:0}",
            "a://{x:y}",
        ] {
            assert!(variables(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins_are_bare() {
        let bad = |text: &str| {
            let errors = Errors::new();
            origin(&LitStr::new(text, proc_macro2::Span::call_site()), &errors);
            errors.messages().len()
        };
        for good in [
            "https://api.example.com",
            "wss://x.test:8443",
            "http://127.0.0.1:3000",
        ] {
            assert_eq!(bad(good), 0, "{good}");
        }
        for text in [
            "api.example.com",
            "https://a/b",
            "https://*.a",
            "data:",
            "'self'",
            "https://",
            "https://a; b",
        ] {
            assert_eq!(bad(text), 1, "{text}");
        }
    }
}
