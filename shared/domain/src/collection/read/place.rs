//! A place in a file, which an error is about.

/// One file, as its errors need it.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) position: usize,
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// A place in a file, which an error is about.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) file: File<'a>,
    pub(super) line: usize,
    pub(super) key: String,
}

impl<'a> File<'a> {
    /// The place of what begins at this byte.
    pub(super) fn place(self, offset: usize, key: impl Into<String>) -> Place<'a> {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Place {
            file: self,
            line: 1 + before.matches('\n').count(),
            key: key.into(),
        }
    }
}
