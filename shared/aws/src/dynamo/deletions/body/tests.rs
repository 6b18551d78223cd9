//! Pages and exceptions survive their bodies, also the largest, also those of earlier builds.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::*;
use domain::cursor::Place;
use domain::deletion::Pass;
use domain::page::{NotPurged, NotRestored, Outcome, PAGE_BYTES, PAGE_KEYS, Part, Position};

/// An item's limit, with room for the key and the other attributes.
const ITEM_BYTES: usize = 400 * 1024 - 4096;

fn entry(collection: &str, partition: &str, sort: Option<&str>, judged: Judged) -> Entry {
    Entry::new(
        collection.parse().unwrap(),
        RecordKey::stored(partition, sort),
        judged,
    )
}

fn page() -> Page {
    Page {
        number: 3,
        entries: vec![
            entry("messages", "d-1", Some("m-1"), Judged::Live),
            entry(
                "messages",
                "d-1",
                Some("🪦\"\\\u{1}"),
                Judged::AlreadyDeleted,
            ),
            entry("discussions", "d-2", None, Judged::LiveNull),
        ],
        next: Some(SelectCursor::Below(Place {
            page: 2,
            entry: 7,
            child: 1,
            after: Some(Position(r#"{"a":{"S":"b"}}"#.into())),
        })),
    }
}

/// Text that does not compress beyond its alphabet, the same each time.
fn random_text(seed: usize, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text += &STANDARD.encode(Sha256::digest(format!("{seed}/{}", text.len())));
    }
    text.truncate(bytes);
    text
}

#[test]
fn a_page_is_read_as_it_was_written() {
    for page in [
        page(),
        Page {
            number: 1,
            entries: vec![],
            next: None,
        },
    ] {
        assert_eq!(
            read_page(page.number, &write_page(&page).unwrap()).unwrap(),
            page
        );
    }
}

#[test]
fn a_body_of_the_first_build_is_read_for_ever() {
    let frozen = STANDARD.decode(FROZEN).unwrap();

    assert_eq!(read_page(3, &frozen).unwrap(), page());
}

#[test]
fn the_largest_page_fits_into_an_item() {
    let part = PAGE_BYTES / PAGE_KEYS / 2;
    let entries = (0..PAGE_KEYS)
        .map(|n| {
            entry(
                &"c".repeat(64),
                &random_text(2 * n, part),
                Some(&random_text(2 * n + 1, part)),
                Judged::LiveNull,
            )
        })
        .collect();
    let page = Page {
        number: 1,
        entries,
        next: None,
    };

    let bytes = write_page(&page).unwrap();

    assert!(bytes.len() < ITEM_BYTES / 2, "{} bytes", bytes.len());
    assert_eq!(read_page(1, &bytes).unwrap(), page);
}

#[test]
fn even_keys_that_json_must_escape_fit_into_an_item() {
    let entries = (0..PAGE_KEYS)
        .map(|n| {
            let key = random_text(n, PAGE_BYTES / PAGE_KEYS)
                .chars()
                .map(|c| char::from(c as u8 % 32))
                .collect::<String>();
            entry("c", &key, None, Judged::Live)
        })
        .collect();

    let bytes = write_page(&Page {
        number: 1,
        entries,
        next: None,
    })
    .unwrap();

    assert!(bytes.len() < ITEM_BYTES, "{} bytes", bytes.len());
}

#[test]
fn an_ordinary_page_costs_few_write_units() {
    let entries = (0..PAGE_KEYS)
        .map(|n| {
            entry(
                "messages",
                "discussion-0001",
                Some(&format!("message-{n:08}")),
                Judged::Live,
            )
        })
        .collect();

    let bytes = write_page(&Page {
        number: 2,
        entries,
        next: None,
    })
    .unwrap();

    assert!(bytes.len() < 10 * 1024, "{} bytes", bytes.len());
}

fn above(n: u32) -> Above {
    serde_json::from_value(serde_json::json!([n, n.wrapping_mul(2_654_435_761)])).unwrap()
}

#[test]
fn what_was_above_a_record_is_read_as_it_was_written() {
    let mut page = page();
    page.entries[1].above = above(7);

    assert_eq!(read_page(3, &write_page(&page).unwrap()).unwrap(), page);
}

#[test]
fn what_is_above_all_records_of_a_page_costs_next_to_nothing() {
    let page = |above: Above| Page {
        number: 2,
        entries: (0..PAGE_KEYS)
            .map(|n| {
                let key = format!("message-{n:08}");
                entry("messages", "d", Some(&key), Judged::Live).below(above)
            })
            .collect(),
        next: None,
    };
    let bytes = |above| write_page(&page(above)).unwrap().len();

    let (plain, below) = (bytes(Above::default()), bytes(above(3_000_000_000)));

    assert!(below < plain + 200, "{below} bytes, {plain} without");
}

#[test]
fn exceptions_are_read_as_they_were_written() {
    let exceptions = Exceptions {
        deleted: BTreeMap::from([
            (0, Outcome::Missing),
            (
                12,
                Outcome::Failed {
                    reason: "DOCUMENT_REJECTED".into(),
                },
            ),
        ]),
        purged: BTreeMap::from([
            (3, NotPurged::Kept),
            (
                999,
                NotPurged::Failed {
                    reason: "REFUSED".into(),
                },
            ),
        ]),
        restored: BTreeMap::from([(
            7,
            NotRestored::Conflict {
                reason: "ROW_MISSING".into(),
            },
        )]),
        expired: [1].into(),
        redone: BTreeMap::from([(Pass::Delete, BTreeMap::from([(5, 2)]))]),
        part: Some(Box::new(Part {
            taken: 25,
            deleted: BTreeMap::from([(1, Outcome::Kept)]),
            followed: Some(BTreeMap::from([("detach".to_owned(), Some(200))])),
            ..Part::of(2)
        })),
    };

    assert_eq!(
        read_exceptions(&write_exceptions(&exceptions).unwrap()).unwrap(),
        exceptions
    );
}

#[test]
fn what_is_no_body_is_refused() {
    assert!(matches!(read_page(1, &[]), Err(BodyError::Empty)));
    assert!(matches!(
        read_page(1, &[2, 0, 0]),
        Err(BodyError::UnknownFormat(2))
    ));
    assert!(matches!(
        read_page(1, &[1, 255, 255]),
        Err(BodyError::Deflate(_) | BodyError::Json(_))
    ));
    let unlisted = pack(&serde_json::json!({ "c": [], "e": [[0, "l", "x"]] })).unwrap();
    assert!(matches!(
        read_page(1, &unlisted),
        Err(BodyError::NoSuchCollection(0))
    ));
}

/// Written by the first build; to be decoded, never encoded again.
const FROZEN: &str = "AT2NMQ7CMAxF7/LnIKVdkHwNxjpDSAJEagOq2wFFPQsbA6fjCDgdkKxv678v/4oAGjAlEX9NAoOYJawi+V4EziApHqzB2NChU51UnWle/Hvf1+fNYObVWrvjzqDsuIdz7aaKh1aAen1alvkJOhqEWx4jSNP+sqQZhMrwrGnGSRfjzNg2nR8=";
