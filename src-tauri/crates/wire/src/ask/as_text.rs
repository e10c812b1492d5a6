//! Thoughts that become text.

use super::{Ask, Content, Part, Role, Turn};
use crate::Protocol;
use crate::dialect::Target;
use crate::json::Text;
use crate::quirks::Echo;

impl Ask<'_> {
    /// Makes what another provider's model thought text, where the target would leave it out.
    ///
    /// A state in the target's own place is the target's own by now.
    pub(crate) fn tell_foreign_thoughts(&mut self, target: &Target<'_>) {
        for turn in self.turns.iter_mut().filter(|turn| turn.role == Role::Assistant) {
            if !is_echoed(turn, target) {
                turn.parts.iter_mut().for_each(|part| tell(part, target.protocol));
            }
        }
    }
}

/// Tells whether the target gets the thoughts of a turn in a field of their own.
fn is_echoed(turn: &Turn<'_>, target: &Target<'_>) -> bool {
    let echoes = match target.quirks.echo {
        Echo::Required | Echo::Optional => target.protocol == Protocol::Chat && !target.first_party,
        Echo::Forbidden => false,
    };
    echoes && turn.parts.iter().any(|part| matches!(part.content, Content::Call(_)))
}

fn tell(part: &mut Part<'_>, protocol: Protocol) {
    let Content::Thinking(thinking) = &part.content else { return };
    let is_own = thinking.state.as_ref().is_some_and(|state| state.slot == protocol);
    if is_own || thinking.text.is_empty() {
        return;
    }
    let mut text = Text::owned("<think>\n");
    text.push(&thinking.text);
    text.push_plain("\n</think>\n\n");
    part.content = Content::Text(text);
}
