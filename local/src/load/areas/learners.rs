//! Learners with natural keys, and the campaigns they took part in.

use serde_json::json;

use super::Area;
use crate::load::generate::Chance;

const FIRST: [&str; 6] = ["Ada", "Blaise", "Emmy", "Grace", "Henri", "Sofia"];
const LAST: [&str; 6] = [
    "Byron",
    "Hopper",
    "Kovalevskaya",
    "Noether",
    "Pascal",
    "Poincare",
];
/// Campaigns of each learner.
const CAMPAIGNS: usize = 3;

pub(super) fn generate(tenant: &str, count: usize, seed: u64) -> Area {
    let mut area = Area::default();
    for number in 0..count {
        let mut chance = Chance::new(seed, number);
        let learner = format!("{tenant}-school-{:02}-{number:06}", chance.below(20));
        area.put(
            "learners",
            json!({
                "learner_id": learner, "organization_id": tenant,
                "first_name": FIRST[chance.below(FIRST.len())], "last_name": LAST[chance.below(LAST.len())],
            }),
        );
        for campaign in 0..CAMPAIGNS {
            area.put(
                "participations",
                json!({
                    "learner_id": learner, "participation_id": format!("c{campaign:04}"),
                    "organization_id": tenant, "score": format!("{}", chance.below(100)),
                }),
            );
        }
    }
    area
}
