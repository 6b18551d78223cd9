//! What holds a record back: while one of its attributes has one of these values, it is not deleted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::marks::is_word;

/// The attributes that hold a record back, each with the values that do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held(pub BTreeMap<String, Vec<Value>>);

/// What the value of such an attribute says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing holds the row back.
    Free,
    /// The row is held back.
    Held,
    /// Nobody can say: it is of another type than the values that hold a row back.
    Nothing,
}

impl Held {
    /// Whether nothing holds records back.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The attributes.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The attribute at this place.
    #[must_use]
    pub fn attribute(&self, place: usize) -> &str {
        self.attributes().nth(place).unwrap_or_default()
    }

    /// Whether nobody can say of one of the attributes whether it holds the record back.
    pub fn is_unknown<'v>(&self, value: impl Fn(&str) -> Option<&'v Value>) -> bool {
        self.place(Says::Nothing, &value).is_some()
    }

    /// The place of the first attribute that says this.
    pub(super) fn place<'v>(
        &self,
        wanted: Says,
        value: &impl Fn(&str) -> Option<&'v Value>,
    ) -> Option<usize> {
        let mut each = self.0.iter();
        each.position(|(name, words)| says(words, value(name)) == wanted)
    }
}

/// A row without the attribute, or with an explicit NULL, is free; so is one with another value of the same type.
fn says(words: &[Value], value: Option<&Value>) -> Says {
    match value {
        None | Some(Value::Null) => Says::Free,
        Some(value) if words.iter().any(|word| is_word(word, value)) => Says::Held,
        Some(value) if words.iter().any(|word| is_of_one_type(word, value)) => Says::Free,
        Some(_) => Says::Nothing,
    }
}

fn is_of_one_type(one: &Value, two: &Value) -> bool {
    match one {
        Value::Bool(_) => two.is_boolean(),
        Value::Number(_) => two.is_number(),
        Value::String(_) => two.is_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_another_type_is_never_free() {
        let words = [json!(true), json!("LOCKED")];

        for (value, expected) in [
            (None, Says::Free),
            (Some(json!(null)), Says::Free),
            (Some(json!(false)), Says::Free),
            (Some(json!("OPEN")), Says::Free),
            (Some(json!(true)), Says::Held),
            (Some(json!("LOCKED")), Says::Held),
            (Some(json!(1)), Says::Nothing),
            (Some(json!([])), Says::Nothing),
            (Some(json!({ "N": "1" })), Says::Nothing),
        ] {
            assert_eq!(says(&words, value.as_ref()), expected, "{value:?}");
        }
        assert_eq!(says(&[json!(true)], Some(&json!("true"))), Says::Nothing);
        assert_eq!(says(&[json!(1)], Some(&json!(1.0))), Says::Held);
    }
}
