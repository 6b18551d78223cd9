//! Where a key of a sound file stands, for whoever has found that a table contradicts it.

use toml::de::DeTable;

use super::files::SourceFile;
use super::place::File;

impl SourceFile {
    /// The line of a key of a collection, such as `parent.by`, or of the nearest table around it that is there; `None`
    /// when the file does not declare the collection.
    #[must_use]
    pub fn line_of(&self, collection: &str, key: &str) -> Option<usize> {
        let (tree, _errors) = DeTable::parse_recoverable(&self.text);
        let file = File {
            position: 0,
            name: &self.name,
            text: &self.text,
        };
        let mut declared = file.entries("", tree.get_ref());
        let (_, entry) = declared.find(|(name, _)| *name == collection)?;
        let line = entry.section().map(|section| section.place_of(key).line);
        Some(line.unwrap_or(entry.place.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_line_where_it_stands_or_that_of_the_table_around_it() {
        let file = SourceFile {
            name: "mail.toml".to_owned(),
            text: "# mail\n[messages]\nkey = [\"id\"]\ntenant = { attribute = \"t\",\n  gsi = \"by_t\" }\n\n[messages.parent]\nby = [\"d\"]\n"
                .to_owned(),
        };

        assert_eq!(file.line_of("messages", "key"), Some(3));
        assert_eq!(file.line_of("messages", "tenant.gsi"), Some(5));
        assert_eq!(file.line_of("messages", "parent.by"), Some(8));
        assert_eq!(file.line_of("messages", "parent.gsi"), Some(7));
        assert_eq!(file.line_of("messages", "marks.deleted_at"), Some(2));
        assert_eq!(file.line_of("others", "key"), None);
    }
}
