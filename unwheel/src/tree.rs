//! The files of all wheels in one tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::Item;
use crate::problem::{Cause, Problem};

/// Who has which path. A wheel is its index in the order given, an item its index in the wheel's layout.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// All directories, parents before what is in them, relative to the root.
    pub directories: BTreeSet<String>,
    /// For each path all that want it; the last one gets it.
    pub owners: BTreeMap<String, Vec<(usize, usize)>>,
}

/// Puts the layouts of all wheels together; `names` are the wheels' file names. A path that is a file to
/// one and a directory to another is a problem of the one with the file.
pub(crate) fn plant(names: &[&str], layouts: &[Vec<Item>]) -> (Tree, Vec<Problem>) {
    let mut tree = Tree::default();
    for (wheel, items) in layouts.iter().enumerate() {
        for (item, found) in items.iter().enumerate() {
            tree.owners.entry(found.path.clone()).or_default().push((wheel, item));
        }
    }
    let mut needs: BTreeMap<&str, &str> = BTreeMap::new();
    for path in tree.owners.keys() {
        let mut parent = path.as_str();
        while let Some((above, _)) = parent.rsplit_once('/') {
            if tree.directories.contains(above) {
                break;
            }
            tree.directories.insert(above.to_owned());
            needs.insert(above, path);
            parent = above;
        }
    }
    let mut problems = Vec::new();
    for (directory, path) in &needs {
        for (wheel, _) in tree.owners.get(*directory).into_iter().flatten() {
            let cause = Cause::FileForDirectory(format!("/{path}"));
            problems.push(Problem::of_entry(names[*wheel], &format!("/{directory}"), cause));
        }
    }
    (tree, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Source;

    fn items(paths: &[&str]) -> Vec<Item> {
        let item = |path: &&str| Item {
            path: (*path).to_owned(),
            record: (*path).to_owned(),
            executable: false,
            source: Source::Made(Vec::new()),
        };
        paths.iter().map(item).collect()
    }

    #[test]
    fn unwheel_gives_a_path_to_the_last_that_wants_it() {
        let (tree, problems) = plant(&["a", "b"], &[items(&["l/x/y", "l/z"]), items(&["l/x/y"])]);
        assert_eq!(problems, []);
        assert_eq!(tree.directories.into_iter().collect::<Vec<_>>(), ["l", "l/x"]);
        assert_eq!(tree.owners["l/x/y"], [(0, 0), (1, 0)]);
    }

    #[test]
    fn unwheel_refuses_a_file_where_a_directory_is_needed() {
        let (_, problems) = plant(&["a", "b"], &[items(&["l/x"]), items(&["l/x/y"])]);
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, ["a: /l/x: is a file where /l/x/y needs a directory"]);
    }
}
