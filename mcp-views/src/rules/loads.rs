//! What the page loads, against what the view declares.

use super::Judge;
use crate::css::What;
use crate::finding::Rule;
use crate::origin::{Target, allows, target};
use crate::page::Element;
use crate::script::{Kind, Token};

/// A list of the view's `csp`, and what else the sandbox lets through beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// Scripts and style sheets.
    Code,
    /// Pictures and media, for which `data:` is fine.
    Picture,
    Font,
    Frame,
    Base,
    Connect,
}

impl List {
    /// Its name in the attribute.
    fn name(self) -> &'static str {
        match self {
            Self::Code | Self::Picture | Self::Font => "resource",
            Self::Frame => "frame",
            Self::Base => "base_uri",
            Self::Connect => "connect",
        }
    }
}

impl Judge<'_> {
    pub(super) fn loads(&mut self) {
        self.base();
        for (url, what, at, list) in of_elements(&self.page.elements) {
            self.load(&url, &what, at, list);
        }
        let of_styles: Vec<_> = self.styles.iter().filter_map(of_style).collect();
        for (url, what, at, list) in of_styles {
            self.load(&url, &what, at, list);
        }
        for (url, what, at, list) in self.of_import_maps() {
            self.load(&url, &what, at, list);
        }
        self.plugins();
        self.requests();
    }

    /// `object-src 'none'`, whatever is declared.
    fn plugins(&mut self) {
        let loads = |e: &&Element| {
            (e.name == "object" && e.attribute("data").is_some())
                || (e.name == "embed" && e.attribute("src").is_some())
        };
        let found = self.page.elements.iter().filter(loads);
        for (name, at) in found.map(|e| (e.name.clone(), e.at)).collect::<Vec<_>>() {
            self.found(
                Rule::UndeclaredOrigin,
                at,
                format!("`<{name}>` loads nothing: sandboxes refuse it, whatever is declared"),
                "take `<img>`, `<video>`, or an `<iframe>` of an origin that `csp(frame(…))` declares",
            );
        }
    }

    /// The modules of an import map, as far as they have absolute urls.
    fn of_import_maps(&self) -> Vec<(String, String, usize, List)> {
        let mut found = Vec::new();
        for map in &self.page.import_maps {
            let texts = crate::script::read(map.text).into_iter();
            let urls = texts.filter(|t| t.kind == Kind::Text && t.text.contains("://"));
            found.extend(urls.map(|t| {
                (
                    t.text.to_owned(),
                    "the module".to_owned(),
                    map.at + t.at,
                    List::Code,
                )
            }));
        }
        found
    }

    pub(super) fn declared(&self, list: List) -> &[&str] {
        match list {
            List::Code | List::Picture | List::Font => self.view.resource,
            List::Frame => self.view.frame,
            List::Base => self.view.base_uri,
            List::Connect => self.view.connect,
        }
    }

    /// The origin of `<base href>`, to which relative urls go where there is one.
    fn base_origin(&self) -> Option<String> {
        let base = self.page.elements.iter().find(|e| e.name == "base");
        match target(base?.value("href")) {
            Target::Origin(origin) => Some(origin),
            _ => None,
        }
    }

    fn base(&mut self) {
        let bases = self.page.elements.iter().filter(|e| e.name == "base");
        let found = bases.filter_map(|e| {
            let href = e.attribute("href")?;
            Some((
                href.value.clone(),
                "the base".to_owned(),
                href.at,
                List::Base,
            ))
        });
        for (url, what, at, list) in found.collect::<Vec<_>>() {
            self.load(&url, &what, at, list);
        }
    }

    fn load(&mut self, url: &str, what: &str, at: usize, list: List) {
        let origin = match target(url) {
            Target::Nothing => return,
            Target::Origin(origin) => origin,
            Target::Data if list == List::Picture => return,
            Target::Data if list == List::Font => {
                return self.found(
                    Rule::DataFont,
                    at,
                    format!("{what} is a `data:` url, which sandboxes refuse for fonts"),
                    "load it from an origin that `csp(resource(…))` declares, or use `var(--font-sans)`",
                );
            }
            Target::Data | Target::Blob => {
                return self.found(
                    Rule::UndeclaredOrigin,
                    at,
                    format!(
                        "{what} is a `{}:` url, which sandboxes refuse here",
                        scheme(url)
                    ),
                    "write its content into the page itself",
                );
            }
            Target::Relative => match self.base_origin().filter(|_| list != List::Base) {
                Some(base) => base,
                None => {
                    return self.found(
                        Rule::RelativeUrl,
                        at,
                        format!("{what} is relative: `{}`; a view has no address, so nothing is there", short(url)),
                        "write its content into the page itself, or an absolute url of an origin that `csp` declares",
                    );
                }
            },
        };
        if self.declared(list).iter().any(|d| allows(d, &origin)) {
            return;
        }
        self.found(
            Rule::UndeclaredOrigin,
            at,
            format!("{what} is loaded from `{origin}`, which the view does not declare"),
            declare(list, &origin),
        );
    }

    /// Literal requests of scripts. What is computed is not judged.
    fn requests(&mut self) {
        let mut found = Vec::new();
        for (start, tokens) in &self.scripts {
            for i in 0..tokens.len() {
                if let Some((what, url, list)) = request(tokens, i) {
                    let after = tokens.iter().find(|t| t.at > url.at);
                    let goes_on = after.is_some_and(|t| t.is("+"));
                    found.push((
                        what,
                        url.text.to_owned(),
                        url.kind,
                        goes_on,
                        start + url.at,
                        list,
                    ));
                }
            }
        }
        for (what, url, kind, goes_on, at, list) in found {
            // The text before a substitution, or before a `+`, tells the origin only where it goes beyond the host.
            if (kind == Kind::Template || goes_on) && url.splitn(4, '/').count() < 4 {
                continue;
            }
            let message = match target(&url) {
                Target::Origin(origin) => {
                    if self.declared(list).iter().any(|d| allows(d, &origin)) {
                        continue;
                    }
                    let message =
                        format!("{what} reaches `{origin}`, which the view does not declare");
                    let help = declare(list, &origin);
                    self.found(Rule::UndeclaredRequest, at, message, help);
                    continue;
                }
                Target::Relative if self.base_origin().is_none() && is_path(&url) => {
                    format!(
                        "{what} asks for `{}`, and a view has no address of its own",
                        short(&url)
                    )
                }
                _ => continue,
            };
            self.found(
                Rule::UndeclaredRequest,
                at,
                message,
                "let the host call a tool (`mcp.callTool`), or write an absolute url of an origin that `csp` declares",
            );
        }
    }
}

