//! Canonical JSON: RFC 8785.

use serde_json::Value;

use crate::text::utf16_order;

/// The canonical bytes of a value.
pub(super) fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(value, &mut bytes);
    bytes
}

/// Appends the canonical bytes of a value.
pub(super) fn put(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Null => into.extend_from_slice(b"null"),
        Value::Bool(true) => into.extend_from_slice(b"true"),
        Value::Bool(false) => into.extend_from_slice(b"false"),
        Value::String(text) => put_text(text, into),
        // Numbers are written as ECMAScript does. Only one that isn't finite could fail, and
        // `Value` holds none.
        Value::Number(_) => {
            let _ = serde_json_canonicalizer::to_writer(value, into);
        }
        Value::Array(items) => {
            into.push(b'[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    into.push(b',');
                }
                put(item, into);
            }
            into.push(b']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            // Section 3.2.3.
            sorted.sort_unstable_by(|(one, _), (two, _)| utf16_order(one, two));
            into.push(b'{');
            for (number, (name, value)) in sorted.into_iter().enumerate() {
                if number > 0 {
                    into.push(b',');
                }
                put_text(name, into);
                into.push(b':');
                put(value, into);
            }
            into.push(b'}');
        }
    }
}

/// Appends a text as serde_json writes it, which is how RFC 8785, section 3.2.2.2, does.
pub(super) fn put_text(text: &str, into: &mut Vec<u8>) {
    // Writing to a vector can't fail.
    let _ = serde_json::to_writer(into, text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn it_is_what_another_writer_writes(value in values()) {
            let wanted = serde_json_canonicalizer::to_vec(&value).unwrap();
            prop_assert_eq!(canonical(&value), wanted);
        }
    }

    #[test]
    fn names_are_ordered_by_utf_16() {
        // U+FB33 comes after the surrogates of U+1F600, though not in UTF-8.
        let value = json!({"\u{fb33}": 1, "\u{1f600}": 2, "a": 3, "\u{e9}": 4});
        let text = String::from_utf8(canonical(&value)).unwrap();
        assert_eq!(
            text,
            "{\"a\":3,\"\u{e9}\":4,\"\u{1f600}\":2,\"\u{fb33}\":1}"
        );
        assert_eq!(
            canonical(&json!("\u{7f}\u{1}\t\"\\/")),
            b"\"\x7f\\u0001\\t\\\"\\\\/\""
        );
    }
}
