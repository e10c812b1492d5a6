//! The fault script: which requests fail, and how. Also the format of `sluice sim --script FILE`.
//!
//! ```json
//! [
//!   {"match": {"model": "sim-large"}, "times": 2, "then": {"status": 429, "headers": {"retry-after": "1"}}},
//!   {"match": {"path": "/messages", "key": "sk-a"}, "then": {"fault": {"cut_after_events": 3}}},
//!   {"every": 3, "then": {"delay_ms": 200, "fault": "html"}},
//!   {"then": {"say": "Hello."}}
//! ]
//! ```
//! The first rule that matches decides; a request that no rule matches is answered properly.

use std::num::NonZeroU32;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of the script: for requests like this, do that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests; nothing given means every POST.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// How many matching requests to let pass before the first application.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u32,
    /// Applies to every nth matching request only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<NonZeroU32>,
    /// How often the rule applies before it is spent; none means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens.
    pub then: Then,
}

/// Which requests a rule is for. All given conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// A part of the path, such as `/messages`. Without it a rule matches POST requests only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The model asked for, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The credential presented, in whichever header it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A header and the value it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderMatch>,
}

/// A request header that must be present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// The header's name, in any case.
    pub name: String,
    /// The exact value; none accepts any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a rule does to a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Then {
    /// Waits before anything is answered, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Answers with this status. Without a `body`, statuses from 400 carry the protocol's own error body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Response headers to set in addition.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, String>,
    /// The exact body: a string is sent as it is, anything else as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Answers with this text instead of the usual sentence; with a call, says it before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
    /// Thinks this before it answers, asked or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub think: Option<String>,
    /// Thinks these, each a thought of its own; `think` comes first. An empty one is for the provider's eyes only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thinks: Vec<String>,
    /// Declines to answer, with this explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse: Option<String>,
    /// Calls this tool instead of answering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<ToolCall>,
    /// Calls these tools, all at once; `call` comes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// Breaks the answer in one of the ways providers do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// A tool call to answer with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// Its arguments, an object.
    #[serde(default)]
    pub arguments: Value,
}

/// A way in which providers break. Events are counted from the first, the preamble included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Closes the connection without a response head.
    HangUp,
    /// Reads the request and never answers.
    Silence,
    /// Sends the response head, then nothing.
    HeadThenSilence,
    /// Breaks the connection after so many events (whole replies: in the middle of the body).
    CutAfterEvents(usize),
    /// Stops sending after so many events and keeps the connection open.
    StallAfterEvents(usize),
    /// Sends the protocol's error event after so many events, then ends cleanly (whole replies: 200 with an error body).
    ErrorEvent(usize),
    /// Sends an event that is not JSON after so many events, then goes on.
    MalformedEvent(usize),
    /// Answers 200 with a web page.
    Html,
    /// Answers 200 with no body at all.
    Empty,
    /// Answers 200 with JSON that breaks off in the middle, under a correct length.
    Malformed,
    /// Ends a stream cleanly, but without the event that says it is complete.
    NoTerminal,
    /// Sends what comes before the first content, then nothing.
    PreambleThenSilence,
    /// Answers 302 to another address.
    Redirect,
}

impl Rule {
    /// Applies to every request that matches.
    pub fn always(matching: Match, then: Then) -> Self {
        Self { matching, after: 0, every: None, times: None, then }
    }

    /// Applies to the next POST only.
    pub fn once(then: Then) -> Self {
        Self { times: Some(1), ..Self::always(Match::default(), then) }
    }
}

impl Then {
    /// Answers with this status and the protocol's own error body.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Breaks the answer this way.
    pub fn fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// Answers with this text.
    pub fn say(text: &str) -> Self {
        Self { say: Some(text.to_owned()), ..Self::default() }
    }

    /// Declines to answer, with this explanation.
    pub fn refuse(explanation: &str) -> Self {
        Self { refuse: Some(explanation.to_owned()), ..Self::default() }
    }

    /// Calls these tools, all at once.
    pub fn calls(calls: Vec<ToolCall>) -> Self {
        Self { calls, ..Self::default() }
    }

    /// Thinks these before it answers, each a thought of its own.
    #[must_use]
    pub fn thinking(self, thoughts: &[&str]) -> Self {
        Self { thinks: thoughts.iter().map(|&thought| thought.to_owned()).collect(), ..self }
    }

    /// Sets a response header in addition.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sends exactly this body.
    #[must_use]
    pub fn with_body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// What a rule looks at in a request.
pub(crate) struct Looks<'a> {
    pub method: &'a http::Method,
    pub path: &'a str,
    pub model: Option<&'a str>,
    pub key: Option<&'a str>,
    pub headers: &'a http::HeaderMap,
}

