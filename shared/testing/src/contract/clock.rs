//! Time and randomness: [`Clock`] and [`Ids`].

use std::collections::BTreeSet;
use std::time::Duration;

use ports::{Clock, Ids};

/// One test for each rule about time and randomness. The expression is a future of `Option<port>`.
#[macro_export]
macro_rules! clock_contract {
    ($clock:expr) => {
        $crate::contract_tests!(
            clock,
            $clock,
            [
                time_does_not_go_back,
                a_sleep_takes_at_least_its_time,
                later_deletions_sort_behind_earlier_ones,
                no_token_comes_twice,
                a_fraction_is_from_0_to_below_1,
            ]
        );
    };
}

pub async fn time_does_not_go_back<C: Clock + Ids>(clock: &C) {
    let before = clock.now();
    clock.sleep(Duration::from_millis(5)).await;

    assert!(before < clock.now());
}

pub async fn a_sleep_takes_at_least_its_time<C: Clock + Ids>(clock: &C) {
    let before = clock.now();
    clock.sleep(Duration::from_millis(50)).await;

    assert!(clock.now().duration_since(before).as_millis() >= 50);
}

#[expect(clippy::unused_async, reason = "every rule is called in the same way")]
pub async fn later_deletions_sort_behind_earlier_ones<C: Clock + Ids>(clock: &C) {
    let now = clock.now();
    let moments: Vec<_> = (0..1000)
        .filter_map(|millis| now.checked_add(Duration::from_millis(millis)).ok())
        .collect();
    let ids: Vec<_> = moments
        .iter()
        .map(|moment| clock.deletion(*moment))
        .collect();
    let at_once: BTreeSet<_> = (0..1000).map(|_| clock.deletion(now)).collect();

    assert!(ids.is_sorted());
    assert!(ids.iter().map(ToString::to_string).is_sorted());
    assert_eq!(at_once.len(), 1000);
}

#[expect(clippy::unused_async, reason = "every rule is called in the same way")]
pub async fn no_token_comes_twice<C: Clock + Ids>(clock: &C) {
    assert_eq!(
        (0..1000)
            .map(|_| clock.token())
            .collect::<BTreeSet<_>>()
            .len(),
        1000
    );
}

#[expect(clippy::unused_async, reason = "every rule is called in the same way")]
pub async fn a_fraction_is_from_0_to_below_1<C: Clock + Ids>(clock: &C) {
    assert!((0..1000).all(|_| (0.0..1.0).contains(&clock.fraction())));
}
