//! Whether the views can work in a host, and whether what their scripts call is there.

use std::sync::Arc;

use mcp_views::{Keys, ToolUse, tool_calls};
use serde_json::Value;

use crate::descriptor::{Audience, Html, Item, ToolDescriptor, UiResourceDescriptor};
use crate::extract::{Call, Context, ContextParts, Scratch, User};
use crate::schema::{Extras, Input};

/// Errors of the pages, and calls that the server would refuse. Warnings, and what is computed and so not known here,
/// are printed.
pub(super) fn check(items: &[Item]) -> Result<(), String> {
    let tools: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Tool(tool) => Some(*tool),
            _ => None,
        })
        .collect();
    let mut wrong = Vec::new();
    for item in items {
        let Item::UiResource(view) = *item else {
            continue;
        };
        let html = match page(view) {
            Ok(html) => html,
            Err(why) => {
                eprintln!(
                    "note: {} is not checked: it cannot be rendered here: {why}",
                    view.uri
                );
                continue;
            }
        };
        for finding in view.findings(&html) {
            let text = format!("{}: {finding}", view.uri);
            if finding.rule.is_error() {
                wrong.push(text);
            } else {
                eprintln!("warning: {text}");
            }
        }
        for used in tool_calls(&html) {
            match judge(&used, &tools) {
                Verdict::Fine => {}
                Verdict::Unknown(what) => {
                    eprintln!("note: {}: line {}: {what}", view.uri, used.line);
                }
                Verdict::Wrong(what) => {
                    wrong.push(format!("{}: line {}: {what}", view.uri, used.line));
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// It depends on what is computed.
    Unknown(String),
    Wrong(String),
}

fn judge(used: &ToolUse, tools: &[&'static ToolDescriptor]) -> Verdict {
    let Some(name) = &used.tool else {
        return Verdict::Unknown("the name of the tool that it calls is computed".into());
    };
    let Some(tool) = tools.iter().find(|tool| tool.name == name) else {
        let there: Vec<&str> = tools.iter().map(|tool| tool.name).collect();
        return Verdict::Wrong(format!(
            "it calls the tool `{name}`, which is not there: there are {}",
            there.join(", ")
        ));
    };
    if !tool.visibility.is_empty() && !tool.visibility.contains(&Audience::App) {
        return Verdict::Wrong(format!(
            "it calls the tool `{name}`, which hosts keep from views: write `visibility(model, app)`"
        ));
    }
    let (keys, is_whole) = match &used.keys {
        Keys::Written(keys) => (keys, true),
        Keys::AtLeast(keys) => (keys, false),
        Keys::Computed => {
            return Verdict::Unknown(format!("the arguments for `{name}` are computed"));
        }
    };
    // A schema that cannot be built is another check's to tell.
    let Ok(input) = Input::build(tool.params, Extras::of(tool)) else {
        return Verdict::Fine;
    };
    let schema = input.schema();
    if schema["additionalProperties"] == false
        && let Some(unknown) = keys
            .iter()
            .find(|key| schema["properties"].get(key).is_none())
    {
        return Verdict::Wrong(format!(
            "it calls `{name}` with `{unknown}`, which is none of its arguments"
        ));
    }
    let required = schema["required"].as_array().into_iter().flatten();
    let missing = required
        .filter_map(Value::as_str)
        .find(|name| !keys.iter().any(|key| key == name));
    match missing {
        Some(missing) if is_whole => Verdict::Wrong(format!(
            "it calls `{name}` without `{missing}`, which is required"
        )),
        _ => Verdict::Fine,
    }
}

/// The HTML of a view; one that is rendered is rendered for a user called `test`, without state.
fn page(view: &'static UiResourceDescriptor) -> Result<String, String> {
    let render = match view.html {
        Html::Text(html) => return Ok(html.to_owned()),
        Html::Render(render) => render,
    };
    // On a thread of its own: the test may be inside a runtime already.
    let rendered = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|e| e.to_string())?;
        let input = Input::build(&[], Extras::default()).map_err(|e| e.0)?;
        let parts = ContextParts {
            user: Some(Arc::new(User::named("test"))),
            ..ContextParts::default()
        };
        let (context, scratch) = (Context::new(parts, Arc::default()), Scratch::default());
        let call = Call {
            name: view.name,
            arguments: b"{}",
            input: &input,
            context: &context,
            scratch: &scratch,
        };
        runtime.block_on(render(call)).map_err(|e| e.to_string())
    });
    rendered.join().map_err(|_| "it panicked".to_owned())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::{Param, Place};

    const PLACE: Place = Place::new("test", "0.0.0", "", "views.rs", 1, 1);
    enum Sides {}
    impl crate::extract::Argument for Sides {
        type Value<'de> = u32;
    }
    static SIDES: Param = Param::of::<Sides>("sides");
    static ROLL: ToolDescriptor =
        ToolDescriptor::new("roll", "", |_| unreachable!(), PLACE).params(const { &[&SIDES] });
    static SECRET: ToolDescriptor =
        ToolDescriptor::new("secret", "", |_| unreachable!(), PLACE).visibility(&[Audience::Model]);

    fn verdict(code: &str) -> Verdict {
        let calls = tool_calls(&format!("<!doctype html><script>{code}</script>"));
        judge(&calls[0], &[&ROLL, &SECRET])
    }

    #[test]
    fn calls_of_a_view_are_those_that_the_server_takes() {
        assert_eq!(verdict("mcp.callTool('roll', { sides: 6 })"), Verdict::Fine);
        assert_eq!(verdict("mcp.callTool('roll', { ...all })"), Verdict::Fine);
        for (code, part) in [
            (
                "callTool('rol', {})",
                "`rol`, which is not there: there are roll, secret",
            ),
            ("callTool('secret', {})", "keep from views"),
            ("callTool('roll', { sides: 6, times: 2 })", "with `times`"),
            ("callTool('roll')", "without `sides`"),
        ] {
            assert!(
                matches!(verdict(code), Verdict::Wrong(why) if why.contains(part)),
                "{code}"
            );
        }
        for code in ["callTool(name, {})", "callTool('roll', all)"] {
            assert!(matches!(verdict(code), Verdict::Unknown(_)), "{code}");
        }
    }

    #[test]
    fn a_rendered_page_is_checked_too() {
        static LATE: UiResourceDescriptor = UiResourceDescriptor::new(
            "late",
            "",
            "ui://test/late",
            Html::Render(|_| Box::pin(async { Ok("<!doctype html><img src=late.png>".into()) })),
            PLACE,
        );
        let why = check(&[Item::UiResource(&LATE)]).expect_err("a relative url");
        assert!(
            why.starts_with("ui://test/late: line 1: the image is relative"),
            "{why}"
        );
    }
}
