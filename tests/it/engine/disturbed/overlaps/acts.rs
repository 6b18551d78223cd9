//! What may happen in a story, as values: what functions do, what callers ask, what the owner of the tables writes.

use std::time::Duration;

use domain::deletion::Action;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

use super::lanes::Order;
use crate::engine::disturbed::story::{Trouble, moment, trouble};

/// The message that was sent last.
pub(super) const LAST: usize = usize::MAX;

/// Something happens in a lane.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) what: What,
    pub(super) trouble: Trouble,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// One of the messages that wait is delivered, or a message comes once too often; it stays where it is delivered
    /// twice.
    Deliver {
        of: usize,
        twice: bool,
    },
    /// A message is lost.
    Lose(usize),
    Sweep,
    /// Somebody deletes a record, and all below it.
    Delete(Index),
    /// Somebody deletes messages or notes by their ids, maybe only of an author, or below a stream.
    Destroy(Ids),
    /// Somebody deletes what an author wrote.
    DestroyAuthor {
        author: &'static str,
        stream: Option<&'static str>,
    },
    /// A caller asks something of a deletion.
    Ask {
        of: Index,
        action: Action,
    },
    /// The owner writes into both stores.
    Write(Index, Written),
    /// From now on indexes show what is stored at this moment.
    Lag,
    /// Indexes catch up.
    Settle,
    /// From now on the index refuses every change of a record's document.
    Refuse(Index),
    /// It takes them again.
    Take(Index),
    /// The owner writes to the hot place.
    Hot(Written),
    /// Somebody deletes the hot record by its id, or what its author wrote, or the record above it.
    DestroyHot,
    DestroyHotAuthor,
    DeleteAboveHot,
    /// The index refuses the document above the hot place; it takes all again.
    RefuseAboveHot,
    TakeAll,
    /// The same is asked of every deletion.
    AskAll(Action),
}

#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) notes: bool,
    pub(super) some: u8,
    pub(super) with_hot: bool,
    pub(super) author: Option<&'static str>,
    pub(super) stream: Option<&'static str>,
}

/// What the owner does with a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written {
    /// It is written where there is none; a large one takes no mark.
    Put { has_null: bool, is_large: bool },
    /// A live one hangs below another stream from now on.
    Move,
    /// A live one is another tenant's from now on.
    GiveAway,
    /// A live one is removed, and its document.
    Remove,
    /// A marked one is taken back, as the owner always did: the date is NULL, the rest of the mark stays.
    Unmark,
    /// The document of a record that is not live is lost, as with an index that is built anew.
    LoseDocument,
}

/// Some acts of two lanes, and how long it is quiet behind them.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) lanes: [Vec<Act>; 2],
    pub(super) order: Order,
    pub(super) quiet: Duration,
}

pub(super) fn scenes() -> impl Strategy<Value = Vec<Scene>> {
    let acts = || vec(act(), 0..4);
    let order =
        (any::<u64>(), select(vec![1, 1, 2, 4, 30])).prop_map(|(seed, most)| Order { seed, most });
    let quiet = select(vec![0, 1, 5, 100, 200, 700, 4000]).prop_map(Duration::from_secs);
    let scene = (acts(), acts(), order, quiet).prop_map(|(one, other, order, quiet)| Scene {
        lanes: [one, other],
        order,
        quiet,
    });
    // What is asked twice at the same moment is its own kind of scene.
    let twice =
        (requested(), any::<u64>(), select(vec![1, 2, 4])).prop_map(|(what, seed, most)| {
            let lane = || {
                let again = Act {
                    what: what.clone(),
                    trouble: Trouble::None,
                };
                let deliver = |n| Act {
                    what: What::Deliver {
                        of: n,
                        twice: false,
                    },
                    trouble: Trouble::None,
                };
                vec![again, deliver(0), deliver(usize::MAX / 2)]
            };
            Scene {
                lanes: [lane(), lane()],
                order: Order { seed, most },
                quiet: Duration::from_secs(1),
            }
        });
    let scene = prop_oneof![5 => scene, 1 => twice].prop_map(|scene| vec![scene]);
    let scenes = prop_oneof![9 => scene, 1 => recipe()];
    vec(scenes, 1..9).prop_map(|scenes| scenes.concat())
}

