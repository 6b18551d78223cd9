//! The keys of the control table.

use super::super::{Item, text};
use domain::collection::CollectionName;
use domain::deletion::{Deletion, DeletionId, DueKind};
use domain::principal::Tenant;
use domain::request_key::RequestKey;

/// The attribute with the content of scope, ids, pages and exceptions.
pub(super) const BODY: &str = "body";

pub(super) const META: &str = "META";
pub(super) const SCOPE: &str = "SCOPE";
pub(super) const KEY: &str = "KEY";
pub(super) const ADOPTION: &str = "ADOPTION";

/// How many partitions the index `due` has for each kind: AWS allows 1,000 writes a second in each.
const DUE_SHARDS: u32 = 4;

pub(super) fn pk(tenant: &Tenant, id: DeletionId) -> String {
    format!("T#{tenant}#D#{id}")
}

pub(super) fn pk_of(deletion: &Deletion) -> String {
    pk(&deletion.tenant, deletion.id)
}

/// The partition of a tenant's announcements of deletions that may be under way: the sort key is the deletion's id.
pub(super) fn open(tenant: &Tenant) -> String {
    format!("T#{tenant}#O")
}

/// The partition of what is known of the search through a collection's rows: its only item.
pub(super) fn adoption(collection: &CollectionName) -> String {
    format!("A#{collection}")
}

/// The partition of a request's key: its only item.
pub(super) fn request(tenant: &Tenant, key: &RequestKey) -> String {
    format!("T#{tenant}#K#{}", key.name)
}

pub(super) fn page(number: u32) -> String {
    format!("P#{number:08}")
}

pub(super) fn ids(part: u32) -> String {
    format!("I#{part:08}")
}

pub(super) fn exceptions(number: u32) -> String {
    format!("X#{number:08}")
}

pub(super) fn notice(number: u32) -> String {
    format!("R#{number:08}")
}

/// The primary key of an item.
pub(super) fn key(pk: String, sk: &str) -> Item {
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// The tenant and the id of a partition. The id contains no `#`, so a tenant with any name is read back as it was
/// written.
pub(super) fn parse_pk(pk: &str) -> Option<(Tenant, DeletionId)> {
    let (tenant, id) = pk.strip_prefix("T#")?.rsplit_once("#D#")?;
    Some((Tenant::new(tenant)?, id.parse().ok()?))
}

/// The partition of a deletion in the index `due`: by its kind, and by the last digit of the id, which is random.
pub(super) fn due_shard(kind: DueKind, id: DeletionId) -> String {
    let digit = id
        .to_string()
        .chars()
        .next_back()
        .and_then(|last| last.to_digit(16))
        .unwrap_or_default();
    shard(kind, digit % DUE_SHARDS)
}

/// All partitions of a kind in the index `due`.
pub(super) fn due_shards(kind: DueKind) -> impl Iterator<Item = String> {
    (0..DUE_SHARDS).map(move |number| shard(kind, number))
}

/// Builds before the kinds stored only the number, whatever the deletion was due for. Work keeps that name: it is what
/// must be found by every build.
fn shard(kind: DueKind, number: u32) -> String {
    match kind {
        DueKind::Work => number.to_string(),
        DueKind::Purge => format!("purge-{number}"),
        DueKind::Events => format!("events-{number}"),
        DueKind::Compare => format!("compare-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_partition_key_tells_tenant_and_deletion_whatever_the_tenant_is_called() {
        let id = DeletionId::new(Uuid::from_u128(0x0193_2c5e_7a00_7000_8000_0000_0000_0001));

        for name in ["acme", "a#D#b", "#D#", "T#", "ä b"] {
            let tenant = Tenant::new(name).unwrap();
            assert_eq!(parse_pk(&pk(&tenant, id)), Some((tenant, id)), "{name}");
        }
        for wrong in [
            "",
            "T#",
            "T#acme",
            "T##D#01932c5e-7a00-7000-8000-000000000001",
            "T#acme#D#1",
        ] {
            assert_eq!(parse_pk(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sort_keys_sort_as_their_pages_do() {
        assert_eq!(page(1), "P#00000001");
        assert!(page(9) < page(10) && exceptions(99_999_999) > exceptions(9));
    }

    #[test]
    fn every_shard_of_a_kind_is_used_and_no_other() {
        for kind in DueKind::ALL {
            let used: std::collections::BTreeSet<_> = (0..16)
                .map(|last| due_shard(kind, DeletionId::new(Uuid::from_u128(last))))
                .collect();

            assert_eq!(used, due_shards(kind).collect(), "{kind:?}");
        }
    }

    #[test]
    fn work_is_found_where_builds_before_the_kinds_have_put_everything() {
        let work: Vec<_> = due_shards(DueKind::Work).collect();

        assert_eq!(work, ["0", "1", "2", "3"]);
    }
}
