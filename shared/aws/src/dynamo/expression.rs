//! Placeholders for expressions, because an attribute may have any name, even a reserved word or one with dots.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use super::Item;

/// The names and values of an expression's placeholders.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Placeholders {
    /// The placeholder of an attribute; the same one each time.
    pub(super) fn name(&mut self, attribute: &str) -> String {
        let place = self
            .names
            .iter()
            .position(|known| known == attribute)
            .unwrap_or_else(|| {
                self.names.push(attribute.to_owned());
                self.names.len() - 1
            });
        format!("#n{place}")
    }

    /// The placeholder of a value.
    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":v{}", self.values.len() - 1)
    }

    /// The condition that these attributes are as in an item that was read, or missing as there; at least one.
    pub(super) fn as_read(&mut self, read: &Item, attributes: &BTreeSet<&str>) -> String {
        let conditions = attributes.iter().map(|attribute| {
            let name = self.name(attribute);
            match read.get(*attribute) {
                Some(value) => format!("{name} = {}", self.value(value.clone())),
                None => format!("attribute_not_exists({name})"),
            }
        });
        conditions.collect::<Vec<_>>().join(" AND ")
    }

    /// A list of attributes for a projection; each must be listed only once there.
    pub(super) fn projection(&mut self, attributes: &[&str]) -> String {
        attributes
            .iter()
            .map(|attribute| self.name(attribute))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The value for `expression_attribute_names`.
    pub(super) fn names(&self) -> HashMap<String, String> {
        self.names
            .iter()
            .enumerate()
            .map(|(place, name)| (format!("#n{place}"), name.clone()))
            .collect()
    }

    /// The value for `expression_attribute_values`: absent when there are none.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let values: HashMap<_, _> = self
            .values
            .iter()
            .enumerate()
            .map(|(place, value)| (format!(":v{place}"), value.clone()))
            .collect();
        (!values.is_empty()).then_some(values)
    }
}
