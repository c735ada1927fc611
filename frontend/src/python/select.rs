//! For one interpreter: which packages each stage and service needs, and which file of each.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Formats, Input, Inputs, Lock, Package, Problem, Settings};
use unwheel::{Interpreter, Ranks};

use super::choice::Allowed;
use super::credentials::of_indexes;
use super::reasons::Reasons;
use super::{Asked, Build, Tree, markers};
use crate::manifest::model::Python;
use crate::plan::{BuildRequirements, HEAVY, View, Wheel, WheelSource};

/// Packages for an interpreter.
#[derive(Debug)]
pub struct Selected {
    /// For the plan.
    pub view: View,
    /// What is probably not meant.
    pub warnings: Vec<Problem>,
    /// What cannot be installed because it is a source tree, and who needs it.
    pub trees: BTreeSet<(String, Tree)>,
}

/// Chooses the packages of all stages and services for an interpreter. What is wrong counts only for
/// `building`, those that have this interpreter: others are seen as if they had it, so that
/// the layers do not depend on which of them is built.
pub fn view(
    asked: &Asked,
    inputs: &Inputs,
    lock: &Lock,
    interpreter: &Interpreter,
    python: &Python,
    settings: &Settings,
    building: &BTreeSet<String>,
) -> Result<Selected, Vec<Problem>> {
    let markers = markers(interpreter);
    let closures = lock.closures(&markers)?;
    let tags = unwheel::supported(interpreter);
    let tags = Ranks::of(&tags);
    let mut warnings = Vec::new();
    let mut trees = BTreeSet::new();
    let mut problems: BTreeSet<Problem> = BTreeSet::new();
    let mut wheels: BTreeMap<usize, Option<Wheel>> = BTreeMap::new();
    let mut packages: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut reasons = Reasons::default();
    let mut allowed = Allowed::default();
    let mut found = Vec::new();
    for (consumer, ids) in asked {
        let own: Vec<&Input> = ids.iter().filter_map(|(id, _)| inputs.get(id)).collect();
        match closures.of(&own) {
            Ok(closure) => {
                allowed.add(lock, &closures, &own, &closure);
                found.push((consumer, own, closure));
            }
            Err(more) => problems.extend(more.into_iter().filter(|_| building.contains(consumer))),
        }
    }
    for (consumer, own, closure) in found {
        let is_built = building.contains(consumer);
        if is_built {
            warnings.extend(closure.warnings.iter().cloned());
        }
        for index in &closure.packages {
            let Some(package) = lock.packages.get(*index) else { continue };
            let wheel =
                wheels.entry(*index).or_insert_with(|| allowed.choose(*index, package, &tags, python));
            match wheel {
                None if is_built => match Tree::of(package) {
                    Some(tree) => drop(trees.insert((consumer.clone(), tree))),
                    None => drop(problems.insert(no_file(package, allowed.formats(*index), interpreter))),
                },
                Some(Wheel { source: WheelSource::Sdist { .. }, .. }) if is_built => {
                    warnings.push(built(package, interpreter));
                }
                _ => {}
            }
        }
        if is_built {
            let chosen = |index| Some(wheels.get(&index)?.as_ref()?.source.sha256());
            problems.extend(closures.other_files(&own, &closure, chosen));
        }
        let is_heavy = |index: &&usize| {
            wheels.get(*index).is_some_and(|wheel| wheel.as_ref().and_then(|wheel| wheel.size) >= Some(HEAVY))
        };
        let heavy: Vec<usize> = closure.packages.iter().filter(is_heavy).copied().collect();
        reasons.add(consumer, lock, &closures, (&own, &closure), &heavy);
        packages.insert(consumer.clone(), closure.packages);
    }
    if !problems.is_empty() {
        return Err(problems.into_iter().collect());
    }
    // In the order of the lock, which is by name and version.
    let chosen: Vec<(usize, Wheel)> =
        wheels.into_iter().filter_map(|(index, wheel)| Some((index, wheel?))).collect();
    let number: BTreeMap<usize, usize> =
        chosen.iter().enumerate().map(|(number, (index, _))| (*index, number)).collect();
    let needs = packages.into_iter().map(|(consumer, all)| {
        (consumer, all.iter().filter_map(|index| number.get(index).copied()).collect())
    });
    warnings.sort();
    warnings.dedup();
    let (major, minor) = interpreter.version;
    let view = View {
        scheme: interpreter.scheme.clone(),
        python: format!("{major}.{minor}"),
        needs: needs.collect(),
        places: asked
            .iter()
            .filter_map(|(consumer, entries)| Some((consumer.clone(), entries.first()?.1)))
            .collect(),
        reasons: number
            .iter()
            .map(|(index, number)| (*number, reasons.take(*index)))
            .filter(|(_, all)| !all.is_empty())
            .collect(),
        wheels: chosen.into_iter().map(|(_, wheel)| wheel).collect(),
        bytecode: python.bytecode,
        runtime: interpreter.runtime.clone(),
        requirements: requirements(python, settings.with(&inputs.settings)),
    };
    Ok(Selected { view, warnings, trees })
}

/// Where what building a wheel requires comes from: the indexes of the manifest and of requirement files.
fn requirements(python: &Python, mut settings: Settings) -> BuildRequirements {
    let wheels = python.wheels.as_ref().map(|wheels| wheels.value.clone());
    // No other directory of the context is there.
    settings.find_links.retain(|links| links.contains("://") || wheels.as_ref() == Some(links));
    let (credentials, secrets) = of_indexes(&python.index);
    BuildRequirements {
        indexes: serde_json::to_string(&Build { settings, credentials }).unwrap_or_default(),
        wheels,
        certificates: python.certificates.as_ref().map(|certificates| certificates.value.clone()),
        secrets,
    }
}

fn built(package: &Package, interpreter: &Interpreter) -> Problem {
    let (major, minor) = interpreter.version;
    let message = format!(
        "{} has no wheel for Python {major}.{minor} on {}: it is built from source on the stage, which may give other bytes elsewhere",
        package.title(),
        interpreter.platform
    );
    Problem::at(package.place.clone(), message)
}

fn no_file(package: &Package, formats: Formats, interpreter: &Interpreter) -> Problem {
    if let Some(problem) = package.unbuildable() {
        return problem;
    }
    let (major, minor) = interpreter.version;
    let title = package.title();
    let message = match formats {
        Formats::Sdists => {
            format!("{title} has no source distribution, and --no-binary takes no wheel of it")
        }
        _ => format!(
            "{title} has no wheel for Python {major}.{minor} on {}, and {}",
            interpreter.platform,
            match package.sdist {
                Some(_) => "--only-binary does not let its source distribution be built",
                None => "no source distribution",
            }
        ),
    };
    let files: Vec<&str> = package.wheels.iter().map(|file| file.filename.as_str()).take(3).collect();
    let hint = match &files[..] {
        _ if formats == Formats::Sdists => "choose a version that has one, or remove the option".to_owned(),
        [] => "choose a version that has one".to_owned(),
        files => format!("its wheels are such as {}", files.join(", ")),
    };
    Problem::at(package.place.clone(), message).hint(hint)
}
