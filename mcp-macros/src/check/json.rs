//! Reads JSON as far as its shape goes (RFC 8259), without values and without a dependency.

/// The text of each key and value of the root, which is empty where that is no object; or where the text is no JSON,
/// in bytes.
pub(crate) fn root(text: &str) -> Result<Vec<(&str, &str)>, usize> {
    let mut reader = Reader { text, at: 0 };
    let mut root = Vec::new();
    reader.space();
    reader.value(0, &mut |key, value| root.push((key, value)))?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.at);
    }
    Ok(root)
}

/// The text of each item of the root, which is empty where that is no list; or where the text is no JSON, in bytes.
pub(crate) fn items(text: &str) -> Result<Vec<&str>, usize> {
    let mut reader = Reader { text, at: 0 };
    let mut items = Vec::new();
    reader.space();
    if reader.peek() == Some(b'[') {
        reader.list(b']', |reader| {
            items.push(reader.cut(|r| r.value(1, &mut |_, _| {}))?);
            Ok(())
        })?;
    }
    Ok(items)
}

/// As deep as `serde_json` reads.
const MAX_DEPTH: usize = 127;

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), usize> {
        if self.eat(byte) { Ok(()) } else { Err(self.at) }
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| b" \t\r\n".contains(&b)) {
            self.at += 1;
        }
    }

    /// One value. `entry` gets the keys and values of this object, not of those within it.
    fn value(
        &mut self,
        depth: usize,
        entry: &mut dyn FnMut(&'t str, &'t str),
    ) -> Result<(), usize> {
        if depth > MAX_DEPTH {
            return Err(self.at);
        }
        match self.peek() {
            Some(b'{') => self.list(b'}', |reader| {
                let key = reader.cut(Self::string)?;
                reader.space();
                reader.expect(b':')?;
                reader.space();
                let value = reader.cut(|r| r.value(depth + 1, &mut |_, _| {}))?;
                entry(key, value);
                Ok(())
            }),
            Some(b'[') => self.list(b']', |reader| reader.value(depth + 1, &mut |_, _| {})),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    /// What `read` reads, as text.
    fn cut(&mut self, read: impl FnOnce(&mut Self) -> Result<(), usize>) -> Result<&'t str, usize> {
        let start = self.at;
        read(self)?;
        Ok(&self.text[start..self.at])
    }

    /// From the opening bracket to the closing one.
    fn list(
        &mut self,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), usize>,
    ) -> Result<(), usize> {
        self.at += 1;
        self.space();
        if self.eat(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.space();
            if self.eat(close) {
                return Ok(());
            }
            self.expect(b',')?;
            self.space();
        }
    }

    fn string(&mut self) -> Result<(), usize> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'u') => {
                            let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                            if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
                                return Err(self.at);
                            }
                        }
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                        _ => return Err(self.at),
                    }
                    self.at += 1;
                }
                None | Some(0..0x20) => return Err(self.at),
                Some(_) => self.at += 1,
            }
        }
        self.expect(b'"')
    }

    fn number(&mut self) -> Result<(), usize> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), usize> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(start) } else { Ok(()) }
    }

    fn word(&mut self) -> Result<(), usize> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        self.at += word.ok_or(self.at)?.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{items, root};

    #[test]
    fn json_is_told_from_what_only_looks_like_it() {
        for text in [
            "{}",
            " [1, -0.5e+3, 10, \"\\u00e4\\n/\", true, null, {\"a\": []}] ",
            "\"ä\"",
        ] {
            assert!(root(text).is_ok(), "{text}");
        }
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("{\"a\"}", 4),
            ("{\"a\": 1,}", 8),
            ("[1 2]", 3),
            ("01", 1),
            ("{} x", 3),
            ("\"\\x\"", 2),
            ("{a: 1}", 1),
            ("\"\\u00g0\"", 2),
        ] {
            assert_eq!(root(text), Err(at), "{text}");
        }
        assert!(root(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn only_the_entries_of_the_root_are_told() {
        let text = r#"{"type": "object", "properties": {"type": {"type": "string"}}}"#;
        let entries = root(text).expect("JSON");
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0], ("\"type\"", "\"object\""));
        assert_eq!(root("[{\"a\": 1}]"), Ok(vec![]));
        assert_eq!(items("[1, [2], \"3\"]"), Ok(vec!["1", "[2]", "\"3\""]));
        assert_eq!(items("{}"), Ok(vec![]));
    }
}
