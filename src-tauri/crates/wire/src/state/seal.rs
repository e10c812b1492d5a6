//! Wrapping an answer's notes for its client.

use super::carrier::{Carrier, join};
use super::{Memory, text_key};
use crate::Protocol;
use crate::ask::{State, StateKind};
use crate::calls::{IdRule, legal_id};
use crate::dialect::Addressee;
use crate::json::Text;
use crate::reply::{Block, CallHead, Delta, Opening};
use crate::state::Issuer;

/// Wraps the notes of one answer, and puts each where the client's protocol keeps such notes.
///
/// | client | the note of a thought | the note of a call |
/// |---|---|---|
/// | Messages | in the thought, `redacted_thinking` where it has no text | in a thought of its own in front |
/// | Responses | in the reasoning item | in a reasoning item of its own in front |
/// | Chat | in `reasoning_details`, all at once: `OpenAI`'s SDK for Node keeps the last of several | beside the call |
/// | Gemini | with the next call, else alone at the end: its own client forgets thoughts | with the call |
#[derive(Debug)]
pub(crate) struct Seal {
    issuer: Issuer,
    from: Protocol,
    client: Protocol,
    /// Whether the client gets no thoughts to read.
    hidden: bool,
    /// What the answer is to: see [`text_key`].
    asked: String,
    /// Whether the client takes notes at all.
    carries: bool,
    /// What the client's blocks are numbered, by the number in the answer: notes may bring blocks of their own.
    numbers: Vec<Block>,
    next: Block,
    open: Vec<Open>,
    /// What a Gemini client gets with the next call, and a Chat client in front of it.
    waiting: Vec<String>,
    /// What is remembered with the next call.
    thought: Vec<String>,
    /// The calls so far, by their number in the answer, and their ids as the client knows them.
    calls: Vec<(Block, String)>,
    memories: Vec<Memory>,
}

/// An open block that may have notes.
#[derive(Debug)]
struct Open {
    block: Block,
    is_thought: bool,
    text: Text<'static>,
    states: Vec<State<'static>>,
}

