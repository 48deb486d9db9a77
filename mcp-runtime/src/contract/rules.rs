//! The rules: what a change means to those who call, one row each.
//!
//! The same change has two meanings. What a caller sends (In) may become wider without harm, what it reads (Out) may
//! become narrower. What cannot be decided is for people: [`Severity::Review`], never "compatible".

use serde::Serialize;

/// How grave a change is, from least to greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// No change: another way to say the same.
    None,
    /// Nobody depends on it.
    Patch,
    /// New, and compatible.
    Minor,
    /// Only a person can tell.
    Review,
    /// Somebody's working call stops working, or means something else.
    Breaking,
}

impl Severity {
    /// The word on the wire and in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Review => "review",
            Self::Breaking => "breaking",
        }
    }
}

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    /// From the caller to the tool; and all that is no schema.
    In,
    /// From the tool to the caller.
    Out,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Rule {
    pub number: u8,
    /// The change, in a few words.
    pub about: &'static str,
    pub input: Option<Severity>,
    pub output: Option<Severity>,
    /// Whether a person should look at it besides.
    pub review: bool,
    /// What to do about it.
    pub hint: &'static str,
}

impl Rule {
    pub(crate) fn severity(&self, direction: Direction) -> Severity {
        let there = match direction {
            Direction::In => self.input.or(self.output),
            Direction::Out => self.output.or(self.input),
        };
        there.unwrap_or(Severity::Review)
    }
}

/// The rule with this number.
pub(crate) fn rule(number: u8) -> &'static Rule {
    let found = RULES.iter().find(|rule| rule.number == number);
    // Numbers are written by us, not read, and the tests go through all of them.
    found.unwrap_or(&RULES[38])
}

const B: Option<Severity> = Some(Severity::Breaking);
const R: Option<Severity> = Some(Severity::Review);
const M: Option<Severity> = Some(Severity::Minor);
const P: Option<Severity> = Some(Severity::Patch);
const X: Option<Severity> = None;

const KEEP: &str = "keep the old one beside the new one, or release a major version";
const OPTIONAL: &str = "make it optional or give it a default, or release a major version";
const MAJOR: &str = "undo it, or release a major version";
const LOOK: &str = "look at it; if it is meant, waive it with a reason";

const fn row(
    number: u8,
    about: &'static str,
    input: Option<Severity>,
    output: Option<Severity>,
    hint: &'static str,
) -> Rule {
    Rule {
        number,
        about,
        input,
        output,
        review: false,
        hint,
    }
}

const fn reviewed(mut rule: Rule) -> Rule {
    rule.review = true;
    rule
}

