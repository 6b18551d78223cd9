//! The control table: all that `ports` says about the deletions of one store, see [`DeletionsHarness`].

mod accepting;
mod advancing;
mod finding;
mod harness;
mod keys;
mod naming;
mod newer;
mod reading;
mod restoring;
mod telling;

pub use self::accepting::*;
pub use self::advancing::*;
pub use self::finding::*;
pub use self::harness::DeletionsHarness;
pub use self::keys::*;
pub use self::naming::*;
pub use self::newer::*;
pub use self::reading::*;
pub use self::restoring::*;
pub use self::telling::*;

/// One test for each rule about deletions.
#[macro_export]
macro_rules! deletions_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            deletions,
            $harness,
            [
                accepting_marks_the_root_and_puts_deletion_scope_and_page,
                accepting_marks_a_root_with_a_null_mark_too,
                accepting_a_root_that_is_not_there_writes_nothing,
                accepting_a_root_of_another_tenant_writes_nothing,
                accepting_a_root_of_nobody_writes_nothing,
                accepting_a_marked_root_writes_nothing,
                accepting_a_root_that_has_changed_since_it_was_seen_writes_nothing,
                a_root_that_the_mark_would_make_too_large_is_told_apart_and_nothing_is_written,
                accepting_again_is_accepted_and_changes_nothing,
                accepting_again_changes_nothing_whatever_became_of_the_root,
                a_root_that_its_owner_took_back_can_be_deleted_again,
                accepting_one_root_twice_has_one_winner,
                a_key_is_used_by_what_its_request_accepts,
                a_used_key_accepts_nothing_else,
                accepting_again_under_its_key_is_accepted,
                a_key_is_free_again_after_its_time,
                undoing_frees_the_key,
                a_change_under_a_key_is_stored_once,
                undoing_leaves_the_root_as_it_was_and_no_deletion,
                undoing_brings_an_explicit_null_back,
                undoing_leaves_a_root_that_its_owner_took_back_as_it_is,
                undoing_again_is_harmless,
                what_somebody_has_begun_is_not_undone,
                what_was_undone_can_be_accepted_again,
                accepting_what_is_named_puts_deletion_scope_and_ids,
                accepting_what_is_named_again_changes_nothing,
                a_thousand_long_odd_ids_fit_into_one_acceptance,
                undoing_what_is_named_leaves_nothing_and_is_harmless_again,
                what_is_named_and_begun_is_not_undone,
                what_is_named_is_open_from_its_acceptance_until_it_is_closed,
                what_is_undone_is_not_open,
                what_is_open_is_the_tenants_and_no_more_than_is_looked_at,
                dropping_ids_leaves_the_other_parts_and_is_harmless_again,
                a_deletion_comes_back_as_it_was_stored,
                a_scope_comes_back_as_it_was_accepted,
                a_page_comes_back_as_it_was_written,
                what_is_not_there_is_none,
                another_tenants_deletion_is_none,
                items_of_a_later_version_are_an_error,
                items_of_a_later_version_are_neither_written_over_nor_removed,
                storing_replaces_the_revision_before,
                storing_again_is_stored,
                of_two_changes_one_wins_and_the_loser_sees_it,
                storing_a_revision_that_is_too_old_or_too_new_changes_nothing,
                storing_what_is_gone_makes_nothing,
                workers_at_once_have_one_winner,
                the_first_page_of_a_number_counts,
                a_page_of_1000_odd_keys_fits,
                exceptions_are_overwritten_and_emptied,
                exceptions_of_a_whole_page_fit,
                dropping_a_page_takes_its_exceptions_along_and_is_harmless_again,
                what_effects_need_is_read_as_it_was_written,
                what_is_told_of_a_page_is_what_was_written_last,
                what_is_told_of_a_page_goes_with_it,
                pages_of_different_deletions_are_different,
                ending_a_restore_takes_the_roots_mark_off_and_stores_the_deletion,
                ending_a_restore_puts_an_explicit_null_back,
                ending_a_restore_again_is_restored,
                ending_a_restore_below_a_parent_that_is_not_live_writes_nothing,
                ending_a_restore_of_a_root_that_is_not_ours_writes_nothing,
                ending_a_restore_below_a_parent_that_its_owner_took_back_is_restored,
                ending_a_restore_that_somebody_else_changed_writes_nothing,
                what_was_restored_can_be_deleted_again,
                listing_shows_the_newest_first,
                listing_goes_on_before_a_deletion,
                listing_stays_within_its_range,
                several_deletions_are_read_at_once_in_their_order,
                listing_shows_nothing_of_another_tenant,
                what_is_due_is_found_the_longest_due_first,
                what_is_not_due_yet_or_never_is_not_found,
                a_new_due_time_replaces_the_old_one,
                finding_stops_at_its_limit,
                what_is_due_is_found_by_its_kind,
            ]
        );
    };
}
