//! What the two sides can do.

use std::collections::BTreeMap;

use super::Object;

wire! {
    /// What a client can do, whole: with what a server of ours never asks about.
    ClientCapabilities {
        ;
        elicitation: ElicitationCapability,
        sampling: SamplingCapability,
        roots: Object,
        experimental: BTreeMap<String, Object>,
        extensions: BTreeMap<String, Object>
    }
    /// In which ways a client can ask its user.
    ElicitationCapability { ; form: Object, url: Object }
    /// How a client lends its model.
    SamplingCapability { ; context: Object, tools: Object }
    /// What a server can do.
    ServerCapabilities {
        ;
        tools: ListCapability,
        prompts: ListCapability,
        resources: ResourcesCapability,
        completions: Object,
        logging: Object,
        experimental: BTreeMap<String, Object>,
        extensions: BTreeMap<String, Object>
    }
    /// A list, and whether it tells of its changes.
    ListCapability { ; list_changed: bool }
    /// Resources, and of what they tell.
    ResourcesCapability { ; subscribe: bool, list_changed: bool }
}
