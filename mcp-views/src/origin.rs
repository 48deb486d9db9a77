//! Where a url leads, seen from a page that has no address of its own.

/// What a url is to a view.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Another server: its origin.
    Origin(String),
    /// `data:`
    Data,
    /// `blob:`
    Blob,
    /// Relative: it would be looked for beside the sandbox's own page.
    Relative,
    /// Nothing is loaded: a fragment, `about:blank`, `javascript:`.
    Nothing,
}

pub(crate) fn target(url: &str) -> Target {
    let url = url.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_control());
    if url.is_empty() || url.starts_with('#') {
        return Target::Nothing;
    }
    // A page without an address takes its scheme from the host, which is on https.
    if let Some(rest) = url.strip_prefix("//") {
        return Target::Origin(format!("https://{}", host(rest)));
    }
    let Some((scheme, rest)) = url.split_once(':').filter(|(s, _)| is_scheme(s)) else {
        return Target::Relative;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "data" => Target::Data,
        "blob" => Target::Blob,
        "about" | "javascript" | "mailto" | "tel" => Target::Nothing,
        scheme @ ("http" | "https" | "ws" | "wss") => {
            Target::Origin(format!("{scheme}://{}", host(rest.trim_start_matches('/'))))
        }
        scheme => Target::Origin(format!("{scheme}:")),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Host and port, without a user's name before them.
fn host(rest: &str) -> String {
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    host.to_ascii_lowercase()
}

/// Whether a declared origin lets this one through (CSP Level 3 §6.7.2.8: a scheme may be upgraded, never downgraded).
pub(crate) fn allows(declared: &str, origin: &str) -> bool {
    let (Some((allowed, allowed_host)), Some((scheme, host))) =
        (declared.split_once("://"), origin.split_once("://"))
    else {
        return false;
    };
    let allowed = allowed.to_ascii_lowercase();
    let upgraded = matches!(
        (allowed.as_str(), scheme),
        ("http", "https") | ("ws", "wss" | "http" | "https") | ("wss", "https")
    );
    (allowed == scheme || upgraded)
        && without_default_port(allowed_host, &allowed)
            .eq_ignore_ascii_case(without_default_port(host, scheme))
}

fn without_default_port<'h>(host: &'h str, scheme: &str) -> &'h str {
    let port = match scheme {
        "https" | "wss" => ":443",
        _ => ":80",
    };
    host.strip_suffix(port).unwrap_or(host)
}
