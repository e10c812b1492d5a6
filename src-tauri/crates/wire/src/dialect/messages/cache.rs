//! Where a prompt is worth caching.

use crate::Protocol;
use crate::ask::{Ask, CacheMark, Turn};
use crate::json::Members;

/// The most marks that a request may have.
const MARKS_MAX: usize = 4;

/// Deals out the marks of one request, in the order in which a cache reads it: tools, system prompt, turns.
#[derive(Debug)]
pub(super) struct Marks {
    /// How many of the client's own marks are left out, so that the last ones stay.
    surplus: usize,
    /// Whether marks are put where they are worth it, because the client cannot say where.
    automatic: bool,
    /// Whether a short-lived mark was dealt: no long-lived one may follow.
    short_dealt: bool,
}

impl Marks {
    pub(super) fn of(ask: &Ask<'_>, turns: &[Turn<'_>]) -> Self {
        let tools = ask.tools.iter().filter(|tool| tool.cache.is_some()).count();
        let parts = ask.system.iter().chain(turns.iter().flat_map(|turn| &turn.parts));
        let given = tools + parts.filter(|part| part.cache.is_some()).count();
        Self {
            surplus: given.saturating_sub(MARKS_MAX),
            automatic: given == 0 && ask.protocol != Protocol::Messages,
            short_dealt: false,
        }
    }

    /// Returns how many of the client's marks are left out.
    pub(super) const fn surplus(&self) -> usize {
        self.surplus
    }

    /// Deals a mark: the client's `own`, or one of ours where it has none and the place is `worth` it.
    pub(super) fn deal(&mut self, own: Option<CacheMark>, worth: bool) -> Option<CacheMark> {
        let mark = match own {
            Some(_) if self.surplus > 0 => {
                self.surplus -= 1;
                return None;
            }
            Some(mark) => mark,
            None if self.automatic && worth => CacheMark::Usual,
            None => return None,
        };
        let mark = if self.short_dealt { CacheMark::Usual } else { mark };
        self.short_dealt |= mark == CacheMark::Usual;
        Some(mark)
    }
}

/// Writes a mark, if there is one.
pub(super) fn write(mark: Option<CacheMark>, members: &mut Members<'_>) {
    let Some(mark) = mark else { return };
    members.object("cache_control", |control| {
        control.str("type", "ephemeral");
        match mark {
            CacheMark::Usual => {}
            CacheMark::Long => control.str("ttl", "1h"),
        }
    });
}
