//! What the owner of the table does under the key, without asking anybody.

use super::{Next, Row, Under};

/// What he may do next.
pub(super) fn possible(under: &Under, next: &mut Vec<Next>) {
    if !under.is_shown {
        next.push(Next::Shown);
    }
    match under.row {
        None if under.left.renewals > 0 => next.push(Next::Renewed),
        Some(row) if row.mark().is_none() && row.is_here && under.left.moves > 0 => {
            next.push(Next::Moved);
        }
        Some(row) if row.mark().is_some() && under.left.unmarks > 0 => next.push(Next::Unmarked),
        _ => {}
    }
    if under.row.is_some() && !under.has_child && under.left.children > 0 {
        next.push(Next::ChildWritten);
    }
}

/// He does it.
pub(super) fn write(under: &mut Under, next: Next) {
    match next {
        Next::Moved => {
            under.left.moves -= 1;
            under.row = under.row.map(|row| Row {
                is_here: false,
                ..row
            });
        }
        Next::Unmarked => {
            under.left.unmarks -= 1;
            under.row = under.row.map(|row| Row {
                is_dated: false,
                ..row
            });
        }
        Next::Renewed => {
            // No two records of one key are alike, whoever had it before.
            let generation = 1 + super::deletion::latest(under);
            under.left.renewals -= 1;
            under.row = Some(Row {
                generation,
                ..Row::NEW
            });
        }
        Next::ChildWritten => {
            under.left.children -= 1;
            under.has_child = true;
        }
        Next::Shown => under.is_shown = true,
        _ => {}
    }
}
