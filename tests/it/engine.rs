//! The engine on the fakes: whatever crashes, repeats, stalls or is refused, the end is that of an undisturbed run.
//!
//! The fakes pass the same contract suites as the real stores, so what is proved here holds there as far as the
//! contracts go.

mod bounds;
mod crashes;
mod deliveries;
mod dependencies;
mod failing_records;
mod overlaps;
mod purges;
mod stalls;
mod trees;
mod undisturbed;
mod world;
