//! The recipients of the events of a page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::effects::effect::{Answer, Effect};
use crate::effects::notes::{Notes, declared, needs_notice};
use crate::effects::records::{Done, in_one_go};
use crate::kit::related;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, Recipients};
use domain::deletion::{Deletion, Pass};
use domain::effects::{Audience, MOST_RECIPIENTS};
use domain::notice::Notice;
use domain::page::{Entry, Page, Position};
use domain::row::Row;
use domain::scope::{Reads, Scope};
use ports::{EnginePorts, Fields, Related};

/// See the module.
pub(super) struct Audiences;

impl<P: EnginePorts> Effect<P> for Audiences {
    fn name(&self) -> &'static str {
        "audience"
    }

    fn follow<'a>(
        &'a self,
        work: Work<'a, P>,
        done: &'a Done<'a>,
        notes: &'a mut Notes,
        from: usize,
    ) -> Answer<'a, Option<usize>> {
        Box::pin(async move {
            let (deletion, scope, page) = (done.deletion, done.scope, done.page);
            if done.pass() != Pass::Delete || !needs_notice(work.collections(), page) {
                return Ok(None);
            }
            notes.read(work, done).await?;
            let groups = groups(work, page);
            let (some, next) = in_one_go(&groups, from, done.turn);
            find_recipients(work, (deletion, scope), some, &mut notes.notice).await?;
            Ok(next)
        })
    }
}

/// The records of a page that have the same recipients, with the key of these.
pub(crate) type Group<'a> = (String, Vec<&'a Entry>);

/// The groups of all events that the page may ever have, including a later run's.
pub(crate) fn groups<'a, P: EnginePorts>(work: Work<'_, P>, page: &'a Page) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
    for entry in &page.entries {
        if entry.judged.is_open()
            && let Some(key) =
                declared(work.collections(), entry).and_then(|found| entry.audience_key(found))
        {
            groups.entry(key).or_default().push(entry);
        }
    }
    groups.into_iter().collect()
}

/// Finds the recipients of these groups, unless they are known: the recipients of the first publication are used for all.
pub(crate) async fn find_recipients<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, Option<&Scope>),
    groups: &[Group<'_>],
    notice: &mut Notice,
) -> Result<(), Stop> {
    for (key, entries) in groups {
        if notice.recipients.contains_key(key) {
            continue;
        }
        let Some(collection) = entries
            .first()
            .and_then(|entry| declared(work.collections(), entry))
        else {
            continue;
        };
        let actor = actor(deletion, scope, collection, entries);
        let found = match &collection.recipients {
            Some(Recipients::Attribute(_)) => entries
                .iter()
                .map(|entry| entry.effects.recipients.clone())
                .fold(Audience::default(), Audience::with),
            Some(Recipients::Rows { .. }) => {
                let found = rows(work, deletion, collection, entries[0]);
                // Boxed: the futures of several queries would be part of every pass.
                Box::pin(found).await?
            }
            None => continue,
        };
        notice.add_recipients(key.clone(), found.with(Audience::of(actor)));
    }
    Ok(())
}

/// The user who deletes, if that user may see what is deleted. A deletion that a policy has requested has none.
fn actor(
    deletion: &Deletion,
    scope: Option<&Scope>,
    collection: &Collection,
    entries: &[&Entry],
) -> Option<String> {
    let actor = deletion.notified.of(Pass::Delete).by.clone()?;
    let wrote = |entry: &&Entry| {
        let author = collection.author.as_ref();
        author.and_then(|author| entry.text(collection, &author.attribute)) == Some(&actor)
    };
    let sees = match scope?.reads.get(&collection.name)? {
        Reads::All => true,
        Reads::Own => entries.iter().all(wrote),
    };
    sees.then_some(actor)
}

/// The users that the recipients' collection lists for the group of this record.
async fn rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    entry: &Entry,
) -> Result<Audience, Stop> {
    let Some(Recipients::Rows {
        collection: name,
        by,
        user,
        unless,
        lookup,
    }) = &collection.recipients
    else {
        return Ok(Audience::default());
    };
    let named = work.collection(name)?;
    let values: Vec<Option<&str>> = by.iter().map(|name| entry.text(collection, name)).collect();
    if values.iter().any(Option::is_none) {
        return Ok(Audience::default());
    }
    let subscribed = Related::by(named, lookup, by, values).with(Fields::All);
    let is_told = |row: &Row| {
        let mark = row.mark(named);
        let is_out = unless
            .as_ref()
            .is_some_and(|unless| row.attributes.get(unless) == Some(&Value::Bool(true)));
        row.is_of(&deletion.tenant, named)
            // Users who lose the stream by this same deletion still receive the events of its messages.
            && (mark.is_live() || mark.is_of(deletion.id))
            && !is_out
    };
    let mut users: BTreeSet<String> = BTreeSet::new();
    let mut after: Option<Position> = None;
    loop {
        let found = related::page(work, &subscribed, after.as_ref(), MOST_RECIPIENTS);
        let found = found.await?;
        let told = found.rows.iter().filter(|row| is_told(row));
        users.extend(told.filter_map(|row| row.text(user).map(str::to_owned)));
        after = found.next;
        if after.is_none() || users.len() > MOST_RECIPIENTS {
            return Ok(Audience::of(users));
        }
    }
}
