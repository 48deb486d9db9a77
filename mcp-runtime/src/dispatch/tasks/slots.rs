//! How many tasks may run in this process, altogether and for one user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(super) struct Slots {
    most: usize,
    most_of_one: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// A place for one task; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    user: String,
}

impl Slots {
    pub(super) fn new((most, most_of_one): (usize, usize)) -> Self {
        Self {
            most,
            most_of_one,
            taken: Mutex::default(),
        }
    }

    /// A place, or why there is none, for the model.
    pub(super) fn take(self: &Arc<Self>, user: &str) -> Result<Slot, String> {
        let mut taken = self.lock();
        if taken.values().sum::<usize>() >= self.most {
            return Err(busy());
        }
        let of_one = taken.entry(user.to_owned()).or_default();
        if *of_one >= self.most_of_one {
            return Err(too_many(self.most_of_one));
        }
        *of_one += 1;
        Ok(Slot {
            slots: self.clone(),
            user: user.to_owned(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        if let Some(n) = taken.get_mut(&self.user) {
            *n -= 1;
            if *n == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

pub(super) fn busy() -> String {
    "The server runs as many tasks as it can; try again later.".into()
}

pub(super) fn too_many(most: usize) -> String {
    format!(
        "{most} tasks of this user run already, which is the limit: wait until one has ended, or cancel one."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_task_is_gone() {
        let slots = Arc::new(Slots::new((3, 2)));
        let alice = [slots.take("alice"), slots.take("alice")];
        assert!(
            slots
                .take("alice")
                .expect_err("refused")
                .starts_with("2 tasks")
        );
        let bob = slots.take("bob");
        assert!(
            slots
                .take("carol")
                .expect_err("refused")
                .contains("as it can")
        );
        drop((alice, bob));
        assert!(slots.take("alice").is_ok() && slots.lock().is_empty());
    }
}
