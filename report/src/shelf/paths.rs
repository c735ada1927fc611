//! Paths by number. Layers have the same paths again and again, and paths the same names: each is kept once.

use std::collections::BTreeMap;

/// The number of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PathId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NameId(u32);

/// Distinct paths as a tree; the first is the root.
#[derive(Debug)]
pub(crate) struct Paths {
    names: BTreeMap<Box<str>, NameId>,
    spelled: Vec<Box<str>>,
    children: BTreeMap<(PathId, NameId), PathId>,
    nodes: Vec<(PathId, NameId)>,
}

impl Default for Paths {
    fn default() -> Self {
        let mut paths = Self {
            names: BTreeMap::new(),
            spelled: Vec::new(),
            children: BTreeMap::new(),
            nodes: Vec::new(),
        };
        let name = paths.name("");
        paths.nodes.push((PathId(0), name));
        paths
    }
}

impl PathId {
    pub(crate) const ROOT: Self = Self(0);

    /// Its place in a list of all.
    pub(crate) fn place(self) -> usize {
        self.0 as usize
    }
}

impl Paths {
    /// The number of a path without `.`, `..` and slashes at its ends.
    pub(crate) fn id(&mut self, path: &str) -> PathId {
        let mut at = PathId::ROOT;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let name = self.name(part);
            let next = PathId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
            let nodes = &mut self.nodes;
            at = *self.children.entry((at, name)).or_insert_with(|| {
                nodes.push((at, name));
                next
            });
        }
        at
    }

    fn name(&mut self, name: &str) -> NameId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = NameId(u32::try_from(self.spelled.len()).unwrap_or(u32::MAX));
        self.spelled.push(name.into());
        self.names.insert(name.into(), id);
        id
    }

    /// The directories above a path, nearest first and without the root.
    pub(crate) fn above(&self, path: PathId) -> impl Iterator<Item = PathId> {
        let parent = |path: PathId| self.nodes.get(path.place()).map(|(parent, _)| *parent);
        std::iter::successors(parent(path), move |path| parent(*path))
            .take_while(|path| *path != PathId::ROOT)
    }

    /// As it is written from the root.
    pub(crate) fn text(&self, path: PathId) -> String {
        let mut parts: Vec<PathId> = self.above(path).collect();
        parts.reverse();
        parts.push(path);
        let name = |path: &PathId| {
            let (_, name) = self.nodes.get(path.place())?;
            self.spelled.get(name.0 as usize).map(AsRef::as_ref)
        };
        let names: Vec<&str> = parts.iter().filter_map(name).collect();
        format!("/{}", names.join("/"))
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_number() {
        let mut paths = Paths::default();
        let (deep, file) = (paths.id("usr/lib/python3/a.py"), paths.id("a.py"));
        assert_eq!(paths.id("usr/lib/python3/a.py"), deep);
        assert_ne!(deep, file);
        assert_eq!((paths.text(deep), paths.text(file)), ("/usr/lib/python3/a.py".into(), "/a.py".into()));
        let above: Vec<String> = paths.above(deep).map(|path| paths.text(path)).collect();
        assert_eq!(above, ["/usr/lib/python3", "/usr/lib", "/usr"]);
        assert_eq!(paths.above(file).count(), 0);
        assert_eq!((paths.id(""), paths.text(PathId::ROOT)), (PathId::ROOT, "/".into()));
        assert_eq!(paths.len(), 6);
    }
}
