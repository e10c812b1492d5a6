//! Puts the pieces of tool calls together, whatever vendors number and name them.

use super::malformed;
use crate::ask::State;
use crate::json::{Text, Value, validate};
use crate::observe::StreamFailure;
use crate::reply::{Block, CallHead, Delta, Opening};

/// A piece of a call, with what it says of which call it belongs to. Empty texts and nulls say nothing.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    id: Text<'a>,
    index: Option<i64>,
    name: Text<'a>,
    arguments: Text<'a>,
    free: bool,
}

impl<'a> Piece<'a> {
    /// Reads one of `tool_calls`.
    pub(super) fn of_tool(call: Value<'a>) -> Self {
        let (said, free) = match call.get("custom") {
            Some(custom) => (custom, true),
            None => (call.get("function").unwrap_or(call), false),
        };
        let arguments = said.get(if free { "input" } else { "arguments" });
        Self {
            id: text(call.get("id")),
            index: call.get("index").and_then(Value::integer),
            name: text(said.get("name")),
            arguments: arguments.map(written).unwrap_or_default(),
            free,
        }
    }

    /// Reads the old `function_call`, of which an answer has one.
    pub(super) fn of_function(call: Value<'a>) -> Self {
        Self {
            id: Text::default(),
            index: Some(0),
            name: text(call.get("name")),
            arguments: call.get("arguments").map(written).unwrap_or_default(),
            free: false,
        }
    }
}

