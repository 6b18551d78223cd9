//! What a parent's deletion does with its children, and records that several others share.

use super::*;

/// Two collections, the second below the first, with lines added to each.
fn pair(above: &str, below: &str) -> String {
    format!(
        "[a]\ntable = \"a\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"1d\"\n{above}\n\
         [b]\ntable = \"b\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"1d\"\n{below}\n"
    )
}

fn below_a(on_delete: &str) -> String {
    format!(
        "parent = {{ collection = \"a\", by = [\"up\"], gsi = \"by_up\", on_delete = \"{on_delete}\" }}"
    )
}

fn names<'c>(collections: impl Iterator<Item = &'c Collection>) -> Vec<&'c str> {
    collections
        .map(|collection| collection.name.as_str())
        .collect()
}

#[test]
fn a_deletion_reaches_what_it_deletes_and_is_told_of_the_rest() {
    let a = "a".parse().unwrap();
    for (on_delete, reached, attached) in [
        ("cascade", &["b"][..], &[][..]),
        ("restrict", &[], &["b"]),
        ("detach", &[], &["b"]),
    ] {
        let collections = Collections::for_tests(&pair("", &below_a(on_delete)));
        assert_eq!(names(collections.children_of(&a)), reached, "{on_delete}");
        assert_eq!(names(collections.attached_to(&a)), attached, "{on_delete}");
    }
}

#[test]
fn a_child_that_is_not_reached_has_an_end_of_its_own() {
    for on_delete in ["restrict", "detach"] {
        let text = pair("", &below_a(on_delete)).replacen("\"1d\"\nparent", "\"2d\"\nparent", 1);
        assert_eq!(errors_of(&text), "", "{on_delete}");
    }
}

#[test]
fn a_restriction_stands_at_the_top() {
    let text = pair("", &below_a("cascade"))
        + "[c]\ntable = \"c\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"1d\"\nparent = { collection = \"b\", by = [\"up\"], gsi = \"by_up\", on_delete = \"restrict\" }\n";
    assert_eq!(
        errors_of(&text),
        "mail.toml:21: c.parent.on_delete: is \"restrict\" below b, which has a parent itself: a deletion that reaches it from there could not be refused any more; write another one"
    );
}

#[test]
fn what_is_detached_can_stand_alone() {
    let parent = |parent: &str| errors_of(&pair("", &format!("parent = {{ {parent} }}")));

    assert_eq!(
        parent(
            "collection = \"a\", by = [\"up\"], gsi = \"by_up\", on_delete = \"detach\", required = true"
        ),
        "mail.toml:14: b.parent.required: is true, so a detached row would not be live; write another `on_delete`, or take this out"
    );
    assert_eq!(
        parent("collection = \"a\", by = [\"id\"], on_delete = \"detach\""),
        "mail.toml:14: b.parent.on_delete: is \"detach\", which takes `id` out of the row, but that is part of its key; write another one"
    );
}

#[test]
fn promotion_says_who_is_the_owner_and_who_the_oldest() {
    let promote =
        "promote = { owner = \"owner_id\", by = \"joined_at\", gsi = \"by_owner\" }\non_delete = ";
    let parent = |on_delete: &str| {
        format!("[b.parent]\ncollection = \"a\"\nby = [\"up\"]\ngsi = \"by_up\"\n{on_delete}")
    };

    let collections = Collections::for_tests(&pair("", &parent(&format!("{promote}\"promote\""))));
    let b = collections.get("b").unwrap();
    assert_eq!(
        b.parent.as_ref().unwrap().promote,
        Some(Promotion {
            owner: "owner_id".into(),
            by: "joined_at".into(),
            gsi: "by_owner".into(),
        })
    );
    assert_eq!(
        names(collections.children_of(&"a".parse().unwrap())),
        ["b"],
        "its records go with the parent"
    );

    assert_eq!(
        errors_of(&pair("", &below_a("promote"))),
        "mail.toml:14: b.parent.promote: is missing; write it like `promote = { owner = \"group_owner_id\", by = \"created_at\", gsi = \"by_group_owner\" }`"
    );
    assert_eq!(
        errors_of(&pair("", &parent(&format!("{promote}\"cascade\"")))),
        "mail.toml:18: b.parent.promote: says who becomes the owner, but `on_delete` is not \"promote\"; write that, or take this out"
    );
}

/// Messages, links and attachments, each with the lines that the test adds.
fn shared_records(link: &str, kept: &str) -> String {
    let collection = |name: &str, key: &str, lines: &str| {
        format!(
            "[{name}]\ntable = \"{name}\"\nkey = {key}\ntenant = \"t\"\nstrategy = \"archive\"\nretention = \"1d\"\n{lines}\n"
        )
    };
    collection("posts", "[\"post\"]", "")
        + &collection(
            "links",
            "[\"post\", \"file\"]",
            &format!(
                "parent = {{ collection = \"posts\", by = [\"post\"], on_delete = \"cascade\" }}\n{link}"
            ),
        )
        + &collection("files", "[\"file\"]", kept)
}

