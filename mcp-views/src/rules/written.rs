//! What scripts ask for by themselves or write into the page, as far as it is written out: workers, files, markup.

use super::Judge;
use super::loads::{declare, of_elements, short};
use crate::finding::Rule;
use crate::origin::{Target, allows, target};
use crate::page::Page;
use crate::script::{Kind, Token};

impl Judge<'_> {
    pub(super) fn written(&mut self) {
        self.workers();
        self.markup_of_scripts();
    }

    /// Workers come from the page's own origin only, and a view has none to put them at.
    fn workers(&mut self) {
        let mut found = Vec::new();
        for (start, tokens) in &self.scripts {
            for i in 0..tokens.len() {
                if let Some((what, token)) = worker(tokens, i) {
                    found.push((format!("{what} `{}`", short(token.text)), start + token.at));
                }
            }
        }
        for (what, at) in found {
            self.found(
                Rule::UndeclaredRequest,
                at,
                format!("{what} is looked for beside the page, and a view has no address"),
                "do the work in the page, or on the server behind a tool",
            );
        }
    }

    /// Markup in the texts of scripts (`element.innerHTML = "<img …>"`) and in `srcdoc`, as far as it is written out.
    fn markup_of_scripts(&mut self) {
        let mut texts = Vec::new();
        for (start, tokens) in &self.scripts {
            let found = (0..tokens.len()).filter_map(|i| markup(tokens, i));
            texts.extend(found.map(|t| (unescaped(t.text), start + t.at)));
        }
        for frame in self.page.elements.iter().filter(|e| e.name == "iframe") {
            texts.extend(frame.attribute("srcdoc").map(|a| (a.value.clone(), a.at)));
        }
        for (text, at) in texts {
            let page = Page::read(&text);
            for (url, what, _, list) in of_elements(&page.elements) {
                let Target::Origin(origin) = target(&url) else {
                    continue;
                };
                if origin.ends_with("://") || self.declared(list).iter().any(|d| allows(d, &origin))
                {
                    continue;
                }
                self.found(
                    Rule::UndeclaredRequest,
                    at,
                    format!("{what} in this text is loaded from `{origin}`, which the view does not declare"),
                    declare(list, &origin),
                );
            }
        }
    }
}

/// `new Worker("worker.js")`, `new URL("worker.js", import.meta.url)`: what is looked for, and its address.
fn worker<'s>(tokens: &[Token<'s>], i: usize) -> Option<(&'static str, Token<'s>)> {
    let is_new = i > 0 && tokens[i - 1].is_word("new");
    let url = tokens.get(i + 2).filter(|t| t.kind == Kind::Text)?;
    if !is_new || !tokens.get(i + 1)?.is("(") {
        return None;
    }
    match tokens[i].text {
        "Worker" | "SharedWorker" if !url.text.starts_with("blob:") => Some(("the worker", *url)),
        "URL" if tokens.get(i + 3)?.is(",") && tokens.get(i + 4)?.is_word("import") => {
            Some(("the file", *url))
        }
        _ => None,
    }
}

/// The text of `element.innerHTML = "…"` and its kin.
fn markup<'s>(tokens: &[Token<'s>], i: usize) -> Option<Token<'s>> {
    let token = tokens[i];
    if token.kind != Kind::Word || i == 0 || !tokens[i - 1].is(".") {
        return None;
    }
    let text = match token.text {
        "innerHTML" | "outerHTML" | "srcdoc" => {
            let adds = usize::from(tokens.get(i + 1)?.is("+"));
            tokens.get(i + 1 + adds).filter(|t| t.is("="))?;
            tokens.get(i + 2 + adds)?
        }
        "insertAdjacentHTML" => tokens.get(i + 4)?,
        "write" | "writeln" if i > 1 && tokens[i - 2].is_word("document") => tokens.get(i + 2)?,
        _ => return None,
    };
    matches!(text.kind, Kind::Text | Kind::Template).then_some(*text)
}

/// A script's text as markup: its escaped quotes and slashes are none there.
fn unescaped(text: &str) -> String {
    text.replace("\\\"", "\"")
        .replace("\\'", "'")
        .replace("\\/", "/")
}
