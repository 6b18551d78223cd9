//! In which order a pass that removes does the pages of a manifest: those that were there when it began backwards, then
//! those of late arrivals as they were added, the root last.
//!
//! Without a root no page is the last.

/// An order over the pages `1..=selected + late`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    /// How many pages there were when the pass began.
    pub(super) selected: u32,
    /// How many it has added.
    pub(super) late: u32,
    /// Whether page 1 is the root's.
    pub(super) has_root: bool,
}

impl Order {
    pub(super) fn all(self) -> u32 {
        self.selected + self.late
    }

    /// The page at this position, counted from 1.
    pub(super) fn page_at(self, position: u32) -> u32 {
        let last = u32::from(self.has_root);
        if position + last <= self.selected {
            self.selected + 1 - position
        } else if position + last <= self.all() {
            position + last
        } else {
            1
        }
    }

    /// At which position this page is done, if it is one of them.
    pub(super) fn position_of(self, page: u32) -> Option<u32> {
        match page {
            1 if self.has_root => Some(self.all()),
            _ if page <= self.selected => Some(self.selected + 1 - page),
            _ => (page <= self.all()).then(|| page - u32::from(self.has_root)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(selected: u32, late: u32, has_root: bool) -> Vec<u32> {
        let order = Order {
            selected,
            late,
            has_root,
        };
        (1..=order.all())
            .map(|position| order.page_at(position))
            .collect()
    }

    #[test]
    fn the_root_is_last_and_late_arrivals_are_done_right_before_it() {
        assert_eq!(order(4, 2, true), [4, 3, 2, 5, 6, 1]);
        assert_eq!(order(1, 2, true), [2, 3, 1]);
        assert_eq!(order(1, 0, true), [1]);
    }

    #[test]
    fn without_a_root_late_arrivals_are_last() {
        assert_eq!(order(3, 2, false), [3, 2, 1, 4, 5]);
        assert_eq!(order(0, 1, false), [1]);
    }

    #[test]
    fn each_page_is_at_its_position() {
        for has_root in [false, true] {
            for selected in 1..5 {
                for late in 0..3 {
                    let order = Order {
                        selected,
                        late,
                        has_root,
                    };
                    for position in 1..=order.all() {
                        let page = order.page_at(position);
                        assert_eq!(order.position_of(page), Some(position));
                    }
                }
            }
        }
    }
}