fn text(value: Option<Value<'_>>) -> Text<'_> {
    value.and_then(Value::text).unwrap_or_default()
}

/// Returns arguments as text; some vendors write an object.
fn written(value: Value<'_>) -> Text<'_> {
    value.text().unwrap_or_else(|| Text::of(value.raw()))
}

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    all: Vec<Call>,
    /// The call that the last piece belonged to.
    current: usize,
}

/// One call.
#[derive(Debug, Default)]
struct Call {
    index: Option<i64>,
    id: Text<'static>,
    name: Text<'static>,
    arguments: Text<'static>,
    free: bool,
    /// A note that came before the call could be told.
    signature: Option<State<'static>>,
    /// Its block, once it has been told.
    block: Option<Block>,
    closed: bool,
}

impl Calls {
    /// Tells whether there is no call.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Finds the call that a piece belongs to and tells whether it is one that begins with it.
    pub(super) fn begins(&mut self, piece: &Piece<'_>, whole: bool) -> bool {
        match self.find(piece).filter(|_| !whole) {
            Some(at) => {
                self.current = at;
                false
            }
            None => true,
        }
    }

    /// Begins a call, to which the next piece belongs.
    pub(super) fn begin(&mut self) {
        self.current = self.all.len();
        self.all.push(Call::default());
    }

    /// Takes a piece of the current call.
    pub(super) fn hear(
        &mut self,
        piece: Piece<'_>,
        signature: Option<State<'_>>,
        next: &mut Block,
        each: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), StreamFailure> {
        let Some(call) = self.all.get_mut(self.current) else { return Ok(()) };
        call.index = call.index.or(piece.index);
        call.free |= piece.free;
        if call.id.is_empty() {
            call.id = piece.id.into_owned();
        }
        if call.name.is_empty() {
            call.name = piece.name.into_owned();
        }
        match (signature, call.block) {
            (Some(signature), Some(block)) if !call.closed => each(Delta::State(block, signature)),
            (Some(signature), _) => call.signature = Some(signature.into_owned()),
            (None, _) => {}
        }
        call.push(piece.arguments, next, each)
    }

    /// Closes every call whose arguments are all there, because something else begins.
    pub(super) fn close_complete(&mut self, each: &mut dyn FnMut(Delta<'_>)) {
        for call in self.all.iter_mut().filter(|call| !call.closed && !call.free && call.is_complete()) {
            if let Some(block) = call.block {
                call.closed = true;
                each(Delta::Close(block));
            }
        }
    }

    /// Ends all calls and tells whether any was told. A call that nobody named is none.
    pub(super) fn finish(&mut self, next: &mut Block, each: &mut dyn FnMut(Delta<'_>)) -> bool {
        let mut called = false;
        for call in self.all.iter_mut().filter(|call| !call.name.is_empty()) {
            called = true;
            if call.closed {
                continue;
            }
            let block = call.tell(next, each);
            if call.arguments.is_blank() && !call.free {
                each(Delta::Arguments(block, Text::of("{}")));
            }
            call.closed = true;
            each(Delta::Close(block));
        }
        called
    }

    /// Finds the call that a piece belongs to: by its id, else by its number, else the last one.
    fn find(&self, piece: &Piece<'_>) -> Option<usize> {
        let by_id = || self.all.iter().rposition(|call| !call.id.is_empty() && call.id == piece.id);
        let by_index = || self.all.iter().rposition(|call| call.index == piece.index);
        if !piece.id.is_empty() {
            let known = by_id();
            // An id may come late, or a new one with every piece; but with a name of its own it is another call.
            let late = || by_index().filter(|at| piece.index.is_some() && self.all[*at].may_get(piece));
            return known.or_else(late);
        }
        let at = match piece.index {
            Some(_) => by_index()?,
            None => self.all.len().checked_sub(1)?,
        };
        let goes_on = match piece.index {
            Some(_) => self.all[at].goes_on_with(piece),
            None => piece.name.is_empty() || self.all[at].name.is_empty(),
        };
        goes_on.then_some(at)
    }
}

impl Call {
    /// Tells whether a piece of this number but with another id can belong to it.
    fn may_get(&self, piece: &Piece<'_>) -> bool {
        let is_named_so = self.name.is_empty() || self.name == piece.name;
        piece.name.is_empty() || (self.id.is_empty() && is_named_so && self.arguments.is_empty())
    }

    /// Tells whether a piece of this number without an id belongs to it: a name begins another call where this one is over.
    fn goes_on_with(&self, piece: &Piece<'_>) -> bool {
        piece.name.is_empty()
            || self.name.is_empty()
            || (self.name == piece.name && (self.has_said(&piece.arguments) || !self.is_complete()))
    }

    /// Takes arguments and tells the call as soon as it can be told.
    fn push(
        &mut self,
        arguments: Text<'_>,
        next: &mut Block,
        each: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), StreamFailure> {
        let is_again = self.has_said(&arguments) && !self.free && self.is_complete();
        if arguments.is_empty() || is_again {
            return Ok(());
        }
        if self.closed {
            return if arguments.is_blank() { Ok(()) } else { Err(self.goes_on_behind_its_end()) };
        }
        let told = self.block;
        self.arguments.push(&arguments);
        if self.name.is_empty() {
            return Ok(());
        }
        match told {
            Some(block) => each(Delta::Arguments(block, arguments)),
            None => {
                self.tell(next, each);
            }
        }
        Ok(())
    }

    /// Tells whether these are all the arguments so far. A repetition is written as it was before.
    fn has_said(&self, arguments: &Text<'_>) -> bool {
        arguments.as_written() == self.arguments.as_written()
    }

    /// Tells the call, with all its arguments so far, if it has not been told.
    fn tell(&mut self, next: &mut Block, each: &mut dyn FnMut(Delta<'_>)) -> Block {
        if let Some(block) = self.block {
            return block;
        }
        let block = *next;
        *next += 1;
        self.block = Some(block);
        let head = CallHead {
            id: self.id.borrowed(),
            name: self.name.borrowed(),
            namespace: None,
            free: self.free,
            state: self.signature.take(),
        };
        each(Delta::Open(block, Opening::Call(head)));
        if !self.arguments.is_empty() {
            each(Delta::Arguments(block, self.arguments.borrowed()));
        }
        block
    }

    /// Tells whether the arguments are a whole object. It is asked often, so what cannot be one is not read.
    fn is_complete(&self) -> bool {
        let written = self.arguments.as_written();
        let blank: &[_] = &[' ', '\\', 'n', 'r', 't'];
        if !written.trim_start_matches(blank).starts_with('{')
            || !written.trim_end_matches(blank).ends_with('}')
        {
            return false;
        }
        let arguments = self.arguments.plain();
        arguments.trim_start().starts_with('{') && validate(arguments.as_bytes()).is_ok()
    }

    fn goes_on_behind_its_end(&self) -> StreamFailure {
        malformed(&format!("the call of {:?} goes on behind its end", self.name.plain()))
    }
}
