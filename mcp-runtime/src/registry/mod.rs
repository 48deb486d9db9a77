//! The catalogue: what a server serves, checked once at start-up. Afterwards items are switched on and off at most.

mod items;
mod list;
mod skills;
mod switch;
mod template;
mod view;
mod wire;

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::descriptor::{
    Item, Place, PromptDescriptor, ResourceDescriptor, TaskSupport, ToolDescriptor, Uri,
};
use crate::extract::Providers;
use crate::protocol::ResourceContents;
use crate::schema::{Extras, Input, Output};
use crate::settings::SettingsError;
use list::Entry;
use switch::Switches;
use template::Template;

pub use items::Items;
use list::Switch;
pub(crate) use list::{List, TTL_MS};
pub(crate) use skills::SkillSet;
pub use skills::Skills;
pub(crate) use switch::Changed;
pub(crate) use view::View;
pub(crate) use wire::view_meta;

/// A tool with its schemas.
#[derive(Debug)]
pub(crate) struct Tool {
    pub descriptor: &'static ToolDescriptor,
    pub input: Input,
    pub output: Option<Output>,
    /// Whether revisions before 2026-07-28 can carry its structured value.
    pub object_output: bool,
    /// Arguments that clients repeat in a header, with the header's name (`x-mcp-header`).
    pub headers: Vec<(String, String)>,
    switch: Switch,
}

/// A prompt with its schema.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub descriptor: &'static PromptDescriptor,
    pub input: Input,
    switch: Switch,
}

/// A resource or a template with the schema of its variables.
#[derive(Debug)]
pub(crate) struct Resource {
    pub descriptor: &'static ResourceDescriptor,
    pub input: Input,
    template: Option<Template>,
    switch: Switch,
}

impl Resource {
    pub(crate) fn is_on(&self) -> bool {
        self.switch.is_on()
    }
}

/// What a uri leads to.
#[derive(Debug)]
pub(crate) enum Found<'c> {
    Resource(&'c Resource, Map<String, Value>),
    View(&'c View, &'c Input),
    SkillFile(ResourceContents),
}

/// All that a server serves.
#[derive(Debug)]
pub(crate) struct Catalogue {
    tools: HashMap<&'static str, Tool>,
    /// The names of tools by their former names.
    aliases: HashMap<&'static str, &'static str>,
    prompts: HashMap<&'static str, Prompt>,
    resources: Vec<Resource>,
    views: Vec<View>,
    by_uri: HashMap<&'static str, Address>,
    pub tool_list: List,
    pub prompt_list: List,
    pub resource_list: List,
    pub template_list: List,
    pub skills: SkillSet,
    no_arguments: Input,
    switches: Switches,
}

#[derive(Debug)]
enum Address {
    Resource(usize),
    View(usize),
}

impl Catalogue {
    /// Checks the items and writes the lists.
    ///
    /// # Errors
    /// Every mistake that only the whole shows: duplicates, schemas that cannot be served, types that nothing provides.
    pub(crate) fn build(
        items: &[Item],
        providers: &Providers,
        skills: SkillSet,
        flat_ui_key: bool,
    ) -> Result<Self, SettingsError> {
        Self::checked(items, Some(providers), skills, flat_ui_key)
    }

    /// The same without a look at what they take from a server: for their lists, not for calls.
    #[cfg(feature = "contract")]
    pub(crate) fn of(items: &[Item]) -> Result<Self, SettingsError> {
        Self::checked(items, None, SkillSet::none(), true)
    }

    fn checked(
        items: &[Item],
        providers: Option<&Providers>,
        mut skills: SkillSet,
        flat_ui_key: bool,
    ) -> Result<Self, SettingsError> {
        let mut problems = duplicates(items);
        let skill_files = skills.take_resources();
        let mut catalogue = Self {
            tools: HashMap::new(),
            aliases: HashMap::new(),
            prompts: HashMap::new(),
            resources: Vec::new(),
            views: Vec::new(),
            by_uri: HashMap::new(),
            tool_list: List::build("tools", Vec::new()),
            prompt_list: List::build("prompts", Vec::new()),
            resource_list: List::build("resources", Vec::new()),
            template_list: List::build("resourceTemplates", Vec::new()),
            skills,
            no_arguments: Input::build(&[], Extras::default())
                .map_err(|e| SettingsError::new(e.0))?,
            switches: Switches::default(),
        };
        let (mut tools, mut prompts, mut resources, mut templates) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for item in items {
            if let Some(providers) = providers {
                missing(item, providers, &mut problems);
            }
            let added = match *item {
                Item::Tool(d) => catalogue
                    .add_tool(d, flat_ui_key)
                    .map(|entry| tools.push(entry)),
                Item::Prompt(d) => catalogue.add_prompt(d).map(|entry| prompts.push(entry)),
                Item::Resource(d) => catalogue.add_resource(d).map(|entry| match d.uri {
                    Uri::Fixed(_) => resources.push(entry),
                    Uri::Template(_) => templates.push(entry),
                }),
                Item::UiResource(d) => {
                    resources.push(catalogue.add_view(d));
                    Ok(())
                }
            };
            if let Err(text) = added {
                problems.push(format!(
                    "the {} `{}` ({}): {text}",
                    item.kind(),
                    item.name(),
                    item.place()
                ));
            }
        }
        catalogue.check_views(items, &mut problems);
        catalogue.check_aliases(&mut problems);
        for file in skill_files {
            if let Some(uri) = file["uri"]
                .as_str()
                .filter(|uri| catalogue.by_uri.contains_key(uri))
            {
                problems.push(format!(
                    "`{uri}` is a file of a skill and another resource too: rename one of them"
                ));
            }
            resources.push(everyone(file));
        }
        if !problems.is_empty() {
            return Err(SettingsError::new(problems.join("\n")));
        }
        catalogue.tool_list = List::build("tools", tools);
        catalogue.prompt_list = List::build("prompts", prompts);
        catalogue.resource_list = List::build("resources", resources);
        catalogue.template_list = List::build("resourceTemplates", templates);
        Ok(catalogue)
    }

