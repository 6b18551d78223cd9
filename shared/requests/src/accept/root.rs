//! What a delete finds at its root, before it is accepted.

use super::request::{AcceptAnswer, AcceptError, DeleteRequest};
use crate::api::Api;
use crate::live_children::{blocking_child, held_child};
use crate::liveness::{Asked, Liveness, with_above};
use crate::visible::stored;
use domain::above::Above;
use domain::collection::{Collection, Missing};
use domain::deletion::{Deletion, DeletionId};
use domain::permission::{Action, allows, sees};
use domain::principal::Principal;
use domain::row::{Row, RowMark};
use domain::size::{Count, leaves_room};
use domain::tags::{Tags, tag_of};
use jiff::Timestamp;
use ports::{ApiPorts, COMPARED, Fields, Stored, WriteRows};

/// A row in the store's own types.
type Seen<P> = Stored<<<P as ApiPorts>::Rows as WriteRows>::Raw>;

/// One look at the root of a delete.
pub(super) struct Look<'a, P> {
    pub(super) api: &'a Api<P>,
    pub(super) request: &'a DeleteRequest<'a>,
    /// The id that its deletion gets.
    pub(super) id: DeletionId,
    /// When it was requested.
    pub(super) now: Timestamp,
}

/// What it has shown.
pub(super) enum Found<P: ApiPorts> {
    /// It may be deleted.
    Root {
        row: Row,
        above: Above,
        /// If it still is as it was seen here.
        seen: Option<Seen<P>>,
    },
    /// Our own mark: an earlier try was accepted, and its answer was lost.
    Ours,
    /// There is nothing to delete.
    Nothing(AcceptAnswer),
    /// The deletion that hides it takes its marks off, or has done so.
    ComingBack(Box<Deletion>),
}

impl<P: ApiPorts> Look<'_, P> {
    /// Reads the root and what is above it, and judges whether the caller may delete it as it is.
    pub(super) async fn at_the_root(&self) -> Result<Found<P>, AcceptError> {
        let Self {
            api, request, now, ..
        } = *self;
        let DeleteRequest {
            principal,
            collection,
            ref key,
            ref tags,
            ..
        } = *request;
        // Before the rest is read: what is accepted depends on exactly this.
        let seen = match tags {
            Tags::Of(_) => api.ports.rows().stored(collection, key).await?,
            Tags::Unasked | Tags::Any => None,
        };
        let asked = Asked {
            collection,
            key,
            fields: fields(collection),
            actions: &[Action::Delete, Action::Read],
            now,
        };
        let (found, above) = with_above(api, principal, &asked).await?;
        if matches!(&found, Liveness::Marked { by, .. } if *by == Some(self.id)) {
            return Ok(Found::Ours);
        }
        let (row, is_live) = match found {
            Liveness::Absent => return self.gone(),
            Liveness::Nobodys | Liveness::Unreadable => return Err(AcceptError::Unreadable),
            Liveness::Marked { row, by } | Liveness::Hidden { row, by } => {
                return self.deleted(&row, by).await;
            }
            Liveness::Live(row) => (row, true),
            Liveness::Orphan(row) => (row, false),
        };
        if !allows(principal, collection, Action::Delete, &row, now) {
            // A refusal for those who may read it; for all others it is absent.
            let readable = allows(principal, collection, Action::Read, &row, now);
            return if is_live && readable {
                Err(AcceptError::Forbidden)
            } else {
                self.gone()
            };
        }
        if tags.are_asked() {
            let seen = seen.as_ref().map(|seen| &seen.row);
            if !is_live || !is_meant(principal, collection, &row, (tags, seen), now) {
                return Err(AcceptError::PreconditionFailed);
            }
            if seen.is_some_and(|seen| seen.attributes.len() > COMPARED) {
                return Err(AcceptError::TooWideToCompare);
            }
        }
        self.is_free(&row).await?;
        Ok(Found::Root { row, above, seen })
    }

    /// Whether nothing is in the way of a root that the caller may delete.
    async fn is_free(&self, row: &Row) -> Result<(), AcceptError> {
        let (principal, collection) = (self.request.principal, self.request.collection);
        if row.mark(collection) == RowMark::Busy {
            return Err(AcceptError::Busy);
        }
        if let Some(attribute) = row.held_by(collection) {
            return Err(AcceptError::Held(attribute.to_owned()));
        }
        let child = blocking_child(self.api, &principal.tenant, collection, &self.request.key);
        if let Some(child) = child.await? {
            return Err(if child.is_known {
                AcceptError::HasChildren(child.child)
            } else {
                AcceptError::ManyChildren(child.child)
            });
        }
        let (api, tenant) = (self.api, &principal.tenant);
        let below: Vec<&Collection> = api.collections.children_of(&collection.name).collect();
        if let Some(child) = held_child(api, tenant, &below, &self.request.key).await? {
            return Err(AcceptError::HoldsChildren(child));
        }
        if fields(collection) == Fields::All && !has_room(principal, collection, row) {
            return Err(too_large(collection));
        }
        Ok(())
    }

    /// Nobody who names a version is answered that something is gone already: it is another one.
    fn gone(&self) -> Result<Found<P>, AcceptError> {
        if self.request.tags.are_asked() {
            return Err(AcceptError::PreconditionFailed);
        }
        Ok(Found::Nothing(absent(self.request.collection)))
    }

    /// The answer for a record that is marked or hidden.
    async fn deleted(&self, row: &Row, by: Option<DeletionId>) -> Result<Found<P>, AcceptError> {
        let (principal, collection) = (self.request.principal, self.request.collection);
        // Nobody may read it any more: for those who may not delete it, it is absent.
        if self.request.tags.are_asked()
            || !allows(principal, collection, Action::Delete, row, self.now)
        {
            return self.gone();
        }
        let by = stored(self.api, &principal.tenant, by).await?;
        Ok(match by {
            Some(by) if by.state.takes_marks_off() => Found::ComingBack(by),
            by => Found::Nothing(AcceptAnswer::AlreadyDeleted(
                by.filter(|by| sees(principal, &self.api.collections, by)),
            )),
        })
    }
}

