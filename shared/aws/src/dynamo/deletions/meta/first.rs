//! `META` as the first builds wrote it, converted to what this build would have written for the same deletion.
//!
//! They knew one strategy, no restore, no certificate, and each pass once. Such items carry version 1 as well:
//! deletions that were under way then are continued.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::malformed::malformed;
use crate::dynamo::deletions::{Item, ItemError};
use domain::collection::{CollectionName, Strategy};
use domain::deletion::{DeleteCounts, Failure, Notified, Pass, PassEvents, State};

/// The fields of such an item that are needed to derive those that it does not have.
#[derive(Deserialize)]
struct First {
    collection: CollectionName,
    requested_by: String,
    state: State,
    run: u32,
    pages: u32,
    acted: u32,
    cursor: u32,
    deleted: BTreeMap<CollectionName, DeleteCounts>,
    #[serde(default)]
    failure: Option<Failure>,
    notified: FirstNotified,
}

#[derive(Deserialize)]
struct FirstNotified {
    accepted: bool,
    deleted_pages: u32,
    delete_finished: bool,
    purged_pages: u32,
    purge_finished: bool,
}

/// The item with what later builds have added.
pub(super) fn completed(mut item: Item) -> Result<Item, ItemError> {
    if item.contains_key("strategy") {
        return Ok(item);
    }
    let first: First = serde_dynamo::from_item(item.clone()).map_err(malformed)?;
    let mut put = |name: &str, value: AttributeValue| drop(item.insert(name.to_owned(), value));
    put("strategy", attribute(&Strategy::Flag)?);
    put("restorable", AttributeValue::Bool(true));
    // The head is unknown; an empty one stays empty.
    put("chain", AttributeValue::S(String::new()));
    put("notified", attribute(&first.notified())?);
    if first.acted == 0 && first.deleted.is_empty() {
        // Today the root's page is counted from its beginning.
        let root = BTreeMap::from([(first.collection, DeleteCounts::not_reached(1))]);
        put("deleted", attribute(&root)?);
    }
    Ok(item)
}

impl First {
    fn notified(&self) -> Notified {
        let first = &self.notified;
        let is_purge = self.state.pass() == Pass::Purge;
        // Only what was deleted could be purged then.
        let deleted = match self.state {
            State::PendingDelete | State::Deleting => None,
            State::DeleteFailed => Some(State::DeleteFailed),
            _ => Some(State::Deleted),
        };
        let delete = PassEvents {
            first: 1,
            run: 1,
            since: 1,
            by: Some(self.requested_by.clone()),
            pages: first.deleted_pages,
            ..self.pass_events(deleted, self.acted, first.delete_finished, !is_purge)
        };
        let purged = self.state.is_done().then_some(self.state);
        let purge = PassEvents {
            first: self.run,
            run: self.run,
            since: self.run,
            of: self.pages,
            pages: first.purged_pages,
            ..self.pass_events(purged, self.cursor, first.purge_finished, is_purge)
        };
        Notified {
            accepted: first.accepted,
            delete,
            restore: PassEvents::default(),
            purge: if is_purge {
                purge
            } else {
                PassEvents::default()
            },
        }
    }

    /// How far a pass got. `is_present` is whether the item's failure belongs to it.
    fn pass_events(
        &self,
        ended: Option<State>,
        pages: u32,
        finished: bool,
        is_present: bool,
    ) -> PassEvents {
        let is_owed = ended.is_some() && !finished && is_present;
        PassEvents {
            done: if ended.is_some() { pages } else { 0 },
            ended,
            finished,
            failure: self.failure.clone().filter(|_| is_owed),
            ..PassEvents::default()
        }
    }
}

fn attribute(value: &impl Serialize) -> Result<AttributeValue, ItemError> {
    serde_dynamo::to_attribute_value(value).map_err(malformed)
}
