//! Which release a diff asks for, and whether the version says so.

use super::compare::Change;
use super::rules::Severity;

/// Which part of a version goes up, from none to the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bump {
    None,
    Patch,
    Minor,
    Major,
}

impl Bump {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// What these changes ask for. A review asks a person, not for a release; what is waived asks for nothing.
    pub(crate) fn required(changes: &[Change]) -> Self {
        let each = changes
            .iter()
            .filter(|c| c.waived.is_none())
            .map(|c| match c.severity {
                Severity::Breaking => Self::Major,
                Severity::Minor => Self::Minor,
                Severity::Patch => Self::Patch,
                Severity::Review | Severity::None => Self::None,
            });
        each.max().unwrap_or(Self::None)
    }

    /// What happened from one version to the other, by what it promises: before 1.0 the minor number counts as the
    /// major one, and the patch number as the minor one. No promise where one cannot be read, or where it went down.
    pub(crate) fn between(old: &str, new: &str) -> Self {
        let (Some(old), Some(new)) = (numbers(old), numbers(new)) else {
            return Self::None;
        };
        if new <= old {
            return Self::None;
        }
        if old[0] != new[0] {
            Self::Major
        } else if old[1] != new[1] {
            if old[0] == 0 {
                Self::Major
            } else {
                Self::Minor
            }
        } else if old[0] == 0 {
            Self::Minor
        } else {
            Self::Patch
        }
    }
}

/// Major, minor, patch; what follows `-` or `+` promises nothing.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let release = version
        .trim()
        .trim_start_matches('v')
        .split(['-', '+'])
        .next()?;
    let mut parts = release.split('.').map(|part| part.parse().ok());
    let version = [
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
        parts.next().unwrap_or(Some(0))?,
    ];
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_1_0_each_number_counts_for_the_next() {
        for (old, new, bump) in [
            ("1.2.3", "2.0.0", Bump::Major),
            ("1.2.3", "1.3.0", Bump::Minor),
            ("1.2.3", "1.2.4", Bump::Patch),
            ("0.2.3", "0.3.0", Bump::Major),
            ("0.2.3", "0.2.4", Bump::Minor),
            ("0.2.3", "1.0.0", Bump::Major),
            ("1.2.3", "1.2.3", Bump::None),
            ("2.0.0", "1.9.0", Bump::None),
            ("1.0.0-rc.1", "1.0.0", Bump::None),
            ("1.2.3", "2.0.0-rc.1", Bump::Major),
            ("v1.2", "v2", Bump::Major),
            ("today", "1.0.0", Bump::None),
        ] {
            assert_eq!(Bump::between(old, new), bump, "{old} {new}");
        }
    }
}
