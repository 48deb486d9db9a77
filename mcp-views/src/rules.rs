//! The rules, over the parts of the page.

use crate::css::{self, What};
use crate::finding::{Finding, Rule};
use crate::page::Page;
use crate::script::{self, Token};
use crate::{View, handshake, theme};

mod habits;
mod loads;
mod written;

/// Hosts refuse more; the smallest known limit is the other.
const MAX_BYTES: usize = 5_000_000;
const LARGE_BYTES: usize = 1 << 20;

/// What the rules share: the page in its parts, and what was found.
pub(crate) struct Judge<'v> {
    pub view: &'v View<'v>,
    pub page: Page<'v>,
    /// The tokens of each script, with where it is.
    pub scripts: Vec<(usize, Vec<Token<'v>>)>,
    /// What each style holds, style attributes too, with where it is in the page.
    pub styles: Vec<(usize, What)>,
    pub findings: Vec<(Option<usize>, Finding)>,
}

pub(crate) fn check(view: &View<'_>) -> Vec<Finding> {
    if view.html.trim().is_empty() {
        let message = "there is no HTML".to_owned();
        let help = "a view is a whole page: `<!doctype html>…`".to_owned();
        return vec![finding(Rule::Empty, None, message, help)];
    }
    let mut judge = Judge::new(view);
    judge.whole();
    judge.loads();
    judge.written();
    judge.habits();
    handshake::check(&mut judge);
    theme::check(&mut judge);
    judge.unused_origins();
    judge.findings.sort_by_key(|(at, _)| *at);
    judge
        .findings
        .into_iter()
        .map(|(_, finding)| finding)
        .collect()
}

fn finding(rule: Rule, line: Option<usize>, message: String, help: String) -> Finding {
    Finding {
        rule,
        line,
        message,
        help,
        origin: None,
    }
}

impl<'v> Judge<'v> {
    fn new(view: &'v View<'v>) -> Self {
        let page = Page::read(view.html);
        let scripts = page.scripts.iter().map(|s| (s.at, script::read(s.text)));
        let scripts = scripts.collect();
        let mut styles: Vec<(usize, What)> = Vec::new();
        for style in &page.styles {
            let found = css::read(style.text).into_iter();
            styles.extend(found.map(|f| (style.at + f.at, f.what)));
        }
        for attribute in page.elements.iter().filter_map(|e| e.attribute("style")) {
            let found = css::read(&attribute.value).into_iter();
            styles.extend(found.map(|f| (attribute.at, f.what)));
        }
        Self {
            view,
            page,
            scripts,
            styles,
            findings: Vec::new(),
        }
    }

    /// Something about a place of the page.
    pub(crate) fn found(
        &mut self,
        rule: Rule,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let line = Some(self.page.line(at));
        let finding = finding(rule, line, message.into(), help.into());
        self.findings.push((Some(at), finding));
    }

    /// Something about the whole page.
    pub(crate) fn found_of_whole(
        &mut self,
        rule: Rule,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings
            .push((None, finding(rule, None, message.into(), help.into())));
    }

    /// Whether code is loaded that cannot be seen here.
    pub(crate) fn loads_code(&self) -> bool {
        let external = |name: &str, attribute: &str| {
            let mut elements = self.page.elements.iter();
            elements.any(|e| e.name == name && e.attribute(attribute).is_some())
        };
        external("script", "src")
            || self.scripts.iter().any(|(_, tokens)| {
                let mut pairs = tokens.windows(2);
                pairs.any(|t| {
                    (t[0].is_word("import") && (t[1].kind == script::Kind::Text || t[1].is("(")))
                        || (t[0].is_word("from") && t[1].kind == script::Kind::Text)
                })
            })
    }

    /// Whether a style sheet is loaded that cannot be seen here.
    pub(crate) fn loads_styles(&self) -> bool {
        self.styles
            .iter()
            .any(|(_, w)| matches!(w, What::Import(_)))
            || self
                .page
                .elements
                .iter()
                .any(|e| e.name == "link" && e.value("rel").contains("stylesheet"))
    }

    fn whole(&mut self) {
        if !self.page.doctype {
            self.found_of_whole(
                Rule::NoDoctype,
                "the page has no doctype",
                "begin it with `<!doctype html>`",
            );
        }
        if let Some(unclosed) = &self.page.unclosed {
            let (at, what) = (unclosed.at, unclosed.what.clone());
            let help = match what.strip_prefix('<') {
                Some(name) => format!("close it: `</{name}`"),
                None if what == "tag" => {
                    "close it with `>`, and each quoted value with its quote".to_owned()
                }
                None => "close it: `-->`".to_owned(),
            };
            let what = if what.starts_with('<') {
                format!("`{what}`")
            } else {
                format!("a {what}")
            };
            self.found(
                Rule::Unclosed,
                at,
                format!("{what} is never closed, and the rest of the page belongs to it"),
                help,
            );
        }
        let size = self.view.html.len();
        let help =
            "leave out what the page does not need, or load it from an origin that `csp` declares";
        if size > MAX_BYTES {
            let message = format!("the page has {:.1} MB; hosts take 5", size as f64 / 1e6);
            self.found_of_whole(Rule::TooLarge, message, help);
        } else if size > LARGE_BYTES {
            let message = format!(
                "the page has {:.2} MiB; some hosts take 1",
                size as f64 / LARGE_BYTES as f64
            );
            self.found_of_whole(Rule::LargeView, message, help);
        }
    }

    /// Origins that are declared and that the page never names. What code from outside does cannot be seen.
    fn unused_origins(&mut self) {
        if self.loads_code() || self.loads_styles() {
            return;
        }
        let view = self.view;
        let lists = [view.connect, view.resource, view.frame, view.base_uri];
        let text = view.html.to_ascii_lowercase();
        for origin in lists.concat() {
            let host = origin.split_once("://").map_or(origin, |(_, host)| host);
            if text.contains(&host.to_ascii_lowercase()) {
                continue;
            }
            let mut unused = finding(
                Rule::UnusedOrigin,
                None,
                format!("the page never names the origin `{origin}` that `csp` declares"),
                "leave it out: a host may show people what a view may reach".to_owned(),
            );
            unused.origin = Some(origin.to_owned());
            self.findings.push((None, unused));
        }
    }
}
