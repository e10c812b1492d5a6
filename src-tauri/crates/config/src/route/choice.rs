//! Which of the channels that a rule speaks of may answer, with what, and in which order.

use std::sync::Arc;

use wire::{Operation, Protocol};

use super::meaning::{Meaning, Scope};
use super::{Candidate, SkipReason, Skipped, defaults_stand_in};
use crate::catalog::Catalog;
use crate::index::Named;
use crate::snapshot::{Channel, Snapshot};

/// The channels considered so far.
pub(super) struct Choice<'s> {
    snapshot: &'s Snapshot,
    catalog: &'s Catalog,
    protocol: Protocol,
    operation: Operation,
    candidates: Vec<Candidate>,
    skipped: Vec<Skipped>,
}

/// What a channel would be asked for.
struct Offer {
    model: Arc<str>,
    stand_in: bool,
}

/// Whether the request named the channel itself, which channels of weight 0 wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Called {
    ByName,
    Otherwise,
}

impl<'s> Choice<'s> {
    pub(super) fn new(
        snapshot: &'s Snapshot,
        catalog: &'s Catalog,
        protocol: Protocol,
        operation: Operation,
    ) -> Self {
        let candidates = Vec::with_capacity(snapshot.channels.len());
        Self { snapshot, catalog, protocol, operation, candidates, skipped: Vec::new() }
    }

    /// Considers every channel that the meaning speaks of.
    pub(super) fn consider(&mut self, meaning: &Meaning) {
        match &meaning.scope {
            Scope::Named { channel, model } => {
                let offer = match model {
                    Some(model) => Ok(self.as_asked(*channel, model)),
                    None => self.default_of(*channel),
                };
                self.weigh(*channel, Called::ByName, offer);
            }
            Scope::Tagged { channels, model } => {
                for channel in channels {
                    let offer = match model {
                        Some(model) => Ok(self.best_of(*channel, model)),
                        None => self.default_of(*channel),
                    };
                    self.weigh(*channel, Called::Otherwise, offer);
                }
            }
            Scope::Model { name } => {
                let named = self.snapshot.index.named(self.catalog, name);
                for channel in 0..self.snapshot.channels.len() {
                    let offer = self.lister_or_stand_in(channel, &named, name);
                    self.weigh(channel, Called::Otherwise, offer);
                }
            }
            Scope::Defaults => {
                for channel in 0..self.snapshot.channels.len() {
                    let offer = self.default_of(channel);
                    self.weigh(channel, Called::Otherwise, offer);
                }
            }
            Scope::NoModel => {
                for channel in 0..self.snapshot.channels.len() {
                    self.weigh(channel, Called::Otherwise, Ok(Offer { model: "".into(), stand_in: false }));
                }
            }
            Scope::Nobody => {}
        }
    }

    /// What a channel that was named together with a model is asked for: that model, whatever its default is.
    fn as_asked(&self, channel: usize, model: &Arc<str>) -> Offer {
        let served = self.snapshot.index.named(self.catalog, model).served_by(channel);
        Offer { model: served.unwrap_or_else(|| Arc::clone(model)), stand_in: false }
    }

    fn default_of(&self, channel: usize) -> Result<Offer, SkipReason> {
        match self.snapshot.index.default_model(channel) {
            Some(model) => Ok(Offer { model: Arc::clone(model), stand_in: false }),
            None => Err(SkipReason::NoDefaultModel),
        }
    }

    /// What a channel of a named tag is asked for; the tag was chosen, so a list shuts no channel out.
    fn best_of(&self, channel: usize, model: &Arc<str>) -> Offer {
        let index = &self.snapshot.index;
        if let Some(served) = index.named(self.catalog, model).served_by(channel) {
            return Offer { model: served, stand_in: false };
        }
        self.stand_in(channel, model)
    }

    /// What a channel is asked for that does not list the name: its default model where that can do the same, else the
    /// name as it is.
    fn stand_in(&self, channel: usize, name: &Arc<str>) -> Offer {
        let default = self.snapshot.index.default_model(channel);
        let default = default.filter(|_| defaults_stand_in(self.operation));
        Offer { model: Arc::clone(default.unwrap_or(name)), stand_in: true }
    }

    fn lister_or_stand_in(
        &self,
        channel: usize,
        named: &Named<'_>,
        name: &Arc<str>,
    ) -> Result<Offer, SkipReason> {
        let index = &self.snapshot.index;
        if let Some(model) = named.served_by(channel) {
            return Ok(Offer { model, stand_in: false });
        }
        if index.has_list(channel) {
            return Err(SkipReason::DoesNotList);
        }
        Ok(self.stand_in(channel, name))
    }

