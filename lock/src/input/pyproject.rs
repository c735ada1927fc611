//! `pyproject.toml`: `[project]`'s dependencies and extras, and `[dependency-groups]` (PEP 735).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use super::requirements_txt::{outside, sha256, text};
use super::{InputId, Origin, Part, Requirement};
use crate::marker::Marker;
use crate::name;
use crate::problem::{Place, Problem};
use crate::tree::Tree;

/// What a project says of dependencies.
#[derive(Debug, Default)]
pub(super) struct Project {
    /// Its normalised name.
    pub(super) name: Option<String>,
    /// There is no `[project]`; then, how the file says dependencies instead.
    without: Option<&'static str>,
    dependencies: Vec<Requirement>,
    extras: BTreeMap<String, Vec<Requirement>>,
    groups: BTreeMap<String, Vec<Member>>,
    /// `dependencies` or `optional-dependencies` are made by the build backend.
    dynamic: BTreeMap<String, Place>,
    /// The packages that `[tool.uv.sources]` takes from elsewhere.
    pub(super) sources: BTreeSet<String>,
    /// sha256 of all of this.
    pub(super) digest: String,
}

/// Ways in which extras name each other: markers on them could make any number.
const MOST_EXTRAS: usize = 1000;

/// An entry of a dependency group.
#[derive(Debug)]
enum Member {
    Requirement(Box<Requirement>),
    Include(String, Place),
}

/// A group's requirements while its includes are followed.
#[derive(Default)]
struct Groups<'a> {
    met: BTreeMap<&'a str, Met>,
    depth: usize,
    requirements: Vec<Requirement>,
    problems: Vec<Problem>,
}

/// Whether all includes of a group have been followed.
enum Met {
    Open,
    Done,
}

/// Groups inside each other deeper are refused.
const DEEPEST: usize = 50;

