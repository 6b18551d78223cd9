//! What a mark is, in each language in which DynamoDB is asked: one place for each, and the same answer as [`RowMark`].
//!
//! A row is unmarked where the mark attribute is missing or an explicit NULL, and the mark is a deletion's where it is a
//! text, which is not empty, and the id is its id, too. An id alone is none: an owner who takes a row back sets the mark
//! attribute to NULL, or to `false`, and leaves the id. Where a word says whether a row is there, the word decides, and the
//! time and the id say whose mark it is.

use super::expression::Placeholders;
use super::partiql::{Statement, is_null, quoted};
use super::value::{from_json, to_json};
use super::{Item, text};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::collection::{Collection, StateWord, TimeForm};
use domain::deletion::DeletionId;
use domain::principal::Tenant;
use domain::row::RowMark;

/// What an item says about its own deletion.
pub(super) fn mark_of(collection: &Collection, item: &Item) -> RowMark {
    let marks = &collection.marks;
    let state = marks.state.iter().map(|state| state.attribute.as_str());
    let names = marks.all().into_iter().chain(state);
    let attributes = names
        .filter_map(|name| Some((name.to_owned(), to_json(item.get(name)?.clone()))))
        .collect();
    RowMark::of(collection, &attributes)
}

/// The condition that a row carries no mark.
pub(super) fn unmarked(places: &mut Placeholders, collection: &Collection) -> String {
    if let Some(state) = &collection.marks.state {
        return says_live(places, state);
    }
    let mark = places.name(&collection.marks.deleted_at);
    let null = places.value(text("NULL"));
    format!("(attribute_not_exists({mark}) OR attribute_type({mark}, {null}))")
}

/// The condition that a row has one of the words of live rows, busy ones included.
fn says_live(places: &mut Placeholders, state: &StateWord) -> String {
    let name = places.name(&state.attribute);
    let live = state.live.iter().map(Option::as_ref);
    let words = live.chain(state.busy.iter().map(Some));
    let conditions: Vec<String> = words
        .map(|word| match word {
            None => format!("attribute_not_exists({name})"),
            Some(word) => format!("{name} = {}", places.value(from_json(word))),
        })
        .collect();
    format!("({})", conditions.join(" OR "))
}

/// What a mark's time is greater than, in every row that carries one: values of other types never are.
fn below_a_mark(collection: &Collection) -> AttributeValue {
    match collection.marks.form {
        TimeForm::Text => text(""),
        TimeForm::Seconds | TimeForm::Fraction | TimeForm::Milliseconds => {
            AttributeValue::N("0".to_owned())
        }
    }
}

/// The condition that a row carries the mark of this deletion.
pub(super) fn marked_by(
    places: &mut Placeholders,
    collection: &Collection,
    deletion: DeletionId,
) -> String {
    let mark = places.name(&collection.marks.deleted_at);
    let empty = places.value(below_a_mark(collection));
    let id = places.name(&collection.marks.deletion_id);
    let ours = places.value(text(deletion.to_string()));
    let ours = format!("{id} = {ours} AND {mark} > {empty}");
    match &collection.marks.state {
        None => format!("({ours})"),
        Some(state) => {
            let (name, word) = (places.name(&state.attribute), from_json(&state.deleted));
            format!("({ours} AND {name} = {})", places.value(word))
        }
    }
}

/// The condition that a row is there and this tenant's.
pub(super) fn owned(places: &mut Placeholders, collection: &Collection, tenant: &Tenant) -> String {
    let partition = places.name(&collection.key.partition);
    let is_there = format!("attribute_exists({partition})");
    match collection.tenant.attribute() {
        Some(attribute) => {
            let of_tenant = text(collection.tenant.text_of(tenant));
            let (name, value) = (places.name(attribute), places.value(of_tenant));
            format!("{is_there} AND {name} = {value}")
        }
        None => is_there,
    }
}

/// An unmarked row, as a statement must find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmarked {
    /// Without a mark attribute.
    Absent,
    /// With an explicit NULL for a mark.
    Null,
}

impl Statement {
    /// Only if the row is this tenant's.
    pub(super) fn only_of(self, tenant: &Tenant, collection: &Collection) -> Self {
        match collection.tenant.attribute() {
            Some(attribute) => {
                let is_tenants = format!("{} = ?", quoted(attribute));
                self.only_if(is_tenants, Some(text(collection.tenant.text_of(tenant))))
            }
            None => self,
        }
    }

    /// Only if the row carries no mark, in this way: one of two, never an OR, which PartiQL may refuse.
    pub(super) fn only_unmarked(self, collection: &Collection, how: Unmarked) -> Self {
        let mark = &collection.marks.deleted_at;
        let condition = match how {
            Unmarked::Absent => format!("{} IS MISSING", quoted(mark)),
            Unmarked::Null => is_null(mark),
        };
        self.only_if(condition, None)
    }

    /// Only if the row carries the mark of this deletion.
    pub(super) fn only_marked_by(self, collection: &Collection, deletion: DeletionId) -> Self {
        let mark = &collection.marks.deleted_at;
        let ours = format!("{} = ?", quoted(&collection.marks.deletion_id));
        let statement = self
            .only_if(
                format!("{} > ?", quoted(mark)),
                Some(below_a_mark(collection)),
            )
            .only_if(ours, Some(text(deletion.to_string())));
        match &collection.marks.state {
            None => statement,
            Some(state) => statement.only_if(
                format!("{} = ?", quoted(&state.attribute)),
                Some(from_json(&state.deleted)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::collection::Collections;
    use domain::key::RecordKey;
    use uuid::Uuid;

    const NOTES: &str = r#"
        [notes]
        table       = "notes"
        key         = ["a"]
        tenant      = "owner"
        strategy    = "flag"
        retention   = "30d"
        marks       = { deleted_at = "date_delete" }
        permissions = { delete = ["member"] }
    "#;

    #[test]
    fn a_mark_is_asked_for_by_both_attributes_in_every_language() {
        let collections = Collections::for_tests(NOTES);
        let notes = collections.get("notes").unwrap();
        let deletion = DeletionId::new(Uuid::from_u128(1));
        let mut places = Placeholders::default();
        let key = RecordKey::stored("k", None);
        let statement = Statement::on_row("DELETE FROM \"t\"".into(), vec![], &notes.key, &key);

        let condition = marked_by(&mut places, notes, deletion);
        let statement = statement.only_marked_by(notes, deletion).text();

        assert_eq!(condition, "(#n1 = :v1 AND #n0 > :v0)");
        assert!(
            statement.ends_with(r#"AND "date_delete" > ? AND "deletion_id" = ?"#),
            "{statement}"
        );
    }

    #[test]
    fn an_id_beside_an_explicit_null_is_no_mark() {
        let collections = Collections::for_tests(NOTES);
        let notes = collections.get("notes").unwrap();
        let id = DeletionId::new(Uuid::from_u128(1));
        let mut item = Item::from([("deletion_id".to_owned(), text(id.to_string()))]);

        assert_eq!(mark_of(notes, &item), RowMark::Absent);
        item.insert("date_delete".to_owned(), AttributeValue::Null(true));
        assert_eq!(mark_of(notes, &item), RowMark::Null);
        item.insert("date_delete".to_owned(), text("2026-11-21T07:00:00.000Z"));
        assert_eq!(mark_of(notes, &item), RowMark::By(Some(id)));
    }
}