const KEEPS: &str = "keeps = { collection = \"files\", by = [\"file\"], gsi = \"by_file\" }";

#[test]
fn a_link_keeps_a_record_that_has_no_parent() {
    let collections = Collections::for_tests(&shared_records(KEEPS, ""));

    assert_eq!(
        collections.get("links").unwrap().keeps,
        Some(Keeps {
            collection: "files".parse().unwrap(),
            by: vec!["file".into()],
            of: Referenced {
                key: KeySchema::plain("file", None),
                is_rowless: false,
                tenant: TenantRule::Attribute {
                    attribute: "t".into(),
                    is: None,
                    gsi: None,
                },
            },
            lookup: ChildLookup::Index("by_file".into()),
        })
    );
    assert_eq!(
        names(collections.link_collections_of(&"files".parse().unwrap())),
        ["links"]
    );
    assert_eq!(
        collections.children_of(&"links".parse().unwrap()).count(),
        0,
        "what a link keeps is asked for by itself"
    );
}

#[test]
fn a_link_and_what_it_keeps_are_found_and_end_alike() {
    let link = |keeps: &str| errors_of(&shared_records(keeps, ""));
    assert_eq!(
        link("keeps = { collection = \"films\", by = [\"file\"], gsi = \"by_file\" }"),
        "mail.toml:15: links.keeps.collection: \"films\" is declared in no file; declare it, or name another collection"
    );
    assert_eq!(
        link("keeps = { collection = \"files\", by = [\"file\", \"x\"], gsi = \"by_file\" }"),
        "mail.toml:15: links.keeps.by: names 2 attributes, but the key of files has 1 attribute; name, in its order, what holds it"
    );
    assert_eq!(
        link("keeps = { collection = \"files\", by = [\"file\"] }"),
        "mail.toml:15: links.keeps.gsi: is missing: `by` is without `post`, the partition attribute, so children are found over an index; write `gsi = \"…\"`, an index whose hash key is `file`"
    );

    let longer = shared_records(KEEPS, "").replace(
        "key = [\"file\"]\ntenant = \"t\"\nstrategy = \"archive\"\nretention = \"1d\"",
        "key = [\"file\"]\ntenant = \"t\"\nstrategy = \"archive\"\nretention = \"2d\"",
    );
    assert_eq!(
        errors_of(&longer),
        "mail.toml:21: files.retention: \"2d\" is longer than the 1d of its link links; write at most that"
    );
    let other = shared_records(KEEPS, "").replace(
        "key = [\"file\"]\ntenant = \"t\"\nstrategy = \"archive\"",
        "key = [\"file\"]\ntenant = \"t\"\nstrategy = \"flag\"",
    );
    assert_eq!(
        errors_of(&other),
        "mail.toml:20: files.strategy: is \"flag\", but that of its link links is \"archive\"; one deletion has one strategy: write the same"
    );
}

#[test]
fn only_links_decide_when_a_kept_record_goes() {
    let message = "mail.toml:15: links.keeps.collection: \"files\" has a parent, a `keeps` or collections below it, which a record that links keep cannot have; take those out, or this";
    let kept = |lines: &str| errors_of(&shared_records(KEEPS, lines));

    assert_eq!(
        kept(
            "parent = { collection = \"posts\", by = [\"post\"], gsi = \"by_post\", on_delete = \"cascade\" }"
        ),
        message
    );
    let below = "[pages]\ntable = \"pages\"\nkey = [\"file\", \"page\"]\ntenant = \"t\"\nstrategy = \"archive\"\nretention = \"1d\"\nparent = { collection = \"files\", by = [\"file\"], on_delete = \"cascade\" }\n";
    assert_eq!(kept(below), message);

    let alone = shared_records(KEEPS, "").replace(
        "parent = { collection = \"posts\", by = [\"post\"], on_delete = \"cascade\" }\n",
        "",
    );
    assert_eq!(
        errors_of(&alone),
        "mail.toml:14: links.keeps.collection: is kept by a collection without a parent; a link goes with what it hangs on: write its `parent`"
    );
}

#[test]
fn a_kept_record_is_a_level_of_its_own() {
    let level = |name: &str, above: Option<&str>| {
        let parent = above.map_or_else(String::new, |above| {
            format!("parent = {{ collection = \"{above}\", by = [\"up\"], gsi = \"by_up\", on_delete = \"cascade\" }}\n")
        });
        format!(
            "[{name}]\ntable = \"{name}\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"1d\"\n{parent}"
        )
    };
    let keeps = "keeps = { collection = \"z\", by = [\"z_id\"], gsi = \"by_z\" }\n";
    let three = level("a", None)
        + &level("b", Some("a"))
        + &level("c", Some("b"))
        + keeps
        + &level("z", None);
    assert_eq!(errors_of(&three), "");

    let four = level("a", None)
        + &level("b", Some("a"))
        + &level("c", Some("b"))
        + &level("d", Some("c"))
        + keeps
        + &level("z", None);
    assert_eq!(
        errors_of(&four),
        "mail.toml:28: d.keeps.collection: makes a cascade of 5 levels with \"z\" as the last; at most 4 are allowed"
    );
}
