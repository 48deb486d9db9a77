//! Whether the page shakes hands with its host: hosts show it only then.

use crate::finding::Rule;
use crate::rules::Judge;
use crate::script::{Kind, Token, closing, opening};

const INITIALIZE: &str = "ui/initialize";
const INITIALIZED: &str = "ui/notifications/initialized";

pub(crate) fn check(judge: &mut Judge<'_>) {
    let mut begun = None;
    let mut ended = false;
    let mut mistaken = None;
    for (start, tokens) in &judge.scripts {
        for (i, token) in tokens.iter().enumerate() {
            if !matches!(token.kind, Kind::Text | Kind::Template) {
                continue;
            }
            if token.text == INITIALIZE {
                begun = begun.or(Some(start + token.at));
                mistaken = mistaken.or_else(|| client_info(tokens, i).map(|at| start + at));
            }
            // A method put together from pieces may be any.
            ended |= token.text == INITIALIZED
                || (!token.text.is_empty()
                    && INITIALIZED.starts_with(token.text)
                    && token.text.ends_with('/'));
        }
    }
    let unseen = judge.view.bridge || judge.loads_code();
    match begun {
        None if !unseen => judge.found_of_whole(
            Rule::ViewWithoutHandshake,
            "nothing in the page shakes hands with the host, which keeps it hidden until then",
            "write `bridge = true` in the attribute: the runtime adds a script that does",
        ),
        Some(at) if !ended && !unseen => judge.found(
            Rule::UnfinishedHandshake,
            at,
            format!("the handshake ends without `{INITIALIZED}`, and the host waits for it"),
            "send it after the answer to `ui/initialize`, or write `bridge = true`",
        ),
        _ => {}
    }
    if let Some(at) = mistaken {
        judge.found(
            Rule::HandshakeWithClientInfo,
            at,
            "`ui/initialize` names the view as `appInfo`, not as `clientInfo`",
            "write `appInfo` and `appCapabilities`, or `bridge = true`",
        );
    }
}

/// Where the request that names this method has `clientInfo`.
fn client_info(tokens: &[Token<'_>], method: usize) -> Option<usize> {
    let open = opening(tokens, method)?;
    let request = &tokens[open..closing(tokens, open)?];
    let named = |name: &str| {
        let is = |t: &&Token<'_>| t.text == name && matches!(t.kind, Kind::Word | Kind::Text);
        request.iter().find(is)
    };
    let wrong = named("clientInfo")?;
    named("appInfo").is_none().then_some(wrong.at)
}
