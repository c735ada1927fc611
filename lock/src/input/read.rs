//! Reads the files of all inputs, each once, and follows their includes.

use std::collections::{BTreeMap, BTreeSet};

use super::pyproject::{self, Project};
use super::requirements_txt::{self, Content, Item};
use super::{Input, InputId, Inputs, Requirement, Settings};
use crate::name;
use crate::problem::{Failure, Place, Problem};

/// Files inside each other deeper are refused.
const DEEPEST: usize = 50;

impl Inputs {
    /// Reads the inputs of the ids and all files that they include. `read` gives a file's bytes by its path
    /// from the context's root, `None` where there is none; what it fails with is passed on.
    pub fn read<E>(
        ids: &[InputId],
        read: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Self, Failure<E>> {
        let mut reader =
            Reader { read, files: BTreeMap::new(), projects: BTreeMap::new(), problems: Vec::new() };
        let mut inputs = Self::default();
        let mut groups = BTreeSet::new();
        for id in ids.iter().collect::<BTreeSet<_>>() {
            let mut input = Input {
                unsaid: None,
                id: id.clone(),
                group: name::group(&id.to_string(), &mut groups),
                requirements: Vec::new(),
                constraints: Vec::new(),
                settings: Settings::default(),
                require_hashes: None,
                project: None,
                files: Vec::new(),
            };
            match name::resolve("", &id.path) {
                Some(path) if path == id.path => {}
                _ => {
                    let message = format!("\"{id}\" is not a path inside the build context");
                    reader.problems.push(Problem::at(Place::file(&id.path), message));
                    continue;
                }
            }
            if id.is_pyproject() {
                reader.pyproject(&mut input, &mut inputs.elsewhere).map_err(Failure::Read)?;
            } else {
                let mut seen = BTreeSet::new();
                reader.follow(&mut input, &id.path, None, false, &mut seen, 0).map_err(Failure::Read)?;
                input.files = seen.into_iter().map(|(path, _)| path).collect();
            }
            input.files.sort();
            input.files.dedup();
            inputs.inputs.push(input);
        }
        if !reader.problems.is_empty() {
            reader.problems.sort();
            reader.problems.dedup();
            return Err(Failure::Problems(reader.problems));
        }
        for (path, content) in reader.files.into_iter().filter_map(|(path, content)| Some((path, content?))) {
            inputs.settings.add(&content.settings);
            if let Some((index, place)) = content.settings.index.zip(content.index)
                && inputs
                    .indexes
                    .iter()
                    .all(|(known, _)| known.trim_end_matches('/') != index.trim_end_matches('/'))
            {
                inputs.indexes.push((index, place));
            }
            inputs.files.insert(path, content.digest);
        }
        inputs.settings.once();
        inputs.elsewhere.sort();
        inputs.elsewhere.dedup();
        for (path, project) in
            reader.projects.into_iter().filter_map(|(path, project)| Some((path, project?)))
        {
            inputs.files.insert(path, project.digest);
        }
        Ok(inputs)
    }
}

struct Reader<R> {
    read: R,
    /// What was read already; `None`: there is no such file.
    files: BTreeMap<String, Option<Content>>,
    projects: BTreeMap<String, Option<Project>>,
    problems: Vec<Problem>,
}

impl<E, R: FnMut(&str) -> Result<Option<Vec<u8>>, E>> Reader<R> {
    fn follow(
        &mut self,
        input: &mut Input,
        path: &str,
        from: Option<&Place>,
        constraint: bool,
        seen: &mut BTreeSet<(String, bool)>,
        depth: usize,
    ) -> Result<(), E> {
        // The same file as requirements and as constraints says two things; cycles end here.
        if !seen.insert((path.to_owned(), constraint)) {
            return Ok(());
        }
        if depth > DEEPEST {
            let place = from.cloned().unwrap_or_else(|| Place::file(path));
            let message = format!("more than {DEEPEST} files that include each other");
            self.problems.push(Problem::at(place, message));
            return Ok(());
        }
        if !self.files.contains_key(path) {
            let bytes = (self.read)(path)?;
            let content = bytes.map(|bytes| requirements_txt::parse(path, &bytes, &mut self.problems));
            self.files.insert(path.to_owned(), content);
        }
        let Some(Some(content)) = self.files.get(path) else {
            self.problems.push(missing(path, from));
            return Ok(());
        };
        input.settings.add(&content.settings);
        if input.require_hashes.is_none() {
            input.require_hashes.clone_from(&content.require_hashes);
        }
        let mut includes = Vec::new();
        for item in &content.items {
            match item {
                Item::Requirement(requirement) if constraint => {
                    input.constraints.push(Requirement::clone(requirement));
                }
                Item::Requirement(requirement) => input.requirements.push(Requirement::clone(requirement)),
                Item::Include { path, place, constraint: is } => {
                    includes.push((path.clone(), place.clone(), constraint || *is));
                }
            }
        }
        for (path, place, constraint) in includes {
            self.follow(input, &path, Some(&place), constraint, seen, depth + 1)?;
        }
        Ok(())
    }

    fn pyproject(&mut self, input: &mut Input, warnings: &mut Vec<Problem>) -> Result<(), E> {
        let path = &input.id.path;
        if !self.projects.contains_key(path) {
            let bytes = (self.read)(path)?;
            let project = bytes.map(|bytes| pyproject::parse(path, &bytes, &mut self.problems));
            self.projects.insert(path.clone(), project);
        }
        let Some(Some(project)) = self.projects.get(path) else {
            self.problems.push(missing(path, None));
            return Ok(());
        };
        input.files.push(path.clone());
        input.project.clone_from(&project.name);
        input.unsaid = project.unsaid(&input.id);
        match project.part(&input.id) {
            Ok(requirements) => input.requirements = requirements,
            Err(problems) => self.problems.extend(problems),
        }
        let elsewhere = |requirement: &&Requirement| project.sources.contains(&requirement.name);
        for requirement in input.requirements.iter().filter(elsewhere) {
            let message = format!(
                "[tool.uv.sources] gives {} another source, which only a uv.lock honours",
                requirement.name
            );
            let hint = "use the project's uv.lock as the lock, or name the source in the requirement";
            let warning = Problem::at(requirement.place.clone(), message).hint(hint);
            warnings.push(warning);
        }
        Ok(())
    }
}

fn missing(path: &str, from: Option<&Place>) -> Problem {
    let place = from.cloned().unwrap_or_else(|| Place::file(path));
    Problem::at(place, format!("there is no file \"{path}\" in the build context")).hint(
        "mind that paths are relative to the file that names them, and that .dockerignore may hide files",
    )
}