impl Match {
    fn fits(&self, request: &Looks<'_>) -> bool {
        let path = match &self.path {
            Some(part) => request.path.contains(part.as_str()),
            None => request.method == http::Method::POST,
        };
        path && self.model.as_deref().is_none_or(|model| request.model == Some(model))
            && self.key.as_deref().is_none_or(|key| request.key == Some(key))
            && self.header.as_ref().is_none_or(|header| header.fits(request.headers))
    }
}

impl HeaderMatch {
    fn fits(&self, headers: &http::HeaderMap) -> bool {
        let mut values = headers.get_all(self.name.as_str()).iter();
        match &self.value {
            Some(wanted) => values.any(|value| value.as_bytes() == wanted.as_bytes()),
            None => values.next().is_some(),
        }
    }
}

/// The script in force, with how often each rule has matched.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<(Rule, u32)>);

impl Script {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self(rules.into_iter().map(|rule| (rule, 0)).collect())
    }

    /// Finds the first rule that applies and counts the match.
    pub(crate) fn decide(&mut self, request: &Looks<'_>) -> Then {
        for (rule, matched) in &mut self.0 {
            if !rule.matching.fits(request) {
                continue;
            }
            *matched += 1;
            if rule.applies_to(*matched) {
                return rule.then.clone();
            }
        }
        Then::default()
    }
}

impl Rule {
    /// Tells whether the nth matching request (from 1) is one the rule applies to.
    fn applies_to(&self, nth: u32) -> bool {
        let Some(nth) = nth.checked_sub(self.after).filter(|&nth| nth > 0) else { return false };
        let every = self.every.map_or(1, NonZeroU32::get);
        nth.is_multiple_of(every) && self.times.is_none_or(|times| nth / every <= times)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn applied(rule: &str, requests: u32) -> Vec<u32> {
        let rule: Rule = serde_json::from_str(rule).unwrap();
        (1..=requests).filter(|&nth| rule.applies_to(nth)).collect()
    }

    #[rstest::rstest]
    #[case::always(r#"{"then":{}}"#, &[1, 2, 3, 4, 5, 6])]
    #[case::twice(r#"{"times":2,"then":{}}"#, &[1, 2])]
    #[case::second_and_third(r#"{"after":1,"times":2,"then":{}}"#, &[2, 3])]
    #[case::every_third(r#"{"every":3,"then":{}}"#, &[3, 6])]
    #[case::every_second_once(r#"{"every":2,"times":1,"then":{}}"#, &[2])]
    fn a_rule_applies_to_the_requests_it_counts(#[case] rule: &str, #[case] expected: &[u32]) {
        assert_eq!(applied(rule, 6), expected);
    }

    #[rstest::rstest]
    #[case::nothing_asked("{}", true)]
    #[case::path(r#"{"path":"/messages"}"#, true)]
    #[case::other_path(r#"{"path":"/chat"}"#, false)]
    #[case::model(r#"{"model":"m"}"#, true)]
    #[case::other_model(r#"{"model":"n"}"#, false)]
    #[case::key(r#"{"key":"k"}"#, true)]
    #[case::other_key(r#"{"key":"j"}"#, false)]
    #[case::header(r#"{"header":{"name":"X-Api-Key","value":"k"}}"#, true)]
    #[case::any_value(r#"{"header":{"name":"x-api-key"}}"#, true)]
    #[case::absent_header(r#"{"header":{"name":"x-other"}}"#, false)]
    #[case::all_must_hold(r#"{"path":"/messages","model":"n"}"#, false)]
    fn a_match_looks_at_path_model_key_and_header(#[case] matching: &str, #[case] expected: bool) {
        let headers = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("x-api-key"),
            http::HeaderValue::from_static("k"),
        )]);
        let request = Looks {
            method: &http::Method::POST,
            path: "/v1/messages",
            model: Some("m"),
            key: Some("k"),
            headers: &headers,
        };
        let matching: Match = serde_json::from_str(matching).unwrap();
        assert_eq!(matching.fits(&request), expected);
    }

    #[test]
    fn a_misspelt_script_is_refused() {
        assert!(serde_json::from_str::<Rule>(r#"{"then":{"faults":"html"}}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"them":{}}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"then":{"fault":"htlm"}}"#).is_err());
    }

    #[test]
    fn every_fault_reads_back_from_the_json_it_writes() {
        for fault in [Fault::HangUp, Fault::CutAfterEvents(3), Fault::ErrorEvent(0), Fault::Redirect] {
            let rule = Rule::once(Then::fault(fault));
            let json = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule, "{json}");
        }
    }
}
