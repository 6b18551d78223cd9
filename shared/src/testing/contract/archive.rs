//! Rows that leave their table: [`ArchiveRows`] and [`EraseRows`] of one store.

mod copying;
mod erasing;
mod moving;

use serde_json::{Map, Value};

pub use self::copying::*;
pub use self::erasing::*;
pub use self::moving::*;
use super::done;
use crate::domain::collection::Collection;
use crate::domain::key::RecordKey;
use crate::ports::{ArchiveRows, CopyOutcome, EraseRows, RowToCopy, Stored};
use crate::testing::samples::{mark, tenant};

/// A store with the tables of [`samples`](crate::testing::samples) and an archive, empty.
pub trait ArchiveHarness: Send + Sync {
    type Rows: ArchiveRows + EraseRows;

    /// The port.
    fn rows(&self) -> &Self::Rows;

    /// Puts a row behind the port's back; `null` is an explicit NULL.
    fn put(
        &self,
        collection: &Collection,
        row: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

    /// The row as it stands, all of it.
    fn get(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = Option<Map<String, Value>>> + Send;
}

/// One test for each rule about rows that leave their table.
#[macro_export]
macro_rules! archive_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            archive,
            $harness,
            [
                whole_rows_are_read_in_the_order_of_the_keys,
                copying_leaves_the_row_and_keeps_a_copy,
                a_copy_of_an_earlier_attempt_stays_unless_it_is_to_be_replaced,
                two_deletions_of_a_key_have_two_copies,
                keys_that_look_alike_have_copies_of_their_own,
                a_row_that_the_archive_would_make_too_large_is_told_apart,
                a_row_with_too_many_attributes_is_told_apart,
                removing_copies_leaves_those_of_others_and_may_be_done_again,
                archiving_nothing_answers_nothing,
                taking_away_removes_what_was_read,
                taking_away_leaves_what_has_changed_since,
                a_declared_version_and_the_mark_decide,
                putting_back_makes_the_row_that_was_copied,
                putting_back_leaves_a_row_that_is_there,
                a_row_comes_back_live_or_with_its_mark,
                erasing_removes_only_what_is_as_it_was_found,
                erasing_leaves_the_row_of_another_tenant,
                erasing_nothing_answers_nothing,
            ]
        );
    };
}

/// The row as the port reads it.
async fn read<H: ArchiveHarness>(
    harness: &H,
    collection: &Collection,
    key: &RecordKey,
) -> Stored<<H::Rows as ArchiveRows>::Whole> {
    let keys = std::slice::from_ref(key);
    let rows = done(harness.rows().whole(collection, keys).await);
    rows.into_iter().flatten().next().expect("the row is there")
}

/// Puts a row and copies it under the n-th deletion.
async fn put_and_copy<H: ArchiveHarness>(
    harness: &H,
    collection: &Collection,
    row: Map<String, Value>,
    key: &RecordKey,
    n: u8,
) -> Stored<<H::Rows as ArchiveRows>::Whole> {
    harness.put(collection, row).await;
    let stored = read(harness, collection, key).await;
    assert_eq!(
        copy(harness, collection, n, std::slice::from_ref(&stored), false).await,
        [CopyOutcome::Copied]
    );
    stored
}

async fn copy<H: ArchiveHarness>(
    harness: &H,
    collection: &Collection,
    n: u8,
    rows: &[Stored<<H::Rows as ArchiveRows>::Whole>],
    again: bool,
) -> Vec<CopyOutcome> {
    let rows: Vec<_> = rows
        .iter()
        .map(|stored| RowToCopy {
            stored: stored.clone(),
            again,
        })
        .collect();
    let (tenant, mark) = (tenant("acme"), mark(n));
    done(harness.rows().copy(collection, &tenant, &mark, &rows).await)
}
