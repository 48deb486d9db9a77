//! One text for one JSON value: the JSON Canonicalization Scheme (RFC 8785).

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The canonical form of RFC 8785: what is hashed, so that others can compute the same digest.
///
/// It takes every number for a double, as the RFC does: two whole numbers beyond 2^53 may share a text.
#[cfg(feature = "contract")]
pub(crate) fn canonical(value: &Value) -> String {
    written(value, Whole::AsDouble)
}

/// A text that two values share exactly when they are the same: as the canonical form, but whole numbers are written
/// in full.
pub(crate) fn identity(value: &Value) -> String {
    written(value, Whole::InFull)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    #[cfg(feature = "contract")]
    AsDouble,
    InFull,
}

fn written(value: &Value, whole: Whole) -> String {
    let mut text = String::new();
    write(value, whole, &mut text);
    text
}

fn write(value: &Value, whole: Whole, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => number(value, whole, out),
        Value::String(value) => string(value, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, whole, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            // §3.2.3: by UTF-16 code units, which differs from the order of code points beyond U+FFFF.
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (i, (key, value)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                string(key, out);
                out.push(':');
                write(value, whole, out);
            }
            out.push('}');
        }
    }
}

/// §3.2.2.2: escaped is what must be, in the short form where there is one.
fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{9}' => out.push_str("\\t"),
            '\u{a}' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\u{d}' => out.push_str("\\r"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn number(number: &Number, whole: Whole, out: &mut String) {
    if whole == Whole::InFull {
        if !number.is_f64() {
            let _ = write!(out, "{number}");
            return;
        }
        if let Some(float) = number.as_f64().filter(|f| f.fract() == 0.0) {
            // Every whole float prints as the integer that it equals.
            let _ = write!(out, "{:.0}", float + 0.0);
            return;
        }
    }
    // A number of `serde_json` is finite.
    out.push_str(&ecmascript(number.as_f64().unwrap_or_default()));
}

/// §3.2.2.3: a number as ECMAScript writes it (`Number::toString`, ECMA-262 §6.1.6.1.20).
fn ecmascript(float: f64) -> String {
    if float == 0.0 {
        return "0".into();
    }
    // The shortest digits that read back as the same number, and the exponent of the first of them.
    let shortest = format!("{:e}", float.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = even(mantissa.replace('.', ""), float.abs());
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // ECMA-262 calls this `n`: the decimal point stands after so many digits.
    let point = exponent + 1;
    let split = |at: i32| digits.split_at(usize::try_from(at).unwrap_or_default());
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or_default());
    let text = if count <= point && point <= 21 {
        format!("{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (before, after) = split(point);
        format!("{before}.{after}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = split(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{exponent:+}")
    };
    if float < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

/// Of two texts that are equally short and equally near, ECMAScript takes the one whose last digit is even.
fn even(digits: String, float: f64) -> String {
    let odd = digits.ends_with(['1', '3', '5', '7', '9']);
    // With fewer digits no two texts are near enough.
    if !odd || digits.len() < 16 {
        return digits;
    }
    // All the digits there are: a double has at most 767.
    let exact = format!("{float:.770e}");
    let exact = exact.split('e').next().unwrap_or_default().replace('.', "");
    let (head, tail) = exact.split_at(digits.len());
    let is_half = tail.starts_with('5') && tail[1..].bytes().all(|b| b == b'0');
    let (Ok(shown), Ok(below)) = (digits.parse::<u64>(), head.parse::<u64>()) else {
        return digits;
    };
    match shown.checked_sub(below) {
        Some(1) if is_half => below.to_string(),
        Some(0) if is_half => (shown + 1).to_string(),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_numbers_of_one_value_have_one_identity() {
        assert_eq!(identity(&json!(1.0)), identity(&json!(1)));
        assert_eq!(identity(&json!(-0.0)), "0");
        assert_eq!(identity(&json!(1e20)), "100000000000000000000");
        assert_ne!(
            identity(&json!(9_007_199_254_740_993_u64)),
            identity(&json!(9_007_199_254_740_992_u64))
        );
    }

    /// RFC 8785, Appendix B.
    #[cfg(feature = "contract")]
    #[test]
    fn numbers_are_written_as_in_the_rfc() {
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(ecmascript(f64::from_bits(bits)), text, "{bits:x}");
        }
        assert_eq!(canonical(&json!(u64::MAX)), "18446744073709552000");
    }

    /// RFC 8785, §3.2.2 and §3.2.3.
    #[cfg(feature = "contract")]
    #[test]
    fn objects_and_strings_are_written_as_in_the_rfc() {
        let value: Value = serde_json::from_str(
            r#"{"numbers": [333333333.3333333, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                "literals": [null, true, false]}"#,
        )
        .expect("JSON");
        assert_eq!(
            canonical(&value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
        let keys: Value = serde_json::from_str(
            r#"{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7}"#,
        )
        .expect("JSON");
        assert_eq!(
            canonical(&keys),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}"
        );
    }
}