/// All rules; the number is the place, from 1.
#[rustfmt::skip]
pub(crate) static RULES: [Rule; 67] = [
    row(1, "tool added", M, X, ""),
    row(2, "tool removed, or renamed without alias", B, X, "keep the old name as an alias, or release a major version"),
    row(3, "tool renamed with alias", M, X, ""),
    row(4, "description changed", P, X, ""),
    row(5, "title or icons changed", P, P, ""),
    row(6, "order of tools changed", P, X, ""),
    row(7, "required property added", B, M, OPTIONAL),
    row(8, "optional property added, object open", M, M, ""),
    row(9, "property added, object was closed", M, B, MAJOR),
    row(10, "required property removed", B, B, KEEP),
    row(11, "optional property removed, object closed", B, M, KEEP),
    row(12, "optional property removed, object open", R, R, "nothing refuses it, but nothing reads it either: if that is meant, waive it"),
    row(13, "property renamed", B, B, KEEP),
    row(14, "optional → required", B, M, OPTIONAL),
    row(15, "required → optional", M, B, MAJOR),
    row(16, "type widened", M, B, MAJOR),
    row(17, "type narrowed", B, M, MAJOR),
    row(18, "type replaced", B, B, "take the new type under a new name, or release a major version"),
    row(19, "enum value added", M, B, MAJOR),
    row(20, "enum value removed", B, M, "keep the value, or release a major version"),
    row(21, "enum reordered", P, P, ""),
    row(22, "enum or const introduced", B, M, MAJOR),
    row(23, "enum or const lifted", M, B, MAJOR),
    row(24, "bound or length tightened", B, M, "keep the bound, or release a major version"),
    row(25, "bound or length loosened", M, B, MAJOR),
    row(26, "pattern added", B, M, MAJOR),
    row(27, "pattern removed", M, B, MAJOR),
    row(28, "pattern changed", R, R, "whether one pattern lets through all that another does cannot be decided here: if so, waive it"),
    row(29, "asserted format added", B, M, MAJOR),
    row(30, "annotation-only format changed", P, P, ""),
    row(31, "uniqueItems or multipleOf added", B, M, MAJOR),
    row(32, "additionalProperties true → false", B, M, "keep the object open, or release a major version"),
    row(33, "additionalProperties false → true", M, B, MAJOR),
    row(34, "schema of a map's values changed", X, X, ""),
    row(35, "default added", M, P, ""),
    row(36, "default changed or removed", R, P, "who leaves it out gets another value now: if that is meant, waive it"),
    row(37, "anyOf branch added", M, B, MAJOR),
    row(38, "anyOf branch removed", B, M, MAJOR),
    row(39, "changed in a way that cannot be decided", R, R, LOOK),
    row(40, "composition at the root added", B, R, "write the alternatives into a property: some clients refuse a whole request for such a root"),
    row(41, "`$ref` inlined or `$defs` renamed, same expansion", P, P, ""),
    row(42, "`$schema` dialect changed", R, R, LOOK),
    row(43, "property description changed", P, P, ""),
    row(44, "property description removed", P, P, "describe it: models choose arguments by it"),
    row(45, "outputSchema added", X, M, ""),
    row(46, "outputSchema removed", X, B, MAJOR),
    row(47, "readOnlyHint true → false, or destructiveHint false → true", B, X, "hosts ask before such calls now: do it in a tool of its own, or release a major version"),
    reviewed(row(48, "a hint promises more", M, X, "hosts may stop asking before such calls: make sure that it is true, then waive it")),
    row(49, "idempotentHint true → false", B, X, "clients may repeat such calls: keep it idempotent, or release a major version"),
    row(50, "openWorldHint false → true", M, X, ""),
    row(51, "a hint made explicit at its default", Some(Severity::None), X, ""),
    row(52, "required scope added", B, X, "ask for it in a tool of its own, or release a major version"),
    reviewed(row(53, "required scope removed", M, X, "more people may call it now: make sure that this is meant, then waive it")),
    row(54, "task support changed", B, X, "keep the answer without a task, or release a major version"),
    row(55, "`_meta.ui.resourceUri` removed or renamed", B, X, "keep the view's uri, or release a major version"),
    row(56, "CSP domain or permission added to a ui resource", R, X, "the view may reach further now: if that is meant, waive it"),
    row(57, "a ui resource's HTML changed", P, X, ""),
    row(58, "`x-mcp-header` added, changed or removed", R, R, "proxies route by it: if they know, waive it"),
    row(59, "resource or template removed; prompt argument now required", B, X, KEEP),
    row(60, "a resource's mimeType changed", B, X, "serve the new type under a new uri, or release a major version"),
    row(61, "capability removed, protocol version dropped", B, X, MAJOR),
    row(62, "the tool list's token budget grew by over 10 %", Some(Severity::None), X, "every conversation pays for the list: shorten descriptions"),
    row(63, "uniqueItems or multipleOf removed; asserted format removed", M, B, MAJOR),
    row(64, "composition at the root removed", M, R, LOOK),
    row(65, "openWorldHint true → false", M, X, ""),
    row(66, "prompt removed, or a prompt's argument removed", B, X, KEEP),
    row(67, "prompt, optional prompt argument, resource, template or capability added", M, X, ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_stands_at_its_number() {
        for (i, rule) in RULES.iter().enumerate() {
            assert_eq!(usize::from(rule.number), i + 1, "{}", rule.about);
        }
        assert!(Severity::Breaking > Severity::Review && Severity::Review > Severity::Minor);
        assert!(Severity::Minor > Severity::Patch && Severity::Patch > Severity::None);
    }
}