/// What elements load: the url, what it is, where, and the list that governs it.
pub(super) fn of_elements(elements: &[Element]) -> Vec<(String, String, usize, List)> {
    let mut found = Vec::new();
    for element in elements {
        let tag = element.name.as_str();
        let mut add = |attribute: &str, what: &str, list| {
            if let Some(a) = element.attribute(attribute) {
                let urls = if attribute.ends_with("srcset") {
                    candidates(&a.value)
                } else {
                    vec![a.value.clone()]
                };
                found.extend(
                    urls.into_iter()
                        .map(|url| (url, what.to_owned(), a.at, list)),
                );
            }
        };
        match tag {
            "script" => add("src", "the script", List::Code),
            "link" => {
                if let Some((what, list)) = link(element) {
                    add("href", what, list);
                    add("imagesrcset", what, list);
                }
            }
            "img" => {
                add("src", "the image", List::Picture);
                add("srcset", "the image", List::Picture);
            }
            "input" if element.value("type").eq_ignore_ascii_case("image") => {
                add("src", "the image", List::Picture);
            }
            "image" | "feimage" => {
                add("href", "the image", List::Picture);
                add("xlink:href", "the image", List::Picture);
            }
            "use" => {
                add("href", "the symbol", List::Picture);
                add("xlink:href", "the symbol", List::Picture);
            }
            "video" | "audio" | "source" | "track" => {
                add("src", "the medium", List::Picture);
                add("srcset", "the image", List::Picture);
                add("poster", "the poster", List::Picture);
            }
            "iframe" | "frame" => add("src", "the frame", List::Frame),
            "body" | "table" | "td" | "th" => add("background", "the background", List::Picture),
            _ => {}
        }
    }
    found
}

/// Module names such as `"react"` are no paths: an import map may know them.
fn is_path(url: &str) -> bool {
    url.starts_with(['/', '.']) || url.contains('/')
}

