//! How far a comparison's look below what it has found is: a field of its own, and a text. A build before it drops it, and
//! looks from the front of what the other field says.

use domain::cursor::{Place, PlaceBelow, Position, SelectCursor};
use domain::deletion::Comparison;
use domain::deletion::comparison::Findings;
use domain::key::{RecordKey, RecordRef};

use super::{Frozen, id};

#[tokio::test]
async fn the_places_of_a_look_are_read_as_they_were_stored_and_left_out_when_it_is_over() {
    let frozen = Frozen::of_deeper();
    let world = frozen.world("acme");
    let deletion = world.read(id(&frozen, "000a")).await;

    let position = |text: &str| Some(Position(text.to_owned()));
    let record = RecordRef {
        collection: world.collection("stream_messages").name.clone(),
        key: RecordKey {
            partition: "s".to_owned(),
            sort: Some("m1".to_owned()),
        },
    };
    let expected = Comparison {
        below_cursor: Some(SelectCursor::Below(Place {
            entry: 2,
            after: position(r#"{"list_id":{"S":"l"}}"#),
            ..Place::FIRST
        })),
        deeper: vec![PlaceBelow {
            record,
            child: 1,
            after: position(r#"{"message_id":{"S":"m1"}}"#),
        }],
        ..Comparison::default()
    };
    assert_eq!(deletion.comparison, expected);

    let stored = frozen.control[0]["comparison"]["M"].as_object().unwrap();
    assert_eq!(stored.keys().collect::<Vec<_>>(), ["deeper", "look"]);
    assert!(
        serde_json::to_value(Comparison::default())
            .unwrap()
            .get("deeper")
            .is_none()
    );
    let over = deletion.page_compared(1, &Findings::default());
    assert_eq!(over.comparison.deeper, []);
}
