//! Rows that leave their table: [`ArchiveRows`](ports::ArchiveRows) and [`EraseRows`](ports::EraseRows) of one
//! store.

mod copying;
mod erasing;
mod harness;
mod moving;

pub use self::copying::*;
pub use self::erasing::*;
pub use self::harness::ArchiveHarness;
pub use self::moving::*;

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
                replacing_a_copy_that_is_not_there_makes_none,
                two_deletions_of_a_key_have_two_copies,
                keys_that_look_alike_have_copies_of_their_own,
                a_row_that_the_archive_would_make_too_large_is_told_apart,
                a_row_with_too_many_attributes_is_told_apart,
                removing_copies_leaves_those_of_others_and_may_be_done_again,
                archiving_nothing_answers_nothing,
                taking_away_removes_what_was_read,
                taking_away_leaves_what_has_changed_since,
                taking_away_leaves_a_row_that_its_owner_took_back_since,
                a_declared_version_and_the_mark_decide,
                putting_back_makes_the_row_that_was_copied,
                putting_back_leaves_a_row_that_is_there,
                a_row_that_the_table_does_not_take_is_refused_alone,
                a_row_comes_back_with_its_mark,
                erasing_removes_only_what_is_as_it_was_found,
                erasing_as_ours_leaves_a_row_that_its_owner_took_back,
                erasing_leaves_the_row_of_another_tenant,
                erasing_nothing_answers_nothing,
            ]
        );
    };
}