    fn add_tool(&mut self, d: &'static ToolDescriptor, flat_ui_key: bool) -> Result<Entry, String> {
        let input = Input::build(d.params, Extras::of(d)).map_err(|e| e.0)?;
        let output = Output::build(d.output).map_err(|e| e.0)?;
        let schema = output.as_ref().map(Output::schema);
        let object_output = schema.is_none_or(wire::is_object);
        let headers = header_arguments(input.schema())?;
        scope_syntax(d.scopes, d.hidden)?;
        for alias in d.aliases {
            if let Some(other) = self.aliases.insert(alias, d.name) {
                return Err(format!(
                    "its alias `{alias}` is one of `{other}` too: remove one"
                ));
            }
        }
        let switch = self.switches.of(&Item::Tool(d));
        let entry = Entry {
            modern: wire::tool(d, input.schema(), schema, flat_ui_key),
            legacy: wire::tool(
                d,
                input.schema(),
                schema.filter(|_| object_output),
                flat_ui_key,
            ),
            hidden_behind: if d.hidden { d.scopes } else { &[] },
            switch: switch.clone(),
        };
        self.tools.insert(
            d.name,
            Tool {
                descriptor: d,
                input,
                output,
                object_output,
                headers,
                switch,
            },
        );
        Ok(entry)
    }

    /// A name leads to one tool.
    fn check_aliases(&self, problems: &mut Vec<String>) {
        for (alias, name) in &self.aliases {
            if self.tools.contains_key(alias) {
                problems.push(format!(
                    "`{alias}` is a tool and an alias of the tool `{name}` too: remove the alias, or rename the tool"
                ));
            }
        }
    }

    fn add_prompt(&mut self, d: &'static PromptDescriptor) -> Result<Entry, String> {
        let input = Input::build(d.params, Extras::default()).map_err(|e| e.0)?;
        let switch = self.switches.of(&Item::Prompt(d));
        let entry = everyone(wire::prompt(d, input.schema())).switched_by(switch.clone());
        self.prompts.insert(
            d.name,
            Prompt {
                descriptor: d,
                input,
                switch,
            },
        );
        Ok(entry)
    }

    fn add_resource(&mut self, d: &'static ResourceDescriptor) -> Result<Entry, String> {
        let input = Input::build(d.params, Extras::default()).map_err(|e| e.0)?;
        scope_syntax(d.scopes, d.hidden)?;
        let template = match d.uri {
            Uri::Fixed(uri) => {
                self.by_uri
                    .insert(uri, Address::Resource(self.resources.len()));
                None
            }
            Uri::Template(text) => Some(Template::compile(text)?),
        };
        let wire = wire::resource(d);
        let hidden_behind = if d.hidden { d.scopes } else { &[] };
        let switch = self.switches.of(&Item::Resource(d));
        self.resources.push(Resource {
            descriptor: d,
            input,
            template,
            switch: switch.clone(),
        });
        Ok(Entry {
            modern: wire.clone(),
            legacy: wire,
            hidden_behind,
            switch,
        })
    }

