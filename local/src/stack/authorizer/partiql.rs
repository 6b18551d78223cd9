//! What a PartiQL statement accesses: its kind, and the table or index that it names.

use serde::Deserialize;

use super::access::{Access, Request, Unknown};
use super::dynamodb::table;

/// A statement as a call carries it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement {
    statement: String,
}

impl Statement {
    /// What it accesses.
    pub(super) fn access(&self, request: &Request<'_>) -> Result<Access, Unknown> {
        let unknown = || {
            Unknown(format!(
                "no PartiQL statement: {}",
                kind_only(&self.statement)
            ))
        };
        let (kind, names) = read(&self.statement).ok_or_else(unknown)?;
        let resource = match names.as_slice() {
            [name] => table(request, name),
            [name, index] => format!("{}/index/{index}", table(request, name)),
            _ => return Err(unknown()),
        };
        Ok(Access::new(format!("dynamodb:PartiQL{kind}"), resource))
    }
}

/// The kind of the statement and the quoted names of its table, and index.
fn read(statement: &str) -> Option<(&'static str, Vec<String>)> {
    let mut rest = statement.trim_start();
    let kind = match word(&mut rest)?.to_ascii_uppercase().as_str() {
        "INSERT" => {
            keyword(&mut rest, "INTO")?;
            "Insert"
        }
        "UPDATE" => "Update",
        "DELETE" => {
            keyword(&mut rest, "FROM")?;
            "Delete"
        }
        "SELECT" => {
            rest = behind_from(rest)?;
            "Select"
        }
        _ => return None,
    };
    let mut names = vec![name(&mut rest)?];
    if rest.starts_with('.') {
        rest = &rest[1..];
        names.push(name(&mut rest)?);
    }
    Some((kind, names))
}

fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.find(char::is_whitespace)?;
    let (word, behind) = rest.split_at(end);
    *rest = behind.trim_start();
    Some(word)
}

fn keyword(rest: &mut &str, wanted: &str) -> Option<()> {
    word(rest)?.eq_ignore_ascii_case(wanted).then_some(())
}

/// What stands behind the first `FROM` outside quotes.
fn behind_from(selection: &str) -> Option<&str> {
    let mut quote = None;
    for (place, letter) in selection.char_indices() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, 'f' | 'F') if place > 0 => {
                let before = selection[..place].ends_with(char::is_whitespace);
                let from = selection.get(place..place + 4);
                let behind = selection.get(place + 4..).unwrap_or_default();
                if before
                    && from.is_some_and(|from| from.eq_ignore_ascii_case("from"))
                    && behind.starts_with(char::is_whitespace)
                {
                    return Some(behind.trim_start());
                }
            }
            _ => {}
        }
    }
    None
}

/// A name, plain or in quotation marks, where a doubled mark stands for itself.
fn name(rest: &mut &str) -> Option<String> {
    let Some(quoted) = rest.strip_prefix('"') else {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let end = rest.find(|letter| !plain(letter)).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        *rest = behind;
        return (!name.is_empty()).then(|| name.to_owned());
    };
    let mut name = String::new();
    let mut letters = quoted.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        if letter != '"' {
            name.push(letter);
        } else if letters.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            *rest = &quoted[place + 1..];
            return Some(name);
        }
    }
    None
}

/// No more of it is told: what follows may be a value.
fn kind_only(statement: &str) -> &str {
    statement.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::read;

    fn names(statement: &str) -> (&'static str, Vec<String>) {
        read(statement).unwrap()
    }

    #[test]
    fn each_kind_is_told_with_its_table() {
        for (statement, kind) in [
            (r#"UPDATE "t-1" SET "a" = ? WHERE "p" = ?"#, "Update"),
            (r#"INSERT INTO "t-1" VALUE {'a': ?}"#, "Insert"),
            (r#"delete  from "t-1" WHERE "p" = ?"#, "Delete"),
            (
                r#"SELECT "from", 'x from y' FROM "t-1" WHERE "p" = ?"#,
                "Select",
            ),
            ("SELECT * FROM t-1", "Select"),
        ] {
            assert_eq!(names(statement), (kind, vec!["t-1".into()]), "{statement}");
        }
    }

    #[test]
    fn an_index_is_told_beside_its_table() {
        let (kind, names) = names(r#"SELECT * FROM "Music"."by ""date""" WHERE "p" = ?"#);

        assert_eq!(kind, "Select");
        assert_eq!(names, ["Music", r#"by "date""#]);
    }

    #[test]
    fn what_is_no_statement_is_not_understood() {
        for wrong in [
            "",
            "UPDATE",
            "EXISTS(SELECT * FROM \"t\")",
            "DROP TABLE \"t\"",
            "UPDATE \"t",
            "DELETE \"t\"",
            "SELECT * \"t\"",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
