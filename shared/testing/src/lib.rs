//! Doubles that work, for tests of everything above the ports, and the contracts that real adapters have to fulfil.
//!
//! A fake has behaviour: what is stored can be read, conditions are checked, races have a winner. A [`Failing`] port
//! does the same and fails as a script says. The suites of [`contract`] run on the fakes *and* on the adapters, so that
//! a test on fakes proves something about the real stores.

mod clock;
pub mod contract;
mod deletions;
mod documents;
mod domain_health;
mod events;
mod failing;
mod faults;
mod queue;
mod rows;
pub mod samples;
mod schedules;

pub use self::clock::FakeClock;
pub use self::deletions::FakeDeletions;
pub use self::documents::{FakeDocuments, at_id};
pub use self::domain_health::FakeDomain;
pub use self::events::FakeEvents;
pub use self::failing::Failing;
pub use self::faults::{Call, Fault, Faults, Moment, Operation};
pub use self::queue::{FakeQueue, Sent};
pub use self::rows::FakeRows;
pub use self::schedules::FakeSchedules;