    /// The tool of this name, or of this former one.
    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        let now = || self.tools.get(self.aliases.get(name)?);
        let found = self.tools.get(name).or_else(now);
        found.filter(|t| t.switch.is_on())
    }

    /// Every tool, in no order.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &'static ToolDescriptor> {
        self.tools.values().map(|tool| tool.descriptor)
    }

    /// Whether a tool may run as a task.
    pub(crate) fn has_tasks(&self) -> bool {
        self.tools().any(|tool| tool.task != TaskSupport::Forbidden)
    }

    pub(crate) fn prompt(&self, name: &str) -> Option<&Prompt> {
        self.prompts.get(name).filter(|p| p.switch.is_on())
    }

    /// What a uri leads to: a fixed one first, then the first template that fits.
    pub(crate) fn resource(&self, uri: &str) -> Option<Found<'_>> {
        if let Some(view) = self.view(uri) {
            return Some(Found::View(view, &self.no_arguments));
        }
        match self.by_uri.get(uri) {
            // It is switched off.
            Some(Address::View(_)) => None,
            Some(Address::Resource(i)) => self
                .resources
                .get(*i)
                .filter(|r| r.switch.is_on())
                .map(|r| Found::Resource(r, Map::new())),
            None => self
                .skills
                .read(uri)
                .map(Found::SkillFile)
                .or_else(|| self.by_template(uri)),
        }
    }

    /// The template with this text, switched on or off.
    pub(crate) fn template(&self, text: &str) -> Option<&Resource> {
        let mut all = self.resources.iter();
        all.find(|r| r.template.is_some() && r.descriptor.uri.as_str() == text)
    }

    fn by_template(&self, uri: &str) -> Option<Found<'_>> {
        self.resources.iter().find_map(|r| {
            let template = r.template.as_ref().filter(|_| r.switch.is_on())?;
            Some(Found::Resource(r, template.matches(uri)?))
        })
    }

    /// The same with lists in pages of so many entries.
    pub(crate) fn in_pages_of(mut self, entries: usize) -> Self {
        for list in [
            &mut self.tool_list,
            &mut self.prompt_list,
            &mut self.resource_list,
            &mut self.template_list,
        ] {
            list.set_page(entries);
        }
        self
    }

    /// Every scope that an item names, for the authorization server to offer.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let named = self.tools.values().flat_map(|t| t.descriptor.scopes.iter());
        let named = named.chain(
            self.resources
                .iter()
                .flat_map(|r| r.descriptor.scopes.iter()),
        );
        let mut scopes: Vec<String> = named.map(|s| (*s).to_owned()).collect();
        scopes.sort();
        scopes.dedup();
        scopes
    }

    /// Whether any argument of a prompt or of a template can be completed.
    pub(crate) fn completes(&self) -> bool {
        let prompts = self
            .prompts
            .values()
            .map(|p| (p.descriptor.params, &p.input));
        let resources = self
            .resources
            .iter()
            .map(|r| (r.descriptor.params, &r.input));
        prompts.chain(resources).any(|(params, input)| {
            params
                .iter()
                .any(|p| p.complete.is_some() || input.suggests(p.name))
        })
    }
}

/// An entry that everyone sees, the same on both wires.
fn everyone(wire: Value) -> Entry {
    Entry {
        modern: wire.clone(),
        legacy: wire,
        hidden_behind: &[],
        switch: Switch::default(),
    }
}

fn duplicates(items: &[Item]) -> Vec<String> {
    let mut seen: HashMap<(&str, &str), &Place> = HashMap::new();
    let mut problems = Vec::new();
    for item in items {
        // A view is a resource, and a resource's name on the wire is its uri.
        let key = match item {
            Item::Tool(d) => ("tool", d.name),
            Item::Prompt(d) => ("prompt", d.name),
            Item::Resource(d) => ("resource", d.uri.as_str()),
            Item::UiResource(d) => ("resource", d.uri),
        };
        if let Some(first) = seen.insert(key, item.place()) {
            problems.push(format!(
                "two {}s are called `{}`: one at {first}, one at {}; rename one",
                key.0,
                key.1,
                item.place()
            ));
        }
    }
    problems
}

fn missing(item: &Item, providers: &Providers, problems: &mut Vec<String>) {
    for p in item
        .provided()
        .iter()
        .filter(|p| !p.optional && !providers.has((p.key)()))
    {
        let ty = (p.type_name)();
        problems.push(format!(
            "the {} `{}` ({}) takes `{}: &{ty}`, and nothing provides a `{ty}`: add `.state(|| async {{ … }})` or \
             `.provide(|ctx| async {{ … }})` to the server",
            item.kind(),
            item.name(),
            item.place(),
            p.param
        ));
    }
}

/// `x-mcp-header` of the arguments, wherever the schema came from.
fn header_arguments(schema: &Value) -> Result<Vec<(String, String)>, String> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let Some(header) = property.get("x-mcp-header") else {
            continue;
        };
        let Some(header) = header.as_str().filter(|h| is_header_name(h)) else {
            return Err(format!(
                "`x-mcp-header` of `{name}` must be a header name such as \"Region\""
            ));
        };
        if headers
            .iter()
            .any(|(_, other)| other.eq_ignore_ascii_case(header))
        {
            return Err(format!("two arguments have the header `{header}`"));
        }
        headers.push((name.clone(), header.to_owned()));
    }
    Ok(headers)
}

fn is_header_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// RFC 6749 §3.3: a scope goes into a header, so nothing may break out of it. What is hidden is so by a scope.
fn scope_syntax(scopes: &[&str], hidden: bool) -> Result<(), String> {
    if hidden && scopes.is_empty() {
        return Err("it is hidden, and names no scope of those who may see it".into());
    }
    let good = |s: &&&str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\')
    };
    match scopes.iter().find(|s| !good(s)) {
        None => Ok(()),
        Some(bad) => Err(format!(
            "the scope {bad:?} must be printable ASCII without spaces, quotes and backslashes"
        )),
    }
}
