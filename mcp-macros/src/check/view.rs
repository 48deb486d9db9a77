//! Judges the HTML of a view, with the eyes of a host's sandbox.

use proc_macro2::{Ident, Span};
use quote::ToTokens as _;
use syn::LitStr;

use crate::errors::Errors;
use crate::model::{Html, UiResource};

pub(super) fn html(resource: &UiResource, html: &Html, errors: &Errors) {
    let csp = &resource.csp;
    let texts = |list: &[LitStr]| list.iter().map(LitStr::value).collect::<Vec<_>>();
    let lists = [&csp.connect, &csp.resource, &csp.frame, &csp.base_uri].map(|list| texts(list));
    let lists: [Vec<&str>; 4] = lists
        .each_ref()
        .map(|l| l.iter().map(String::as_str).collect());
    let findings = mcp_views::check(&mcp_views::View {
        html: &html.text,
        connect: &lists[0],
        resource: &lists[1],
        frame: &lists[2],
        base_uri: &lists[3],
        bridge: resource.bridge,
    });
    // The whole attribute: what is wrong stands in another file.
    let attribute = Ident::new("mcp_ui_resource", Span::call_site()).into_token_stream();
    let declared = || {
        let lists = [&csp.connect, &csp.resource, &csp.frame, &csp.base_uri];
        lists.into_iter().flatten()
    };
    for finding in findings {
        let message = match (&html.file, finding.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: {}", finding.message),
            (Some(file), None) => format!("{file}: {}", finding.message),
            (None, Some(line)) => format!("line {line} of the HTML: {}", finding.message),
            (None, None) => finding.message,
        };
        let of_origin = declared().find(|d| Some(d.value()) == finding.origin);
        let at = of_origin.map_or_else(|| attribute.clone(), |d| d.into_token_stream());
        match finding.rule.name() {
            Some(name) => errors.warn(name, at, message, finding.help),
            None => errors.at(at, message, finding.help),
        }
    }
}
