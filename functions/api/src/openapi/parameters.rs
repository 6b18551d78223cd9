//! What requests may have beside their path and body: each parameter with its schema and an example.
//!
//! The values of a path are here too, by the names that the routes give them.

use domain::deletion::{Action, State};
use requests::manifest::RecordOutcome;
use schemars::{Schema, json_schema};
use serde_json::{Value, json};

use super::examples::{Example, of_parameter};
use crate::forms::one_of;

/// Where a request has a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

impl Place {
    /// Its name in the document.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

/// One parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it stands.
    pub(crate) place: Place,
    /// Whether there is no request without it.
    pub(crate) required: bool,
    /// What it means.
    pub(crate) description: &'static str,
    /// Which values it may have.
    pub(crate) schema: fn() -> Schema,
}

macro_rules! parameters {
    ($($constant:ident $name:literal $place:ident $required:literal $description:literal $schema:expr;)*) => {
        $(
            #[doc = $description]
            pub(crate) const $constant: Parameter = Parameter {
                name: $name,
                place: Place::$place,
                required: $required,
                description: $description,
                schema: $schema,
            };
        )*
    };
}

parameters! {
    COLLECTION "collection" Path true "The name of a collection."
        || json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" });
    PATH_ID "id" Path true "The id, where it can be written in a path; the query takes every id." path_part;
    PATH_SORT "sort" Path true "The second part of the key, where it can be written in a path." path_part;
    DELETION "deletion" Path true "The id of a deletion."
        || json_schema!({ "type": "string", "format": "uuid" });
    ACTION "action" Path true "What is to be done." || one_of(&Action::ALL.map(Action::as_str));

    ID "id" Query false "The id of the record, where it has one or two parts. A `+` is a plus; only `%20` is a space." part;
    PARTS "parts" Query false "The parts of an id that has more than two, each as a parameter under its name, which `key` of `/v1/collections` lists; in a list those of the parent, with `parent.` before each." parts;
    ID_OR_LIST "id" Query false "The id of one record; without it the records are listed." part;
    SORT "sort" Query false "The second part of the key, where the collection's key has two." part;
    PARENT "parent" Query false "Only the records below this one. Some collections are listed below a parent only." part;
    PARENT_SORT "parent_sort" Query false "The second part of the parent's key, where that has two." part;
    TEXT "q" Query true "What is searched: up to 50 words, of which up to 5 may end in `*`."
        || json_schema!({ "type": "string", "minLength": 1, "maxLength": 1000 });
    LIMIT "limit" Query false "How many items at most." || limit(100);
    LIMIT_RECORDS "limit" Query false "How many items at most." || limit(1000);
    CURSOR "cursor" Query false "The `next_cursor` of the page before. It is for the same caller and the same parameters except `limit`, for 24 hours."
        || json_schema!({ "type": "string", "minLength": 1 });
    STATE "state" Query false "Only deletions in this state." || one_of(&State::ALL.map(State::as_str));
    OF_COLLECTION "collection" Query false "Only those of this collection."
        || json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" });
    REQUESTED_BY "requested_by" Query false "Only those that this subject asked for."
        || json_schema!({ "type": "string", "minLength": 1 });
    LATER_THAN "later_than" Query false "Only those accepted after this moment." moment;
    EARLIER_THAN "earlier_than" Query false "Only those accepted before this moment." moment;
    OUTCOME "outcome" Query false "Only the records that have this outcome in any pass."
        || one_of(&RecordOutcome::ALL.map(RecordOutcome::as_str));

    IDEMPOTENCY_KEY "Idempotency-Key" Header false "Makes this request the same as an earlier one with this key, which is not done again within 24 hours."
        || json_schema!({ "type": "string", "pattern": "^[!-~]{1,255}$" });
    IF_MATCH "If-Match" Header false "Do it only if what the answer with one of these `ETag`s showed has not changed since."
        || json_schema!({ "type": "string", "pattern": "^(\\*|\"[!#-~]*\"( *, *\"[!#-~]*\"){0,19})$" });
    IF_NONE_MATCH "If-None-Match" Header false "`*`: do it only if there is no such record." || json_schema!({ "type": "string", "const": "*" });
    KNOWN_TAGS "If-None-Match" Header false "The `ETag` of an answer that the client still has: it is not sent again."
        || json_schema!({ "type": "string" });
}

impl Parameter {
    /// As the document has it in an operation with these examples.
    pub(crate) fn value(&self, examples: &[Example]) -> Value {
        let schema = (self.schema)();
        let is_number = schema.get("type").is_some_and(|kind| kind == "integer");
        let examples = of_parameter(examples, self.name, is_number);
        let mut value = json!({
            "name": self.name,
            "in": self.place.as_str(),
            "required": self.required,
            "description": self.description,
            "schema": schema,
        });
        if !examples.is_empty() {
            value["examples"] = examples.into();
        }
        value
    }
}

/// The value of a path with this name.
pub(crate) fn of_path(name: &str) -> Option<&'static Parameter> {
    const ALL: [Parameter; 5] = [COLLECTION, PATH_ID, PATH_SORT, DELETION, ACTION];
    ALL.iter().find(|parameter| parameter.name == name)
}

/// A part of a key as `identify::is_plain` takes it.
fn path_part() -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 1024,
        "pattern": "^[^/?#%\u{FFFD}]+$",
        "not": { "enum": [".", ".."] },
    })
}

fn part() -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 1024 })
}

fn parts() -> Schema {
    json_schema!({ "type": "object", "additionalProperties": part() })
}

fn limit(most: usize) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": most, "default": 20 })
}

fn moment() -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}