/// What hardly comes together by chance, each with what it once showed; whatever else there is comes before and behind.
fn recipe() -> impl Strategy<Value = Vec<Scene>> {
    let plain = |what| Act {
        what,
        trouble: Trouble::None,
    };
    let alone = move |acts: Vec<What>| Scene {
        lanes: [acts.into_iter().map(plain).collect(), Vec::new()],
        order: Order::ALONE,
        quiet: Duration::from_secs(200),
    };
    let put = || {
        What::Hot(Written::Put {
            has_null: false,
            is_large: false,
        })
    };
    let deliver = || What::Deliver {
        of: LAST,
        twice: false,
    };
    prop_oneof![
        // A message is written just before all of its author's are deleted, over an index that does not show it yet.
        Just(vec![alone(vec![
            What::Lag,
            put(),
            What::DestroyHotAuthor,
            deliver(),
            What::Settle
        ])]),
        // The root's document is refused, a child arrives, and it is tried again.
        Just(vec![
            alone(vec![
                What::RefuseAboveHot,
                What::DeleteAboveHot,
                deliver(),
                deliver()
            ]),
            alone(vec![
                put(),
                What::TakeAll,
                What::AskAll(Action::Retry),
                deliver()
            ]),
        ]),
        // A child that takes no mark arrives below a parent that is deleted.
        Just(vec![alone(vec![
            What::DeleteAboveHot,
            deliver(),
            What::Hot(Written::Put {
                has_null: false,
                is_large: true
            }),
        ])]),
        // A worker dies somewhere in a deletion of one record, and the key is taken anew.
        (1_u64..31, moment()).prop_map(move |(call, at)| {
            let dies = Act {
                what: deliver(),
                trouble: Trouble::Crash(call, at),
            };
            let mut first = alone(vec![What::DestroyHot]);
            first.lanes[0].push(dies);
            vec![first, alone(vec![put(), deliver()])]
        }),
        // A worker dies somewhere in a deletion, which is then cancelled; a note moves, and it is tried again.
        (1_u64..21, moment(), any::<bool>()).prop_map(move |(call, at, is_given_away)| {
            let dies = Act {
                what: deliver(),
                trouble: Trouble::Crash(call, at),
            };
            let mut first = alone(vec![What::DeleteAboveHot]);
            first.lanes[0].push(dies);
            let moves = if is_given_away {
                Written::GiveAway
            } else {
                Written::Move
            };
            let then = vec![
                What::AskAll(Action::Cancel),
                deliver(),
                What::Hot(moves),
                What::AskAll(Action::Retry),
                deliver(),
            ];
            vec![first, alone(then)]
        }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let deliver = (any::<usize>(), proptest::bool::weighted(0.2))
        .prop_map(|(of, twice)| What::Deliver { of, twice });
    let ask = (any::<Index>(), select(Action::ALL.to_vec()))
        .prop_map(|(of, action)| What::Ask { of, action });
    let written = prop_oneof![
        4 => (any::<bool>(), proptest::bool::weighted(0.05))
            .prop_map(|(has_null, is_large)| Written::Put { has_null, is_large }),
        1 => Just(Written::Move),
        1 => Just(Written::GiveAway),
        1 => Just(Written::Remove),
        1 => Just(Written::Unmark),
        1 => Just(Written::LoseDocument),
    ];
    let write = (any::<Index>(), written).prop_map(|(slot, written)| What::Write(slot, written));
    let what = prop_oneof![
        10 => deliver,
        1 => any::<usize>().prop_map(What::Lose),
        2 => Just(What::Sweep),
        4 => requested(),
        5 => ask,
        6 => write,
        1 => Just(What::Lag),
        1 => Just(What::Settle),
        1 => any::<Index>().prop_map(What::Refuse),
        1 => any::<Index>().prop_map(What::Take),
    ];
    let crash = (1_u64..31, moment()).prop_map(|(call, at)| Trouble::Crash(call, at));
    let trouble = prop_oneof![4 => Just(Trouble::None), 1 => trouble(), 1 => crash];
    (what, trouble).prop_map(|(what, trouble)| Act { what, trouble })
}

fn requested() -> impl Strategy<Value = What> {
    let author = || select(vec!["ann", "bob"]);
    let stream = || proptest::option::weighted(0.25, select(vec!["s", "t"]));
    let some = (1_u8..32, any::<bool>());
    let ids = (
        any::<bool>(),
        some,
        proptest::option::weighted(0.2, author()),
        stream(),
    )
        .prop_map(|(notes, (some, with_hot), author, stream)| {
            What::Destroy(Ids {
                notes,
                some,
                with_hot,
                author,
                stream,
            })
        });
    let by_author =
        (author(), stream()).prop_map(|(author, stream)| What::DestroyAuthor { author, stream });
    prop_oneof![3 => any::<Index>().prop_map(What::Delete), 3 => ids, 2 => by_author]
}
