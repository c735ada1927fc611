//! Files of a build context on disk, and a real uv to resolve them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use layerset_lock::{
    Environment, InputId, Inputs, Lock, Problem, Request, Resolution, Settings, Uv, resolve,
};

/// The uv that tests use, installed once.
pub(crate) fn uv() -> &'static Path {
    static UV: OnceLock<PathBuf> = OnceLock::new();
    UV.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("uv");
        let program = target.join("bin/uv");
        if !program.exists() {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(&target).arg("uv");
            assert!(pip.status().unwrap().success(), "uv cannot be installed: {pip:?}");
        }
        program
    })
}

/// A fresh directory.
pub(crate) fn directory() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("project-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A build context.
pub(crate) struct Project {
    pub(crate) path: PathBuf,
    /// Empty: uv's own.
    pub(crate) index: String,
    /// Those of a caller, the first first.
    pub(crate) first: Vec<String>,
    pub(crate) environments: Vec<Environment>,
    pub(crate) resolution: Resolution,
    pub(crate) sets: Vec<Vec<InputId>>,
    pub(crate) machines: BTreeMap<InputId, BTreeSet<String>>,
    pub(crate) previous: Option<Lock>,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Project {
    pub(crate) fn new(index: &str, files: &[(&str, &str)]) -> Self {
        let project = Self {
            path: directory(),
            index: index.to_owned(),
            first: Vec::new(),
            environments: vec![environment("3.12")],
            resolution: Resolution::Together,
            sets: Vec::new(),
            machines: BTreeMap::new(),
            previous: None,
            variables: BTreeMap::new(),
        };
        for (path, text) in files {
            project.write(path, text.as_bytes());
        }
        project
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn inputs(&self, ids: &[InputId]) -> Inputs {
        Inputs::read(ids, |path| match std::fs::read(self.path.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .unwrap()
    }

    pub(crate) fn resolve(&self, inputs: &Inputs) -> Result<Lock, Vec<Problem>> {
        let request = Request {
            inputs,
            sets: self.sets.clone(),
            machines: self.machines.clone(),
            environments: self.environments.clone(),
            resolution: self.resolution,
            settings: Settings {
                first: self.first.clone(),
                index: Some(self.index.clone()).filter(|index| !index.is_empty()),
                ..Settings::default()
            },
            exclude_newer: None,
            index_strategy: None,
            previous: self.previous.as_ref(),
            lock_path: "pylock.toml".to_owned(),
        };
        let scratch = directory();
        let cache = self.path.join(".cache").to_str().unwrap().to_owned();
        let mut variables = self.variables.clone();
        variables.insert("UV_CACHE_DIR".to_owned(), cache);
        variables.insert("UV_HTTP_RETRIES".to_owned(), "0".to_owned());
        let uv = Uv { program: uv().to_owned(), python: None, config: None, variables, jobs: 2 };
        let lock = resolve(&request, &uv, &self.path, &scratch);
        std::fs::remove_dir_all(scratch).unwrap();
        lock
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

pub(crate) fn environment(python: &str) -> Environment {
    Environment { python: python.to_owned(), platform: "x86_64-manylinux_2_36".to_owned() }
}

/// What a lock says that inputs need in an environment, as `name==version`.
pub(crate) fn closure(
    lock: &Lock,
    inputs: &Inputs,
    ids: &[&InputId],
    environment: &Environment,
) -> Vec<String> {
    let markers = environment.markers();
    let closures = lock.closures(&markers).unwrap();
    let inputs: Vec<_> = ids.iter().map(|id| inputs.get(id).unwrap()).collect();
    let closure = closures.of(&inputs).unwrap();
    closure.packages.iter().map(|index| lock.packages[*index].title().replace(' ', "==")).collect()
}
