//! Heavy packages that no source needs: neither a module of theirs is named, nor one of a package that leads to
//! them. What cannot be seen in sources counts as a use.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Format, Lock};

use super::modules;
use crate::plan::{HEAVY, View};

/// What packages need each other, by name.
#[derive(Debug, Default)]
pub struct Uses<'l> {
    /// The packages that each one needs or may load. `None`: the lock does not say.
    edges: Option<BTreeMap<&'l str, BTreeSet<&'l str>>>,
}

impl<'l> Uses<'l> {
    /// As a lock says it, over all versions and environments.
    pub fn of(lock: &'l Lock) -> Self {
        let packages = &lock.packages;
        let lists = |package: &'l layerset_lock::Package| {
            std::iter::once(&package.dependencies).chain(package.extras.values()).flatten()
        };
        // What others export may have no edges at all.
        if lock.format == Format::Pylock && packages.iter().all(|package| lists(package).next().is_none()) {
            return Self::default();
        }
        let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in packages {
            let next = edges.entry(&package.name).or_default();
            next.extend(lists(package).map(|dependency| dependency.name.as_str()));
        }
        for (name, next) in &mut edges {
            if modules::may_load_any(name) {
                next.extend(names.iter().filter(|other| modules::may_load(name, other)));
            }
        }
        Self { edges: Some(edges) }
    }

    /// The names that matter in sources: those of heavy packages and of all that lead to them. Empty: nothing
    /// can be said.
    pub fn names(&self, view: &View) -> BTreeSet<String> {
        let Some(edges) = &self.edges else { return BTreeSet::new() };
        let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, next) in edges {
            for other in next {
                back.entry(other).or_default().push(name);
            }
        }
        let heavy: Vec<&str> = heavy(view).map(|number| view.wheels[number].name.as_str()).collect();
        let leading = reached(heavy, |name| back.get(name).into_iter().flatten().copied());
        leading.into_iter().flat_map(modules::names).collect()
    }

    /// The heavy wheels of a stage or service that nothing needs, where its sources name `named`.
    pub fn unused(&self, view: &View, consumer: &str, named: &BTreeSet<String>) -> Vec<usize> {
        let Some(edges) = &self.edges else { return Vec::new() };
        let is_named = |name: &&str| modules::names(name).iter().any(|module| named.contains(module));
        let direct = edges.keys().copied().filter(is_named).collect();
        let needed = reached(direct, |name| edges.get(name).into_iter().flatten().copied());
        let own: BTreeSet<usize> = view.needs.get(consumer).into_iter().flatten().copied().collect();
        heavy(view)
            .filter(|number| own.contains(number) && !needed.contains(view.wheels[*number].name.as_str()))
            .collect()
    }
}

/// The numbers of heavy wheels.
pub(super) fn heavy(view: &View) -> impl Iterator<Item = usize> {
    let is_heavy = |(_, wheel): &(usize, &crate::plan::Wheel)| wheel.size.is_some_and(|size| size >= HEAVY);
    view.wheels.iter().enumerate().filter(is_heavy).map(|(number, _)| number)
}

/// All that can be reached, the start included.
fn reached<'n, N>(mut pending: Vec<&'n str>, next: impl Fn(&'n str) -> N) -> BTreeSet<&'n str>
where
    N: Iterator<Item = &'n str>,
{
    let mut reached = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if reached.insert(name) {
            pending.extend(next(name));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::tests::{lock, view};

    /// The heavy packages of a service whose sources name these modules, and need none of.
    fn unused(named: &[&str]) -> String {
        let lock = lock(&[
            ("torch", 900, &["numpy", "nvidia-cudnn"]),
            ("nvidia-cudnn", 600, &[]),
            ("transformers", 10, &["torch"]),
            ("numpy", 15, &[]),
            ("pandas", 12, &["numpy"]),
            ("pyarrow", 40, &[]),
            ("opencv-python", 60, &["numpy"]),
        ]);
        let (view, uses) = (view(&lock), Uses::of(&lock));
        let named = named.iter().map(|&name| name.to_owned()).collect();
        let unused = uses.unused(&view, "service api", &named);
        unused.iter().map(|number| view.wheels[*number].name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_nothing_needs() {
        assert_eq!(unused(&[]), "nvidia-cudnn opencv-python pyarrow torch");
        assert_eq!(unused(&["numpy", "os"]), "nvidia-cudnn opencv-python pyarrow torch");
        assert_eq!(unused(&["torch", "cv2"]), "pyarrow");
        assert_eq!(unused(&["transformers"]), "opencv-python pyarrow");
        // It takes pyarrow where there is one, and requires it nowhere.
        assert_eq!(unused(&["pandas", "transformers"]), "opencv-python");
    }

    #[test]
    fn names_that_matter_lead_to_something_heavy() {
        let lock =
            lock(&[("a", 30, &[]), ("b", 1, &["a"]), ("c", 1, &["b"]), ("d", 1, &[]), ("e", 1, &["d"])]);
        let names = Uses::of(&lock).names(&view(&lock));
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn a_lock_without_edges_says_nothing() {
        let mut lock = lock(&[("torch", 900, &[]), ("transformers", 1, &[])]);
        lock.format = Format::Pylock;
        let uses = Uses::of(&lock);
        assert!(uses.names(&view(&lock)).is_empty());
        assert!(uses.unused(&view(&lock), "service api", &BTreeSet::new()).is_empty());
    }
}
