//! What is remembered of sessions: only of those that changed something, so many at most, and not for ever.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dispatch::Listener;
use crate::protocol::LogLevel;

/// How many sessions may have state of their own, and how many ended ones are told apart one by one.
const MAX_STATES: usize = 10_000;
const MAX_ENDED: usize = 100_000;
/// How many owners of more ended sessions are told apart.
const MAX_OWNERS: usize = 10_000;
/// How long a session may be silent before its state goes and the session with it.
const IDLE: Duration = Duration::from_secs(4 * 60 * 60);

/// A session's key: random, and known to its client only under a seal.
pub(super) type Key = [u8; 16];

/// The state of one session.
#[derive(Default)]
pub(super) struct State {
    pub log_level: Option<LogLevel>,
    pub listener: Option<Arc<Listener>>,
}

/// A session: its key, when it was issued, in seconds since 1970, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub key: Key,
    pub issued: u32,
    pub owner: u64,
}

struct Entry {
    state: State,
    name: Name,
    touched: Instant,
}

impl Entry {
    /// Since when nobody used it; a client that reads its stream does.
    fn silent(&self, now: Instant) -> Duration {
        match self.state.listener.as_ref().is_some_and(|l| l.is_read()) {
            true => Duration::ZERO,
            false => now.duration_since(self.touched),
        }
    }
}

/// All states, and which sessions are over.
///
/// An id says itself when it was issued. So where ended sessions are too many to be listed, it is enough to know of
/// their owner up to which time all of them are over: a session that has ended never comes back, at a bounded cost. Who
/// opens and ends sessions without end, or leaves too many lying about, loses sessions of their own and of nobody else.
#[derive(Default)]
pub(super) struct Memory {
    states: HashMap<Key, Entry>,
    ended: HashSet<Key>,
    ended_in_order: VecDeque<Name>,
    /// Sessions of this owner issued at this time or before are over.
    over_until: HashMap<u64, u32>,
}

impl Memory {
    /// Whether a session that is used now is still there.
    pub(super) fn is_used(&mut self, name: &Name) -> bool {
        if let Some(entry) = self.states.get_mut(&name.key) {
            let now = Instant::now();
            if entry.silent(now) > IDLE {
                self.end(*name);
                return false;
            }
            entry.touched = now;
        }
        !self.is_over(name)
    }

    fn is_over(&self, name: &Name) -> bool {
        let until = self.over_until.get(&name.owner);
        until.is_some_and(|until| name.issued <= *until) || self.ended.contains(&name.key)
    }

    pub(super) fn get(&self, name: &Name) -> Option<&State> {
        self.states.get(&name.key).map(|entry| &entry.state)
    }

    /// The state of a session, which is made now if need be.
    pub(super) fn touch(&mut self, name: Name) -> &mut State {
        if self.states.len() >= MAX_STATES && !self.states.contains_key(&name.key) {
            self.make_room();
        }
        let touched = Instant::now();
        let entry = self.states.entry(name.key).or_insert_with(|| Entry {
            state: State::default(),
            name,
            touched,
        });
        entry.touched = touched;
        &mut entry.state
    }

    /// Ends a session; its listener goes with it.
    pub(super) fn end(&mut self, name: Name) {
        self.states.remove(&name.key);
        if self.ended.insert(name.key) {
            self.ended_in_order.push_back(name);
        }
        while self.ended_in_order.len() > MAX_ENDED {
            if let Some(name) = self.ended_in_order.pop_front() {
                self.ended.remove(&name.key);
                if self.over_until.len() >= MAX_OWNERS {
                    // Ids are good for a day; what is older says nothing any more.
                    self.over_until.clear();
                }
                let until = self.over_until.entry(name.owner).or_default();
                *until = name.issued.max(*until);
            }
        }
    }

    /// Ends what was silent for too long; where nothing was, the longest silent of the owner who has the most.
    fn make_room(&mut self) {
        let mut of_owners = HashMap::<u64, usize>::new();
        for entry in self.states.values() {
            *of_owners.entry(entry.name.owner).or_default() += 1;
        }
        let largest = of_owners.into_iter().max_by_key(|(_, states)| *states);
        let now = Instant::now();
        let mut by_silence: Vec<(Duration, Name)> = self
            .states
            .values()
            .map(|entry| (entry.silent(now), entry.name))
            .collect();
        by_silence.sort_unstable_by_key(|(silent, _)| std::cmp::Reverse(*silent));
        let idle = by_silence.partition_point(|(silent, _)| *silent > IDLE);
        for (_, name) in by_silence.drain(..idle) {
            self.end(name);
        }
        if idle == 0 {
            let theirs = by_silence
                .into_iter()
                .filter(|(_, name)| largest.is_some_and(|(owner, _)| owner == name.owner));
            for (_, name) in theirs.take(MAX_STATES / 16) {
                self.end(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32, owner: u64) -> Name {
        let mut key = Key::default();
        key[..4].copy_from_slice(&n.to_be_bytes());
        let issued = 1_000 + n;
        Name { key, issued, owner }
    }

    #[test]
    fn states_are_bounded_and_who_has_the_most_loses_the_longest_silent() {
        let mut memory = Memory::default();
        let modest = name(1_000_000, 2);
        memory.touch(modest).log_level = Some(LogLevel::Debug);
        for n in 0..=u32::try_from(MAX_STATES).expect("small") {
            memory.touch(name(n, 1)).log_level = Some(LogLevel::Debug);
        }
        assert!(memory.states.len() <= MAX_STATES);
        assert!(
            memory.is_over(&name(0, 1)),
            "the first of these was silent longest"
        );
        assert!(!memory.is_over(&name(9_999, 1)));
        assert!(
            memory.is_used(&modest) && memory.get(&modest).is_some(),
            "another's"
        );
    }

    #[test]
    fn an_ended_session_stays_over_though_its_name_is_forgotten() {
        let mut memory = Memory::default();
        let last = u32::try_from(MAX_ENDED).expect("small") + 5;
        for n in 0..last {
            memory.end(name(n, 1));
        }
        assert!(memory.ended.len() <= MAX_ENDED && memory.ended_in_order.len() <= MAX_ENDED);
        assert!((0..last).all(|n| memory.is_over(&name(n, 1))));
        assert!(!memory.is_over(&name(last, 1)), "a later one is not");
        let mut others = name(1, 2);
        others.key = [9; 16];
        assert!(!memory.is_over(&others), "nor is another's");
    }

    #[test]
    fn a_session_that_is_used_or_read_is_not_idle() {
        let mut memory = Memory::default();
        let name = name(1, 1);
        let bus = Arc::new(crate::dispatch::Bus::default());
        let listener = Arc::new(bus.listen(crate::dispatch::Interest::default()));
        memory.touch(name).listener = Some(listener.clone());
        let long_ago = Instant::now().checked_sub(IDLE + Duration::from_secs(1));
        let long_ago = long_ago.expect("the clock is older than that");
        let silence = |memory: &mut Memory| {
            let entry = memory.states.get_mut(&name.key).expect("a state");
            entry.touched = long_ago;
        };
        let reader = listener.reader();
        silence(&mut memory);
        assert!(memory.is_used(&name), "it is read");
        drop(reader);
        assert!(memory.is_used(&name), "it was used just now");
        silence(&mut memory);
        assert!(!memory.is_used(&name) && memory.is_over(&name));
    }
}
