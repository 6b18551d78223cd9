//! What a delete of many records covers, and by which right.
//!
//! Which records the caller may delete is decided here for the deletion's whole life: the right is written into the
//! scope as conditions on rows, so that records that are judged later are judged by the right that the caller had.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::request::{DestroyError, DestroyRequest, Requested, Unsupported};
use domain::collection::{Collection, CollectionName, Collections, TenantRule};
use domain::only::Only;
use domain::permission::{Action, Right, right};
use domain::principal::Principal;
use domain::scope::{Scope, Source};
use domain::time::later;
use ports::Related;

/// How far the clock of another function, which has answered a preview, may be ahead.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Everything that is covered; `parts` is how many parts the ids have.
pub(super) fn scope(
    collections: &Collections,
    request: &DestroyRequest<'_>,
    parts: u32,
    now: Timestamp,
) -> Result<Scope, DestroyError> {
    let named = request.collections();
    let mut only = BTreeMap::new();
    for collection in &named {
        let conditions = conditions(request, collection, now)?;
        if !conditions.is_empty() {
            only.insert(collection.name.clone(), conditions);
        }
    }
    if request.as_of.is_some_and(|as_of| as_of > now + SKEW) {
        return Err(DestroyError::NotYet);
    }
    together(collections, request, &named)?;
    let begins_in = named.iter().map(|collection| &collection.name);
    let source = source(request, &named, parts);
    let mut scope = Scope::of(source, begins_in.clone(), collections).asked_by(
        request.principal,
        begins_in,
        collections,
    );
    scope.only = only;
    scope.filters = request.filters.clone();
    match named.iter().find(|one| !is_found(&scope, one, request)) {
        Some(collection) => {
            let why = match &request.named {
                Requested::Author { .. } => Unsupported::NoAuthorIndex,
                Requested::Ids { .. } | Requested::Matching { .. } => Unsupported::NoQuery,
            };
            Err(unsupported(collection, why))
        }
        None => Ok(scope),
    }
}

/// Where the records are looked for. An author's are found through the index over authors; where there is none, among
/// all that meet the conditions.
fn source(request: &DestroyRequest<'_>, named: &[&Collection], parts: u32) -> Source {
    let collections: Vec<CollectionName> = named.iter().map(|one| one.name.clone()).collect();
    let is_indexed = |collection: &&Collection| {
        let author = collection.author.as_ref();
        author.is_some_and(|author| author.gsi.is_some())
    };
    match &request.named {
        Requested::Ids { ids, .. } => Source::Ids {
            parts,
            count: ids.len(),
        },
        Requested::Author { author, .. } if named.iter().all(is_indexed) => Source::Author {
            author: author.clone(),
            collections,
        },
        Requested::Author { .. } | Requested::Matching { .. } => Source::Matching { collections },
    }
}

/// Whether a query finds the records of this collection.
fn is_found(scope: &Scope, collection: &Collection, request: &DestroyRequest<'_>) -> bool {
    let by_key = matches!(scope.source, Source::Ids { .. });
    by_key || Related::listed(collection, scope, &request.principal.tenant).is_some()
}

