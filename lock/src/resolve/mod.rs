//! Has uv resolve inputs into a lock.
//!
//! For each environment there is one resolution of all inputs, which gives versions, addresses and hashes;
//! then one of each input alone with these versions pinned, which gives exactly what that input needs, and
//! through which packages. Environments that come later prefer the versions of earlier ones, and those of the
//! lock there was.

mod command;
mod conflict;
mod environment;
mod failure;
mod graph;
mod merge;
mod origin;
mod pins;
mod unit;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use environment::Environment;

use crate::input::{InputId, Inputs, Origin, Settings};
use crate::lock::Lock;
use crate::problem::{Kind, Problem};
use environment::Classes;

/// How many resolutions there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// One for all inputs: every service gets the same version of a package.
    #[default]
    Together,
    /// One for each distinct set of inputs.
    Separate,
}

/// What is to be resolved.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The inputs, read.
    pub inputs: &'a Inputs,
    /// The inputs of each service; duplicates do not matter. What is in none is resolved by itself.
    pub sets: Vec<Vec<InputId>>,
    /// The machines that inputs are for, `uname -m`'s names of them; one that is not in it is for all.
    pub machines: BTreeMap<InputId, BTreeSet<String>>,
    /// What the lock is for; at least one. The first is resolved first.
    pub environments: Vec<Environment>,
    /// One resolution or several.
    pub resolution: Resolution,
    /// What the caller says of indexes; goes before what the files say. An index may be `name=address`: then
    /// uv takes its credentials from `UV_INDEX_NAME_USERNAME` and `UV_INDEX_NAME_PASSWORD`.
    pub settings: Settings,
    /// Only files uploaded before this date (`2025-01-31`, or with a time).
    pub exclude_newer: Option<String>,
    /// How several indexes are searched, in uv's words.
    pub index_strategy: Option<String>,
    /// The lock there was: its versions stay where they can.
    pub previous: Option<&'a Lock>,
    /// Where the lock will be, from the context's root.
    pub lock_path: String,
}

/// How uv is run.
#[derive(Clone)]
pub struct Uv {
    /// The program.
    pub program: PathBuf,
    /// The interpreter that it looks at, if not the first of `PATH`.
    pub python: Option<PathBuf>,
    /// Its configuration file; without one it reads none.
    pub config: Option<PathBuf>,
    /// Variables besides our own environment's, such as credentials. Never shown.
    pub variables: BTreeMap<String, String>,
    /// How many at once; 0 is one.
    pub jobs: usize,
}

/// Resolves a request.
///
/// `context` is a directory with the context's wheels and sdists that inputs name, at their paths; it is not
/// written to. `scratch` is an empty directory for what uv reads and writes; the caller removes it.
pub fn resolve(request: &Request<'_>, uv: &Uv, context: &Path, scratch: &Path) -> Result<Lock, Vec<Problem>> {
    let settings = check(request, context)?;
    crate::input::said(request.inputs.inputs.iter())?;
    let plain = |path: &Path| {
        let absolute = path.canonicalize().ok().and_then(|path| path.to_str().map(ToOwned::to_owned));
        let message = format!("the directory {} cannot be used", path.display());
        absolute.ok_or_else(|| vec![Problem::new(Kind::Resolver, message)])
    };
    let runner =
        command::Runner { request, settings, uv, context: plain(context)?, scratch: plain(scratch)? };
    let classes = Classes::new(&request.environments);
    let mut merge = merge::Merge::new(request, &classes);
    let mut problems = Vec::new();
    for unit in unit::units(request) {
        for (index, environment) in request.environments.iter().enumerate() {
            let preferred = merge.pins();
            match unit.resolve(&runner, index, environment, preferred.as_deref()) {
                Ok(resolved) => problems.extend(merge.add(index, resolved)),
                Err(more) => problems.extend(more),
            }
        }
    }
    problems.extend(merge.check());
    if problems.is_empty() {
        let lock = merge.lock();
        // What a package requires, or a constraint says, may be such an address too.
        let unbuildable = lock.packages.iter().filter_map(crate::lock::Package::unbuildable);
        problems.extend(unbuildable.map(|problem| Problem { place: None, ..problem }));
        if problems.is_empty() {
            return Ok(lock);
        }
    }
    problems.sort();
    problems.dedup();
    Err(problems)
}

/// What must be right before anything is run, and the settings of caller and files together.
fn check(request: &Request<'_>, context: &Path) -> Result<Settings, Vec<Problem>> {
    let settings = request.settings.with(&request.inputs.settings);
    let mut problems = Vec::new();
    let wrong = |message: String| Problem::new(Kind::Input, message);
    let indexes = settings.first.iter().chain(&settings.index).chain(&settings.extra_indexes);
    for address in indexes.chain(&settings.find_links) {
        if crate::name::has_credentials(address) {
            let shown = crate::name::without_credentials(address);
            let hint = "give it without, and the credentials as a build secret";
            problems.push(wrong(format!("the index {shown} has credentials in its address")).hint(hint));
        } else if address.starts_with('-') {
            problems.push(wrong(format!("expected an address, found \"{address}\"")));
        }
    }
    let unsaid = settings.first.is_empty() && request.settings.index.is_none() && !settings.no_index;
    if let ([(first, named), others @ ..], true) = (&request.inputs.indexes[..], unsaid) {
        for (other, place) in others {
            let message = format!(
                "the index {other} is not the one that {} names, {first}: all packages are looked for in the same",
                named.file
            );
            let hint =
                "name one, and the others with --extra-index-url or in the manifest: python: {index: [...]}";
            problems.push(Problem::at(place.clone(), message).hint(hint));
        }
    }
    for links in settings.find_links.iter().filter(|links| !links.contains("://")) {
        if !context.join(links).is_dir() {
            problems.push(wrong(format!("the directory of wheels \"{links}\" is not in the build context")));
        }
    }
    problems.extend(origin::problems(request));
    for requirement in request.inputs.inputs.iter().flat_map(|input| &input.requirements) {
        if let Origin::Path(path) = &requirement.origin
            && !context.join(path).is_file()
        {
            let message = format!("there is no file \"{path}\" in the build context");
            problems.push(Problem::at(requirement.place.clone(), message));
        }
    }
    for environment in request.environments.iter().filter(|environment| !environment.is_valid()) {
        let Environment { python, platform } = environment;
        let hint = "they are such as 3.12 and x86_64-manylinux_2_36";
        problems.push(
            wrong(format!("expected a version and a platform, found \"{python}\" and \"{platform}\""))
                .hint(hint),
        );
    }
    let valid = request.environments.iter().filter(|environment| environment.is_valid());
    let unknown: BTreeSet<&str> =
        valid.filter(|one| !one.is_known()).map(|one| one.platform.as_str()).collect();
    for platform in unknown {
        let message = format!(
            "uv cannot resolve for {platform}, expected x86_64 or aarch64, or riscv64 with glibc as the machine"
        );
        let hint = "leave out this platform, or commit a lock with its wheels that another tool has made";
        problems.push(wrong(message).hint(hint));
    }
    if request.environments.is_empty() {
        problems
            .push(wrong("expected a Python version and a platform to resolve for, found none".to_owned()));
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}
