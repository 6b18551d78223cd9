//! Which file of a crate takes something from which other, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// A module as the names of its path; the crate's root is empty.
type Module = Vec<String>;

/// Files, each with those that it takes something from.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// What was looked up on the way, so that re-exports of one another come to an end.
type Seen = BTreeSet<(Module, String, bool)>;

/// Where a name leads.
enum Target {
    Module(Module),
    /// Something that is defined in this module's file.
    Item(Module),
}

/// The files of one crate, by the module that each is.
pub(super) struct Crate {
    modules: BTreeMap<Module, (String, Source)>,
}

impl Crate {
    /// Reads the files of a crate: their paths below its root's folder, and their texts. Unit tests in files of their
    /// own are left out.
    pub(super) fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let modules = files
            .into_iter()
            .map(|(file, text)| (module(file), (file.to_owned(), Source::read(text))))
            .filter(|(module, _)| !module.iter().any(|name| name == "tests"))
            .collect();
        Self { modules }
    }

    /// Which file takes something from which other.
    pub(super) fn graph(&self) -> Graph {
        self.modules
            .iter()
            .map(|(module, (file, source))| {
                let others = source
                    .names
                    .iter()
                    .filter_map(|path| match self.follow(module, path, &mut Seen::new()) {
                        Some(Target::Item(other)) if other != *module => {
                            Some(self.modules[&other].0.clone())
                        }
                        _ => None,
                    })
                    .collect();
                (file.clone(), others)
            })
            .collect()
    }

    /// Where a path leads that stands in this module.
    fn follow(&self, module: &Module, path: &[String], seen: &mut Seen) -> Option<Target> {
        let mut here = Target::Module(module.clone());
        for (at, name) in path.iter().enumerate() {
            let Target::Module(module) = &here else {
                return Some(here);
            };
            here = match name.as_str() {
                "crate" => Target::Module(Module::new()),
                "self" => here,
                "super" => Target::Module(module.split_last()?.1.to_vec()),
                name => self.look_up(module, name, at + 1 == path.len(), seen)?,
            };
        }
        Some(here)
    }

    /// What a module means by a name: a module of its own, an item, or what it has from elsewhere. A module and an item
    /// may share a name; the last part of a path means the item.
    fn look_up(
        &self,
        module: &Module,
        name: &str,
        is_last: bool,
        seen: &mut Seen,
    ) -> Option<Target> {
        if !seen.insert((module.clone(), name.to_owned(), is_last)) {
            return None;
        }
        let (_, source) = self.modules.get(module)?;
        let below = source.modules.contains(name).then(|| {
            let below = [module.as_slice(), &[name.to_owned()]].concat();
            Target::Module(below)
        });
        if below.is_some() && !is_last {
            return below;
        }
        if source.items.contains(name) {
            return Some(Target::Item(module.clone()));
        }
        let from_elsewhere = source
            .imports
            .get(name)
            .and_then(|path| self.follow(module, path, seen));
        match from_elsewhere {
            Some(Target::Item(item)) => Some(Target::Item(item)),
            other => below.or(other).or_else(|| {
                source.globs.iter().find_map(|path| {
                    match self.follow(module, path, &mut seen.clone())? {
                        Target::Module(all) if all != *module => {
                            self.look_up(&all, name, is_last, seen)
                        }
                        _ => None,
                    }
                })
            }),
        }
    }
}

/// The circles: sets of files that all reach one another, the largest first.
pub(super) fn circles(graph: &Graph) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|file| (file.as_str(), reach(graph, file)))
        .collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (file, others) in &reached {
        let is_new = !circles.iter().any(|circle| circle.contains(file));
        if is_new && others.contains(file) {
            let back = others.iter().filter(|other| reached[*other].contains(file));
            circles.push(back.copied().collect());
        }
    }
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

/// The files that are reached from this one, itself only if a way leads back.
fn reach<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = graph[from].iter().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file.as_str()) {
            open.extend(&graph[file]);
        }
    }
    reached
}

/// The module that a file is.
fn module(file: &str) -> Module {
    let path = file.trim_end_matches(".rs");
    match path {
        "lib" | "main" => Module::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}