/// What the caller may delete of a collection, and what was requested, as conditions on its rows. Permission is decided
/// before anything else is revealed.
fn conditions(
    request: &DestroyRequest<'_>,
    collection: &Collection,
    now: Timestamp,
) -> Result<Only, DestroyError> {
    let principal = request.principal;
    let own = || match right(principal, collection, Action::Delete) {
        Right::Always => Some(Only::default()),
        Right::OwnOnly => Some(own_records(principal, collection, now)),
        Right::Never => None,
    };
    let all = |author: Option<&String>| match right(principal, collection, Action::DestroyAll) {
        Right::Always => Some(Only::default()),
        // Callers who may delete their own records one by one may delete them all at once.
        Right::OwnOnly | Right::Never if author == Some(&principal.subject) => own(),
        Right::OwnOnly | Right::Never => None,
    };
    let whole = request
        .whole
        .map(|above| right(principal, above, Action::Delete));
    let (author, only) = match &request.named {
        _ if let Some(right) = whole => (None, (right == Right::Always).then(Only::default)),
        Requested::Ids { author, .. } => (author.as_ref(), own()),
        Requested::Author { author, .. } => (Some(author), all(Some(author))),
        Requested::Matching { .. } => (None, all(None)),
    };
    let mut only = only.ok_or(DestroyError::Forbidden)?;
    if let Some(author) = author {
        if only.author.as_ref().is_some_and(|own| own != author) {
            return Err(DestroyError::Forbidden);
        }
        only.author = Some(author.clone());
    }
    let is_by_key = matches!(request.named, Requested::Ids { .. });
    // Records that are written after the request are not covered, unless they are listed.
    let as_of = request.as_of.or((!is_by_key).then_some(now));
    let as_of = as_of.map(|as_of| as_of.min(now));
    only.until = only.until.into_iter().chain(as_of).min();
    only.parent.clone_from(&request.parent);
    let filters = request.filters.conditions(&collection.filters);
    only.filters = filters.ok_or_else(|| unsupported(collection, Unsupported::NoFilter))?;
    Ok(only)
}

fn own_records(principal: &Principal, collection: &Collection, now: Timestamp) -> Only {
    let within = collection.permissions.author_within;
    Only {
        author: Some(principal.subject.clone()),
        from: within.map(|limit| now.checked_sub(limit).unwrap_or(Timestamp::MIN)),
        until: within.map(|limit| later(now, limit)),
        ..Only::default()
    }
}

/// Whether these collections can be requested like this, in one deletion.
fn together(
    collections: &Collections,
    request: &DestroyRequest<'_>,
    named: &[&Collection],
) -> Result<(), DestroyError> {
    let asked = request.collection;
    let is_of_an_author = match &request.named {
        Requested::Ids { author, .. } => author.is_some(),
        Requested::Author { .. } => true,
        Requested::Matching { .. } => false,
    };
    let is_below_one = request.parent.is_some() && !matches!(request.named, Requested::Ids { .. });
    for collection in named {
        let above = |other: &&&Collection| is_below(collections, collection, other);
        let parent = |of: &Collection| of.parent.as_ref().map(|parent| parent.collection.clone());
        let is_same = collection.strategy == asked.strategy
            && collection.retention == asked.retention
            && collection.restorable == asked.restorable
            && (request.parent.is_none() || parent(collection) == parent(asked));
        let why = match &collection.author {
            _ if collection.is_rowless => Unsupported::Rowless,
            _ if request.parent.is_some() && asked.parent.is_none() => Unsupported::NoParent,
            _ if collection.tenant == TenantRule::Parent && !is_below_one => {
                Unsupported::NotBelowOne
            }
            None if is_of_an_author => match request.named {
                Requested::Ids { .. } => Unsupported::NoAuthor,
                Requested::Author { .. } | Requested::Matching { .. } => Unsupported::NoAuthorIndex,
            },
            _ if !is_same => Unsupported::Different,
            _ if named.iter().find(above).is_some() => Unsupported::Nested,
            // Whatever was written since would be deleted too.
            _ if request.as_of.is_some() && collection.filters.time.is_none() => {
                Unsupported::NoTime
            }
            _ => continue,
        };
        return Err(unsupported(collection, why));
    }
    Ok(())
}

fn is_below(collections: &Collections, collection: &Collection, other: &Collection) -> bool {
    let mut above = collections.parent_of(collection);
    while let Some(parent) = above {
        if parent.name == other.name {
            return true;
        }
        above = collections.parent_of(parent);
    }
    false
}

fn unsupported(collection: &Collection, why: Unsupported) -> DestroyError {
    DestroyError::Unsupported {
        collection: collection.name.clone(),
        why,
    }
}
