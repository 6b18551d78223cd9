//! Documents: all that `ports` says about marking, clearing, removing, reading, writing and searching those of one
//! index, see [`DocumentsHarness`].

mod clearing;
mod harness;
mod marking;
mod placed;
mod reading;
mod removing;
mod searching;
mod writing;

pub use self::clearing::*;
pub use self::harness::{DocumentsHarness, PLACED_INDEXES};
pub use self::marking::*;
pub use self::placed::*;
pub use self::reading::*;
pub use self::removing::*;
pub use self::searching::*;
pub use self::writing::*;

/// One test for each rule about documents.
#[macro_export]
macro_rules! documents_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            documents,
            $harness,
            [
                marking_a_document_writes_the_mark_and_nothing_else,
                marking_a_document_again_is_harmless,
                marking_makes_no_document,
                marking_answers_each_document_in_its_place,
                marking_takes_1000_documents_at_once,
                marking_no_document_answers_nothing,
                odd_ids_are_ordinary_ids,
                a_mark_that_the_index_cannot_hold_is_rejected_document_by_document,
                a_missing_index_is_refused_and_never_an_absent_document,
                clearing_a_document_takes_this_deletions_mark_off_and_nothing_else,
                clearing_a_document_again_is_harmless,
                clearing_leaves_documents_that_are_not_this_deletions,
                clearing_leaves_a_document_whose_mark_is_an_explicit_null,
                clearing_makes_no_document_and_answers_each_in_its_place,
                clearing_takes_1000_documents_at_once,
                clearing_no_document_answers_nothing,
                documents_of_odd_ids_are_cleared,
                what_somebody_writes_while_a_document_is_cleared_is_not_lost,
                states_are_told_in_order_and_missing_ones_too,
                states_tell_whose_mark_a_document_carries_and_nothing_else,
                states_are_those_of_the_last_write_and_name_what_is_removed,
                contents_tell_what_rows_determine_and_nothing_else,
                contents_of_50_documents_are_read_at_once,
                states_of_1000_documents_are_read_at_once,
                states_in_a_missing_index_are_refused,
                a_document_with_a_routing_of_its_own_is_found_elsewhere_and_no_other,
                looking_elsewhere_takes_1000_ids_at_once,
                removing_takes_away_what_is_still_as_it_was_read,
                removing_leaves_what_was_written_since,
                removing_again_is_harmless,
                removing_leaves_what_was_put_again_since,
                removing_takes_1000_documents_at_once,
                removing_nothing_answers_nothing,
                searching_finds_live_documents_of_the_tenant,
                searching_shows_no_marked_document,
                searching_shows_nothing_of_another_tenant,
                searching_looks_into_the_declared_fields_only,
                searching_goes_on_behind_the_last_hit_and_shows_each_once,
                searching_is_in_the_order_of_keys_whatever_else_is_in_the_index,
                what_others_write_between_two_pages_moves_no_hit,
                searching_for_an_authors_own_shows_nothing_of_others,
                any_text_can_be_searched_for,
                words_that_are_nearly_meant_are_not_looked_for_and_never_too_many,
                indexing_makes_a_document_of_what_is_declared_and_nothing_else,
                indexing_writes_into_a_document_and_leaves_what_is_not_declared,
                indexing_takes_out_what_is_gone,
                indexing_a_marked_row_writes_its_mark,
                what_the_index_cannot_hold_is_rejected_and_the_document_left,
                indexing_makes_no_index,
                odd_ids_are_indexed_under_themselves,
                a_document_is_marked_read_cleared_and_removed_where_it_is,
                documents_of_several_indexes_are_answered_in_their_places,
                a_document_that_is_on_another_shard_than_its_record_says_is_elsewhere,
                nothing_is_done_with_the_document_of_another_record,
                a_document_is_written_and_searched_under_its_own_names,
                a_document_of_a_pipeline_is_never_written,
                a_pipeline_writes_a_removed_document_with_its_next_version,
                a_document_of_a_pipeline_that_was_written_since_is_left,
            ]
        );
    };
}
