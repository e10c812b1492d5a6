//! Names of tools, made legal for one request, and what they stand for.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ask::{Arguments, Ask, Content, ToolKind};

/// What a provider accepts as the name of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameRule {
    /// The most bytes.
    pub longest: usize,
    /// What may stand in it beside letters, digits, `_` and `-`.
    pub also: &'static str,
    /// Whether it may begin with a digit or `-`.
    pub any_start: bool,
}

impl NameRule {
    /// Chat and Messages: `^[a-zA-Z0-9_-]{1,64}$`.
    pub const USUAL: Self = Self { longest: 64, also: "", any_start: true };
    /// Responses: up to 128 bytes.
    pub const RESPONSES: Self = Self { longest: 128, also: "", any_start: true };
    /// Gemini: `^[a-zA-Z_][\w.:-]{0,127}$`.
    pub const GEMINI: Self = Self { longest: 128, also: ".:", any_start: false };

    fn allows(self, char: char) -> bool {
        char.is_ascii_alphanumeric() || char == '_' || char == '-' || self.also.contains(char)
    }
}

/// What the tools of one request are called upstream, and what those names stand for. A copy shares them: agents offer
/// dozens of tools, and each attempt and answer needs the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Arc<[Sent]>);

/// One tool under its upstream name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The name that the upstream knows.
    pub name: String,
    /// The client's own name.
    pub original: String,
    /// The client's own namespace.
    pub namespace: Option<String>,
    /// Whether the client's tool takes free text, which travels as `{"input": …}` where the upstream knows no such tool.
    pub free: bool,
}

impl Names {
    /// Names every tool of a request, offered or called in its history.
    pub fn of(ask: &Ask<'_>, rule: NameRule) -> Self {
        let offered = ask.tools.iter().filter_map(|tool| match tool.kind {
            ToolKind::Free { .. } => Some((tool.namespace.as_ref(), &tool.name, true)),
            ToolKind::Function(_) => Some((tool.namespace.as_ref(), &tool.name, false)),
            // The provider runs it: nobody calls it by a name of its own.
            ToolKind::Hosted(_) => None,
        });
        let called = ask.turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match &part.content {
            Content::Call(call) => {
                Some((call.namespace.as_ref(), &call.name, matches!(call.arguments, Arguments::Free(_))))
            }
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Media(_)
            | Content::Thinking(_)
            | Content::Outcome(_)
            | Content::Foreign(_) => None,
        });
        let all = offered.chain(called).map(|(namespace, name, free)| Wish {
            namespace: namespace.map(|namespace| namespace.plain().into_owned()),
            original: name.plain().into_owned(),
            free,
        });
        Self::grant(all.collect(), rule)
    }

    /// Gives every tool a name: those that may keep theirs come first.
    fn grant(wishes: Vec<Wish>, rule: NameRule) -> Self {
        let (kept, changed): (Vec<Wish>, Vec<Wish>) = wishes.into_iter().partition(|wish| {
            let wanted = wish.wanted();
            legal(&wanted, rule) == wanted
        });
        let mut names = Vec::with_capacity(kept.len() + changed.len());
        for wish in kept.into_iter().chain(changed) {
            add(&mut names, wish, rule);
        }
        Self(names.into())
    }

    /// Returns what the upstream knows a tool by; a name that was never named stays as it is.
    pub fn sent<'s>(&'s self, namespace: Option<&str>, original: &'s str) -> &'s str {
        self.find(namespace, original).map_or(original, |sent| &sent.name)
    }

    /// Returns the tool that the upstream knows by this name.
    pub fn restored(&self, name: &str) -> Option<&Sent> {
        self.0.iter().find(|sent| sent.name == name)
    }

    /// Tells whether any name differs from the client's own.
    pub fn any_changed(&self) -> bool {
        self.0.iter().any(|sent| sent.name != sent.original)
    }

    fn find(&self, namespace: Option<&str>, original: &str) -> Option<&Sent> {
        let same = |sent: &&Sent| sent.original == original && sent.namespace.as_deref() == namespace;
        // A choice names a tool without its namespace.
        self.0
            .iter()
            .find(same)
            .or_else(|| self.0.iter().find(|sent| namespace.is_none() && sent.original == original))
    }
}

fn add(names: &mut Vec<Sent>, wish: Wish, rule: NameRule) {
    if names.iter().any(|sent| sent.original == wish.original && sent.namespace == wish.namespace) {
        return;
    }
    let wanted = wish.wanted();
    let mut name = legal(&wanted, rule);
    let mut seed = wanted;
    while names.iter().any(|sent| sent.name == name) {
        seed.push('\'');
        name = shortened(&name, &seed, rule);
    }
    names.push(Sent { name, original: wish.original, namespace: wish.namespace, free: wish.free });
}

/// A tool that wants a name.
struct Wish {
    namespace: Option<String>,
    original: String,
    free: bool,
}

impl Wish {
    /// The name that would say all.
    fn wanted(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}__{}", self.original),
            None => self.original.clone(),
        }
    }
}

/// Makes a name legal.
fn legal(name: &str, rule: NameRule) -> String {
    let mut legal: String = name.chars().map(|char| if rule.allows(char) { char } else { '_' }).collect();
    let starts_well = legal.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if legal.is_empty() || !(rule.any_start || starts_well) {
        legal.insert(0, '_');
    }
    if legal.len() > rule.longest { shortened(&legal, name, rule) } else { legal }
}

/// Cuts a name and marks it by eight digits of what it was made from.
fn shortened(name: &str, seed: &str, rule: NameRule) -> String {
    let digest = Sha256::digest(seed.as_bytes());
    let mark = format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
    let kept = name.len().min(rule.longest - mark.len() - 1);
    format!("{}_{mark}", &name[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[(Option<&str>, &str)], rule: NameRule) -> Names {
        let wish = |&(namespace, original): &(Option<&str>, &str)| Wish {
            namespace: namespace.map(str::to_owned),
            original: original.to_owned(),
            free: false,
        };
        Names::grant(all.iter().map(wish).collect(), rule)
    }

    #[test]
    fn every_name_is_legal_unique_and_turned_back() {
        let long = "mcp__a_server_with_a_long_name__a_tool_with_a_name_that_is_longer_still";
        let all = [
            (None, "f"),
            (None, "a b"),
            (None, "a_b"),
            (None, long),
            (Some("ns"), "f"),
            (None, "ns__f"),
            (None, "1x"),
        ];
        for rule in [NameRule::USUAL, NameRule::RESPONSES, NameRule::GEMINI] {
            let names = names(&all, rule);
            for (namespace, original) in all {
                let sent = names.sent(namespace, original);
                assert!(sent.len() <= rule.longest && sent.chars().all(|char| rule.allows(char)), "{sent}");
                let back = names.restored(sent);
                assert_eq!(
                    back.map(|back| (back.namespace.as_deref(), back.original.as_str())),
                    Some((namespace, original))
                );
            }
        }
    }

    #[test]
    fn a_legal_name_stays_though_another_would_become_the_same() {
        let names = names(&[(None, "a b"), (None, "a_b")], NameRule::USUAL);
        assert_eq!(names.sent(None, "a_b"), "a_b");
        assert_ne!(names.sent(None, "a b"), "a_b");
    }
}
