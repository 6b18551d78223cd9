//! One table: every case, every row, every document.

use uuid::Uuid;

use super::*;

const OURS: DeletionId = DeletionId::new(Uuid::from_u128(1));
const THEIRS: DeletionId = DeletionId::new(Uuid::from_u128(2));
const VERSION: DocumentVersion = DocumentVersion {
    seq_no: 7,
    primary_term: 1,
    version: 1,
};

const NONE: Option<RowMark> = None;
const LIVE: Option<RowMark> = Some(RowMark::Absent);
const NULL: Option<RowMark> = Some(RowMark::Null);
const MARKED: Option<RowMark> = Some(RowMark::By(Some(OURS)));
const OTHER: Option<RowMark> = Some(RowMark::By(Some(THEIRS)));
const FOREIGN: Option<RowMark> = Some(RowMark::By(None));

/// Every state of a row or a document.
const ALL: [Option<RowMark>; 6] = [NONE, LIVE, NULL, MARKED, OTHER, FOREIGN];

fn planned(
    case: Case,
    row: Option<RowMark>,
    document: Option<RowMark>,
    has_parent: bool,
) -> Option<(Drift, Repair)> {
    let document = document.map(|mark| DocumentState {
        version: VERSION,
        mark,
        is_its: true,
    });
    let seen = Seen {
        row,
        has_parent,
        document,
        is_stale: false,
    };
    plan(case, OURS, seen, Copied::ByUs)
}

/// For this row and each of these documents, this is planned.
type Line<'a> = (Option<RowMark>, &'a [Option<RowMark>], Drift, Repair);

