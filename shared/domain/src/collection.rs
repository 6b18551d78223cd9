//! Collections: the kinds of records that can be deleted, as the files under `collections/` declare them.
//!
//! `model` says what a collection is, `read` makes it from the files; the model knows nothing of the files. Every value
//! here has passed the validator: a [`Collection`] only exists inside [`Collections`], and those only come from files
//! without a single error. Code that holds one never checks it again. The keys of the files are described for users in
//! `docs/collections.md`, and a test compares that page with what the parser knows.

mod model;
mod read;

pub use self::model::collections::Collections;
pub use self::model::document::{Copied, DocumentSpec, Hide};
pub use self::model::effects::{Aggregate, EventSpec, Recipients, Take};
pub use self::model::filters::{FilterBy, FilterField, Filters, GROUP, TIME};
pub use self::model::held::Held;
pub use self::model::index_name::IndexName;
pub use self::model::key_schema::{Form, KeyKind, KeySchema};
pub use self::model::marks::{Adopt, Marks, Says, StateWord, TimeAttribute, TimeForm, Touch};
pub use self::model::name::{CollectionName, NameError};
pub use self::model::naming::Condition as KeyCondition;
pub use self::model::parent::{ChildLookup, Keeps, OnDelete, Parent, Promotion, Referenced};
pub use self::model::pattern::{Composed, Known, PartError, Pattern, WrongPart};
pub use self::model::permissions::{Grant, Permissions, Serve};
pub use self::model::place::DocumentAt;
pub use self::model::record::{Author, Collection, Guarded, Missing};
pub use self::model::retention::{Retention, RetentionError};
pub use self::model::schedule::ScheduleTemplate;
pub use self::model::status::StatusRule;
pub use self::model::template::{ID_BYTES, IdError, IdTemplate};
pub use self::model::tenant::TenantRule;
pub use self::model::watched::Obstacle;
pub use self::read::files::SourceFile;
pub use self::read::problems::{CollectionFileError, CollectionFileErrors};
pub use crate::strategy::Strategy;

#[cfg(test)]
mod tests;
