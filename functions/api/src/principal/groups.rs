//! The groups of a text, in the one form that is configured: what is not exactly in that form is unknown, never guessed.

use domain::principal::Groups;
use wiring::config::GroupsForm;

/// The groups of a claim that is a text in the token.
pub(super) fn of_text(text: &str, form: GroupsForm) -> Groups {
    if text.is_empty() {
        return Groups::Known(Vec::new());
    }
    let names = match form {
        GroupsForm::One => names([text], " ,"),
        GroupsForm::Commas => names(text.split(',').map(trimmed), ""),
        GroupsForm::Spaces => names(text.split(' '), ","),
        GroupsForm::Brackets => in_brackets(text),
        GroupsForm::Json => serde_json::from_str(text).ok(),
    };
    names.map_or(Groups::Unknown, Groups::Known)
}

/// The groups of what a gateway has made of a claim. In brackets it may be a list that the gateway has rendered, whose
/// names cannot be told apart, so no form that has brackets itself is read from it.
pub(super) fn of_rendered(text: &str, form: GroupsForm) -> Groups {
    match form {
        GroupsForm::One | GroupsForm::Commas | GroupsForm::Spaces => of_text(text, form),
        GroupsForm::Brackets | GroupsForm::Json => of_text(text, GroupsForm::One),
    }
}

fn in_brackets(text: &str) -> Option<Vec<String>> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    if inside.is_empty() {
        return Some(Vec::new());
    }
    names(inside.split(',').map(trimmed), "")
}

fn trimmed(name: &str) -> &str {
    name.trim_matches(' ')
}

/// These, if each is a name: not empty, and without any character that separates or quotes names in some other form. A
/// space is one only where it is among `others`.
fn names<'a>(found: impl IntoIterator<Item = &'a str>, others: &str) -> Option<Vec<String>> {
    let is_foreign = |c: char| {
        (c.is_whitespace() && c != ' ')
            || c.is_control()
            || "[](){};|\"'\\".contains(c)
            || others.contains(c)
    };
    let name = |name: &str| {
        let is_name = !name.is_empty() && !name.contains(is_foreign);
        is_name.then(|| name.to_owned())
    };
    found.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [GroupsForm; 5] = [
        GroupsForm::One,
        GroupsForm::Commas,
        GroupsForm::Spaces,
        GroupsForm::Brackets,
        GroupsForm::Json,
    ];

    fn known(names: &[&str]) -> Groups {
        Groups::Known(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn each_form_reads_exactly_its_own_texts() {
        for (text, read) in [
            (
                "admin",
                [
                    Some(vec!["admin"]),
                    Some(vec!["admin"]),
                    Some(vec!["admin"]),
                    None,
                    None,
                ],
            ),
            ("a,b", [None, Some(vec!["a", "b"]), None, None, None]),
            ("a, b", [None, Some(vec!["a", "b"]), None, None, None]),
            (
                "a b",
                [None, Some(vec!["a b"]), Some(vec!["a", "b"]), None, None],
            ),
            (
                "not admin",
                [
                    None,
                    Some(vec!["not admin"]),
                    Some(vec!["not", "admin"]),
                    None,
                    None,
                ],
            ),
            (
                "a,not admin",
                [None, Some(vec!["a", "not admin"]), None, None, None],
            ),
            ("[a, b]", [None, None, None, Some(vec!["a", "b"]), None]),
            (
                "[not admin]",
                [None, None, None, Some(vec!["not admin"]), None],
            ),
            ("[]", [None, None, None, Some(vec![]), Some(vec![])]),
            (
                r#"["a","b"]"#,
                [None, None, None, None, Some(vec!["a", "b"])],
            ),
            // A name with quotes is another name.
            (
                r#"["\"admin\""]"#,
                [None, None, None, None, Some(vec!["\"admin\""])],
            ),
            (r#""admin""#, [const { None }; 5]),
            (r#"["admin", 1]"#, [const { None }; 5]),
            ("a,,b", [const { None }; 5]),
            (",", [const { None }; 5]),
            ("a;admin", [const { None }; 5]),
            ("a|admin", [const { None }; 5]),
            ("[[admin]]", [const { None }; 5]),
            ("admin\u{a0}", [const { None }; 5]),
            ("a\nadmin", [const { None }; 5]),
        ] {
            for (form, expected) in FORMS.into_iter().zip(read) {
                let expected = expected.map_or(Groups::Unknown, |names| known(&names));
                assert_eq!(of_text(text, form), expected, "{text:?} as {form:?}");
            }
        }
        for form in FORMS {
            assert_eq!(of_text("", form), known(&[]), "{form:?}");
        }
    }

    #[test]
    fn what_a_gateway_may_have_made_of_a_list_is_read_in_no_form() {
        for text in [
            "[admin]",
            "[not admin]",
            "[x,admin,y]",
            "[a, admin, b]",
            r#"["admin"]"#,
        ] {
            for form in FORMS {
                assert_eq!(
                    of_rendered(text, form),
                    Groups::Unknown,
                    "{text} as {form:?}"
                );
            }
        }
        assert_eq!(of_rendered("a,b", GroupsForm::Commas), known(&["a", "b"]));
        assert_eq!(of_rendered("a b", GroupsForm::Spaces), known(&["a", "b"]));
    }
}
