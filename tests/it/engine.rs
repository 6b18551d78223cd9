//! The engine on the fakes: whatever crashes, repeats, stalls or is refused, the end is that of an undisturbed run.
//!
//! The fakes pass the same contract suites as the real stores, so what is proved here holds there as far as the
//! contracts go.

mod accepting;
mod archives;
mod areas;
mod asking;
mod bounds;
mod bulk;
mod cancels;
mod certificates;
mod chat;
mod compares;
mod compares_archive;
mod compares_purged;
mod crashes;
mod deliveries;
mod dependencies;
mod effects;
mod effects_aggregates;
mod effects_children;
mod effects_events;
mod effects_schedules;
mod end;
mod erases;
mod failing_records;
mod keeps;
mod keeps_judged;
mod keeps_killed;
mod keeps_world;
mod killed_compares;
mod killed_requests;
mod killed_strategies;
mod overlaps;
mod owed_events;
mod plain;
mod purge_requests;
mod purges;
mod random;
mod random_requests;
mod restore_failures;
mod restores;
mod retries;
mod rollbacks;
mod round_trips;
mod second_look;
mod stalls;
mod strategies;
mod survivors;
mod sweeps;
mod traces;
mod trees;
mod unarchives;
mod undisturbed;
pub(crate) mod world;
