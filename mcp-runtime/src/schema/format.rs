//! The `format`s that are enforced. Unknown ones are annotations, as the specification of JSON Schema has it.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Url;

/// Whether the text is a valid instance of the format; unknown formats accept everything.
pub(crate) fn is_valid(format: &str, text: &str) -> bool {
    match format {
        "date" => is_date(text),
        "time" => is_time(text),
        "date-time" => text
            .split_once(['T', 't', ' '])
            .is_some_and(|(date, time)| is_date(date) && is_time(time)),
        "email" => is_email(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" | "url" => Url::parse(text).is_ok() && text.is_ascii() && !text.contains(' '),
        "uuid" => is_uuid(text),
        "hostname" => is_hostname(text),
        "regex" => regex::Regex::new(text).is_ok(),
        _ => true,
    }
}

/// Whether a format is enforced, and no mere annotation.
#[cfg(feature = "contract")]
pub(crate) fn is_enforced(format: &str) -> bool {
    // No text is valid in all of these and enforced in none.
    !is_valid(format, "\u{0}(")
}

/// Two or four digits within these bounds.
fn number(text: &str, digits: usize, min: u32, max: u32) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    plain
        .then(|| text.parse().ok())
        .flatten()
        .filter(|n| (min..=max).contains(n))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Some(year), Some(month)) = (number(year, 4, 0, 9999), number(month, 2, 1, 12)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    number(day, 2, 1, last).is_some()
}

/// RFC 3339 `full-time`: an offset is a must.
fn is_time(text: &str) -> bool {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => return false,
    };
    let clock = match clock.split_once('.') {
        Some((clock, fraction))
            if !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            clock
        }
        Some(_) => return false,
        None => clock,
    };
    let mut parts = clock.split(':');
    let clock = matches!(
        (parts.next(), parts.next(), parts.next(), parts.next()),
        (Some(h), Some(m), Some(s), None)
            if number(h, 2, 0, 23).is_some() && number(m, 2, 0, 59).is_some() && number(s, 2, 0, 60).is_some()
    );
    let offset = matches!(offset, "Z" | "z")
        || offset[1..]
            .split_once(':')
            .is_some_and(|(h, m)| number(h, 2, 0, 23).is_some() && number(m, 2, 0, 59).is_some());
    clock && offset
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && is_hostname(domain)
}

fn is_hostname(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lengths.iter().all(|n| {
        parts
            .next()
            .is_some_and(|p| p.len() == *n && p.bytes().all(|b| b.is_ascii_hexdigit()))
    }) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn good_and_bad_instances_are_told_apart() {
        for (format, good, bad) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("time", "23:59:60Z", "24:00:00Z"),
            (
                "date-time",
                "2026-07-28T10:00:00.5+02:00",
                "2026-07-28T10:00:00",
            ),
            ("email", "a.b@c.test", "a@@"),
            ("ipv4", "127.0.0.1", "127.0.0.256"),
            ("ipv6", "::1", "::g"),
            ("uri", "https://a.test/x", "not a uri"),
            ("uuid", "00000000-0000-4000-8000-000000000000", "0000"),
            ("hostname", "a-b.test", "-a.test"),
            ("regex", "^a$", "("),
            ("colour", "anything", ""),
        ] {
            assert!(is_valid(format, good), "{format} {good}");
            assert!(
                format == "colour" || !is_valid(format, bad),
                "{format} {bad}"
            );
        }
    }
}
