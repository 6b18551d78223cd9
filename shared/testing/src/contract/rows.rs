//! Rows: all that `ports` says about reading, marking, clearing, purging and writing those of one store, see
//! [`RowsHarness`].

mod clearing;
mod harness;
mod indexes;
mod marking;
mod purging;
mod querying;
mod reading;
mod replacing;
mod taken_back;
mod watched;
mod writing;

pub use self::clearing::*;
pub use self::harness::RowsHarness;
pub use self::indexes::*;
pub use self::marking::*;
pub use self::purging::*;
pub use self::querying::*;
pub use self::reading::*;
pub use self::replacing::*;
pub use self::taken_back::*;
pub use self::watched::*;
pub use self::writing::*;

/// One test for each rule about rows.
#[macro_export]
macro_rules! rows_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            rows,
            $harness,
            [
                reading_answers_in_the_order_of_the_keys_and_tells_what_is_missing,
                reading_takes_100_keys_at_once,
                reading_nothing_answers_nothing,
                reading_for_a_decision_brings_what_it_needs_and_no_more,
                reading_for_a_document_brings_what_it_says_too_and_no_more,
                reading_everything_brings_every_attribute_as_json,
                an_absent_mark_a_null_one_ours_and_a_strangers_are_told_apart,
                reading_sees_what_was_just_written,
                querying_finds_every_row_exactly_once_whatever_the_limit,
                querying_answers_in_key_order,
                querying_reaches_the_end_of_pages_that_the_store_cuts,
                querying_an_empty_partition_finds_nothing,
                querying_again_from_the_same_position_finds_the_same,
                a_position_that_is_not_of_this_query_is_refused,
                further_conditions_narrow_a_query,
                rows_with_the_mark_of_a_deletion_can_be_left_out_and_no_others,
                querying_over_an_index_finds_every_row_exactly_once,
                a_position_of_an_index_is_refused_by_the_table,
                querying_for_a_decision_brings_what_it_needs,
                marking_writes_the_three_attributes_and_nothing_else,
                marking_again_is_harmless,
                marking_leaves_the_mark_of_another_deletion,
                marking_leaves_the_mark_of_a_stranger,
                marking_leaves_a_row_alone_that_contradicts_its_collection_and_says_how,
                a_row_that_its_owner_takes_back_by_a_false_is_none_of_the_deletion,
                marking_leaves_the_row_of_another_tenant,
                marking_tells_an_explicit_null_apart,
                marking_makes_no_row,
                marking_answers_each_row_in_its_place,
                a_row_that_the_mark_would_make_too_large_is_told_apart_and_left_alone,
                marking_nothing_answers_nothing,
                odd_ids_are_ordinary_keys,
                clearing_takes_this_deletions_mark_off_and_nothing_else,
                clearing_puts_an_explicit_null_back,
                clearing_again_is_harmless,
                clearing_leaves_every_row_that_is_not_this_deletions,
                clearing_answers_each_of_25_rows_in_its_place,
                clearing_nothing_answers_nothing,
                what_was_cleared_can_be_marked_again_whatever_its_id,
                purging_removes_only_what_carries_this_deletions_mark,
                purging_again_is_harmless,
                purging_takes_25_keys_at_once,
                purging_nothing_answers_nothing,
                a_row_that_its_owner_took_back_is_read_as_live,
                a_row_that_its_owner_took_back_is_not_left_out_of_a_query,
                a_row_that_its_owner_took_back_is_not_left_out_over_an_index,
                purging_leaves_a_row_that_its_owner_took_back,
                clearing_leaves_a_row_that_its_owner_took_back_as_it_is,
                a_row_that_its_owner_took_back_is_marked_like_any_live_row,
                a_row_that_its_owner_took_back_can_be_written,
                a_row_is_read_whole_to_be_replaced_and_a_missing_one_is_told,
                writing_makes_a_row_where_there_is_none,
                writing_replaces_the_whole_row_that_was_read,
                writing_leaves_a_row_that_has_changed_in_what_must_not,
                writing_over_what_is_as_it_was_read_writes,
                a_row_that_came_in_between_is_not_overwritten,
                a_row_that_was_marked_or_given_away_since_is_not_overwritten,
                a_row_that_is_gone_since_is_not_made_again,
                an_explicit_null_stays_and_no_mark_is_written,
                a_row_that_is_too_large_is_told_apart_and_what_was_there_is_left,
                a_row_that_an_index_cannot_hold_is_told_apart_and_not_made,
                taking_back_removes_what_was_made,
                taking_back_puts_back_what_was_replaced,
                taking_back_leaves_what_was_written_or_marked_since,
                what_was_written_can_be_marked,
                a_row_of_many_attributes_is_written_and_taken_back,
                what_a_mark_takes_off_is_kept_beside_it_and_comes_back,
                a_row_whose_ttl_has_changed_since_it_was_read_is_left_and_told,
                a_marked_row_is_put_back_only_as_it_was_read,
                a_word_marks_a_row_and_comes_back_as_it_was,
                the_store_and_the_reader_of_a_row_agree_about_every_word,
                a_mark_with_a_time_in_numbers_is_told_apart_from_a_text,
                a_row_that_is_held_back_is_left_and_told_and_a_free_one_is_marked,
                a_row_that_is_held_back_since_it_was_read_is_left_and_told,
                a_row_whose_value_has_changed_to_another_free_one_is_told_with_what_it_has,
                rows_that_others_have_marked_are_found_each_once_whatever_the_limit,
                a_look_for_marked_rows_goes_on_behind_where_it_ended_also_if_that_row_is_gone,
                a_look_for_marked_rows_does_not_go_on_at_a_place_that_is_none,
                a_row_that_others_have_marked_is_taken_over_only_by_a_deletion_that_does_so,
            ]
        );
    };
}
