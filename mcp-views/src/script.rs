//! A tokenizer of JavaScript (ECMA-262 §12), so that what stands in a comment, a string or a regular expression is not
//! taken for code. It knows no grammar; the rules look at neighbouring tokens.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Word,
    /// A string, or a template without substitutions; the text is what stands between the quotes.
    Text,
    /// The text of a template up to its first substitution, whose tokens follow.
    Template,
    /// One character of punctuation; `...` and `=>` are one token.
    Mark,
    /// A number or a regular expression.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'s> {
    pub kind: Kind,
    pub text: &'s str,
    /// In bytes from the start of the script.
    pub at: usize,
}

impl Token<'_> {
    pub(crate) fn is_word(&self, text: &str) -> bool {
        self.kind == Kind::Word && self.text == text
    }

    pub(crate) fn is(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

pub(crate) fn read(source: &str) -> Vec<Token<'_>> {
    let mut reader = Reader {
        source,
        bytes: source.as_bytes(),
        at: 0,
        tokens: Vec::with_capacity(source.len() / 4),
        open: Vec::new(),
        condition_closed: false,
    };
    reader.run();
    reader.tokens
}

/// What a closing bracket will close.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Brace,
    /// `${`
    Substitution,
    /// `(` after `if`, `while`, `for` or `with`: a statement follows its end, and so may a regular expression.
    Condition,
    Paren,
}

struct Reader<'s> {
    source: &'s str,
    bytes: &'s [u8],
    at: usize,
    tokens: Vec<Token<'s>>,
    open: Vec<Open>,
    condition_closed: bool,
}

impl<'s> Reader<'s> {
    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            let next = self.bytes.get(self.at + 1).copied();
            let start = self.at;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' if next == Some(b'/') => self.skip_to("\n"),
                b'/' if next == Some(b'*') => self.skip_to("*/"),
                b'"' | b'\'' => self.string(byte),
                b'`' => self.template(),
                b'}' if self.open.last() == Some(&Open::Substitution) => {
                    self.open.pop();
                    self.mark(1);
                    self.template_rest(self.at);
                }
                b'/' if self.regex_may_follow() && self.regex() => {}
                b'0'..=b'9' => {
                    self.while_bytes(|b| is_name(b) || b == b'.');
                    self.push(Kind::Other, start, self.at);
                }
                _ if is_name(byte) => {
                    self.while_bytes(is_name);
                    self.push(Kind::Word, start, self.at);
                }
                b'.' if self.source[start..].starts_with("...") => self.mark(3),
                b'=' if next == Some(b'>') => self.mark(2),
                _ => self.bracket(byte),
            }
        }
    }

    fn bracket(&mut self, byte: u8) {
        let mut condition_closed = false;
        match byte {
            b'{' => self.open.push(Open::Brace),
            b'(' => {
                let conditional = self.tokens.last().is_some_and(|t| {
                    t.kind == Kind::Word && ["if", "while", "for", "with"].contains(&t.text)
                });
                self.open.push(if conditional {
                    Open::Condition
                } else {
                    Open::Paren
                });
            }
            b'}' | b')' => condition_closed = self.open.pop() == Some(Open::Condition),
            _ => {}
        }
        self.mark(1);
        self.condition_closed = condition_closed;
    }

    fn mark(&mut self, length: usize) {
        let start = self.at;
        self.at += length;
        self.push(Kind::Mark, start, self.at);
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        self.condition_closed = false;
        self.tokens.push(Token {
            kind,
            text: &self.source[start..end],
            at: start,
        });
    }

    fn skip_to(&mut self, end: &str) {
        let rest = &self.source[self.at..];
        self.at += rest.find(end).map_or(rest.len(), |at| at + end.len());
    }

    fn while_bytes(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|b| wanted(*b)) {
            self.at += 1;
        }
    }

    /// To the first of these bytes that is not escaped, or to the end.
    fn until(&mut self, ends: &[u8]) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if ends.contains(&byte) {
                return Some(byte);
            }
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
        self.at = self.bytes.len();
        None
    }

    fn string(&mut self, quote: u8) {
        self.at += 1;
        let start = self.at;
        // A line's end ends a string that someone forgot to close.
        let end = self.until(&[quote, b'\n']);
        self.push(Kind::Text, start, self.at);
        if end == Some(quote) {
            self.at += 1;
        }
    }

    fn template(&mut self) {
        self.at += 1;
        let start = self.at;
        self.template_rest(start);
    }

    /// The text of a template from `start` on, to its end or to its next substitution.
    fn template_rest(&mut self, start: usize) {
        loop {
            match self.until(b"`$") {
                Some(b'$') if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    self.push(Kind::Template, start, self.at);
                    self.at += 1;
                    self.open.push(Open::Substitution);
                    self.mark(1);
                    return;
                }
                Some(b'$') => self.at += 1,
                _ => {
                    self.push(Kind::Text, start, self.at);
                    self.at = (self.at + 1).min(self.bytes.len());
                    return;
                }
            }
        }
    }

    /// Whether a slash here starts a regular expression: after an operand it divides.
    fn regex_may_follow(&self) -> bool {
        let Some(last) = self.tokens.last() else {
            return true;
        };
        match last.kind {
            Kind::Word => [
                "return",
                "typeof",
                "case",
                "in",
                "of",
                "delete",
                "void",
                "throw",
                "new",
                "else",
                "do",
                "instanceof",
                "await",
                "yield",
            ]
            .contains(&last.text),
            Kind::Mark => match last.text {
                ")" => self.condition_closed,
                "]" => false,
                // A block's end far more often than an object's that is divided.
                _ => true,
            },
            _ => false,
        }
    }

    /// A regular expression, if it ends on its line.
    fn regex(&mut self) -> bool {
        let (start, mut at, mut in_class) = (self.at, self.at + 1, false);
        loop {
            match self.bytes.get(at) {
                None | Some(b'\n') => return false,
                Some(b'\\') => at += 1,
                Some(b'[') => in_class = true,
                Some(b']') => in_class = false,
                Some(b'/') if !in_class => break,
                Some(_) => {}
            }
            at += 1;
        }
        self.at = at + 1;
        self.while_bytes(is_name);
        self.push(Kind::Other, start, self.at);
        true
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_$#\\".contains(&byte) || !byte.is_ascii()
}

/// The index of the bracket that closes the one at `open`.
pub(crate) fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        if token.kind != Kind::Mark {
            continue;
        }
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// The index of the bracket that is open at `inner`.
pub(crate) fn opening(tokens: &[Token<'_>], inner: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in (0..inner).rev() {
        let token = tokens[i];
        if token.kind != Kind::Mark {
            continue;
        }
        match token.text {
            ")" | "]" | "}" => depth += 1,
            "(" | "[" | "{" if depth == 0 => return Some(i),
            "(" | "[" | "{" => depth -= 1,
            _ => {}
        }
    }
    None
}
