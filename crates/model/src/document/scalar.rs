//! What a YAML scalar means under the core schema.

use granit_parser::{ScalarStyle, Tag};

use super::node::{Unrepresentable, Value};

/// The value of a scalar, or why its tag and text don't go together.
pub(super) fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return Ok(match style {
            ScalarStyle::Plain => plain(text),
            _ => Value::Text(text.to_owned()),
        });
    };
    // The non-specific tag `!` asks for no resolution: text.
    if tag.parts() == ("", "!") || tag.parts() == ("!", "") {
        return Ok(Value::Text(text.to_owned()));
    }
    let value = match tag.core_suffix() {
        Some("str") => Some(Value::Text(text.to_owned())),
        Some("null") => null(text),
        Some("bool") => boolean(text),
        Some("int") => integer(text),
        Some("float") => float(text).or_else(|| integer(text)),
        _ => {
            return Err(format!(
                "the tag `{}` isn't of the core schema",
                super::shorten(&tag.original())
            ));
        }
    };
    value.ok_or_else(|| {
        format!(
            "`{}` isn't what its tag `{}` says",
            super::shorten(text),
            super::shorten(&tag.original())
        )
    })
}

/// A scalar without quotes and tag.
fn plain(text: &str) -> Value {
    let looks_special = text.bytes().next().is_none_or(|first| {
        matches!(
            first,
            b'0'..=b'9' | b'-' | b'+' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F'
        )
    });
    if !looks_special {
        return Value::Text(text.to_owned());
    }
    null(text)
        .or_else(|| boolean(text))
        .or_else(|| integer(text))
        .or_else(|| float(text))
        .unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn null(text: &str) -> Option<Value> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Value::Null)
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Value> {
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
            return valid.then(|| of_radix(digits, radix));
        }
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let valid = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    valid.then(|| Value::of_integer(text))
}

fn of_radix(digits: &str, radix: u32) -> Value {
    u128::from_str_radix(digits, radix).map_or(
        Value::Unrepresentable(Unrepresentable::TooLarge(f64::INFINITY)),
        |integer| Value::of_integer(&integer.to_string()),
    )
}

fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Value::Unrepresentable(Unrepresentable::NotFinite));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent_digits = exponent.map(|text| text.strip_prefix(['-', '+']).unwrap_or(text));
    if !exponent_digits.is_none_or(is_digits) {
        return None;
    }
    let valid = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    if !valid {
        return None;
    }
    text.parse().ok().map(Value::of_float)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}
