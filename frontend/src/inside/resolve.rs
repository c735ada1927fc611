//! Has uv resolve the requirements of a manifest, on a stage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use layerset_lock::{Inputs, Kind, Lock, Problem, Uv};

use crate::failure::Failure;
use crate::python::{Answer, Credential, Request};

/// Where the step has its mounts.
pub(super) const ROOT: &str = "/.layerset";

/// Writes `answer.json` into `out`.
pub(super) fn resolve(out: &Path, request: &Path) -> Result<(), Failure> {
    let internal =
        |error: String| Failure::Request(format!("internal error: {}: {error}", request.display()));
    let bytes = fs::read(request).map_err(|error| internal(error.to_string()))?;
    let request: Request = serde_json::from_slice(&bytes).map_err(|error| internal(error.to_string()))?;
    let root = Path::new(ROOT);
    let scratch = out.join("scratch");
    fs::create_dir_all(&scratch).map_err(|error| unwritable(&scratch, &error))?;
    let answer = match in_step(&request, root, &scratch) {
        Ok(lock) => Answer { lock, problems: Vec::new() },
        Err(problems) => Answer { lock: String::new(), problems },
    };
    fs::remove_dir_all(&scratch).map_err(|error| unwritable(&scratch, &error))?;
    write(&out.join("answer.json"), &serde_json::to_vec(&answer).unwrap_or_default())
}

/// With what is mounted.
fn in_step(request: &Request, root: &Path, scratch: &Path) -> Result<String, Vec<Problem>> {
    let mut variables = BTreeMap::from([
        ("UV_CACHE_DIR".to_owned(), root.join("cache").display().to_string()),
        ("HOME".to_owned(), scratch.display().to_string()),
    ]);
    variables.extend(index_variables(&request.credentials)?);
    let files = root.join("files");
    let context = root.join("context");
    let context = if context.is_dir() { &context } else { &files };
    resolved(request, program(&root.join("uv"))?, variables, &files, context, scratch)
}

/// The text of the lock. `files` has the requirement files, `context` the wheels they name; `uv` gets `variables`
/// besides the environment of this process.
fn resolved(
    request: &Request,
    uv: PathBuf,
    mut variables: BTreeMap<String, String>,
    files: &Path,
    context: &Path,
    scratch: &Path,
) -> Result<String, Vec<Problem>> {
    let ids: Vec<_> = request.sets.iter().flatten().cloned().collect();
    let inputs = Inputs::read(&ids, |path| match fs::read(files.join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    })
    .map_err(|failure| match failure {
        layerset_lock::Failure::Problems(problems) => problems,
        layerset_lock::Failure::Read(error) => vec![Problem::new(Kind::Machine, error.to_string())],
    })?;
    let previous = request.previous.as_ref().and_then(|path| Some((path, fs::read(files.join(path)).ok()?)));
    let previous = previous.and_then(|(path, bytes)| Lock::read(path, &bytes).ok());
    if let Some(certificates) = &request.certificates {
        variables.insert("SSL_CERT_FILE".to_owned(), files.join(certificates).display().to_string());
    }
    let uv = Uv { program: uv, python: None, config: None, variables, jobs: 4 };
    let asked = layerset_lock::Request {
        inputs: &inputs,
        sets: request.sets.clone(),
        machines: request.machines.iter().cloned().collect(),
        environments: request.environments.clone(),
        resolution: request.resolution,
        settings: request.settings.clone(),
        exclude_newer: None,
        index_strategy: None,
        previous: previous.as_ref(),
        lock_path: request.lock.clone(),
    };
    layerset_lock::resolve(&asked, &uv, context, scratch).map(|lock| lock.write())
}

/// The lock of a context on this machine's disk, by the program `uv`.
pub fn resolve_here(request: &Request, uv: &Path, context: &Path) -> Result<String, Vec<Problem>> {
    let failed =
        |what: &str, error: std::io::Error| vec![Problem::new(Kind::Machine, format!("{what}: {error}"))];
    let scratch = tempfile::tempdir().map_err(|error| failed("no temporary directory", error))?;
    // uv runs in another directory: what is named from this one has to be found from there.
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| failed("no directory", error));
    let context = absolute(context)?;
    // A word alone is looked for where programs are.
    let uv = if uv.components().count() > 1 { absolute(uv)? } else { uv.to_owned() };
    resolved(request, uv, BTreeMap::new(), &context, &context, scratch.path())
}

/// uv in its image: ours has it at the root, others where programs are.
pub(super) fn program(root: &Path) -> Result<PathBuf, Vec<Problem>> {
    let places = ["uv", "usr/local/bin/uv", "usr/bin/uv", "bin/uv"];
    let found = places.iter().map(|place| root.join(place)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let message = "the image or context \"uv\" has no uv at /uv, /usr/local/bin/uv or /usr/bin/uv";
        vec![Problem::new(Kind::Resolver, message).hint("give another one with --build-context uv=…")]
    })
}

/// The variables that uv takes credentials from.
pub(super) fn index_variables(all: &[Credential]) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let mut variables = BTreeMap::new();
    let mut problems = Vec::new();
    for Credential { index, file } in all {
        let header = fs::read_to_string(file).unwrap_or_default();
        match basic(header.trim()) {
            Some((user, password)) => {
                variables.insert(format!("UV_INDEX_{index}_USERNAME"), user);
                variables.insert(format!("UV_INDEX_{index}_PASSWORD"), password);
            }
            None => problems.push(
                Problem::new(
                    Kind::Input,
                    "the secret of an index is no Authorization header of basic credentials",
                )
                .hint("it holds \"Basic \" and the base64 of user:password"),
            ),
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

/// User and password of a header `Basic …`.
fn basic(header: &str) -> Option<(String, String)> {
    use base64::Engine as _;
    let encoded = header.strip_prefix("Basic ").or_else(|| header.strip_prefix("basic "))?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Request(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials() {
        assert_eq!(basic("Basic dTpwOng="), Some(("u".into(), "p:x".into())));
        for header in ["", "Bearer x", "Basic !", "Basic dQ=="] {
            assert_eq!(basic(header), None, "{header}");
        }
    }
}
