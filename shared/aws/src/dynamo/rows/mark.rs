//! Marking rows: one conditional statement each.
//!
//! The condition is that the row is the tenant's, carries no mark, and has what was found where the mark changes it.

use super::{DynamoRows, row};
use crate::dynamo::partiql::{Answer, Statement, run};
use domain::change::Change;
use domain::collection::Collection;
use domain::principal::Tenant;
use domain::row::{Mark, RowMark, Unreadable};
use ports::{Attempt, DependencyError, Fields, MarkOutcome, MarkRows, RowToMark};

const OPERATION: &str = "mark rows";

impl MarkRows for DynamoRows {
    async fn mark(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToMark],
    ) -> Result<Vec<Attempt<MarkOutcome>>, DependencyError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.tables.of(collection);
        let statements = rows
            .iter()
            .map(|row| statement(&table, collection, mark, row).only_of(tenant, collection))
            .collect();
        run(&self.client, OPERATION, statements)
            .await?
            .into_iter()
            .map(|answer| outcome(collection, tenant, mark, answer))
            .collect()
    }
}

fn statement(table: &str, collection: &Collection, mark: &Mark, row: &RowToMark) -> Statement {
    let change = Change::marking(collection, mark, &row.found);
    Statement::change(table, collection, &row.key, &change).only_as_found(collection, &change)
}

fn outcome(
    collection: &Collection,
    tenant: &Tenant,
    mark: &Mark,
    answer: Answer,
) -> Result<Attempt<MarkOutcome>, DependencyError> {
    let item = match answer {
        Answer::Done => return Ok(Attempt::Done(MarkOutcome::Marked)),
        Answer::Again(why) => return Ok(Attempt::Retry(why)),
        Answer::TooLarge => return Ok(Attempt::Done(MarkOutcome::TooLarge)),
        Answer::ConditionFailed(None) => return Ok(Attempt::Done(MarkOutcome::Missing)),
        Answer::ConditionFailed(Some(item)) => item,
    };
    let row = row(collection, item, Fields::All, OPERATION)?;
    let now = row.mark(collection);
    if now.is_of(mark.deletion_id) {
        return Ok(Attempt::Done(MarkOutcome::Marked));
    }
    if !row.may_be_of(tenant, collection) {
        return Ok(Attempt::Done(MarkOutcome::Missing));
    }
    if let Some(why) = row.unreadable(collection) {
        return Ok(Attempt::Done(MarkOutcome::Unreadable(why)));
    }
    if let Some(attribute) = row.held_by(collection) {
        let attribute = attribute.to_owned();
        return Ok(Attempt::Done(MarkOutcome::Held { attribute }));
    }
    let is_taken_over = mark.adopts && collection.adopt.is_some() && now == RowMark::By(None);
    Ok(Attempt::Done(match now {
        RowMark::By(_) if !is_taken_over => MarkOutcome::MarkedByAnother,
        RowMark::Absent | RowMark::Null | RowMark::By(_) => {
            MarkOutcome::Otherwise(row.found(collection))
        }
        RowMark::Busy => MarkOutcome::Busy,
        RowMark::Unreadable => MarkOutcome::Unreadable(Unreadable::Mark),
    }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use uuid::Uuid;

    use super::super::super::Item;
    use super::*;
    use crate::dynamo::text;
    use domain::collection::Collections;
    use domain::deletion::DeletionId;
    use domain::found::Found;
    use domain::key::RecordKey;

    const MAIL: &str = r#"
        [messages]
        table       = "messages"
        key         = ["discussion_id", "message_id"]
        tenant      = { attribute = "user_id", gsi = "by_user" }
        strategy    = "flag"
        retention   = "30d"
        marks       = { deleted_at = "date_delete" }
        permissions = { delete = ["member"] }
    "#;

    fn mark(id: u128) -> Mark {
        Mark {
            deleted_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            deleted_by: "u-1".into(),
            deletion_id: DeletionId::new(Uuid::from_u128(id)),
            purge_at: None,
            written_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            adopts: false,
        }
    }

    fn tenant() -> Tenant {
        Tenant::new("acme").unwrap()
    }

    #[test]
    fn a_row_is_marked_under_the_collections_names_only_if_it_carries_no_mark() {
        let collections = Collections::for_tests(MAIL);
        let row = RowToMark {
            key: RecordKey::stored("d", Some("m")),
            found: Found::default(),
        };

        let statement = statement(
            "pre-messages",
            collections.get("messages").unwrap(),
            &mark(1),
            &row,
        );

        assert_eq!(
            statement.text(),
            concat!(
                r#"UPDATE "pre-messages" SET "date_delete" = ? SET "deleted_by" = ? SET "deletion_id" = ?"#,
                r#" WHERE "discussion_id" = ? AND "message_id" = ? AND "date_delete" IS MISSING"#,
            )
        );
    }

    #[test]
    fn an_explicit_null_is_asked_for_with_a_documented_function() {
        let collections = Collections::for_tests(MAIL);
        let row = RowToMark {
            key: RecordKey::stored("d", Some("m")),
            found: Found::null(),
        };
        let messages = collections.get("messages").unwrap();

        let text = statement("pre-messages", messages, &mark(1), &row).text();

        assert!(
            text.ends_with(r#" AND attribute_type("date_delete", 'NULL')"#),
            "{text}"
        );
    }

    #[test]
    fn what_fails_the_condition_is_told_apart_by_the_row_as_it_is() {
        let collections = Collections::for_tests(MAIL);
        let collection = collections.get("messages").unwrap();
        let failed = |attributes: &[(&str, AttributeValue)]| {
            let mut item = Item::from([
                ("user_id".to_owned(), text("acme")),
                ("discussion_id".to_owned(), text("d")),
                ("message_id".to_owned(), text("m")),
            ]);
            item.extend(
                attributes
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone())),
            );
            outcome(
                collection,
                &tenant(),
                &mark(1),
                Answer::ConditionFailed(Some(item)),
            )
            .unwrap()
        };
        let marked_by = |id: u128| {
            let id = text(mark(id).deletion_id.to_string());
            failed(&[
                ("date_delete", text("2026-01-01T00:00:00.000Z")),
                ("deletion_id", id),
            ])
        };

        assert_eq!(
            failed(&[]),
            Attempt::Done(MarkOutcome::Otherwise(Found::default()))
        );
        assert_eq!(
            failed(&[("date_delete", AttributeValue::Null(true))]),
            Attempt::Done(MarkOutcome::Otherwise(Found::null()))
        );
        assert_eq!(marked_by(1), Attempt::Done(MarkOutcome::Marked));
        assert_eq!(marked_by(2), Attempt::Done(MarkOutcome::MarkedByAnother));
        assert_eq!(
            failed(&[("date_delete", text("by hand"))]),
            Attempt::Done(MarkOutcome::MarkedByAnother)
        );
        assert_eq!(
            outcome(
                collection,
                &tenant(),
                &mark(1),
                Answer::ConditionFailed(None)
            )
            .unwrap(),
            Attempt::Done(MarkOutcome::Missing)
        );
    }
}