/// `fetch("…")`, `new WebSocket("…")`, `import "…"`: what it is, the url, and the list that governs it.
fn request<'s>(tokens: &[Token<'s>], i: usize) -> Option<(&'static str, Token<'s>, List)> {
    let token = tokens.get(i).filter(|t| t.kind == Kind::Word)?;
    let literal = |at: usize| {
        let token = tokens.get(at)?;
        matches!(token.kind, Kind::Text | Kind::Template).then_some(*token)
    };
    let argument = || {
        tokens
            .get(i + 1)
            .filter(|t| t.is("("))
            .and_then(|_| literal(i + 2))
    };
    let is_new = i > 0 && (tokens[i - 1].is_word("new") || super::habits::of_window(tokens, i));
    match token.text {
        "fetch" if super::habits::is_global(tokens, i) => {
            Some(("`fetch`", argument()?, List::Connect))
        }
        "sendBeacon" => Some(("`sendBeacon`", argument()?, List::Connect)),
        "WebSocket" if is_new => Some(("`WebSocket`", argument()?, List::Connect)),
        "EventSource" if is_new => Some(("`EventSource`", argument()?, List::Connect)),
        "import" => {
            let url = literal(i + 1).or_else(argument)?;
            Some(("`import`", url, List::Code))
        }
        "from" => Some(("`import`", literal(i + 1)?, List::Code)),
        // `request.open("GET", "…")` of an XMLHttpRequest.
        "open" if tokens.get(i + 3).is_some_and(|t| t.is(",")) => {
            let method = tokens.get(i + 2)?;
            let is_method =
                !method.text.is_empty() && method.text.bytes().all(|b| b.is_ascii_uppercase());
            let url = literal(i + 4).filter(|_| method.kind == Kind::Text && is_method)?;
            Some(("`XMLHttpRequest`", url, List::Connect))
        }
        // `image.setAttribute("src", "…")`
        "setAttribute" if tokens.get(i + 2).is_some_and(|t| t.text == "src") => {
            Some(("`src`", literal(i + 4)?, List::Picture))
        }
        // `image.src = "…"`
        "src" if i > 0 && tokens[i - 1].is(".") && tokens.get(i + 1).is_some_and(|t| t.is("=")) => {
            Some(("`src`", literal(i + 2)?, List::Picture))
        }
        _ => None,
    }
}

/// What a `<link>` loads, if it loads anything.
fn link(element: &Element) -> Option<(&'static str, List)> {
    let rel = element.value("rel").to_ascii_lowercase();
    let is = |name: &str| rel.split_ascii_whitespace().any(|r| r == name);
    if is("stylesheet") {
        return Some(("the style sheet", List::Code));
    }
    if is("icon") || is("apple-touch-icon") || is("mask-icon") {
        return Some(("the icon", List::Picture));
    }
    if is("preload") {
        return Some(match element.value("as") {
            "image" => ("the image", List::Picture),
            "font" => ("the font", List::Font),
            "fetch" => ("the data", List::Connect),
            _ => ("the preloaded file", List::Code),
        });
    }
    let code = is("modulepreload") || is("prefetch") || is("manifest");
    code.then_some(("the linked file", List::Code))
}

fn of_style((at, what): &(usize, What)) -> Option<(String, String, usize, List)> {
    match what {
        What::Url { url, font: true } => Some((url.clone(), "the font".into(), *at, List::Font)),
        What::Url { url, font: false } => Some((
            url.clone(),
            "the image in a style".into(),
            *at,
            List::Picture,
        )),
        What::Import(url) => Some((
            url.clone(),
            "the imported style sheet".into(),
            *at,
            List::Code,
        )),
        _ => None,
    }
}

/// The urls of a `srcset` (HTML §4.8.4.2.1).
fn candidates(srcset: &str) -> Vec<String> {
    let mut urls = Vec::new();
    let mut rest = srcset;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return urls;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (url, after) = rest.split_at(end);
        let bare = url.trim_end_matches(',');
        urls.push(bare.to_owned());
        rest = after;
        if bare.len() == url.len() {
            rest = after.split_once(',').map_or("", |(_, next)| next);
        }
    }
}

pub(super) fn declare(list: List, origin: &str) -> String {
    if !origin.contains("://") || origin.ends_with("://") {
        return "sandboxes load from `https:` origins".to_owned();
    }
    format!("declare it: `csp({}(\"{origin}\"))`", list.name())
}

fn scheme(url: &str) -> &str {
    url.trim_start().split(':').next().unwrap_or_default()
}

/// Enough of a url to find it by.
pub(super) fn short(url: &str) -> String {
    let mut chars = url.trim().chars();
    let head: String = chars.by_ref().take(60).collect();
    match chars.next() {
        Some(_) => format!("{head}…"),
        None => head,
    }
}
