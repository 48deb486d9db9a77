//! Views with their pages, and the uris that lead to them.

use std::borrow::Cow;

use super::list::{Entry, Switch};
use super::{Address, Catalogue, everyone, wire};
use crate::descriptor::{Item, UiResourceDescriptor};

/// A view with its page.
#[derive(Debug)]
pub(crate) struct View {
    pub descriptor: &'static UiResourceDescriptor,
    /// The page as it goes out, where it is known without rendering.
    pub page: Option<Cow<'static, str>>,
    /// The uri under which it is listed.
    pub uri: Cow<'static, str>,
    switch: Switch,
}

impl Catalogue {
    pub(super) fn add_view(&mut self, d: &'static UiResourceDescriptor) -> Entry {
        let switch = self.switches.of(&Item::UiResource(d));
        self.by_uri.insert(d.uri, Address::View(self.views.len()));
        let view = View {
            descriptor: d,
            page: d.page(),
            uri: d.listed_uri(),
            switch: switch.clone(),
        };
        let entry = everyone(wire::ui_resource(d, &view.uri)).switched_by(switch);
        self.views.push(view);
        entry
    }

    /// A view that a tool names must be served too: a host would read it and find nothing.
    pub(super) fn check_views(&self, items: &[Item], problems: &mut Vec<String>) {
        for item in items {
            if let Item::Tool(d) = item
                && let Some(view) = d.ui
                && !matches!(self.by_uri.get(view.uri), Some(Address::View(..)))
            {
                problems.push(format!(
                    "the tool `{}` ({}) shows the view `{}`, which this server does not serve: add `{}` to its items",
                    d.name, d.place, view.uri, view.name
                ));
            }
        }
    }

    /// The view under this uri, with any version of it: a host that kept an older one gets the current page.
    pub(crate) fn view(&self, uri: &str) -> Option<&View> {
        let unversioned = uri.split_once("?v=").map_or(uri, |(uri, _)| uri);
        match self.by_uri.get(unversioned) {
            Some(Address::View(i)) => self.views.get(*i).filter(|view| view.switch.is_on()),
            _ => None,
        }
    }

    /// Whether there is a view to render.
    pub(crate) fn has_views(&self) -> bool {
        !self.views.is_empty()
    }
}
