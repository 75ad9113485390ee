//! `google.protobuf.Struct`, the form of whole documents on the wire, to JSON and
//! back.

use prost_types::value::Kind;
use serde_json::{Map, Value};

/// What a struct holds. How deep it goes is bounded by what protobuf reads.
#[must_use]
pub fn to_json(value: prost_types::Struct) -> Value {
    Value::Object(value.fields.into_iter().map(|(key, value)| (key, value_to_json(value))).collect())
}

fn value_to_json(value: prost_types::Value) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::NumberValue(value)) => number(value),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::StructValue(value)) => to_json(value),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(value_to_json).collect()),
    }
}

/// A number as a document writes it: whole where it is whole, since a struct
/// knows floating-point numbers alone. One that JSON lacks is text, which no
/// number's reader takes.
#[must_use]
pub fn number(value: f64) -> Value {
    /// From here on not every whole number can be told from its neighbours.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Value::from(value as i64);
    }
    serde_json::Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

/// A struct that holds these fields.
#[must_use]
pub fn from_json(fields: &Map<String, Value>) -> prost_types::Struct {
    let fields = fields.iter().map(|(key, value)| (key.clone(), value_from_json(value)));
    prost_types::Struct { fields: fields.collect() }
}

fn value_from_json(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => {
            Kind::ListValue(prost_types::ListValue { values: items.iter().map(value_from_json).collect() })
        }
        Value::Object(fields) => Kind::StructValue(from_json(fields)),
    };
    prost_types::Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_document_goes_there_and_back() {
        let document = json!({
            "kind": "RateLimitStrategy",
            "spec": {"threshold": 10, "share": 0.5, "big": -9_007_199_254_740_992_i64, "no": null, "on": true,
                     "list": ["a", 1, [], {}]},
        });
        assert_eq!(to_json(from_json(document.as_object().unwrap())), document);
    }

    #[test]
    fn what_json_lacks_is_text() {
        assert_eq!(number(f64::NAN), json!("NaN"));
        assert_eq!(number(f64::INFINITY), json!("inf"));
        assert_eq!(number(1e300), json!(1e300));
        assert_eq!(number(-0.0), json!(0));
    }

    proptest! {
        #[test]
        fn every_number_is_the_same_number(value: f64) {
            prop_assume!(value.is_finite());
            prop_assert_eq!(number(value).as_f64(), Some(value));
        }
    }
}
