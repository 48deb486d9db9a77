//! What is remembered of sessions: only of those that changed something, so many at most, and not for ever.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dispatch::Listener;
use crate::protocol::LogLevel;

/// How many sessions may have state of their own, and how many ended ones are told apart one by one.
const MAX_STATES: usize = 10_000;
const MAX_ENDED: usize = 100_000;
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

struct Entry {
    state: State,
    issued: u32,
    touched: Instant,
}

/// All states, and which sessions are over.
///
/// An id says itself when it was issued. So where ended sessions are too many to be listed, it is enough to know up to
/// which time all of them are over: a session that has ended never comes back, at a bounded cost.
#[derive(Default)]
pub(super) struct Memory {
    states: HashMap<Key, Entry>,
    ended: HashSet<Key>,
    ended_in_order: VecDeque<(Key, u32)>,
    /// Sessions issued at this time or before are over, in seconds since 1970.
    over_until: u32,
}

impl Memory {
    pub(super) fn is_over(&self, key: &Key, issued: u32) -> bool {
        issued <= self.over_until || self.ended.contains(key)
    }

    pub(super) fn get(&self, key: &Key) -> Option<&State> {
        self.states.get(key).map(|entry| &entry.state)
    }

    /// The state of a session, which is made now if need be.
    pub(super) fn touch(&mut self, key: Key, issued: u32) -> &mut State {
        if self.states.len() >= MAX_STATES && !self.states.contains_key(&key) {
            self.make_room();
        }
        let touched = Instant::now();
        let entry = self.states.entry(key).or_insert_with(|| Entry {
            state: State::default(),
            issued,
            touched,
        });
        entry.touched = touched;
        &mut entry.state
    }

    /// Ends a session; its listener goes with it.
    pub(super) fn end(&mut self, key: Key, issued: u32) {
        self.states.remove(&key);
        if self.ended.insert(key) {
            self.ended_in_order.push_back((key, issued));
        }
        while self.ended_in_order.len() > MAX_ENDED {
            if let Some((key, issued)) = self.ended_in_order.pop_front() {
                self.ended.remove(&key);
                self.over_until = self.over_until.max(issued);
            }
        }
    }

    /// Ends what was silent for too long, and otherwise the longest silent sixteenth.
    fn make_room(&mut self) {
        let mut by_silence: Vec<(Instant, Key, u32)> = self
            .states
            .iter()
            .map(|(key, entry)| (entry.touched, *key, entry.issued))
            .collect();
        by_silence.sort_unstable_by_key(|(touched, ..)| *touched);
        let idle = by_silence.partition_point(|(touched, ..)| touched.elapsed() > IDLE);
        for (_, key, issued) in by_silence.into_iter().take(idle.max(MAX_STATES / 16)) {
            self.end(key, issued);
        }
    }

    /// Ends a session that was silent for too long, before it is used again.
    pub(super) fn expire(&mut self, key: &Key, issued: u32) {
        if self
            .states
            .get(key)
            .is_some_and(|e| e.touched.elapsed() > IDLE)
        {
            self.end(*key, issued);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u32) -> Key {
        let mut key = Key::default();
        key[..4].copy_from_slice(&n.to_be_bytes());
        key
    }

    #[test]
    fn states_are_bounded_and_the_longest_silent_end_for_good() {
        let mut memory = Memory::default();
        for n in 0..=u32::try_from(MAX_STATES).expect("small") {
            memory.touch(key(n), 1_000 + n).log_level = Some(LogLevel::Debug);
        }
        assert!(memory.states.len() <= MAX_STATES);
        assert!(
            memory.is_over(&key(0), 1_000),
            "the first was silent longest"
        );
        assert!(!memory.is_over(&key(9_999), 10_999));
    }

    #[test]
    fn an_ended_session_stays_over_though_its_name_is_forgotten() {
        let mut memory = Memory::default();
        let last = u32::try_from(MAX_ENDED).expect("small") + 5;
        for n in 0..last {
            memory.end(key(n), 1_000 + n);
        }
        assert!(memory.ended.len() <= MAX_ENDED && memory.ended_in_order.len() <= MAX_ENDED);
        assert!((0..last).all(|n| memory.is_over(&key(n), 1_000 + n)));
        assert!(
            !memory.is_over(&key(last), 1_000 + last),
            "a later one is not"
        );
    }
}
