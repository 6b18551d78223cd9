//! Reads the templates as data, short tags included: `!Ref X` becomes `{"Ref": "X"}`, as CloudFormation reads it.

use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The parsed template.
pub(crate) struct Template(Value);

impl Template {
    /// Reads `template.yaml`.
    pub(crate) fn read() -> Self {
        Self::of("template.yaml")
    }

    /// Reads a template at the root of the workspace.
    pub(crate) fn of(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        Self(plain(&Yaml::load_from_str(&text).unwrap()[0]))
    }

    /// What stands in a section such as `Parameters`, by name.
    pub(crate) fn section(&self, name: &str) -> &Map<String, Value> {
        self.0[name]
            .as_object()
            .unwrap_or_else(|| panic!("no section {name}"))
    }

    /// The properties of a resource.
    pub(crate) fn properties(&self, id: &str) -> &Value {
        &self.resource(id)["Properties"]
    }

    /// A resource, its deletion policy and condition included.
    pub(crate) fn resource(&self, id: &str) -> &Value {
        self.section("Resources")
            .get(id)
            .unwrap_or_else(|| panic!("no resource {id}"))
    }

    /// All resources of a type.
    pub(crate) fn of_type<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.section("Resources")
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), resource))
    }

    /// A property of a function, the shared ones of `Globals` included.
    pub(crate) fn of_function(&self, id: &str, property: &str) -> &Value {
        match &self.properties(id)[property] {
            Value::Null => &self.0["Globals"]["Function"][property],
            own => own,
        }
    }

    /// The environment of a function: what all have, and its own.
    pub(crate) fn environment(&self, id: &str) -> Map<String, Value> {
        let shared = &self.0["Globals"]["Function"]["Environment"]["Variables"];
        let own = &self.properties(id)["Environment"]["Variables"];
        [shared, own]
            .into_iter()
            .filter_map(Value::as_object)
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }

    /// A number, or the default of the parameter that stands in its place.
    pub(crate) fn number(&self, value: &Value) -> u64 {
        let value = value["Ref"].as_str().map_or(value, |parameter| {
            &self.section("Parameters")[parameter]["Default"]
        });
        value
            .as_u64()
            .unwrap_or_else(|| panic!("{value} is not a number"))
    }

    /// The default of a parameter that is a number.
    pub(crate) fn default_of(&self, parameter: &str) -> u64 {
        self.number(&json!({ "Ref": parameter }))
    }
}

fn plain(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::Boolean(yes)) => json!(yes),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Sequence(items) => items.iter().map(plain).collect(),
        Yaml::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (name(key), plain(value)))
            .collect(),
        Yaml::Tagged(tag, inner) => match tag.suffix.as_str() {
            short @ ("Ref" | "Condition") => json!({ short: plain(inner) }),
            function => json!({ format!("Fn::{function}"): plain(inner) }),
        },
        other => panic!("{other:?} has no place in a template"),
    }
}

fn name(key: &Yaml<'_>) -> String {
    key.as_str()
        .unwrap_or_else(|| panic!("{key:?} is not a name"))
        .to_owned()
}
