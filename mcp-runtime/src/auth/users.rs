//! The names and passwords that users may have.

#[cfg(feature = "cli")]
use super::hashing::LONGEST_PASSWORD;
use super::secret::random_id;
use crate::store::{Millis, UserRecord};

/// A name as it is compared: without blanks around it, in lower case.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether a text may be shown as a name: no controls, nothing invisible, and nothing that turns the direction of the
/// text around it.
pub(crate) fn is_showable(text: &str) -> bool {
    text.chars().all(is_visible)
}

fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{e0000}'..='\u{e007f}')
}

/// What others wrote, fit for a terminal or a page: what may not be shown is replaced, and what is long is cut.
#[cfg(any(feature = "cli", feature = "fetch"))]
pub(crate) fn shown(text: &str) -> String {
    let replaced = |c| if is_visible(c) { c } else { '\u{fffd}' };
    text.chars().take(LONGEST_NAME).map(replaced).collect()
}

/// Characters of a name.
const LONGEST_NAME: usize = 64;

/// Refuses a name that cannot be a user's.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err("a user's name has 1 to 64 characters");
    }
    if !is_showable(name) {
        return Err("a user's name has no control or invisible characters");
    }
    Ok(())
}

/// Refuses a password that no one should have.
#[cfg(feature = "cli")]
pub(crate) fn check_password(password: &str) -> Result<(), &'static str> {
    // NIST SP 800-63B: length, and no rules of composition.
    if password.chars().count() < 8 {
        return Err("a password has at least 8 characters");
    }
    if password.len() > LONGEST_PASSWORD {
        return Err("a password has at most 1024 bytes");
    }
    Ok(())
}

/// A new user. The prefix keeps users' ids apart from clients' (RFC 9068 §5).
pub(crate) fn new_user(name: &str, hash: String, demo: Option<String>, now: Millis) -> UserRecord {
    UserRecord {
        id: format!("user_{}", random_id()),
        name: name.trim().to_owned(),
        name_key: name_key(name),
        password: hash,
        demo,
        disabled: false,
        created_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_visible() {
        assert!(is_showable("Zoë 🎲"));
        for hidden in
            "\u{ad}\u{61c}\u{115f}\u{1160}\u{180e}\u{2028}\u{202e}\u{3164}\u{e0041}".chars()
        {
            assert!(!is_showable(&format!("a{hidden}b")), "{hidden:?}");
        }
        assert!(check_name("\u{2003}").is_err(), "blank");
    }

    #[cfg(any(feature = "cli", feature = "fetch"))]
    #[test]
    fn what_others_wrote_moves_no_cursor_and_fills_no_screen() {
        assert_eq!(shown("Zoë 🎲"), "Zoë 🎲");
        assert_eq!(
            shown("a\u{1b}[2J\r\nb\tc"),
            "a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}c"
        );
        assert_eq!(shown(&"x".repeat(1000)).len(), 64);
    }
}
