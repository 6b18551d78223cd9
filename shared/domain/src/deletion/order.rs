//! In which order a pass that removes does the pages of a manifest: those that were there when it began backwards, but for
//! the first ones, which list the root or what the request lists itself; then those of late arrivals as they were added; then
//! the first ones backwards, and what is found when these are gone.

/// An order over the pages `1..=selected + late + behind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    /// How many pages there were when the pass began.
    pub(super) selected: u32,
    /// How many of these, from the first one, are above all others: the root's, or the requested ones. None where an earlier
    /// build has accepted a deletion without a root: then they are not told apart.
    pub(super) tops: u32,
    /// How many it has added that are done before those.
    pub(super) late: u32,
    /// How many it has added that are done behind them.
    pub(super) behind: u32,
}

impl Order {
    pub(super) fn all(self) -> u32 {
        self.selected + self.late + self.behind
    }

    /// How many pages are done before the first of those that are above all others.
    fn below(self) -> u32 {
        self.selected - self.tops + self.late
    }

    /// Whether only pages that are above all others, and what is behind them, are left when so many are done.
    pub(super) fn is_before_tops(self, done: u32) -> bool {
        self.tops > 0 && done == self.below()
    }

    /// The page at this position, counted from 1.
    pub(super) fn page_at(self, position: u32) -> u32 {
        let below = self.below();
        if position + self.tops <= self.selected {
            self.selected + 1 - position
        } else if position <= below {
            position + self.tops
        } else if position <= below + self.tops {
            below + self.tops + 1 - position
        } else {
            position
        }
    }

    /// At which position this page is done, if it is one of them.
    pub(super) fn position_of(self, page: u32) -> Option<u32> {
        if page <= self.tops {
            Some(self.below() + self.tops + 1 - page)
        } else if page <= self.selected {
            Some(self.selected + 1 - page)
        } else if page <= self.selected + self.late {
            Some(page - self.tops)
        } else {
            (page <= self.all()).then_some(page)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(selected: u32, tops: u32, late: u32, behind: u32) -> Vec<u32> {
        let order = Order {
            selected,
            tops,
            late,
            behind,
        };
        (1..=order.all())
            .map(|position| order.page_at(position))
            .collect()
    }

    #[test]
    fn the_root_is_last_and_late_arrivals_are_done_right_before_it() {
        assert_eq!(order(4, 1, 2, 0), [4, 3, 2, 5, 6, 1]);
        assert_eq!(order(1, 1, 2, 0), [2, 3, 1]);
        assert_eq!(order(1, 1, 0, 0), [1]);
    }

    #[test]
    fn what_is_requested_is_done_behind_late_arrivals_and_before_what_it_had_kept() {
        assert_eq!(order(5, 2, 2, 1), [5, 4, 3, 6, 7, 2, 1, 8]);
        assert_eq!(order(2, 2, 1, 0), [3, 2, 1]);
        assert_eq!(order(3, 2, 0, 2), [3, 2, 1, 4, 5]);
    }

    #[test]
    fn where_an_earlier_build_has_not_told_them_apart_late_arrivals_are_last() {
        assert_eq!(order(3, 0, 2, 0), [3, 2, 1, 4, 5]);
        assert_eq!(order(0, 0, 1, 0), [1]);
    }

    #[test]
    fn each_page_is_at_its_position() {
        for selected in 0..5 {
            for tops in 0..=selected {
                for (late, behind) in [(0, 0), (2, 0), (0, 2), (1, 2)] {
                    let order = Order {
                        selected,
                        tops,
                        late,
                        behind,
                    };
                    for position in 1..=order.all() {
                        let page = order.page_at(position);
                        assert_eq!(order.position_of(page), Some(position));
                        let is_next = order.is_before_tops(position - 1);
                        assert_eq!(is_next, tops > 0 && page == tops);
                    }
                }
            }
        }
    }
}
