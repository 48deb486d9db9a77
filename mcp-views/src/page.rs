//! The page, taken apart by a tokenizer that follows the HTML standard.

use html5gum::{DefaultEmitter, Error, StartTag, Token, Tokenizer};

/// What the rules look at.
#[derive(Debug, Default)]
pub(crate) struct Page<'h> {
    pub html: &'h str,
    pub doctype: bool,
    pub elements: Vec<Element>,
    pub scripts: Vec<Inline<'h>>,
    pub styles: Vec<Inline<'h>>,
    pub import_maps: Vec<Inline<'h>>,
    /// What is open when the page ends, and so holds all of the page after it.
    pub unclosed: Option<Unclosed>,
}

/// Something that swallows the rest of the page.
#[derive(Debug)]
pub(crate) struct Unclosed {
    pub what: String,
    pub at: usize,
}

/// Elements whose content is text up to their end tag, other tags included (HTML §13.2.6.2).
const TEXT_ONLY: [&str; 8] = [
    "script", "style", "title", "textarea", "iframe", "xmp", "noembed", "noframes",
];

/// A start tag.
#[derive(Debug)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<Attribute>,
    /// Where it is in the page, in bytes.
    pub at: usize,
}

#[derive(Debug)]
pub(crate) struct Attribute {
    pub name: String,
    pub value: String,
    pub at: usize,
}

/// The text of a script or of a style.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inline<'h> {
    pub text: &'h str,
    pub at: usize,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.attribute(name).map_or("", |a| a.value.as_str())
    }

    /// Whether this script is code, and not data.
    pub(crate) fn is_code(&self) -> bool {
        let kind = self.value("type").trim().to_ascii_lowercase();
        kind.is_empty()
            || kind == "module"
            || kind.ends_with("/javascript")
            || kind.ends_with("/ecmascript")
    }
}

impl<'h> Page<'h> {
    pub(crate) fn read(html: &'h str) -> Self {
        let mut page = Self {
            html,
            ..Self::default()
        };
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        // What the text that comes next belongs to.
        let mut inside = Inside::Text;
        // Where the last complete token ends; the page's own end is an error inside a tag or a comment.
        let mut read = 0;
        let mut cut = None;
        for token in Tokenizer::new_with_emitter(html, emitter) {
            // Reading memory cannot fail.
            let Ok(token) = token;
            match token {
                Token::Doctype(doctype) => {
                    read = doctype.span.end;
                    page.doctype |= doctype.name.eq_ignore_ascii_case(b"html");
                }
                Token::StartTag(tag) => {
                    read = tag.span.end;
                    // In an image of SVG `<title/>` has ended.
                    let ended = tag.self_closing && page.elements.iter().any(|e| e.name == "svg");
                    let element = Element::new(tag);
                    let open = TEXT_ONLY.contains(&element.name.as_str()) && !ended;
                    page.unclosed = open.then(|| Unclosed {
                        what: format!("<{}>", element.name),
                        at: element.at,
                    });
                    inside = match element.name.as_str() {
                        "script" if element.is_code() => Inside::Script,
                        "script" if element.value("type").eq_ignore_ascii_case("importmap") => {
                            Inside::ImportMap
                        }
                        "style" => Inside::Style,
                        _ => Inside::Text,
                    };
                    page.elements.push(element);
                }
                Token::EndTag(tag) => {
                    read = tag.span.end;
                    inside = Inside::Text;
                    page.unclosed = None;
                }
                Token::String(text) => {
                    read = text.span.end;
                    let list = match inside {
                        Inside::Text => continue,
                        Inside::Script => &mut page.scripts,
                        Inside::Style => &mut page.styles,
                        Inside::ImportMap => &mut page.import_maps,
                    };
                    let at = text.span.start;
                    if let Some(text) = html.get(at..text.span.end) {
                        list.push(Inline { text, at });
                    }
                }
                Token::Comment(comment) => read = comment.span.end,
                Token::Error(error) => match error.value {
                    Error::EofInTag => cut = Some(("tag", read)),
                    Error::EofInComment => cut = Some(("comment", read)),
                    _ => {}
                },
            }
        }
        if let Some((what, after)) = cut {
            let open = html.get(after..).and_then(|rest| rest.find('<'));
            page.unclosed = Some(Unclosed {
                what: what.to_owned(),
                at: after + open.unwrap_or(0),
            });
        }
        page
    }

    /// The line of a place, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        let before = &self.html.as_bytes()[..at.min(self.html.len())];
        before.iter().filter(|b| **b == b'\n').count() + 1
    }
}

enum Inside {
    Text,
    Script,
    Style,
    ImportMap,
}

impl Element {
    fn new(tag: StartTag<usize>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut attributes: Vec<Attribute> = tag
            .attributes
            .iter()
            .map(|(name, value)| Attribute {
                name: text(name),
                value: text(value),
                at: value.span.start,
            })
            .collect();
        attributes.sort_by_key(|a| a.at);
        Self {
            name: text(&tag.name),
            attributes,
            at: tag.span.start,
        }
    }
}
