//! The uris of skills and their files (RFC 3986).

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What may not stand in a path segment as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// The same, for a path that has no escapes yet.
const RAW: &AsciiSet = &ESCAPED.add(b'%');

/// The uri of a file or a directory, by its path below the served directory.
pub(super) fn of(path: &str) -> String {
    format!("skill://{}", utf8_percent_encode(path, RAW))
}

/// A uri with whatever was left unescaped in it.
pub(super) fn escape(uri: &str) -> String {
    utf8_percent_encode(uri, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris_and_unescaped_uris_are_understood() {
        assert_eq!(of("a/b-c_d.md"), "skill://a/b-c_d.md");
        let uri = of("a/My File 100%#1 ä.md");
        assert_eq!(uri, "skill://a/My%20File%20100%25%231%20%C3%A4.md");
        assert_eq!(escape(&uri), uri);
        assert_eq!(escape("skill://a/b c.md"), of("a/b c.md"));
    }
}
