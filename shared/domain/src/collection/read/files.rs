//! From the texts of all files to the collections, or to all their errors.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeTable;

use super::declared::Declarations;
use super::place::{File, Place};
use super::problems::{CollectionFileErrors, Problems};
use super::tree::Kind;
use super::{cascade, declaration, links, tenants};
use crate::collection::model::collections::Collections;
use crate::collection::model::name::CollectionName;
use crate::collection::model::parent::Referenced;
use crate::collection::model::record::Collection;

/// The files that ship with this build: file name and text. `build.rs` finds them.
const COMPILED_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/collections.rs"));

/// A collections file: its name for the errors, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file's name, without the folder.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Collections {
    /// Reads all files as one declaration.
    ///
    /// # Errors
    ///
    /// All errors of all files at once, each with its file, line and key.
    pub fn from_files(files: &[SourceFile]) -> Result<Self, CollectionFileErrors> {
        read(files, true).map(Self::of)
    }

    /// The same where there is no search: a collection with documents is one more error, because no store could keep
    /// them.
    ///
    /// # Errors
    ///
    /// All errors of all files at once, each with its file, line and key.
    pub fn from_files_without_search(files: &[SourceFile]) -> Result<Self, CollectionFileErrors> {
        read(files, false).map(Self::of)
    }

    /// The files that ship with this build, as `(file name, text)`.
    #[must_use]
    pub fn compiled_in() -> &'static [(&'static str, &'static str)] {
        COMPILED_IN
    }

    /// The collections of one file's text, for tests.
    ///
    /// # Panics
    ///
    /// When the text is not a valid file; the message lists the errors.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn for_tests(text: &str) -> Self {
        let file = SourceFile {
            name: "test.toml".to_owned(),
            text: text.to_owned(),
        };
        Self::from_files(&[file])
            .unwrap_or_else(|errors| unreachable!("invalid collections in a test:\n{errors}"))
    }
}

fn read(
    files: &[SourceFile],
    searched: bool,
) -> Result<BTreeMap<CollectionName, Collection>, CollectionFileErrors> {
    let files: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(position, file)| File {
            position,
            name: &file.name,
            text: &file.text,
        })
        .collect();
    // The trees outlive the declarations, which borrow from them.
    let trees: Vec<_> = files
        .iter()
        .map(|file| DeTable::parse_recoverable(file.text))
        .collect();
    let mut problems = Problems::default();
    let mut declarations = Declarations {
        names: BTreeMap::new(),
        sound: BTreeMap::new(),
    };
    for (file, (tree, errors)) in files.iter().zip(&trees) {
        for error in errors {
            let line = error.span().map_or(0, |span| span.start);
            problems.add(
                file.place(line, ""),
                format!("is not TOML: {}", error.message().replace('\n', ", ")),
            );
        }
        read_file(
            *file,
            tree,
            errors.is_empty(),
            &mut declarations,
            &mut problems,
        );
    }
    if declarations.names.is_empty() && problems.count() == 0 {
        let file = files.first().copied().unwrap_or(File {
            position: 0,
            name: "collections",
            text: "",
        });
        problems.add(
            Place {
                file,
                line: 0,
                key: String::new(),
            },
            "no file declares a collection; write one as `[name]` with its keys below",
        );
    }
    references(&mut declarations);
    cascade::check(&declarations, &mut problems);
    links::check(&declarations, &mut problems);
    tenants::check(&declarations, &mut problems);
    if !searched {
        refuse_documents(&declarations, &mut problems);
    }
    let by_name = declarations
        .sound
        .into_iter()
        .map(|(name, declared)| (name, declared.collection))
        .collect();
    problems.none_or(by_name)
}

/// Notes with each reference what the key of its collection is made of.
fn references(declarations: &mut Declarations<'_>) {
    let sound = declarations.sound.iter();
    let keys: BTreeMap<CollectionName, Referenced> = sound
        .map(|(name, declared)| {
            let referenced = Referenced {
                key: declared.collection.key.clone(),
                is_rowless: declared.collection.is_rowless,
                tenant: declared.collection.tenant.clone(),
            };
            (name.clone(), referenced)
        })
        .collect();
    for declared in declarations.sound.values_mut() {
        let collection = &mut declared.collection;
        if let Some(parent) = &mut collection.parent
            && let Some(of) = keys.get(&parent.collection)
        {
            parent.of = of.clone();
        }
        if let Some(keeps) = &mut collection.keeps
            && let Some(of) = keys.get(&keeps.collection)
        {
            keeps.of = of.clone();
        }
    }
}

/// Documents that no store has would be counted as missing, and a search that is added later would find documents that
/// a deletion never reached.
fn refuse_documents<'a>(declarations: &Declarations<'a>, problems: &mut Problems<'a>) {
    for declared in declarations.sound.values() {
        if declared.collection.document.is_some() {
            problems.add(
                declared.section.place_of("document"),
                "has documents, but there is no search; deploy with a search of another kind than \"none\", or take \
                 `document` out",
            );
        }
    }
}

/// Notes the names of a file and, when it could be read as TOML, what they declare.
fn read_file<'a>(
    file: File<'a>,
    tree: &'a Spanned<DeTable<'a>>,
    readable: bool,
    declarations: &mut Declarations<'a>,
    problems: &mut Problems<'a>,
) {
    for (name, entry) in file.entries("", tree.get_ref()) {
        if let Some(first) = declarations.names.get(name) {
            let message = format!(
                "is declared in {}:{} already; give it another name or take one out",
                first.file.name, first.line
            );
            problems.add(entry.place, message);
            continue;
        }
        declarations.names.insert(name, entry.place.clone());
        if !readable {
            continue;
        }
        let parsed = name
            .parse::<CollectionName>()
            .map_err(|error| problems.add(entry.place.clone(), error.to_string()))
            .ok();
        let Some(section) = entry.section() else {
            problems.add(
                entry.place,
                format!(
                    "is {}; a collection is a table: write `[{name}]` with its keys below",
                    entry.value.kind()
                ),
            );
            continue;
        };
        // An unusable name is no reason not to report the errors below it.
        if let Some(declared) = declaration::read(parsed, &section, problems) {
            declarations
                .sound
                .insert(declared.collection.name.clone(), declared);
        }
    }
}
