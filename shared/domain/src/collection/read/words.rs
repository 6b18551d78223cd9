//! The rules of the stores for names, checked when the file is read and not by the first request.
//!
//! Each returns `Err` with what is wrong and what to write.

use super::place::Place;
use super::problems::Problems;
use crate::collection::model::index_name;

/// The longest name of a table, an index or an attribute.
const NAME_BYTES: usize = 255;

/// One of the rules below.
pub(super) type Rule = fn(&str) -> Result<(), String>;

/// The text if it follows the rule; otherwise the error is noted.
pub(super) fn checked<'a>(
    text: &str,
    place: Place<'a>,
    rule: Rule,
    problems: &mut Problems<'a>,
) -> Option<String> {
    match rule(text) {
        Ok(()) => Some(text.to_owned()),
        Err(message) => {
            problems.add(place, format!("\"{}\" {message}", text.escape_debug()));
            None
        }
    }
}

/// An attribute of a row. Statements write attributes in double quotes.
pub(super) fn attribute(name: &str) -> Result<(), String> {
    if name.contains(['{', '}']) {
        return Err(
            "has a brace, as a pattern has; write the name of one attribute, and what its texts are made of as `is` in `key`, or in `parts`"
                .to_owned(),
        );
    }
    if name.chars().any(|c| c.is_control() || c == '"') {
        return Err(
            "has a double quote or a control character; write an attribute without".to_owned(),
        );
    }
    length(name)
}

/// A DynamoDB table, before the prefix.
pub(super) fn table(name: &str) -> Result<(), String> {
    dynamo_letters(name)?;
    length(name)
}

/// An index of a DynamoDB table.
pub(super) fn gsi(name: &str) -> Result<(), String> {
    dynamo_letters(name)?;
    length(name)?;
    if name.len() < 3 {
        Err("is too short for an index; DynamoDB asks for 3 letters".to_owned())
    } else {
        Ok(())
    }
}

/// An OpenSearch index, before the prefix.
pub(super) fn index(name: &str) -> Result<(), String> {
    length(name)?;
    index_name::problem(name).map_or(Ok(()), Err)
}

/// A group. An HTTP API renders the groups of a token as `[a b]`, so a name with one of these characters cannot be
/// distinguished from two groups and would never be recognised.
pub(super) fn group(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty; write member, author or a group".to_owned());
    }
    if name.chars().any(char::is_whitespace) {
        return Err(
            "has white space; tokens list groups separated by spaces: name the group without"
                .to_owned(),
        );
    }
    if name.contains(['[', ']', ',', '"']) || name.chars().any(char::is_control) {
        return Err("has a bracket, comma, quote or control character, which a token's list of groups cannot hold; name the group without".to_owned());
    }
    Ok(())
}

/// The names that OpenSearch, or a plugin of it, refuses in a document ("is a metadata field"); tried with 3.8.
/// Other names may begin with `_`.
pub(in crate::collection) const METADATA: [&str; 15] = [
    "_data_stream_timestamp",
    "_doc_count",
    "_feature",
    "_field_names",
    "_id",
    "_ignored",
    "_index",
    "_nested_path",
    "_primary_term",
    "_routing",
    "_seq_no",
    "_size",
    "_source",
    "_type",
    "_version",
];

/// A name that a document has: OpenSearch reads a dot as a path, and search reads `*` and `^` as its own.
pub(super) fn field(name: &str) -> Result<(), String> {
    if METADATA.contains(&name) {
        return Err(
            "is a name that OpenSearch keeps for itself: no document can have it".to_owned(),
        );
    }
    match name
        .chars()
        .find(|c| c.is_whitespace() || ".*^".contains(*c))
    {
        Some(c) => Err(format!(
            "has {c:?}, which the name of a field in OpenSearch cannot have: no document can have it"
        )),
        None => Ok(()),
    }
}

fn dynamo_letters(name: &str) -> Result<(), String> {
    if name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    {
        Ok(())
    } else {
        Err(
            "has a letter that DynamoDB does not take; write letters, digits, `_`, `-` and `.`"
                .to_owned(),
        )
    }
}

fn length(name: &str) -> Result<(), String> {
    match name.len() {
        0 => Err("is empty; write a name".to_owned()),
        bytes if bytes > NAME_BYTES => Err(format!(
            "has {bytes} bytes; a name has at most {NAME_BYTES}"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(rule: Rule, names: &[&str]) {
        for name in names {
            assert!(rule(name).is_err(), "{name:?} passed");
        }
    }

    fn takes(rule: Rule, names: &[&str]) {
        for name in names {
            assert_eq!(rule(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn an_attribute_is_anything_that_a_statement_can_quote() {
        takes(
            attribute,
            &[
                "user_id",
                "User Id",
                "#x",
                "größe",
                "a.b",
                "it's",
                &"x".repeat(255),
            ],
        );
        refuses(
            attribute,
            &[
                "",
                "a\"b",
                "a\nb",
                "USER#{user_id}",
                &"x".repeat(256),
                &"é".repeat(128),
            ],
        );
    }

    #[test]
    fn tables_and_their_indexes_have_the_letters_of_dynamodb() {
        takes(table, &["m", "mail.messages-2_x"]);
        takes(gsi, &["by_user"]);
        refuses(table, &["", "a b", "é", "a/b", "a{b}", &"x".repeat(256)]);
        refuses(gsi, &["", "ab", "by user"]);
    }

    #[test]
    fn an_index_has_the_letters_of_opensearch() {
        takes(index, &["messages", "mail-2026_v1", "1", "größe"]);
        for bad in [
            "", "Mail", "_a", "-a", "+a", ".a", "..", "a\\b", "a/b", "a*", "a?", "a\"b", "a<",
            "a>", "a|", "a b", "a,b", "a#", "a:b", "a\tb",
        ] {
            refuses(index, &[bad]);
        }
    }

    #[test]
    fn a_group_is_one_word_of_a_rendered_claim() {
        takes(group, &["admin", "eu-west-1_Google", "a:b", "Größe"]);
        refuses(
            group,
            &[
                "",
                "mail admin",
                "a\u{a0}b",
                "[a",
                "a]",
                "a,b",
                "a\"b",
                "a\u{1f}b",
            ],
        );
    }

    #[test]
    fn a_documents_field_is_no_path_and_no_query() {
        takes(
            field,
            &["subject", "date_delete", "größe", "_deleted", "__typename"],
        );
        refuses(field, &["_id", "_version", "a.b", "a*", "a^2", "a b"]);
    }
}
