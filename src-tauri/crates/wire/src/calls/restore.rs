//! Turning what a channel calls a tool back into what the client calls it.

use super::{Names, original_id};
use crate::json::{Tape, Text, Value, validate};
use crate::observe::StreamFailure;
use crate::reply::{Block, CallHead, Delta, Opening, Stop};

/// Gives the calls of one answer their own names back, and tools of free text their text.
#[derive(Debug)]
pub struct Restore {
    names: Names,
    /// What makes up the id of a call that has none.
    answer_id: String,
    /// Calls of tools of free text that came as functions, and are still open.
    free: Vec<(Block, Input)>,
    /// Other calls that are still open: the tool, and its arguments so far.
    open: Vec<(Block, String, String)>,
    /// Calls whose arguments turned out to be no JSON. Their ends are held back: only the answer's end tells whether they
    /// were cut, and nothing may look finished that is not.
    broken: Vec<(Block, String)>,
}

impl Restore {
    /// Makes one for an answer to a request whose tools were named so; `answer_id` is unique to the answer.
    pub const fn new(names: Names, answer_id: String) -> Self {
        Self { names, answer_id, free: Vec::new(), open: Vec::new(), broken: Vec::new() }
    }

    /// Passes a delta on, with everything in the client's words.
    pub fn pass(&mut self, delta: Delta<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        match delta {
            Delta::Open(block, Opening::Call(call)) => {
                let call = self.restored(block, call);
                each(Delta::Open(block, Opening::Call(call)));
            }
            Delta::Arguments(block, piece) => match self.input(block) {
                Some(input) => {
                    if let Some(text) = input.push(&piece) {
                        each(Delta::Arguments(block, text));
                    }
                }
                None => {
                    if let Some((.., arguments)) = self.open.iter_mut().find(|(open, ..)| *open == block) {
                        arguments.push_str(&piece.plain());
                    }
                    each(Delta::Arguments(block, piece));
                }
            },
            Delta::Close(block) => {
                if let Some(at) = self.free.iter().position(|(open, _)| *open == block) {
                    let (_, input) = self.free.swap_remove(at);
                    if let Some(text) = input.finish() {
                        each(Delta::Arguments(block, text));
                    }
                }
                if self.is_sound(block) {
                    each(Delta::Close(block));
                }
            }
            // Where the model was cut short, so were its arguments; else they are a fault that a client must not act on.
            Delta::Finish(Stop::OutputMax) => {
                for (block, _) in self.broken.drain(..) {
                    each(Delta::Close(block));
                }
                each(Delta::Finish(Stop::OutputMax));
            }
            Delta::Finish(stop) => match self.broken.first() {
                Some((_, tool)) => {
                    let message =
                        format!("the model wrote arguments for the tool {tool:?} that are not JSON");
                    each(Delta::Failed(StreamFailure { message, ..StreamFailure::default() }));
                }
                None => each(Delta::Finish(stop)),
            },
            other @ (Delta::Start { .. }
            | Delta::Open(
                _,
                Opening::Text | Opening::Thinking | Opening::Refusal | Opening::Image { .. },
            )
            | Delta::Text(..)
            | Delta::State(..)
            | Delta::Cite(..)
            | Delta::Failed(_)) => each(other),
        }
    }

    fn restored<'c>(&mut self, block: Block, call: CallHead<'c>) -> CallHead<'c> {
        let id = self.id(block, &call.id);
        if !call.free {
            self.open.push((block, call.name.plain().into_owned(), String::new()));
        }
        let Some(sent) = self.names.restored(&call.name.plain()) else { return CallHead { id, ..call } };
        if sent.free && !call.free {
            self.free.push((block, Input::default()));
            self.open.retain(|(open, ..)| *open != block);
        }
        CallHead {
            id,
            name: Text::owned(&sent.original),
            namespace: sent.namespace.as_deref().map(Text::owned).or(call.namespace),
            free: sent.free || call.free,
            state: call.state,
        }
    }

    /// Tells whether a block that ends may be passed on as ended: a call's arguments must be JSON.
    fn is_sound(&mut self, block: Block) -> bool {
        let Some(at) = self.open.iter().position(|(open, ..)| *open == block) else { return true };
        let (_, tool, arguments) = self.open.swap_remove(at);
        let sound = arguments.trim_ascii().is_empty() || validate(arguments.as_bytes()).is_ok();
        if !sound {
            self.broken.push((block, tool));
        }
        sound
    }

    /// The call's own id; one is made up where the upstream gave none.
    fn id<'c>(&self, block: Block, given: &Text<'c>) -> Text<'c> {
        if given.is_empty() {
            return Text::from(format!("call_{}_{block}", self.answer_id));
        }
        let plain = given.plain();
        let original = original_id(&plain);
        if original == plain { given.clone() } else { Text::owned(&original) }
    }

    fn input(&mut self, block: Block) -> Option<&mut Input> {
        self.free.iter_mut().find(|(open, _)| *open == block).map(|(_, input)| input)
    }
}

/// The arguments `{"input": "…"}` of a function that stands for a tool of free text, as they come.
#[derive(Debug, Default)]
struct Input {
    /// What has come and was not passed on.
    held: String,
    stage: Stage,
}

