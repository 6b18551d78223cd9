//! No files of one crate stand in a circle: whoever reads one can go on downwards, and come to an end.
//!
//! Cargo keeps the arrows between crates one way, and nobody the arrows between files. What a file takes is what it names:
//! `use` and paths, followed through re-exports to the file that defines the item. A method is named by nobody's file, so
//! an `impl` of a type elsewhere is an arrow to that type and not back.
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

mod graph;
mod source;

use std::collections::BTreeSet;

use self::graph::{Crate, circles};

/// The crates whose files are judged.
const CRATES: &[&str] = &[
    "shared/domain/src",
    "shared/ports/src",
    "shared/engine/src",
    "shared/requests/src",
    "shared/aws/src",
    "shared/testing/src",
    "shared/telemetry/src",
    "shared/wiring/src",
    "functions/api/src",
    "functions/consumer/src",
    "functions/sweeper/src",
    "cli/src",
    "xtask/src",
];

#[test]
fn no_files_stand_in_a_circle() {
    let mut found = Vec::new();
    for folder in CRATES {
        let sources = super::sources(&super::root().join(folder));
        assert!(
            !sources.is_empty(),
            "{folder} has no sources: was it moved?"
        );
        // A main is a crate of its own, above the library.
        let files: Vec<(String, String)> = sources
            .into_iter()
            .filter(|(file, _)| !file.ends_with("main.rs"))
            .map(|(file, text)| {
                let file = file.strip_prefix(super::root()).unwrap();
                (file.display().to_string(), text)
            })
            .collect();
        let below = files.iter().map(|(file, text)| {
            let below = file.strip_prefix(folder).unwrap();
            (below.trim_start_matches('/'), text.as_str())
        });
        let graph = Crate::read(below).graph();
        let all = circles(&graph);
        for (of, files) in by_folder(graph.keys().map(String::as_str)) {
            let largest = all.iter().map(|circle| circle.intersection(&files).count());
            let largest = largest.max().unwrap_or_default();
            println!("{folder}/{of}: {largest} of {} files", files.len());
        }
        for circle in all {
            let files: Vec<_> = circle
                .into_iter()
                .map(|file| format!("{folder}/{file}"))
                .collect();
            found.push(files.join(", "));
        }
    }

    assert!(found.is_empty(), "in a circle:\n{}", found.join("\n"));
}

/// The files of each folder at the top and one below it.
fn by_folder<'f>(files: impl Iterator<Item = &'f str>) -> Vec<(String, BTreeSet<&'f str>)> {
    let files: BTreeSet<_> = files.collect();
    let folders: BTreeSet<String> = files
        .iter()
        .flat_map(|file| {
            let above = file.trim_end_matches(".rs").split('/').take(2);
            let path: Vec<_> = above.collect();
            (1..=path.len()).map(move |length| path[..length].join("/"))
        })
        .collect();
    let of = |folder: &str| {
        files
            .iter()
            .copied()
            .filter(|file| {
                *file == format!("{folder}.rs") || file.starts_with(&format!("{folder}/"))
            })
            .collect::<BTreeSet<_>>()
    };
    folders
        .into_iter()
        .map(|folder| {
            let files = of(&folder);
            (folder, files)
        })
        .filter(|(_, files)| files.len() > 1)
        .collect()
}

/// The circles among made-up files, each as its files.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let graph = Crate::read(files.iter().copied()).graph();
    circles(&graph)
        .into_iter()
        .map(|circle| circle.into_iter().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn files_that_use_one_another_are_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn f() { crate::c::g(); }"),
        ("c.rs", "use super::a; pub fn g() { a::A::new(); }"),
    ];

    assert_eq!(circles_of(&files), ["a.rs b.rs c.rs"]);
}

#[test]
fn a_way_down_is_none() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use self::a::A;"),
        ("a.rs", "use crate::{b::B, c}; pub struct A(B, c::C);"),
        ("b.rs", "use crate::c::C; pub struct B(C);"),
        ("c.rs", "pub struct C;"),
    ];

    assert_eq!(circles_of(&files), [""; 0]);
}

#[test]
fn a_parent_that_only_passes_on_is_none() {
    let files = [
        ("lib.rs", "mod a;"),
        (
            "a.rs",
            "mod one; mod two; pub use self::one::One; pub use two::{Two as Second, two};",
        ),
        ("a/one.rs", "use super::Second; pub struct One(Second);"),
        ("a/two.rs", "pub struct Two; pub fn two() {}"),
    ];

    assert_eq!(circles_of(&files), [""; 0]);
}

#[test]
fn a_child_that_takes_what_its_parent_defines_is_one_if_the_parent_uses_it() {
    let child = ("a/one.rs", "use super::A; pub fn one(_: A) {}");
    let using = [
        ("lib.rs", "mod a;"),
        (
            "a.rs",
            "mod one; pub use self::one::one; pub struct A; fn f() { one(A) }",
        ),
        child,
    ];
    let passing_on = [
        ("lib.rs", "mod a;"),
        ("a.rs", "mod one; pub use self::one::one; pub struct A;"),
        child,
    ];

    assert_eq!(circles_of(&using), ["a.rs a/one.rs"]);
    assert_eq!(circles_of(&passing_on), [""; 0]);
}

#[test]
fn a_re_export_hides_no_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
        ("a.rs", "use crate::B; pub struct A(B);"),
        ("b.rs", "use crate::A as Other; pub struct B(Box<Other>);"),
    ];

    assert_eq!(circles_of(&files), ["a.rs b.rs"]);
}

#[test]
fn what_is_named_in_a_macro_or_for_one_counts() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "macro_rules! m { () => { $crate::b::f() } }"),
        (
            "b.rs",
            "#[serde(with = \"crate::a::f\")] pub fn f() {} mod c { }",
        ),
    ];
    let back = [
        files[0],
        ("a.rs", "pub fn f() { vec![crate::b::f()]; }"),
        files[2],
    ];

    assert_eq!(circles_of(&files), [""; 0]);
    assert_eq!(circles_of(&back), ["a.rs b.rs"]);
}

#[test]
fn unit_tests_comments_and_texts_do_not_count() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use crate::b::B; pub struct A(B); #[cfg(test)] mod tests;",
        ),
        ("a/tests.rs", "use super::A;"),
        (
            "b.rs",
            "//! See [`crate::a::A`].\n/* crate::a::A */ pub struct B; fn f() { g(\"of crate::a::A\") }\n\
             #[cfg(test)] mod tests { use crate::a::A; }",
        ),
    ];

    assert_eq!(circles_of(&files), [""; 0]);
}

#[test]
fn a_method_or_a_field_of_the_same_name_does_not_count() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "pub use crate::b::look; pub struct A; fn f(a: A) { a.look(); a.look; A::look(); }",
        ),
        ("b.rs", "pub fn look(_: crate::a::A) {}"),
    ];

    assert_eq!(circles_of(&files), [""; 0]);
}
