//! Reads a page as a browser's form would: elements, attributes, fields, buttons.

/// A page in pieces.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    tags: Vec<Tag>,
    /// What is shown, without markup, title or style.
    pub(crate) text: String,
}

/// The start of an element.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == attribute)
            .map(|(_, v)| v.as_str())
    }
}

/// A form with its fields, and its buttons in order.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) buttons: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) kind: String,
    pub(crate) checked: bool,
}

impl Page {
    pub(crate) fn parse(html: &str) -> Self {
        let (mut tags, mut text) = (Vec::new(), String::new());
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            text.push_str(&unescape(&rest[..start]));
            let inside = &rest[start + 1..];
            let end = end_of_tag(inside);
            let tag = &inside[..end];
            rest = inside.get(end + 1..).unwrap_or_default();
            if tag.starts_with(['/', '!']) {
                text.push(' ');
                continue;
            }
            let tag = read_tag(tag);
            if matches!(tag.name.as_str(), "style" | "script" | "title") {
                let close = format!("</{}", tag.name);
                rest = &rest[rest.find(&close).unwrap_or(rest.len())..];
            }
            tags.push(tag);
        }
        text.push_str(&unescape(rest));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { tags, text }
    }

    pub(crate) fn tags<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.tags.iter().filter(move |t| t.name == name)
    }

    /// How many elements of which kind there are, in order: markup that slipped in changes it.
    pub(crate) fn shape(&self) -> Vec<&str> {
        self.tags.iter().map(|t| t.name.as_str()).collect()
    }

    pub(crate) fn all_tags(&self) -> &[Tag] {
        &self.tags
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        let mut forms: Vec<Form> = Vec::new();
        for tag in &self.tags {
            let get = |name: &str| tag.get(name).unwrap_or_default().to_owned();
            match (tag.name.as_str(), forms.last_mut()) {
                ("form", _) => {
                    assert!(get("method").eq_ignore_ascii_case("post"), "{tag:?}");
                    let (fields, buttons) = (Vec::new(), Vec::new());
                    forms.push(Form {
                        action: get("action"),
                        fields,
                        buttons,
                    });
                }
                ("input", Some(form)) => form.fields.push(Field {
                    name: get("name"),
                    value: get("value"),
                    kind: get("type"),
                    checked: tag.get("checked").is_some(),
                }),
                ("button", Some(form)) => form.buttons.push((get("name"), get("value"))),
                _ => {}
            }
        }
        forms
    }

    /// The page's task: its first form.
    #[track_caller]
    pub(crate) fn form(&self) -> Form {
        self.forms()
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no form: {}", self.text))
    }

    pub(crate) fn asks_for_password(&self) -> bool {
        self.tags("input")
            .any(|t| t.get("type") == Some("password"))
    }
}

fn end_of_tag(inside: &str) -> usize {
    let mut quote = None;
    for (i, c) in inside.char_indices() {
        match (quote, c) {
            (None, '>') => return i,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    inside.len()
}

fn read_tag(tag: &str) -> Tag {
    let split = tag
        .find(|c: char| c.is_whitespace() || c == '/')
        .unwrap_or(tag.len());
    let (name, mut rest) = tag.split_at(split);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end.max(1));
        let (value, after) = match after.strip_prefix('=') {
            None => ("", after),
            Some(after) => match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    after[1..].split_once(quote).unwrap_or((&after[1..], ""))
                }
                _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            },
        };
        attributes.push((attribute.to_ascii_lowercase(), unescape(value)));
        rest = after;
    }
    Tag {
        name: name.to_ascii_lowercase(),
        attributes,
    }
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
