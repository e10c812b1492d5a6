//! What must change in a Chat request that its vendor would refuse as it is, or not hear to its end.

use std::ops::Range;

use memchr::memmem;

use super::{Param, Splice};
use crate::json::{Raw, each_element, each_member, is_key, quote};
use crate::note::Why;
use crate::quirks::{Echo, OutputLimit, Quirks, Thoughts, Word};

/// Both names of the most tokens of an answer.
const OUTPUT_LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// The role that came with the models that think, as it stands in a request.
const DEVELOPER: &[u8] = b"\"developer\"";

/// The member that holds a message's calls, as it stands in a request.
const TOOL_CALLS: &[u8] = b"\"tool_calls\"";

/// What vendors call the thoughts of a message.
const REASONING_CONTENT: &str = "reasoning_content";
const REASONING: &str = "reasoning";

impl Splice<'_> {
    /// Makes the request one that the vendor takes. What the channel's own parameters set is left to them.
    pub(super) fn quirks(&mut self, quirks: &Quirks, params: &[Param]) {
        let is_set = |name: &str| params.iter().any(|param| param.name == name);
        let mut doomed: Vec<usize> = Vec::new();
        for parameter in quirks.refused.members().filter(|parameter| !is_set(parameter.word())) {
            self.doom(parameter.word(), Why::Model, &mut doomed);
        }
        if !quirks.include_usage {
            self.doom("stream_options", Why::Model, &mut doomed);
        }
        match quirks.output_limit {
            OutputLimit::Either => {}
            OutputLimit::MaxTokens => self.call_limit(OUTPUT_LIMITS, &mut doomed),
            OutputLimit::MaxCompletionTokens => {
                self.call_limit([OUTPUT_LIMITS[1], OUTPUT_LIMITS[0]], &mut doomed);
            }
        }
        self.clamp(quirks, &doomed);
        if !quirks.developer_role {
            self.developers();
        }
        match (quirks.echo, quirks.thoughts) {
            (Echo::Required, Thoughts::ReasoningContent) => {
                self.echo("messages[].reasoning_content", [REASONING_CONTENT, REASONING]);
            }
            (Echo::Required, Thoughts::Reasoning) => {
                self.echo("messages[].reasoning", [REASONING, REASONING_CONTENT]);
            }
            (Echo::Required, Thoughts::ThinkTags) | (Echo::Optional | Echo::Forbidden, _) => {}
        }
        self.cut(&doomed);
    }

    /// Puts thoughts in front of every call in the history that has none by the name that the vendor knows: those that
    /// another vendor called by the other name, or empty ones. A conversation may have begun at a vendor that wants none.
    fn echo(&mut self, path: &'static str, [known, other]: [&'static str; 2]) {
        if memmem::find(self.body, TOOL_CALLS).is_none() {
            return;
        }
        let mut thoughtless: Vec<(Range<usize>, String)> = Vec::new();
        for at in self.places("messages") {
            // The body has been walked over before, so there is no fault to report here or below.
            let _ = each_element(self.body, self.head.spots[at].value.clone(), |message| {
                let (mut calls, mut thinks) = (false, false);
                let mut thoughts = "\"\"".to_owned();
                let _ = each_member(self.body, message.clone(), |key, value| {
                    let key = &self.body[key.start + 1..key.end - 1];
                    let value = &self.body[value];
                    calls |= is_key(key, "tool_calls") && value != b"null";
                    thinks |= is_key(key, known);
                    if is_key(key, other) && value.starts_with(b"\"") {
                        thoughts = String::from_utf8_lossy(value).into_owned();
                    }
                    Ok(())
                });
                if calls && !thinks {
                    thoughtless.push((message, format!("\"{known}\":{thoughts}")));
                }
                Ok(())
            });
        }
        if !thoughtless.is_empty() {
            self.notes.emulate(path, Why::Form);
        }
        for (message, member) in thoughtless {
            self.edits.insert_member(message, member);
        }
    }

    /// Marks the members of this name to be cut.
    fn doom(&mut self, name: &str, why: Why, doomed: &mut Vec<usize>) {
        let found = self.places(name);
        if !found.is_empty() {
            self.notes.drop(name, why);
            doomed.extend(found);
        }
    }

    /// Calls the most tokens by the name that the vendor knows.
    fn call_limit(&mut self, [known, other]: [&'static str; 2], doomed: &mut Vec<usize>) {
        let others = self.places(other);
        let Some(last) = others.last().copied() else { return };
        self.notes.emulate(other, Why::Form);
        if self.places(known).is_empty() {
            self.edits.replace(self.head.spots[last].key.clone(), quote(known));
            doomed.extend(others.into_iter().filter(|at| *at != last));
        } else {
            doomed.extend(others);
        }
    }

    /// Keeps numbers within what the vendor takes.
    fn clamp(&mut self, quirks: &Quirks, doomed: &[usize]) {
        let kept = |places: Vec<usize>| places.into_iter().filter(|at| !doomed.contains(at));
        for at in kept(self.places("temperature")) {
            let value = self.head.spots[at].value.clone();
            let wanted = String::from_utf8_lossy(&self.body[value.clone()]);
            if let Some(taken) = quirks.nearest_temperature(&wanted) {
                self.notes.emulate("temperature", Why::Limit);
                self.edits.replace(value, taken.to_string());
            }
        }
        let Some(most) = quirks.output_max else { return };
        for name in OUTPUT_LIMITS {
            for at in kept(self.places(name)) {
                let value = self.head.spots[at].value.clone();
                if Raw::at(self.body, value.clone()).count().is_some_and(|wanted| wanted > most) {
                    self.notes.emulate(name, Why::Limit);
                    self.edits.replace(value, most.to_string());
                }
            }
        }
    }

    /// Makes every developer a system. Messages are walked over only where the word stands in the request.
    fn developers(&mut self) {
        if memmem::find(self.body, DEVELOPER).is_none() {
            return;
        }
        let mut roles: Vec<Range<usize>> = Vec::new();
        for at in self.places("messages") {
            // The body has been walked over before, so there is no fault to report here or below.
            let _ = each_element(self.body, self.head.spots[at].value.clone(), |message| {
                let _ = each_member(self.body, message, |key, value| {
                    let is_role = is_key(&self.body[key.start + 1..key.end - 1], "role");
                    if is_role && &self.body[value.clone()] == DEVELOPER {
                        roles.push(value);
                    }
                    Ok(())
                });
                Ok(())
            });
        }
        if !roles.is_empty() {
            self.notes.emulate("messages[].role", Why::Form);
        }
        for role in roles {
            self.edits.replace(role, quote("system"));
        }
    }

    /// Cuts members out, each with one comma.
    fn cut(&mut self, doomed: &[usize]) {
        let spots = &self.head.spots;
        let is_kept = |at: &usize| !doomed.contains(at);
        let mut at = 0;
        while at < spots.len() {
            if is_kept(&at) {
                at += 1;
                continue;
            }
            let next = (at..spots.len()).find(is_kept);
            let end = next.unwrap_or(spots.len());
            let cut = match (next, at.checked_sub(1)) {
                (Some(next), _) => spots[at].key.start..spots[next].key.start,
                (None, Some(before)) => spots[before].value.end..spots[end - 1].value.end,
                (None, None) => spots[at].key.start..spots[end - 1].value.end,
            };
            self.edits.cut(cut);
            at = end;
        }
    }

    /// Returns which of the top-level members have this name.
    fn places(&self, name: &str) -> Vec<usize> {
        let spots = self.head.spots.iter().enumerate();
        spots.filter(|(_, spot)| spot.is(self.body, name)).map(|(at, _)| at).collect()
    }
}
