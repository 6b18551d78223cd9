//! The protocol of `docs/model.md`, explored exhaustively within bounds: every order of every store call of the workers,
//! with every fault and request in between.
//!
//! What decides is the code of `domain`: states, transitions, outcomes and counts. What is written here once more
//! is the order of the store calls, as `engine` makes them; a rule can be taken out ([`Guards`]), and the
//! properties then find out.

mod calls;
mod checker;
mod ending;
pub mod keys;
mod led;
mod look;
mod properties;
mod records;
mod select;
mod setup;
mod shared_value;
mod step;
mod time;
mod worker;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, HasDiscoveries, Model};

pub use self::checker::Happens;
pub use self::led::{Led, Made, Marked};
pub use self::setup::{Bounds, Guards, Setup};
pub use self::world::World;

/// What an exploration found.
#[derive(Debug)]
pub struct Report {
    /// States that were come to, also more than once.
    pub states: usize,
    /// Different states.
    pub unique: usize,
    /// The longest of the shortest ways to a state.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The properties that do not hold, each with what led there.
    pub broken: BTreeMap<&'static str, Vec<Happens>>,
    /// What was wanted to be reached, and was.
    pub reached: Vec<&'static str>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "states={} unique={} depth={} seconds={:.1}",
            self.states,
            self.unique,
            self.depth,
            self.took.as_secs_f64()
        )
    }
}

/// Explores all states within the bounds, or until a property is broken; then the way there is the shortest.
#[must_use]
pub fn explore(setup: &Setup) -> Report {
    let mut report = explore_to(setup, None);
    while let Some(length) = report.broken.values().map(Vec::len).min() {
        let shorter = explore_to(setup, Some(length));
        if shorter.broken.is_empty() {
            break;
        }
        report = shorter;
    }
    report
}

/// Explores what is nearer to the beginning than `length`.
fn explore_to(setup: &Setup, length: Option<usize>) -> Report {
    let began = Instant::now();
    let mut builder = setup
        .clone()
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures);
    if let Some(length) = length {
        // The checker counts the first state too, and leaves out the last depth.
        builder = builder.target_max_depth(length + 1);
    }
    let checker = builder.spawn_bfs().join();
    let mut broken = BTreeMap::new();
    let mut reached = Vec::new();
    for (name, path) in checker.discoveries() {
        let property = setup.property(name);
        if property.expectation == Expectation::Sometimes {
            reached.push(name);
            continue;
        }
        // A discovery may be behind the state that broke the property first.
        let mut way = Vec::new();
        for (world, happens) in path.into_vec() {
            if !(property.condition)(setup, &world) {
                break;
            }
            way.extend(happens);
        }
        broken.insert(name, way);
    }
    Report {
        states: checker.state_count(),
        unique: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: began.elapsed(),
        broken,
        reached,
    }
}

/// Whether some state can be come back to from itself, and how many states were looked at for it. Where none can, every
/// way ends, and what holds at each end holds eventually.
#[must_use]
pub fn goes_round(setup: &Setup) -> (bool, usize) {
    let fingerprint = |world: &World| {
        let mut hasher = DefaultHasher::new();
        world.hash(&mut hasher);
        hasher.finish()
    };
    // `true` while it stands on the present way.
    let mut seen: HashMap<u64, bool> = HashMap::new();
    let mut way: Vec<(u64, Vec<World>)> = Vec::new();
    let mut next = setup.init_states().pop();
    loop {
        if let Some(world) = next.take() {
            let print = fingerprint(&world);
            match seen.get(&print) {
                Some(true) => return (true, seen.len()),
                Some(false) => {}
                None => {
                    seen.insert(print, true);
                    way.push((print, setup.next_states(&world)));
                }
            }
        }
        let Some((print, open)) = way.last_mut() else {
            return (false, seen.len());
        };
        next = open.pop();
        if next.is_none() {
            seen.insert(*print, false);
            way.pop();
        }
    }
}