    /// Makes a channel a candidate, or notes why it is none.
    fn weigh(&mut self, at: usize, called: Called, offer: Result<Offer, SkipReason>) {
        let channel = &self.snapshot.channels[at];
        let candidate = self.usable(at, channel, called).and_then(|base| Ok((base, offer?)));
        match candidate {
            Ok((base, offer)) => self.candidates.push(Candidate {
                channel: Arc::clone(channel),
                model: offer.model,
                rank: 0,
                stand_in: offer.stand_in,
                protocol: channel.spoken[base].protocol,
                base,
            }),
            Err(reason) => self.skipped.push(skipped(channel, reason)),
        }
    }

    fn usable(&self, at: usize, channel: &Channel, called: Called) -> Result<usize, SkipReason> {
        if let Some(reason) = self.snapshot.index.out_of_use(at) {
            return Err(reason.clone());
        }
        let Some(base) = self.way_to_speak(channel) else {
            return Err(SkipReason::ProtocolNotSpoken { protocol: self.protocol });
        };
        if channel.weight == 0 && called == Called::Otherwise {
            return Err(SkipReason::NotNamed);
        }
        Ok(base)
    }

    /// The client's own protocol where the channel speaks it, else one that will do: any for answers and for token counts,
    /// one that embeds for embeddings.
    fn way_to_speak(&self, channel: &Channel) -> Option<usize> {
        let own = channel.speaks(self.protocol);
        own.or_else(|| match self.operation {
            Operation::Generate | Operation::CountTokens => Some(0),
            Operation::Embed | Operation::BatchEmbed => {
                channel.spoken.iter().position(|spoken| spoken.protocol.embeds())
            }
            Operation::Complete | Operation::Native(_) => None,
        })
    }

    /// Leaves out the channels that would embed in another protocol, where one that lists the model needs no translation.
    /// Vectors of two models cannot be compared, so nobody else should stand in for it.
    fn prefer_native_embeddings(&mut self) {
        match self.operation {
            Operation::Embed | Operation::BatchEmbed => {}
            Operation::Generate | Operation::Complete | Operation::CountTokens | Operation::Native(_) => {
                return;
            }
        }
        let protocol = self.protocol;
        if !self.candidates.iter().any(|one| one.protocol == protocol && !one.stand_in) {
            return;
        }
        let foreign = self.candidates.extract_if(.., |one| one.protocol != protocol);
        let reason = SkipReason::ProtocolNotSpoken { protocol };
        self.skipped.extend(foreign.map(|one| skipped(&one.channel, reason.clone())));
    }

    /// Puts the candidates into order and gives each its rank.
    ///
    /// ```text
    /// listers of tier 1 (with its stand-ins, where weights differ) · listers of tier 2 · … ·
    /// other stand-ins of tier 1 · other stand-ins of tier 2 · …
    /// ```
    pub(super) fn ranked(mut self, meaning: &Meaning) -> (Vec<Candidate>, Vec<Skipped>) {
        self.prefer_native_embeddings();
        let places: Vec<(bool, u32)> = match meaning.scope {
            Scope::Model { .. } | Scope::Tagged { .. } => {
                self.candidates.iter().map(|one| (self.stands_behind(one), one.channel.priority)).collect()
            }
            Scope::Named { .. } | Scope::Defaults | Scope::NoModel | Scope::Nobody => {
                self.candidates.iter().map(|one| (false, one.channel.priority)).collect()
            }
        };
        let mut order = places.clone();
        order.sort_unstable();
        order.dedup();
        for (candidate, place) in self.candidates.iter_mut().zip(&places) {
            let rank = order.iter().position(|one| one == place).expect("every place is in the order");
            candidate.rank = u32::try_from(rank).unwrap_or(u32::MAX);
        }
        self.candidates.sort_by_key(|candidate| candidate.rank);
        if !self.snapshot.routing.fallback {
            let later = self.candidates.partition_point(|candidate| candidate.rank == 0);
            let dropped = self.candidates.drain(later..);
            self.skipped.extend(dropped.map(|one| skipped(&one.channel, SkipReason::FallbackOff)));
        }
        (self.candidates, self.skipped)
    }

    /// Tells whether a stand-in waits behind all listers. Where the weights within its tier differ, it shares with the
    /// listers of that tier: whoever gave weights wants the traffic in those proportions.
    fn stands_behind(&self, candidate: &Candidate) -> bool {
        if !candidate.stand_in {
            return false;
        }
        let priority = candidate.channel.priority;
        let mut tier = self.candidates.iter().filter(|one| one.channel.priority == priority);
        let has_listers = tier.clone().any(|one| !one.stand_in);
        let weights_differ = tier.any(|one| one.channel.weight != candidate.channel.weight);
        !(has_listers && weights_differ)
    }
}

fn skipped(channel: &Channel, reason: SkipReason) -> Skipped {
    Skipped { channel: Arc::clone(&channel.name), id: Arc::clone(&channel.id), reason }
}
