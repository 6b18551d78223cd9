//! Parents and children: which collections may be below which.

use super::*;

/// A collection below another one, whose key it holds in an attribute of its own.
fn below(name: &str, parent: Option<&str>, retention: &str) -> String {
    let parent = parent.map_or_else(String::new, |parent| {
        format!("parent = {{ collection = \"{parent}\", by = [\"up\"], gsi = \"by_up\", on_delete = \"cascade\" }}\n")
    });
    format!(
        "[{name}]\ntable = \"{name}\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"{retention}\"\n{parent}"
    )
}

/// A chain of collections `a`, `b`, … one below the other.
fn chain(levels: usize) -> String {
    let names = ["a", "b", "c", "d", "e", "f"];
    (0..levels)
        .map(|level| below(names[level], (level > 0).then(|| names[level - 1]), "1d"))
        .collect()
}

#[test]
fn up_to_four_levels_are_taken() {
    for levels in 1..=4 {
        assert_eq!(errors_of(&chain(levels)), "", "{levels} levels");
    }
}

#[test]
fn a_fifth_level_is_refused_and_so_is_what_is_below_it() {
    assert_eq!(
        errors_of(&chain(5)),
        "mail.toml:34: e.parent.collection: makes a cascade of 5 levels: a → b → c → d → e; at most 4 are allowed"
    );
    assert_eq!(errors_of(&chain(6)).lines().count(), 2);
}

#[test]
fn one_parent_may_have_several_children() {
    let text = below("a", None, "1d") + &below("c", Some("a"), "1d") + &below("b", Some("a"), "1d");
    let collections = Collections::for_tests(&text);

    let children: Vec<_> = collections
        .children_of(&"a".parse().unwrap())
        .map(|child| child.name.to_string())
        .collect();
    assert_eq!(children, ["b", "c"]);
}

#[test]
fn a_cycle_is_told_once() {
    let text = below("x", Some("z"), "1d")
        + &below("y", Some("x"), "1d")
        + &below("z", Some("y"), "1d")
        + &below("a", Some("z"), "1d");

    assert_eq!(
        errors_of(&text),
        "mail.toml:7: x.parent.collection: closes a cycle: x → z → y → x; a cascade must end: take out one `parent`"
    );
    assert_eq!(
        errors_of(&below("x", Some("x"), "1d")),
        "mail.toml:7: x.parent.collection: closes a cycle: x → x; a cascade must end: take out one `parent`"
    );
}

#[test]
fn a_parent_must_be_declared_in_some_file() {
    let child = file("child.toml", &below("b", Some("a"), "1d"));
    let parent = file("parent.toml", &below("a", None, "1d"));

    assert!(Collections::from_files(&[child.clone(), parent]).is_ok());
    let errors = Collections::from_files(&[child]).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "child.toml:7: b.parent.collection: \"a\" is declared in no file; declare it, or name another collection"
    );
}

#[test]
fn a_parent_with_errors_is_not_reported_as_missing() {
    let text = below("a", None, "soon") + &below("b", Some("a"), "1d");
    assert!(errors_of(&text).starts_with("mail.toml:6: a.retention: "));
    assert_eq!(errors_of(&text).lines().count(), 1);

    let broken = Collections::from_files(&[
        file("a.toml", "[a]\ntable = \n"),
        file("b.toml", &below("b", Some("a"), "1d")),
    ])
    .unwrap_err();
    assert!(
        broken.iter().all(|error| error.file == "a.toml"),
        "{broken}"
    );
}

#[test]
fn a_child_is_not_kept_longer_than_its_parent() {
    let with = |parent: &str, child: &str| {
        errors_of(&(below("a", None, parent) + &below("b", Some("a"), child)))
    };

    for (parent, child) in [
        ("30d", "30d"),
        ("30d", "720h"),
        ("30d", "1s"),
        ("never", "30d"),
        ("never", "never"),
    ] {
        assert_eq!(with(parent, child), "", "{child} below {parent}");
    }
    assert_eq!(
        with("30d", "31d"),
        "mail.toml:12: b.retention: \"31d\" is longer than the 30d of its parent a; write at most that"
    );
    assert_eq!(
        with("30d", "never"),
        "mail.toml:12: b.retention: \"never\" below a, which is purged after 30d: the child would lose its parent; write at most that"
    );
}

#[test]
fn by_holds_every_part_of_the_parents_key() {
    let text = base_with(
        "by = [\"discussion_id\"]",
        "by = [\"discussion_id\", \"user_id\"]",
    );
    assert_eq!(
        errors_of(&text),
        "mail.toml:14: messages.parent.by: names 2 attributes, but the key of discussions has 1 attribute; name, in this order, what holds its `discussion_id`"
    );
    let text = base_with("by = [\"discussion_id\"]", "by = []");
    assert_eq!(
        errors_of(&text),
        "mail.toml:14: messages.parent.by: names no attribute; name those that hold the parent's key"
    );
    let text = base_with(
        "key = [\"discussion_id\"]",
        "key = [\"area\", \"discussion_id\"]",
    );
    assert_eq!(
        errors_of(&text),
        "mail.toml:14: messages.parent.by: names 1 attribute, but the key of discussions has 2 attributes; name, in this order, what holds its `area` and `discussion_id`"
    );
}

#[test]
fn children_are_found_in_the_table_or_over_a_declared_index() {
    let lookup = |text: &str| {
        Collections::for_tests(text)
            .get("messages")
            .unwrap()
            .parent
            .clone()
            .unwrap()
            .lookup
    };

    assert_eq!(lookup(BASE), ChildLookup::Table);
    assert_eq!(
        lookup(&base_with(
            "by = [\"discussion_id\"]",
            "by = [\"box\"], gsi = \"by_box\""
        )),
        ChildLookup::Index("by_box".into())
    );
    assert_eq!(
        errors_of(&base_with(
            "by = [\"discussion_id\"]",
            "by = [\"message_id\"]"
        )),
        "mail.toml:14: messages.parent.gsi: is missing: `by` is without `discussion_id`, the partition attribute, so children are found over an index; write `gsi = \"…\"`, an index whose hash key is `message_id`"
    );
    assert_eq!(
        errors_of(&base_with(
            "by = [\"discussion_id\"]",
            "by = [\"discussion_id\"], gsi = \"by_box\""
        )),
        "mail.toml:14: messages.parent.gsi: is not needed: `by` has `discussion_id`, the partition attribute, so children are found in the table; take it out"
    );
}
