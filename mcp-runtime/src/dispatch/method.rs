//! The methods that are answered here: what each is called, on which wires it is, and what a server must have for it.

use crate::protocol::ProtocolVersion;
use crate::registry::Catalogue;

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Discover,
    Ping,
    SetLogLevel,
    ListTools,
    CallTool,
    ListPrompts,
    GetPrompt,
    ListResources,
    ListTemplates,
    ReadResource,
    Follow,
    Unfollow,
    Listen,
    Complete,
    ListSkills,
    GetSkill,
    ReadDirectory,
    /// `tasks/get`, `tasks/update`, `tasks/cancel`.
    Task,
}

/// What a server has, of all that it could; known from its start on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offer {
    pub tools: bool,
    pub prompts: bool,
    pub resources: bool,
    pub completions: bool,
    pub skills: bool,
    pub tasks: bool,
    /// Whether lists and resources change while it runs.
    pub changes: bool,
}

impl Offer {
    pub(super) fn of(catalogue: &Catalogue, changes: bool) -> Self {
        Self {
            tools: !catalogue.tool_list.is_empty(),
            prompts: !catalogue.prompt_list.is_empty(),
            resources: !catalogue.resource_list.is_empty() || !catalogue.template_list.is_empty(),
            completions: catalogue.completes(),
            skills: !catalogue.skills.is_empty(),
            tasks: catalogue.has_tasks(),
            changes,
        }
    }
}

impl Method {
    /// The method of this name, where the revision and the server have it.
    pub(super) fn find(name: &str, version: ProtocolVersion, offer: &Offer) -> Option<Self> {
        let stateless = version.is_stateless();
        let (method, is_here) = match name {
            "tools/call" => (Self::CallTool, offer.tools),
            "tools/list" => (Self::ListTools, offer.tools),
            "prompts/get" => (Self::GetPrompt, offer.prompts),
            "prompts/list" => (Self::ListPrompts, offer.prompts),
            "resources/read" => (Self::ReadResource, offer.resources),
            "resources/list" => (Self::ListResources, offer.resources),
            "resources/templates/list" => (Self::ListTemplates, offer.resources),
            "completion/complete" => (Self::Complete, offer.completions),
            "skills/list" => (Self::ListSkills, offer.skills),
            "skills/get" => (Self::GetSkill, offer.skills),
            "resources/directory/read" => (Self::ReadDirectory, offer.skills),
            "server/discover" => (Self::Discover, stateless),
            "subscriptions/listen" => (Self::Listen, stateless),
            "tasks/get" | "tasks/update" | "tasks/cancel" => (Self::Task, stateless && offer.tasks),
            "ping" => (Self::Ping, !stateless),
            "logging/setLevel" => (Self::SetLogLevel, !stateless),
            "resources/subscribe" => (Self::Follow, !stateless && offer.changes),
            "resources/unsubscribe" => (Self::Unfollow, !stateless && offer.changes),
            _ => return None,
        };
        is_here.then_some(method)
    }
}
