//! Reads what the checks ask for of each collection, and notes what it could not.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use domain::collection::{
    Collection, Collections, DocumentAt, DocumentSpec, Referenced as Declared,
};

use super::finding::Finding;
use super::item::Item;
use super::part::{self, Fit, Reference};
use super::read::{self, Answer, Stores};
use super::seen::{Beside, Referenced, SearchSeen, Seen, TableSeen};
use super::subject::place_of;

/// The most rows that are sampled of one table, however many collections share it.
const MOST: usize = 1000;

/// Reads one collection after the other; a table that several share is sampled once.
pub(super) struct Reading<'a> {
    stores: &'a Stores,
    collections: &'a Collections,
    tables: &'a BTreeMap<String, TableSeen>,
    samples: BTreeMap<String, Answer<Vec<Item>>>,
    /// What could not be read of the collection that was read last.
    pub(super) findings: Vec<Finding>,
    /// What it all took, in read units.
    pub(super) units: f64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        stores: &'a Stores,
        collections: &'a Collections,
        tables: &'a BTreeMap<String, TableSeen>,
    ) -> Self {
        Self {
            stores,
            collections,
            tables,
            samples: BTreeMap::new(),
            findings: Vec::new(),
            units: 0.0,
        }
    }

    pub(super) async fn seen(&mut self, collection: &Collection, sample: usize) -> Result<Seen> {
        let mut seen = Seen {
            table: self.tables.get(collection.name.as_ref()).cloned(),
            ..Seen::default()
        };
        if let Some(table) = &seen.table
            && matches!(&*table.status, "ACTIVE" | "UPDATING")
            && sample > 0
        {
            self.sample(collection, sample, &mut seen).await?;
        }
        if let Some(rows) = &seen.rows {
            seen.parents = self.parents(collection, rows).await?;
            seen.kept = self.kept(collection, rows).await?;
        }
        if let (Some(search), Some(name)) = (&self.stores.search, self.stores.index_of(collection))
        {
            let answer = read::documents::describe(self.stores, search, &name).await;
            seen.search = self.take(collection, answer);
            let is_fixed = |spec: &DocumentSpec| spec.index.fixed().is_some();
            let is_fixed = collection.document.as_ref().is_some_and(is_fixed);
            let is_known = |seen: &SearchSeen| match seen.names.len() {
                0 => false,
                1 => true,
                _ => !is_fixed,
            };
            let is_known = seen.search.as_ref().is_some_and(is_known);
            if let (true, Some(rows)) = (is_known, &seen.rows) {
                let places = places(collection, rows);
                let answer =
                    read::documents::read(self.stores, search, collection, &name, &places).await;
                seen.documents = self.take(collection, answer);
            }
        }
        Ok(seen)
    }

    /// Those of a table that several collections share are so many for each of them.
    async fn sample(
        &mut self,
        collection: &Collection,
        sample: usize,
        seen: &mut Seen,
    ) -> Result<()> {
        let sharing: Vec<&Collection> = self
            .collections
            .iter()
            .filter(|one| one.table == collection.table && !one.is_rowless)
            .collect();
        if !self.samples.contains_key(&collection.table) {
            let name = self.stores.names.of(collection);
            let most = sample.max(MOST.min(sample * sharing.len()));
            let answer = read::sample::rows(self.stores, &name, most).await?;
            self.units += answer.units;
            self.samples.insert(collection.table.clone(), answer);
        }
        let Some(answer) = self.samples.get(&collection.table) else {
            return Ok(());
        };
        let told = answer.findings.iter().cloned();
        self.findings
            .extend(told.map(|one| one.of(&collection.name)));
        if let Some(rows) = &answer.value {
            let (own, beside) = sorted(rows, collection, &sharing);
            (seen.rows, seen.beside) = (Some(own), beside);
        }
        Ok(())
    }

    async fn parents(
        &mut self,
        collection: &Collection,
        rows: &[Item],
    ) -> Result<Option<Referenced>> {
        let Some(parent) = &collection.parent else {
            return Ok(None);
        };
        let above = self.collections.get(parent.collection.as_ref());
        let by = (&*parent.by, &parent.of);
        self.referenced(collection, above, by, rows).await
    }

    async fn kept(&mut self, collection: &Collection, rows: &[Item]) -> Result<Option<Referenced>> {
        let Some(keeps) = &collection.keeps else {
            return Ok(None);
        };
        let kept = self.collections.get(keeps.collection.as_ref());
        let by = (&*keeps.by, &keeps.of);
        self.referenced(collection, kept, by, rows).await
    }

    /// Nothing where that table has another key than its file says: that is a finding of its own. What has no rows is
    /// not looked for.
    async fn referenced(
        &mut self,
        collection: &Collection,
        referenced: Option<&Collection>,
        (by, of): (&[String], &Declared),
        rows: &[Item],
    ) -> Result<Option<Referenced>> {
        let Some(referenced) = referenced.filter(|referenced| !referenced.is_rowless) else {
            return Ok(None);
        };
        let is_as_declared = self
            .tables
            .get(referenced.name.as_ref())
            .is_some_and(|table| {
                let key = table.key.iter();
                let seen = key.map(|part| (part.attribute.as_str(), part.kind.as_str()));
                let declared = referenced.key.each();
                seen.eq(declared.map(|(name, form)| (name, form.kind.as_str())))
            });
        if !is_as_declared {
            return Ok(None);
        }
        let keys: BTreeSet<Reference> = rows
            .iter()
            .filter_map(|row| part::reference(row, collection, by, of))
            .collect();
        let answer = read::referenced::read(self.stores, referenced, &keys).await?;
        Ok(self.take(collection, answer))
    }

    fn take<T>(&mut self, collection: &Collection, answer: Answer<T>) -> Option<T> {
        let findings = answer.findings.into_iter();
        self.findings
            .extend(findings.map(|finding| finding.of(&collection.name)));
        self.units += answer.units;
        answer.value
    }
}

/// The rows of a collection, and what else is in its table, which these collections share.
pub(super) fn sorted(
    rows: &[Item],
    collection: &Collection,
    sharing: &[&Collection],
) -> (Vec<Item>, Beside) {
    let mut own = Vec::new();
    let mut beside = Beside {
        sampled: rows.len(),
        ..Beside::default()
    };
    let is_first = sharing
        .first()
        .is_none_or(|one| one.name == collection.name);
    for row in rows {
        match part::fit(row, collection) {
            Fit::Own => own.push(row.clone()),
            Fit::Ambiguous => beside.ambiguous.push(row.clone()),
            Fit::Other => {}
        }
        let mut fits = sharing.iter().map(|one| part::fit(row, one));
        if fits.clone().any(|fit| fit == Fit::Own) {
            beside.declared += 1;
        } else if is_first && fits.all(|fit| fit == Fit::Other) {
            beside.undeclared.push(row.clone());
            beside.among += usize::from(sharing.iter().any(|one| part::is_beside(row, one)));
        }
    }
    (own, beside)
}

/// Where the documents of these rows are, as far as those say it.
fn places(collection: &Collection, rows: &[Item]) -> Vec<DocumentAt> {
    let place = |row| place_of(collection, row).ok().flatten();
    rows.iter().filter_map(place).collect()
}