/// Whether a row can be copied depends on all of it.
fn fields(collection: &Collection) -> Fields {
    if collection.strategy.keeps_copies() {
        Fields::All
    } else {
        Fields::Judged
    }
}

/// Whether this live row is of a version that the request is meant for; `seen` is what the write will depend on. A tag is
/// known to those only who read the record or write it: for anybody else the answer would say whether a guess is right.
fn is_meant(
    principal: &Principal,
    collection: &Collection,
    row: &Row,
    (tags, seen): (&Tags, Option<&Row>),
    now: Timestamp,
) -> bool {
    let may = |action| allows(principal, collection, action, row, now);
    let is_known = (collection.serve.read && may(Action::Read))
        || (collection.serve.write && may(Action::Write));
    let is_of_these = match tags {
        Tags::Unasked | Tags::Any => true,
        Tags::Of(_) => seen.is_some_and(|seen| tags.hold(&tag_of(collection, seen))),
    };
    is_known && is_of_these
}

/// Whether a whole row has room for what its deletion adds.
fn has_room(principal: &Principal, collection: &Collection, row: &Row) -> bool {
    let (tenant, subject) = (&principal.tenant, principal.subject.len());
    leaves_room(collection, tenant, row, subject, Count::Least).is_ok()
}

/// A record that is removed without a copy needs no mark, unless it is the root of a deletion.
pub(super) fn too_large(collection: &Collection) -> AcceptError {
    AcceptError::TooLarge {
        by_id: !collection.strategy.keeps_records(),
    }
}

fn absent(collection: &Collection) -> AcceptAnswer {
    match collection.missing {
        Missing::AlreadyDeleted => AcceptAnswer::AlreadyDeleted(None),
        Missing::NotFound => AcceptAnswer::NotFound,
    }
}