type Each<'e> = &'e mut dyn FnMut(Delta<'_>);

impl Seal {
    /// Makes one for an answer in the protocol `from`.
    pub(crate) fn new(from: Protocol, to: &Addressee) -> Self {
        Self {
            issuer: to.issuer.clone(),
            from,
            client: to.protocol,
            hidden: to.wanted.thinking_hidden,
            asked: to.wanted.asked.clone(),
            carries: to.protocol != Protocol::Responses || to.wanted.encrypted,
            numbers: Vec::new(),
            next: 0,
            open: Vec::new(),
            waiting: Vec::new(),
            thought: Vec::new(),
            calls: Vec::new(),
            memories: Vec::new(),
        }
    }

    /// Returns what should be remembered of the answer so far, once.
    pub(crate) fn take_memories(&mut self) -> Vec<Memory> {
        std::mem::take(&mut self.memories)
    }

    /// Passes a delta on, with carriers in place of notes.
    pub(crate) fn pass(&mut self, delta: Delta<'_>, each: Each<'_>) {
        if self.from == self.client {
            return each(delta);
        }
        match delta {
            Delta::Open(block, Opening::Call(call)) => self.call(block, call, each),
            Delta::Open(block, opening) => {
                let may_be_signed = self.from == Protocol::Gemini && opening == Opening::Text;
                let is_thought = opening == Opening::Thinking;
                if is_thought || may_be_signed {
                    let (text, states) = (Text::default(), Vec::new());
                    self.open.push(Open { block, is_thought, text, states });
                }
                each(Delta::Open(self.number(block), opening));
            }
            Delta::Text(block, text) => {
                if let Some(open) = self.opened(block) {
                    open.text.push(&text);
                }
                each(Delta::Text(self.numbered(block), text));
            }
            Delta::State(block, state) => match self.opened(block) {
                Some(open) => open.states.push(state.into_owned()),
                None => self.late(block, &state, each),
            },
            Delta::Close(block) => {
                if let Some(at) = self.open.iter().position(|open| open.block == block) {
                    let open = self.open.swap_remove(at);
                    self.close(open, each);
                }
                each(Delta::Close(self.numbered(block)));
            }
            Delta::Finish(stop) => {
                self.tell_waiting(each);
                each(Delta::Finish(stop));
            }
            Delta::Arguments(block, piece) => each(Delta::Arguments(self.numbered(block), piece)),
            Delta::Cite(block, citation) => each(Delta::Cite(self.numbered(block), citation)),
            other @ (Delta::Start { .. } | Delta::Failed(_)) => each(other),
        }
    }

    /// Ends a thought, or a text that may be signed: now all of it is known that its carriers are made of.
    fn close(&mut self, open: Open, each: Each<'_>) {
        let text = open.text.plain();
        if !open.is_thought {
            let carriers: Vec<String> =
                open.states.iter().map(|state| self.carrier(state, None).write("")).collect();
            if !carriers.is_empty() {
                self.memories.push(Memory { key: text_key(&self.asked, &text), carriers: join(&carriers) });
            }
            return;
        }
        let mut states = open.states;
        let is_shown = !self.hidden && !text.is_empty();
        if states.is_empty() {
            // Chat's vendors want thoughts back that nobody signed. Of others' it is marked that they are nobody's: the
            // client's own provider would refuse a thought without its signature.
            let is_marked = match self.client {
                Protocol::Messages | Protocol::Responses => is_shown,
                Protocol::Chat | Protocol::Gemini => false,
            };
            if text.is_empty() || !(self.from == Protocol::Chat || is_marked) {
                return;
            }
            let mark = State::new(self.from, StateKind::Plain, Text::default());
            if self.from != Protocol::Chat {
                // Nobody wants it back, so there is nothing to remember.
                let sealed = self.carrier(&mark, None).write(&text);
                if self.carries {
                    each(Delta::State(self.numbered(open.block), sealed_state(self.client, &sealed)));
                }
                return;
            }
            states.push(mark);
        }
        let whole: Vec<String> =
            states.iter().map(|state| self.carrier(state, Some(&text)).write("")).collect();
        self.thought.extend(whole.iter().cloned());
        let sealed = match self.client {
            Protocol::Messages | Protocol::Responses if is_shown => {
                let beside: Vec<String> =
                    states.iter().map(|state| self.carrier(state, None).write(&text)).collect();
                join(&beside)
            }
            Protocol::Messages | Protocol::Responses => join(&whole),
            Protocol::Chat | Protocol::Gemini => return self.waiting.extend(whole),
        };
        if self.carries {
            each(Delta::State(self.numbered(open.block), sealed_state(self.client, &sealed)));
        }
    }

    fn call(&mut self, block: Block, mut call: CallHead<'_>, each: Each<'_>) {
        let own = call.state.take().map(|state| self.carrier(&state, None).write(""));
        let id = self.id(&call);
        let mut remembered = std::mem::take(&mut self.thought);
        remembered.extend(own.clone());
        self.remember(&id, remembered);
        self.calls.push((block, id));
        match self.client {
            Protocol::Messages | Protocol::Responses => {
                if let Some(own) = own.filter(|_| self.carries) {
                    self.alone(&own, each);
                }
            }
            Protocol::Chat => {
                self.tell_waiting(each);
                call.state = own.map(|own| sealed_state(self.client, &own));
            }
            Protocol::Gemini => {
                let mut carriers = std::mem::take(&mut self.waiting);
                carriers.extend(own);
                call.state = (!carriers.is_empty()).then(|| sealed_state(self.client, &join(&carriers)));
            }
        }
        each(Delta::Open(self.number(block), Opening::Call(call)));
    }

    /// Takes a note that comes when its call has begun: it goes along where the protocol has a place for that.
    fn late(&mut self, block: Block, state: &State<'_>, each: Each<'_>) {
        let sealed = self.carrier(state, None).write("");
        match self.client {
            Protocol::Chat | Protocol::Gemini => {
                each(Delta::State(self.numbered(block), sealed_state(self.client, &sealed)));
            }
            Protocol::Messages | Protocol::Responses => {}
        }
        let call = self.calls.iter().find(|(call, _)| *call == block);
        if let Some(id) = call.map(|(_, id)| id.clone()) {
            self.remember(&id, vec![sealed]);
        }
    }

    /// Notes what a call brings back if its client brings back nothing.
    fn remember(&mut self, id: &str, mut carriers: Vec<String>) {
        if carriers.is_empty() {
            return;
        }
        match self.memories.iter_mut().find(|memory| memory.key == id) {
            Some(memory) => {
                carriers.insert(0, std::mem::take(&mut memory.carriers));
                memory.carriers = join(&carriers);
            }
            None => self.memories.push(Memory { key: id.to_owned(), carriers: join(&carriers) }),
        }
    }

    /// Tells the carriers that wait, if there are some, in a thought of their own.
    fn tell_waiting(&mut self, each: Each<'_>) {
        if !self.waiting.is_empty() {
            let carriers = std::mem::take(&mut self.waiting);
            self.alone(&join(&carriers), each);
        }
    }

    /// Tells a carrier in a thought of its own.
    fn alone(&mut self, sealed: &str, each: Each<'_>) {
        let number = self.next;
        self.next += 1;
        each(Delta::Open(number, Opening::Thinking));
        each(Delta::State(number, sealed_state(self.client, sealed)));
        each(Delta::Close(number));
    }

    fn carrier(&self, state: &State<'_>, text: Option<&str>) -> Carrier {
        Carrier {
            issuer: self.issuer.clone(),
            kind: state.kind,
            note: state.note.plain().into_owned(),
            text: text.map(str::to_owned),
        }
    }

    /// Returns the id of a call as the client will send it back.
    fn id(&self, call: &CallHead<'_>) -> String {
        let rule = match self.client {
            Protocol::Chat => IdRule::CHAT,
            Protocol::Responses => IdRule::RESPONSES,
            Protocol::Messages => IdRule::MESSAGES,
            Protocol::Gemini => IdRule::GEMINI,
        };
        legal_id(&call.id.plain(), rule).into_owned()
    }

    fn opened(&mut self, block: Block) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.block == block)
    }

    /// Gives a block its number for the client.
    fn number(&mut self, block: Block) -> Block {
        let at = usize::try_from(block).unwrap_or(usize::MAX);
        if self.numbers.len() == at {
            self.numbers.push(self.next);
            self.next += 1;
        }
        self.numbered(block)
    }

    /// Returns a block's number for the client.
    fn numbered(&self, block: Block) -> Block {
        let at = usize::try_from(block).unwrap_or(usize::MAX);
        self.numbers.get(at).copied().unwrap_or(block)
    }
}

fn sealed_state(client: Protocol, carriers: &str) -> State<'static> {
    State::new(client, StateKind::Sealed, Text::owned(carriers))
}
