//! A reader of style sheets, as far as the rules need one: urls, custom properties, and heights of the viewport.
//!
//! It follows the tokens of CSS Syntax Level 3 (comments, strings, escapes, `url()`), and knows no grammar beyond
//! blocks and declarations.

/// Something worth a look, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub what: What,
    /// In bytes from the start of the style.
    pub at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// `url(…)`, or what `src()` and an image set name.
    Url { url: String, font: bool },
    /// `@import`
    Import(String),
    /// `var(--x)`
    Use(String),
    /// `--x: …` or `@property --x`
    Define(String),
    /// `100vh` and its kin.
    ViewportHeight(String),
}

pub(crate) fn read(css: &str) -> Vec<Found> {
    let mut reader = Reader {
        css,
        at: 0,
        found: Vec::new(),
        blocks: Vec::new(),
        rule: String::new(),
        property: String::new(),
        functions: Vec::new(),
    };
    reader.run();
    reader.found
}

struct Reader<'c> {
    css: &'c str,
    at: usize,
    found: Vec<Found>,
    /// For each open block, whether it is an `@font-face`.
    blocks: Vec<bool>,
    /// The at-rule whose prelude this is.
    rule: String,
    /// The property whose value this is.
    property: String,
    /// The functions whose parentheses are open; empty for a bare parenthesis.
    functions: Vec<String>,
}

impl Reader<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.peek(0) {
            let start = self.at;
            match byte {
                b'/' if self.peek(1) == Some(b'*') => self.comment(),
                b'"' | b'\'' => {
                    let text = self.string(byte);
                    self.quoted(text, start);
                }
                b'@' => {
                    self.at += 1;
                    self.rule = self.ident().to_ascii_lowercase();
                }
                b'{' => {
                    self.at += 1;
                    self.blocks.push(self.rule == "font-face");
                    self.statement();
                }
                b'}' => {
                    self.at += 1;
                    self.blocks.pop();
                    self.statement();
                }
                b';' => {
                    self.at += 1;
                    self.statement();
                }
                b'(' => {
                    self.at += 1;
                    self.functions.push(String::new());
                }
                b')' => {
                    self.at += 1;
                    self.functions.pop();
                }
                b'0'..=b'9' | b'.' => self.number(start),
                _ if is_name(byte) => self.word(start),
                _ => self.at += 1,
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.css.as_bytes().get(self.at + ahead).copied()
    }

    fn push(&mut self, what: What, at: usize) {
        self.found.push(Found { what, at });
    }

    fn statement(&mut self) {
        self.rule.clear();
        self.property.clear();
        self.functions.clear();
    }

    fn comment(&mut self) {
        let rest = &self.css[self.at + 2..];
        self.at += 2 + rest.find("*/").map_or(rest.len(), |end| end + 2);
    }

    fn spaces(&mut self) {
        loop {
            match self.peek(0) {
                Some(b) if b.is_ascii_whitespace() => self.at += 1,
                Some(b'/') if self.peek(1) == Some(b'*') => self.comment(),
                _ => break,
            }
        }
    }

    /// A name, its escapes resolved where they are of one character.
    fn ident(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(is_name) {
            self.at += if self.peek(0) == Some(b'\\') { 2 } else { 1 };
        }
        self.at = boundary(self.css, self.at);
        self.css[start..self.at].replace('\\', "")
    }

    /// A string, from its opening quote on; a line's end ends it too.
    fn string(&mut self, quote: u8) -> String {
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' => break,
                _ if byte == quote => break,
                _ => self.at += 1,
            }
        }
        self.at = boundary(self.css, self.at);
        let text = self.css[start..self.at].replace("\\\n", "");
        if self.peek(0) == Some(quote) {
            self.at += 1;
        }
        text
    }

    /// A string loads something where it stands for a url.
    fn quoted(&mut self, text: String, at: usize) {
        let function = self.functions.last().map_or("", String::as_str);
        if self.rule == "import" && self.functions.is_empty() {
            self.push(What::Import(text), at);
        } else if matches!(
            function,
            "src" | "image-set" | "-webkit-image-set" | "image"
        ) {
            let font = self.in_font();
            self.push(What::Url { url: text, font }, at);
        }
    }

    fn in_font(&self) -> bool {
        self.blocks.contains(&true)
    }

    /// A number with its unit.
    fn number(&mut self, start: usize) {
        while self
            .peek(0)
            .is_some_and(|b| b.is_ascii_digit() || b == b'.')
        {
            self.at += 1;
        }
        let number = self.at;
        let unit = self.ident().to_ascii_lowercase();
        let whole = &self.css[start..number] == "100";
        let of_viewport = matches!(unit.as_str(), "vh" | "dvh" | "svh" | "lvh" | "vb");
        // At most as high as the frame is no loop.
        if whole && of_viewport && !self.property.starts_with("max-") {
            self.push(What::ViewportHeight(format!("100{unit}")), start);
        }
    }

    fn word(&mut self, start: usize) {
        let name = self.ident();
        if self.peek(0) == Some(b'(') {
            self.at += 1;
            return self.function(name.to_ascii_lowercase(), start);
        }
        let custom = name.starts_with("--");
        if custom && self.rule == "property" {
            return self.push(What::Define(name), start);
        }
        let end = self.at;
        self.spaces();
        if self.peek(0) == Some(b':') && self.functions.is_empty() && self.property.is_empty() {
            self.at += 1;
            if custom {
                self.push(What::Define(name.clone()), start);
            }
            self.property = name.to_ascii_lowercase();
        } else {
            self.at = end;
        }
    }

    fn function(&mut self, name: String, start: usize) {
        if name == "url" {
            self.spaces();
            let url = match self.peek(0) {
                Some(quote @ (b'"' | b'\'')) => self.string(quote),
                _ => {
                    let rest = &self.css[self.at..];
                    let end = rest.find(')').unwrap_or(rest.len());
                    self.at += end;
                    rest[..end].trim_end().to_owned()
                }
            };
            let what = if self.rule == "import" {
                What::Import(url)
            } else {
                let font = self.in_font();
                What::Url { url, font }
            };
            self.push(what, start);
        } else if name == "var" {
            self.spaces();
            let at = self.at;
            let variable = self.ident();
            if variable.starts_with("--") {
                self.push(What::Use(variable), at);
            }
        }
        self.functions.push(name);
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_\\".contains(&byte) || !byte.is_ascii()
}

/// The next place where a character starts: an escape may have led into the middle of one, or past the end.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(text.len())
}
