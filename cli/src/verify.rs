//! Recomputes a deletion's certificate from its manifest, while that exists: `docs/certificate.md`.

pub mod command;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use domain::certificate::{Recount, Verdict};
use domain::collection::CollectionName;
use domain::deletion::{DeleteCounts, Deletion, DeletionId, State};
use domain::principal::Tenant;
use domain::time::rfc3339;
use ports::ReadDeletions;
use serde::Serialize;

use crate::exit::Exit;

/// What the check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Finding {
    /// The pages of the manifest give this head, and their counts are these.
    Proved,
    /// They do not, or one is missing.
    NotProved,
    /// The manifest was dropped after the purge: only a copy that somebody has kept can be compared with the head.
    ManifestDropped,
    /// The tenant has no such deletion.
    NotFound,
}

/// Why a certificate is not proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The pages give another head.
    OtherHead,
    /// The pages and their exceptions give other counts.
    OtherCounts,
    /// It was accepted by a build that kept no head.
    NoHead,
    /// The page behind those that were recomputed is missing.
    PageMissing,
}

/// Pages, head and counts: as a deletion says them, or as its manifest gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// How many pages.
    pub pages: u32,
    /// The head of the hash chain over them.
    pub head: String,
    /// What became of the records, by collection.
    pub counts: BTreeMap<CollectionName, DeleteCounts>,
}

/// What a deletion says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// Where it stands.
    pub state: String,
    /// Who asked for it.
    pub requested_by: String,
    /// When it was accepted.
    pub deleted_at: String,
    /// Its certificate.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A check, and what it compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// What it says.
    pub verdict: Finding,
    /// Only where it is not proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Of which deletion.
    pub deletion: String,
    /// Whose that is.
    pub tenant: String,
    /// Absent where there is no such deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<Stated>,
    /// From the pages that are there; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recomputed: Option<Figures>,
}

/// Goes through the manifest of a deletion once more.
///
/// # Errors
///
/// When the control table could not be read.
pub async fn verify(
    deletions: &impl ReadDeletions,
    tenant: &Tenant,
    id: DeletionId,
) -> Result<Verification> {
    let of = |verdict, stated, recomputed| Verification {
        verdict,
        reason: None,
        deletion: id.to_string(),
        tenant: tenant.to_string(),
        stated,
        recomputed,
    };
    let read = deletions.deletion(tenant, id).await;
    let Some(deletion) = read.context("read the deletion")? else {
        return Ok(of(Finding::NotFound, None, None));
    };
    let stated = Some(Stated::by(&deletion));
    // Earlier builds did not count the pages that they dropped.
    let is_dropped = deletion.state == State::Purged || deletion.expires_at.is_some();
    let mut recount = Recount::begin(id);
    for number in 1..=deletion.pages {
        let page = deletions.page(tenant, id, number).await;
        let Some(page) = page.with_context(|| format!("read page {number}"))? else {
            if is_dropped {
                return Ok(of(Finding::ManifestDropped, stated, None));
            }
            let mut missing = of(Finding::NotProved, stated, Some(Figures::of(recount)));
            missing.reason = Some(Reason::PageMissing);
            return Ok(missing);
        };
        let exceptions = deletions.exceptions(tenant, id, number).await;
        let exceptions =
            exceptions.with_context(|| format!("read the exceptions of page {number}"))?;
        recount.add(&deletion, &page, &exceptions.unwrap_or_default());
    }
    if deletion.pages == 0 && is_dropped {
        return Ok(of(Finding::ManifestDropped, stated, None));
    }
    let (verdict, reason) = match recount.verdict(&deletion) {
        Verdict::Proved => (Finding::Proved, None),
        Verdict::OtherPages(_) => (Finding::NotProved, Some(Reason::OtherHead)),
        Verdict::NoHead => (Finding::NotProved, Some(Reason::NoHead)),
        Verdict::OtherCounts(_) => (Finding::NotProved, Some(Reason::OtherCounts)),
    };
    let mut judged = of(verdict, stated, Some(Figures::of(recount)));
    judged.reason = reason;
    Ok(judged)
}

impl Stated {
    fn by(deletion: &Deletion) -> Self {
        Self {
            state: deletion.state.to_string(),
            requested_by: deletion.requested_by.clone(),
            deleted_at: rfc3339(deletion.deleted_at),
            figures: Figures {
                pages: deletion.pages,
                head: deletion.chain.clone(),
                counts: deletion.deleted.clone(),
            },
        }
    }
}

impl Figures {
    fn of(recount: Recount) -> Self {
        Self {
            pages: recount.pages,
            head: recount.head,
            counts: recount.deleted,
        }
    }
}

impl Verification {
    /// Whether the manifest proves the certificate.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.verdict == Finding::Proved
    }

    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.verdict {
            Finding::Proved => Exit::Done,
            Finding::NotProved => Exit::Differs,
            Finding::ManifestDropped | Finding::NotFound => Exit::Nothing,
        }
    }

    /// For a person: what the deletion says, and what the check does.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(stated) = &self.stated {
            lines.push(format!("deletion      {}", self.deletion));
            lines.push(format!("state         {}", stated.state));
            lines.push(format!(
                "requested by  {} at {}",
                stated.requested_by, stated.deleted_at
            ));
            lines.extend(counted(&stated.figures.counts));
            lines.push(format!("head          {}", stated.figures.head));
        }
        lines.extend(self.judged());
        lines
    }

    fn judged(&self) -> Vec<String> {
        let recomputed = self.recomputed.as_ref();
        let pages = recomputed.map_or(0, |figures| figures.pages);
        let reason = match (self.verdict, self.reason) {
            (Finding::Proved, _) => {
                return vec![format!(
                    "PROVED: the {pages} pages of the manifest give this head, and their counts are these"
                )];
            }
            (Finding::ManifestDropped, _) => {
                return vec![
                    "the manifest was dropped after the purge; the head stands for who has kept a copy of it"
                        .to_owned(),
                ];
            }
            (Finding::NotFound, _) => {
                return vec![format!(
                    "tenant {} has no deletion {}",
                    self.tenant, self.deletion
                )];
            }
            (Finding::NotProved, None) => "it does not say why".to_owned(),
            (Finding::NotProved, Some(reason)) => match reason {
                Reason::NoHead => "it was accepted by a build that kept no head".to_owned(),
                Reason::PageMissing => format!("page {} is missing", pages + 1),
                Reason::OtherHead => format!(
                    "the pages give the head {}",
                    recomputed.map_or("", |figures| &figures.head)
                ),
                Reason::OtherCounts => "the pages and their exceptions count".to_owned(),
            },
        };
        let mut lines = vec![format!("NOT PROVED: {reason}")];
        if self.reason == Some(Reason::OtherCounts) {
            lines.extend(
                recomputed
                    .into_iter()
                    .flat_map(|found| counted(&found.counts)),
            );
        }
        lines
    }
}

fn counted(counts: &BTreeMap<CollectionName, DeleteCounts>) -> impl Iterator<Item = String> {
    counts.iter().map(|(collection, counts)| {
        // By name, so that a count that is added is told, too.
        let DeleteCounts {
            selected,
            deleted,
            already_deleted,
            missing,
            kept,
            failed,
            not_reached,
        } = counts;
        format!(
            "{collection}: {selected} selected, {deleted} deleted, {already_deleted} already deleted, {missing} missing, \
             {kept} kept, {failed} failed, {not_reached} not reached"
        )
    })
}
