//! Writing a request for a channel that speaks Gemini.

mod contents;
mod media;
mod model;
mod settings;
mod thinking;
mod tools;

use crate::Protocol;
use crate::ask::{Ask, Content, Part, Setting};
use crate::calls::{NameRule, Names};
use crate::dialect::{Encoded, Target};
use crate::json::{Members, Text, object};
use crate::note::{Notes, Unsaid, Why};
use model::Model;

/// Writes a request.
pub(super) fn request(ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
    let model = Model::of(target.model);
    let names = Names::of(ask, NameRule::GEMINI);
    let mut writing = Writing { ask, target, model, names, notes: Notes::default() };
    writing.refuse_what_cannot_be_said()?;
    let offer = writing.offer()?;
    let contents = writing.contents()?;
    let settings = writing.settings(!offer.functions.is_empty())?;
    let mut body = Vec::with_capacity(contents.len() + 1024);
    object(&mut body, |request| {
        writing.write_system(settings.instruction.as_deref(), request);
        request.value("contents", |out| contents.write(out));
        writing.write_tools(&offer, request);
        settings.write(request);
    });
    writing.drop_the_rest();
    Ok(Encoded { body, notes: writing.notes, names: writing.names })
}

/// A request being written.
struct Writing<'t, 'a> {
    ask: &'t Ask<'a>,
    target: &'t Target<'t>,
    model: Model,
    names: Names,
    notes: Notes,
}

impl Writing<'_, '_> {
    /// Refuses what would change the shape of the answer.
    fn refuse_what_cannot_be_said(&self) -> Result<(), Unsaid> {
        let refused = [
            (Setting::Choices, self.ask.sampling.choices.is_some_and(|choices| choices > 1)),
            (Setting::Logprobs, self.ask.sampling.logprobs),
        ];
        match refused.into_iter().find(|(_, asked)| *asked) {
            Some((setting, _)) => Err(Unsaid::no_word(self.ask.word(setting), Protocol::Gemini)),
            None => Ok(()),
        }
    }

    /// Writes the instructions in front of the conversation.
    fn write_system(&mut self, instruction: Option<&str>, request: &mut Members<'_>) {
        let mut texts: Vec<Text<'_>> = self.ask.system.iter().filter_map(words).collect();
        texts.extend(instruction.map(Text::of));
        if self.ask.system.iter().any(|part| part.cache.is_some()) {
            self.drop(Setting::CacheMark, Why::NoWord);
        }
        if texts.is_empty() {
            return;
        }
        request.object("systemInstruction", |content| {
            content.array("parts", |parts| {
                for text in &texts {
                    parts.object(|part| part.text("text", text));
                }
            });
        });
    }

    /// Notes the settings that Gemini has no word for.
    fn drop_the_rest(&mut self) {
        let ask = self.ask;
        let given = [
            (Setting::User, ask.user.is_some()),
            (Setting::CacheKey, ask.cache_key.is_some()),
            (Setting::Verbosity, ask.verbosity.is_some()),
            (Setting::ParallelCalls, ask.parallel_calls == Some(false) && !ask.tools.is_empty()),
        ];
        for (setting, _) in given.into_iter().filter(|(_, given)| *given) {
            self.drop(setting, Why::NoWord);
        }
    }

    fn drop(&mut self, setting: Setting, why: Why) {
        self.ask.drop(&mut self.notes, setting, why);
    }

    fn emulate(&mut self, setting: Setting, why: Why) {
        self.notes.emulate(self.ask.word(setting), why);
    }
}

/// Returns the words of a part that can be told in words alone.
fn words<'p>(part: &'p Part<'_>) -> Option<Text<'p>> {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => Some(text.borrowed()),
        Content::Foreign(foreign) => foreign.words.as_ref().map(Text::borrowed),
        Content::Media(media) => media.words(),
        Content::Thinking(_) | Content::Call(_) | Content::Outcome(_) => None,
    }
    .filter(|words| !words.is_empty())
}
