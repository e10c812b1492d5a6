//! Turns among channels of one tier: smooth weighted round robin.
//!
//! Each set of channels that can serve at a moment has its own turns, so that a set is shared exactly by weight,
//! whatever other sets its members serve in between and whatever the channels call the model.

use std::hash::BuildHasherDefault;

use indexmap::IndexMap;

use crate::constants::ROTAS_MAX;
use crate::hash::QuickHasher;

/// The turns of every set seen lately.
#[derive(Debug, Default)]
pub(crate) struct Rotas {
    by_set: IndexMap<u64, Rota, BuildHasherDefault<QuickHasher>>,
    uses: u64,
}

#[derive(Debug, Clone, Default)]
struct Rota {
    credits: Vec<i64>,
    used: u64,
}

impl Rotas {
    /// Takes the next turn of the set `key`, whose members have these weights.
    pub(crate) fn take(&mut self, key: u64, weights: &[u32]) -> usize {
        self.uses += 1;
        if self.by_set.len() >= ROTAS_MAX && !self.by_set.contains_key(&key) {
            self.forget_the_stalest();
        }
        let rota = self.by_set.entry(key).or_default();
        rota.used = self.uses;
        rota.turn(weights)
    }

    /// Whose turn it would be.
    pub(crate) fn peek(&self, key: u64, weights: &[u32]) -> usize {
        self.by_set.get(&key).cloned().unwrap_or_default().turn(weights)
    }

    fn forget_the_stalest(&mut self) {
        let stalest =
            self.by_set.iter().enumerate().min_by_key(|(_, (_, rota))| rota.used).map(|(index, _)| index);
        if let Some(index) = stalest {
            self.by_set.swap_remove_index(index);
        }
    }
}

impl Rota {
    fn turn(&mut self, weights: &[u32]) -> usize {
        self.credits.resize(weights.len(), 0);
        // Where all weigh nothing (they were named, so they may serve), all weigh the same.
        let floor = i64::from(weights.iter().all(|&weight| weight == 0));
        let mut total = 0;
        let mut chosen = 0;
        for (credit, &weight) in self.credits.iter_mut().zip(weights) {
            let weight = i64::from(weight).max(floor);
            *credit += weight;
            total += weight;
        }
        for (index, &credit) in self.credits.iter().enumerate() {
            if credit > self.credits[chosen] {
                chosen = index;
            }
        }
        self.credits[chosen] -= total;
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_weights_and_are_spread_evenly() {
        let mut rotas = Rotas::default();
        let turns: Vec<usize> = (0..8).map(|_| rotas.take(1, &[3, 1])).collect();
        assert_eq!(turns, [0, 0, 1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn sets_do_not_disturb_each_other() {
        let mut rotas = Rotas::default();
        let mut counts = [0; 2];
        for turn in 0..10_000 {
            counts[rotas.take(1, &[3, 1])] += 1;
            rotas.take(2 + turn % 5, &[1, 1, 7]);
        }
        assert_eq!(counts, [7_500, 2_500]);
    }

    #[test]
    fn a_weight_of_nothing_gets_no_turn_beside_others_and_its_share_alone() {
        let mut rotas = Rotas::default();
        assert!((0..100).all(|_| rotas.take(1, &[0, 1, 2]) != 0));
        let turns: Vec<usize> = (0..4).map(|_| rotas.take(2, &[0, 0])).collect();
        assert_eq!(turns, [0, 1, 0, 1]);
    }

    #[test]
    fn peeking_takes_no_turn() {
        let mut rotas = Rotas::default();
        for _ in 0..10 {
            let seen = rotas.peek(1, &[2, 3, 4]);
            assert_eq!(rotas.peek(1, &[2, 3, 4]), seen);
            assert_eq!(rotas.take(1, &[2, 3, 4]), seen);
        }
    }

    #[test]
    fn remembered_sets_are_bounded() {
        let mut rotas = Rotas::default();
        for key in 0..ROTAS_MAX as u64 * 2 {
            rotas.take(key, &[1, 1]);
        }
        assert_eq!(rotas.by_set.len(), ROTAS_MAX);
    }
}