/// Nothing is planned for any row and document that is not listed.
fn assert_only(case: Case, has_parent: bool, listed: &[Line<'_>]) {
    for row in ALL {
        for document in ALL {
            let expected = listed
                .iter()
                .find(|(at, documents, ..)| *at == row && documents.contains(&document))
                .map(|(_, _, drift, repair)| (*drift, *repair));
            assert_eq!(
                planned(case, row, document, has_parent),
                expected,
                "{case:?}, row {row:?}, document {document:?}, parent {has_parent}"
            );
        }
    }
}

#[test]
fn a_deleted_record_is_marked_in_both_stores_and_a_recreated_one_never_touched() {
    use Drift::{DocumentWithoutRow, OrphanMark, Recreated, UnmarkedDocument};
    use Repair::{ClearDocument, Count, MarkDocument};
    for has_parent in [false, true] {
        assert_only(
            Case::Marked,
            has_parent,
            &[
                (
                    MARKED,
                    &[LIVE, NULL, OTHER, FOREIGN],
                    UnmarkedDocument,
                    MarkDocument,
                ),
                (NONE, &[LIVE, NULL], DocumentWithoutRow, MarkDocument),
                (LIVE, &[MARKED], OrphanMark, ClearDocument),
                (NULL, &[MARKED], OrphanMark, ClearDocument),
                (LIVE, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
                (NULL, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
            ],
        );
    }
}

#[test]
fn an_archived_record_that_stays_marked_is_as_it_must_be() {
    use Drift::{DocumentWithoutRow, OrphanMark, Recreated, UnmarkedDocument};
    use Repair::{ClearDocument, Count, MarkDocument};
    assert_only(
        Case::Moved { may_stay: true },
        false,
        &[
            (
                MARKED,
                &[LIVE, NULL, OTHER, FOREIGN],
                UnmarkedDocument,
                MarkDocument,
            ),
            (NONE, &[LIVE, NULL], DocumentWithoutRow, MarkDocument),
            (LIVE, &[MARKED], OrphanMark, ClearDocument),
            (NULL, &[MARKED], OrphanMark, ClearDocument),
            (LIVE, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
            (NULL, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
        ],
    );
}

#[test]
fn an_archived_record_has_no_row_and_one_that_is_back_with_its_mark_is_only_counted() {
    use Drift::{DocumentWithoutRow, OrphanMark, Recreated, Resurrected};
    use Repair::{ClearDocument, Count, MarkDocument};
    assert_only(
        Case::Moved { may_stay: false },
        false,
        &[
            (MARKED, &ALL, Resurrected, Count),
            (NONE, &[LIVE, NULL], DocumentWithoutRow, MarkDocument),
            (LIVE, &[MARKED], OrphanMark, ClearDocument),
            (NULL, &[MARKED], OrphanMark, ClearDocument),
            (LIVE, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
            (NULL, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
        ],
    );
}

#[test]
fn a_purged_record_is_gone_and_no_row_is_removed_whatever_its_mark() {
    use Drift::{DocumentWithoutRow, OrphanMark, Recreated, Resurrected};
    use Repair::{ClearDocument, Count, RemoveDocument};
    assert_only(
        Case::Purged,
        false,
        &[
            (MARKED, &ALL, Resurrected, Count),
            (
                NONE,
                // Another deletion's may be explained by its archived row.
                &[LIVE, NULL, MARKED],
                DocumentWithoutRow,
                RemoveDocument(VERSION),
            ),
            // Our mark must not hide a live record.
            (LIVE, &[MARKED], OrphanMark, ClearDocument),
            (NULL, &[MARKED], OrphanMark, ClearDocument),
            (LIVE, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
            (NULL, &[NONE, LIVE, NULL, OTHER, FOREIGN], Recreated, Count),
        ],
    );
}

#[test]
fn marks_of_a_restored_deletion_are_cleared_where_the_parent_exists() {
    use Repair::{ClearDocument, ClearRecord, RemoveDocument, Wait};
    let orphan = Drift::OrphanMark;
    for is_due in [false, true] {
        let gone = if is_due {
            RemoveDocument(VERSION)
        } else {
            Wait
        };
        assert_only(
            Case::Restored { is_due },
            true,
            &[
                (MARKED, &ALL, orphan, ClearRecord),
                (LIVE, &[MARKED], orphan, ClearDocument),
                (NULL, &[MARKED], orphan, ClearDocument),
                (NONE, &[MARKED], orphan, gone),
            ],
        );
    }
}

#[test]
fn marks_of_a_restored_deletion_wait_for_purge_at_where_there_is_no_parent() {
    use Repair::{ClearDocument, RemoveDocument, RemoveRecord, Wait, WaitMarked};
    let orphan = Drift::OrphanMark;
    let there = [LIVE, NULL, MARKED, OTHER, FOREIGN];
    let unmarked = [LIVE, NULL, OTHER, FOREIGN];
    assert_only(
        Case::Restored { is_due: false },
        false,
        &[
            (MARKED, &unmarked, orphan, WaitMarked),
            (MARKED, &[NONE, MARKED], orphan, Wait),
            (LIVE, &[MARKED], orphan, ClearDocument),
            (NULL, &[MARKED], orphan, ClearDocument),
            (NONE, &[MARKED], orphan, Wait),
        ],
    );
    assert_only(
        Case::Restored { is_due: true },
        false,
        &[
            (MARKED, &there, orphan, RemoveRecord(Some(VERSION))),
            (MARKED, &[NONE], orphan, RemoveRecord(None)),
            (LIVE, &[MARKED], orphan, ClearDocument),
            (NULL, &[MARKED], orphan, ClearDocument),
            (NONE, &[MARKED], orphan, RemoveDocument(VERSION)),
        ],
    );
}

#[test]
fn a_live_record_of_a_restored_deletion_whose_document_does_not_say_what_its_row_says_is_written() {
    let case = Case::Restored { is_due: false };
    let stale = |row: Option<RowMark>, document: Option<RowMark>| {
        let document = document.map(|mark| DocumentState {
            version: VERSION,
            mark,
            is_its: true,
        });
        let seen = Seen {
            row,
            has_parent: true,
            document,
            is_stale: true,
        };
        plan(case, OURS, seen, Copied::ByUs)
    };

    for row in [LIVE, NULL] {
        for document in [NONE, LIVE, NULL, OTHER, FOREIGN] {
            assert_eq!(
                stale(row, document),
                Some((Drift::StaleDocument, Repair::WriteDocument)),
                "row {row:?}, document {document:?}"
            );
        }
        // The mark is taken off first, and then it is made to say the same.
        assert_eq!(
            stale(row, MARKED),
            Some((Drift::OrphanMark, Repair::ClearDocument))
        );
    }
    for row in [OTHER, FOREIGN] {
        assert_eq!(stale(row, NONE), None, "another deletion's: row {row:?}");
    }
}

fn piped(
    hide: Hide,
    case: Case,
    row: Option<RowMark>,
    document: Option<RowMark>,
) -> Option<Repair> {
    let document = document.map(|mark| DocumentState {
        version: VERSION,
        mark,
        is_its: true,
    });
    let seen = Seen {
        row,
        has_parent: true,
        document,
        is_stale: document.is_none(),
    };
    plan(case, OURS, seen, Copied::ByPipeline(hide)).map(|(_, repair)| repair)
}

#[test]
fn a_document_that_a_pipeline_has_brought_back_is_removed_once_more_whatever_it_says() {
    for case in [Case::Marked, Case::Moved { may_stay: true }] {
        for row in [MARKED, NONE] {
            for document in [LIVE, NULL, MARKED, FOREIGN] {
                let repair = piped(Hide::Remove, case, row, document);
                assert_eq!(repair, Some(Repair::HideAgain(VERSION)), "{case:?} {row:?}");
            }
            assert_eq!(piped(Hide::Remove, case, row, NONE), None);
        }
        // Somebody else's record, or another deletion's.
        for row in [LIVE, OTHER, FOREIGN] {
            let repair = piped(Hide::Remove, case, row, LIVE);
            assert!(matches!(repair, None | Some(Repair::Count)), "{row:?}");
        }
    }
}

#[test]
fn nothing_is_ever_written_into_a_document_of_a_pipeline() {
    let cases = [
        Case::Marked,
        Case::Moved { may_stay: true },
        Case::Moved { may_stay: false },
        Case::Restored { is_due: false },
        Case::Restored { is_due: true },
        Case::Purged,
    ];
    for case in cases {
        for (row, document) in ALL.into_iter().flat_map(|row| ALL.map(|of| (row, of))) {
            for hide in [Hide::Mark, Hide::Remove] {
                let repair = piped(hide, case, row, document);
                let is_written = matches!(
                    repair,
                    Some(
                        Repair::MarkDocument
                            | Repair::ClearDocument
                            | Repair::WriteDocument
                            | Repair::WaitMarked
                    )
                );
                assert!(!is_written, "{case:?} {hide:?} {row:?} {document:?}");
            }
        }
    }
    let late = piped(Hide::Mark, Case::Marked, MARKED, LIVE);
    assert_eq!(late, Some(Repair::Count), "what is late is counted");
}
