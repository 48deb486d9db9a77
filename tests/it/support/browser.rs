//! A browser as far as a login page needs one: cookies, the Origin of posts, no redirect followed unasked.

use std::collections::BTreeMap;

use reqwest::Method;

use super::page::Form;
use super::{Door, Page, Params, Reply};

/// A browser with its own cookies.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    door: Door,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(door: Door) -> Self {
        Self {
            door,
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn get(&mut self, target: &str) -> Reply {
        self.get_with(target, &[("sec-fetch-site", "none")]).await
    }

    pub(crate) async fn get_with(&mut self, target: &str, headers: &[(&str, &str)]) -> Reply {
        let cookie = self.cookie_header();
        let mut all = headers.to_vec();
        if !cookie.is_empty() {
            all.push(("cookie", cookie.as_str()));
        }
        let reply = self.door.send(Method::GET, target, &all, "").await;
        self.keep(&reply);
        reply
    }

    /// Posts a form as a browser does from a page of this server.
    pub(crate) async fn post(&mut self, target: &str, form: &Params) -> Reply {
        let base = self.door.base.clone();
        let origin = url::Url::parse(&base)
            .expect("a base URL")
            .origin()
            .ascii_serialization();
        let headers = [
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        self.post_with(target, form, &headers).await
    }

    /// Posts a form with just these headers and the cookies.
    pub(crate) async fn post_with(
        &mut self,
        target: &str,
        form: &Params,
        headers: &[(&str, &str)],
    ) -> Reply {
        let cookie = self.cookie_header();
        let mut all = headers.to_vec();
        if !cookie.is_empty() {
            all.push(("cookie", cookie.as_str()));
        }
        let reply = self.door.form(target, &all, form).await;
        self.keep(&reply);
        reply
    }

    fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&mut self, reply: &Reply) {
        for cookie in set_cookies(reply) {
            if cookie.value.is_empty() || cookie.flag("max-age") == Some("0") {
                self.cookies.remove(&cookie.name);
            } else {
                self.cookies.insert(cookie.name, cookie.value);
            }
        }
    }
}

/// A `Set-Cookie` header in pieces.
#[derive(Debug, Clone)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) flags: Vec<String>,
}

impl SetCookie {
    /// The value of an attribute, empty where it has none; names in lower case.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find_map(|flag| {
            let (n, v) = flag.split_once('=').unwrap_or((flag, ""));
            n.eq_ignore_ascii_case(name).then_some(v)
        })
    }
}

/// The cookies that an answer sets.
pub(crate) fn set_cookies(reply: &Reply) -> Vec<SetCookie> {
    let parse = |text: &str| {
        let mut parts = text.split(';').map(|p| p.trim().to_owned());
        let (name, value) = parts.next().map_or_else(Default::default, |pair| {
            let (n, v) = pair.split_once('=').expect("a pair");
            (n.to_owned(), v.to_owned())
        });
        SetCookie {
            name,
            value,
            flags: parts.collect(),
        }
    };
    let values = reply.headers.get_all("set-cookie").iter();
    values.map(|v| parse(v.to_str().expect("ASCII"))).collect()
}

/// What a browser sends when the user fills in the credentials and presses the form's first button.
pub(crate) fn filled(form: &Form, user: &str, password: &str) -> Params {
    let mut params = Params::default();
    for field in &form.fields {
        let value = match field.kind.as_str() {
            "password" => password,
            "hidden" => &field.value,
            "checkbox" | "radio" if field.checked => &field.value,
            "checkbox" | "radio" => continue,
            _ => user,
        };
        params = params.and(&field.name, value);
    }
    match form.buttons.first() {
        Some((name, value)) if !name.is_empty() => params.and(name, value),
        _ => params,
    }
}

/// What a browser sends when the user presses Deny, and where to.
pub(crate) fn denied(page: &Page) -> (String, Params) {
    let forms = page.forms();
    let is_deny = |(name, value): &(String, String)| name == "decision" && value == "deny";
    let form = forms
        .iter()
        .find(|f| f.buttons.iter().any(is_deny))
        .expect("a Deny button");
    let mut params = Params::default();
    for field in form.fields.iter().filter(|f| f.kind == "hidden") {
        params = params.and(&field.name, &field.value);
    }
    (form.action.clone(), params.and("decision", "deny"))
}