/// Reads a `pyproject.toml`; what is wrong is added to the problems.
pub(super) fn parse(path: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> Project {
    let (mut tree, root) = Tree::parse(path, text(path, bytes, problems));
    let root = root.get_ref();
    let mut project = Project::default();
    let mut said = String::new();
    if tree.problems.is_empty() && !root.contains_key("project") {
        let poetry = root.get("tool").and_then(|tool| tool.get_ref().as_table()?.get("poetry"));
        project.without = Some(match poetry {
            Some(_) => {
                "write the dependencies of [tool.poetry] in [project], or export them into a requirement file"
            }
            None => "write [project] with dependencies, or name one of its dependency groups: {group: NAME}",
        });
    }
    if let Some(table) = tree.table(root, "project") {
        project.name = tree.text(table, "name").and_then(name::normalise);
        for (at, key) in tree.texts(table, "dynamic") {
            project.dynamic.insert(key.to_owned(), tree.place(at));
        }
        for (at, text) in tree.texts(table, "dependencies") {
            let _ = writeln!(said, "dependency {text}");
            project.dependencies.extend(requirement(&mut tree, at, text));
        }
        if let Some(extras) = tree.table(table, "optional-dependencies") {
            for key in extras.keys() {
                let mut requirements = Vec::new();
                for (at, text) in tree.texts(extras, key.get_ref()) {
                    let _ = writeln!(said, "extra {} {text}", key.get_ref());
                    requirements.extend(requirement(&mut tree, at, text));
                }
                named(
                    &mut tree,
                    key.span().start,
                    key.get_ref(),
                    "an extra",
                    &mut project.extras,
                    requirements,
                );
            }
        }
    }
    if let Some(groups) = tree.table(root, "dependency-groups") {
        for key in groups.keys() {
            let mut members = Vec::new();
            for node in tree.list(groups, key.get_ref()) {
                let at = node.span().start;
                let value = node.get_ref();
                let include = value.as_table().and_then(|table| tree.text(table, "include-group"));
                if let Some(text) = value.as_str() {
                    let _ = writeln!(said, "group {} {text}", key.get_ref());
                    members.extend(
                        requirement(&mut tree, at, text).map(|found| Member::Requirement(Box::new(found))),
                    );
                } else if let Some(group) = include {
                    let _ = writeln!(said, "group {} include {group}", key.get_ref());
                    let group = name::normalise(group).unwrap_or_else(|| group.to_owned());
                    members.push(Member::Include(group, tree.place(at)));
                } else {
                    let message =
                        "expected a requirement or {include-group = \"name\"}, found something else";
                    tree.wrong(at, message, "");
                }
            }
            named(&mut tree, key.span().start, key.get_ref(), "a group", &mut project.groups, members);
        }
    }
    let tool = root.get("tool").and_then(|tool| tool.get_ref().as_table());
    let uv = tool.and_then(|tool| tool.get("uv")?.get_ref().as_table());
    let sources = uv.and_then(|uv| uv.get("sources")?.get_ref().as_table());
    for key in sources.into_iter().flat_map(|sources| sources.keys()) {
        project.sources.extend(name::normalise(key.get_ref()));
    }
    let _ = writeln!(said, "name {}", project.name.as_deref().unwrap_or_default());
    project.digest = sha256(&said);
    problems.append(&mut tree.problems);
    project
}

/// Adds what an extra or a group has, under its normalised name.
fn named<T>(tree: &mut Tree<'_>, at: usize, key: &str, what: &str, to: &mut BTreeMap<String, T>, value: T) {
    match name::normalise(key) {
        Some(name) if to.contains_key(&name) => tree.wrong(at, format!("\"{key}\" is {what} twice"), ""),
        Some(name) => drop(to.insert(name, value)),
        None => tree.wrong(at, format!("\"{key}\" is not {what}'s name"), "use letters, digits, - and _"),
    }
}

fn requirement(tree: &mut Tree<'_>, at: usize, text: &str) -> Option<Requirement> {
    let place = tree.place(at);
    let found = Requirement::parse(text, place.clone()).and_then(|requirement| {
        let Origin::Path(path) = &requirement.origin else { return Ok(requirement) };
        let begins = text.find('@').unwrap_or(0);
        let inside = name::resolve(&place.file, path).ok_or_else(|| outside(begins, path))?;
        Ok(Requirement { origin: Origin::Path(inside), ..requirement })
    });
    match found {
        Ok(requirement) => Some(requirement),
        Err(wrong) => {
            // The quote before the text counts too; of texts with escapes only the beginning is right.
            tree.wrong(at + 1 + wrong.at, wrong.message, wrong.hint);
            None
        }
    }
}

impl Project {
    /// That there is no `[project]` to say what a part requires.
    pub(super) fn unsaid(&self, id: &InputId) -> Option<Problem> {
        let hint = self.without.filter(|_| !matches!(id.part, Part::Group(_)))?;
        let message = "expected [project] with dependencies, found none";
        Some(Problem::at(Place::file(&id.path), message).hint(hint))
    }

    /// The requirements of a part.
    pub(super) fn part(&self, id: &InputId) -> Result<Vec<Requirement>, Vec<Problem>> {
        if self.unsaid(id).is_some() {
            return Ok(Vec::new());
        }
        let mut problems = Vec::new();
        let mut requirements = Vec::new();
        match &id.part {
            Part::Group(group) => {
                let mut groups = Groups::default();
                self.group(id, group, None, &mut groups);
                (requirements, problems) = (groups.requirements, groups.problems);
            }
            part => {
                let extra = if let Part::Extra(extra) = part { Some(extra) } else { None };
                for key in
                    [Some("dependencies"), extra.map(|_| "optional-dependencies")].into_iter().flatten()
                {
                    if let Some(place) = self.dynamic.get(key) {
                        let message = format!("the project's {key} are made by its build backend");
                        let hint = "write them down in [project], or use a requirement file";
                        problems.push(Problem::at(place.clone(), message).hint(hint));
                    }
                }
                let mut seen = BTreeSet::new();
                problems.extend(
                    self.flatten(&self.dependencies, &mut seen, &mut requirements)
                        .err()
                        .map(|problem| *problem),
                );
                match extra.and_then(|extra| Some((extra, self.extras.get(&name::normalise(extra)?)))) {
                    Some((_, Some(of))) => {
                        problems.extend(
                            self.flatten(of, &mut seen, &mut requirements).err().map(|problem| *problem),
                        );
                    }
                    Some((extra, None)) => {
                        problems.push(self.none(id, "an extra", extra, self.extras.keys(), None));
                    }
                    None if extra.is_some() => problems.push(Problem::at(
                        Place::file(&id.path),
                        format!("\"{}\" is not an extra's name", extra.map_or("", |extra| extra)),
                    )),
                    None => {}
                }
            }
        }
        if problems.is_empty() { Ok(requirements) } else { Err(problems) }
    }

    /// Adds requirements; those of the project itself with extras are what these extras have, where the one that names them
    /// holds. `seen` are extras with what has to hold for them.
    fn flatten<'a>(
        &'a self,
        from: &'a [Requirement],
        seen: &mut BTreeSet<(&'a str, Vec<&'a Marker>)>,
        to: &mut Vec<Requirement>,
    ) -> Result<(), Box<Problem>> {
        let mut lists = VecDeque::from([(from, Vec::new())]);
        while let Some((list, outer)) = lists.pop_front() {
            for requirement in list {
                let mut markers = outer.clone();
                markers.extend(&requirement.marker);
                if Some(&requirement.name) != self.name.as_ref() {
                    let marker =
                        (!markers.is_empty()).then(|| Marker::all(markers.into_iter().cloned().collect()));
                    to.push(Requirement { marker, ..requirement.clone() });
                    continue;
                }
                // Extras may name each other, and what has been said needs no second time.
                markers.sort();
                markers.dedup();
                for extra in &requirement.extras {
                    let Some(of) = self.extras.get(extra) else { continue };
                    if seen.insert((extra, markers.clone())) {
                        lists.push_back((of, markers.clone()));
                    }
                }
                if seen.len() > MOST_EXTRAS {
                    let message = format!("more than {MOST_EXTRAS} ways in which extras name each other");
                    return Err(Box::new(Problem::at(requirement.place.clone(), message)));
                }
            }
        }
        Ok(())
    }

    fn group<'a>(&'a self, id: &InputId, group: &str, from: Option<&Place>, groups: &mut Groups<'a>) {
        let place = || from.cloned().unwrap_or_else(|| Place::file(&id.path));
        let found = name::normalise(group).and_then(|group| self.groups.get_key_value(&group));
        let Some((name, members)) = found else {
            groups.problems.push(self.none(id, "a dependency group", group, self.groups.keys(), from));
            return;
        };
        match groups.met.get(name.as_str()) {
            // A group that two others include is there once.
            Some(Met::Done) => return,
            Some(Met::Open) => {
                let message = format!("the dependency group \"{name}\" includes itself");
                groups.problems.push(Problem::at(place(), message));
                return;
            }
            None => {}
        }
        if groups.depth >= DEEPEST {
            let message = format!("more than {DEEPEST} dependency groups that include each other");
            groups.problems.push(Problem::at(place(), message));
            return;
        }
        groups.met.insert(name, Met::Open);
        groups.depth += 1;
        for member in members {
            match member {
                Member::Requirement(requirement) => groups.requirements.push(Requirement::clone(requirement)),
                Member::Include(group, place) => self.group(id, group, Some(place), groups),
            }
        }
        groups.depth -= 1;
        groups.met.insert(name, Met::Done);
    }

    fn none<'a>(
        &self,
        id: &InputId,
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'a String>,
        from: Option<&Place>,
    ) -> Problem {
        let place = from.cloned().unwrap_or_else(|| Place::file(&id.path));
        let known: Vec<&str> = known.map(String::as_str).take(20).collect();
        let hint = if known.is_empty() {
            "there are none".to_owned()
        } else {
            format!("known: {}", known.join(", "))
        };
        let project = self.name.as_deref().unwrap_or("the project");
        Problem::at(place, format!("\"{name}\" is not {what} of {project}")).hint(hint)
    }
}
