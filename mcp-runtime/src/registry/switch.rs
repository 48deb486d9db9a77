//! Items that are switched on and off while the server runs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Catalogue, Switch};
use crate::descriptor::Item;

/// The switch of every item, by what the item is called on the wire.
#[derive(Debug, Default)]
pub(super) struct Switches {
    by_item: HashMap<(Kind, &'static str), Switch>,
    /// One change at a time, so that the lists tell of it before the next one.
    turning: Mutex<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Tool,
    Prompt,
    Resource,
}

/// Which lists a change has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub tools: bool,
    pub prompts: bool,
    pub resources: bool,
}

impl Switches {
    /// The switch of an item; a new one is on.
    pub(super) fn of(&mut self, item: &Item) -> Switch {
        self.by_item.entry(key(item)).or_default().clone()
    }
}

fn key(item: &Item) -> (Kind, &'static str) {
    match item {
        Item::Tool(d) => (Kind::Tool, d.name),
        Item::Prompt(d) => (Kind::Prompt, d.name),
        Item::Resource(d) => (Kind::Resource, d.uri.as_str()),
        Item::UiResource(d) => (Kind::Resource, d.uri),
    }
}

impl Catalogue {
    /// Whether an item is served now.
    pub(crate) fn is_on(&self, item: &Item) -> bool {
        let switch = self.switches.by_item.get(&key(item));
        switch.is_some_and(Switch::is_on)
    }

    /// Switches items on or off: all of them, or none where one is not this server's; then that one comes back.
    pub(crate) fn turn(&self, items: &[Item], on: bool) -> Result<Changed, Item> {
        let found: Result<Vec<_>, Item> = items
            .iter()
            .map(|item| {
                let key = key(item);
                let switch = self.switches.by_item.get(&key).ok_or(*item)?;
                Ok((key.0, switch))
            })
            .collect();
        let found = found?;
        let turning = self.switches.turning.lock();
        let _turning = turning.unwrap_or_else(PoisonError::into_inner);
        let mut changed = Changed::default();
        for (kind, switch) in found {
            let flag = match kind {
                Kind::Tool => &mut changed.tools,
                Kind::Prompt => &mut changed.prompts,
                Kind::Resource => &mut changed.resources,
            };
            *flag |= switch.turn(on);
        }
        if changed.tools {
            self.tool_list.rewrite();
        }
        if changed.prompts {
            self.prompt_list.rewrite();
        }
        if changed.resources {
            self.resource_list.rewrite();
            self.template_list.rewrite();
        }
        Ok(changed)
    }
}