/// Where the arguments stand.
#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    /// In front of the text.
    #[default]
    Before,
    /// Inside the text.
    Inside,
    /// Behind it.
    Behind,
}

impl Input {
    /// Takes a piece of the arguments and returns what it brings of the text.
    fn push(&mut self, piece: &Text<'_>) -> Option<Text<'static>> {
        self.held.push_str(&piece.plain());
        if self.stage == Stage::Before {
            let start = text_start(&self.held)?;
            self.held.drain(..start);
            self.stage = Stage::Inside;
        }
        if self.stage == Stage::Behind {
            return None;
        }
        let (whole, ends) = whole_escapes(&self.held);
        let text = Text::written(&self.held[..whole]).into_owned();
        if ends {
            self.stage = Stage::Behind;
            self.held.clear();
        } else {
            self.held.drain(..whole);
        }
        (!text.is_empty()).then_some(text)
    }

    /// Returns what is left: everything, where the arguments were not what they should be.
    fn finish(self) -> Option<Text<'static>> {
        match self.stage {
            Stage::Behind => None,
            Stage::Inside => (!self.held.is_empty()).then(|| Text::owned(&self.held)),
            Stage::Before => Some(unexpected(&self.held)).filter(|text| !text.is_empty()),
        }
    }
}

/// Finds where the text begins behind `{"input":"`.
fn text_start(arguments: &str) -> Option<usize> {
    let mut rest = arguments;
    for expected in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_ascii_start().strip_prefix(expected)?;
    }
    Some(arguments.len() - rest.len())
}

/// Returns how far the inside of a string can be read without cutting an escape, and whether it ends there.
fn whole_escapes(inside: &str) -> (usize, bool) {
    let bytes = inside.as_bytes();
    let mut at = 0;
    while let Some(offset) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += offset;
        if bytes[at] == b'"' {
            return (at, true);
        }
        let length = if bytes.get(at + 1) == Some(&b'u') { 6 } else { 2 };
        if at + length > bytes.len() {
            return (at, false);
        }
        at += length;
    }
    (bytes.len(), false)
}

/// Reads arguments of another form: the one text in them, or all of it.
fn unexpected(arguments: &str) -> Text<'static> {
    let Ok(tape) = Tape::read(arguments.as_bytes()) else { return Text::owned(arguments) };
    let root = tape.root();
    let named = root.get("input").and_then(Value::text);
    let mut members = root.members();
    let only = members.next().filter(|_| members.next().is_none()).and_then(|(_, value)| value.text());
    named.or(only).or_else(|| root.text()).map_or_else(|| Text::owned(arguments), Text::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Passes arguments in pieces and returns the text.
    fn text_of(arguments: &str, size: usize) -> String {
        let mut input = Input::default();
        let mut text = Text::default();
        let chars: Vec<char> = arguments.chars().collect();
        for piece in chars.chunks(size) {
            if let Some(more) = input.push(&Text::owned(&piece.iter().collect::<String>())) {
                text.push(&more);
            }
        }
        if let Some(more) = input.finish() {
            text.push(&more);
        }
        text.plain().into_owned()
    }

    proptest! {
        #[test]
        fn free_text_comes_out_as_it_went_in_however_it_is_cut(text in any::<String>(), size in 1_usize..9) {
            let arguments = serde_json::json!({"input": text}).to_string();
            prop_assert_eq!(text_of(&arguments, size), text);
        }
    }

    /// Passes a call with these arguments and returns why the answer failed, if it did.
    fn failure_of(arguments: &str, stop: Stop<'static>) -> Option<String> {
        let mut restore = Restore::new(Names::default(), "a".to_owned());
        let call =
            CallHead { id: Text::of("1"), name: Text::of("f"), namespace: None, free: false, state: None };
        let mut failed = None;
        for delta in [
            Delta::Open(0, Opening::Call(call)),
            Delta::Arguments(0, Text::owned(arguments)),
            Delta::Close(0),
            Delta::Finish(stop),
        ] {
            restore.pass(delta, &mut |delta| {
                if let Delta::Failed(failure) = delta {
                    failed = Some(failure.message);
                }
            });
        }
        failed
    }

    #[test]
    fn arguments_that_are_no_json_fail_the_answer_unless_it_was_cut_short() {
        assert_eq!(failure_of(r#"{"a":1}"#, Stop::Calls), None);
        assert_eq!(failure_of("", Stop::Calls), None);
        assert_eq!(failure_of(r#"{"a""#, Stop::OutputMax), None);
        assert!(failure_of(r#"{"a""#, Stop::Calls).is_some_and(|message| message.contains("\"f\"")));
    }

    #[test]
    fn arguments_of_another_form_are_not_lost() {
        for (arguments, expected) in [
            (r#" { "input" : "a\u00e9\n" , "more": 1}"#, "a\u{e9}\n"),
            (r#"{"patch":"p"}"#, "p"),
            (r#"{"a":1,"input":"p"}"#, "p"),
            (r#"{"a":1,"b":"p"}"#, r#"{"a":1,"b":"p"}"#),
            (r#""p""#, "p"),
            ("*** Begin", "*** Begin"),
            (r#"{"input":"cut"#, "cut"),
        ] {
            for size in [1, 3, 100] {
                assert_eq!(text_of(arguments, size), expected, "{arguments} in pieces of {size}");
            }
        }
    }
}
