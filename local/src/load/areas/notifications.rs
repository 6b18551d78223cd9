//! Targets and what they were notified of: of several types, in groups, some of it opened.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Area;
use crate::load::generate::Chance;

const KINDS: [&str; 4] = ["comment", "mention", "invitation", "reminder"];
const KEYS: [&str; 3] = ["created", "changed", "answered"];
/// Notifications of each target.
const EACH: usize = 12;
/// How many of them are a group: an owner, and members that reference it.
const GROUP: usize = 4;
/// 2026-01-01T00:00:00Z.
const BEGIN: i64 = 1_767_225_600;

pub(super) fn generate(tenant: &str, count: usize, seed: u64) -> Area {
    let mut area = Area::default();
    for number in 0..count {
        let mut chance = Chance::new(seed, number);
        let target = format!("{tenant}-target-{number:06}");
        area.put(
            "targets",
            json!({ "target_id": target, "account_id": tenant, "name": chance.words(2) }),
        );
        for place in 0..EACH {
            let kind = KINDS[chance.below(KINDS.len())];
            let sent_at = sent_at(number, place);
            let mut notification = json!({
                "target_id": target, "notification_id": format!("n{place:06}"), "account_id": tenant,
                "kind": kind, "event_key": format!("{kind}.{}", KEYS[chance.below(KEYS.len())]),
                "group_type": "article", "group_id": format!("{}", place / GROUP),
                "sent_at": sent_at.to_string(), "text": chance.words(6),
            });
            if !place.is_multiple_of(GROUP) {
                notification["group_owner_id"] = json!(format!("n{:06}", place - place % GROUP));
            }
            if chance.below(2) == 0 {
                let opened_at = sent_at.checked_add(SignedDuration::from_hours(1));
                notification["opened_at"] = json!(opened_at.unwrap_or(sent_at).to_string());
            }
            area.put("notifications", notification);
        }
    }
    area
}

fn sent_at(target: usize, place: usize) -> Timestamp {
    let minutes = i64::try_from(target * EACH + place).unwrap_or_default();
    Timestamp::from_second(BEGIN + 60 * minutes).unwrap_or_default()
}
