//! The packages of a monorepo, as a lock, requirement files, and what steps answer.

use std::collections::BTreeMap;

use serde_json::json;

use crate::fake::{Files, interpreter};
use crate::locked::{Package, lock, requirements};

/// What all services require, and the file that says so.
const SHARED: usize = 50;

/// Packages and the files that require them. File 0 is for all services.
pub(crate) struct Packages {
    pub(crate) count: usize,
    files: Vec<(String, Vec<&'static str>)>,
    lock: String,
}

impl Packages {
    /// `count` packages in one shared file and `files` others, each of which has a ninth of the rest, with overlaps.
    pub(crate) fn new(count: usize, files: usize) -> Self {
        let names: Vec<&'static str> = (0..count).map(|number| leaked(format!("package-{number}"))).collect();
        let package = |number: usize| -> Package {
            // Every third name is required by a file, and needs the next two.
            let needs: &'static [&'static str] = match number % 3 {
                2 => &[],
                _ => names.get(number + 1..number + 2).map_or(&[], |next| Vec::leak(next.to_vec())),
            };
            (names[number], "1.2.3", bytes(number), needs)
        };
        let packages: Vec<Package> = (0..count).map(package).collect();
        let of = |numbers: &mut dyn Iterator<Item = usize>| {
            numbers.filter(|number| number % 3 == 0).map(|number| names[number]).collect::<Vec<_>>()
        };
        let mut required = vec![("requirements/all.txt".to_owned(), of(&mut (0..SHARED.min(count))))];
        for file in 0..files {
            let mut own = (SHARED..count).filter(|number| (number / 3) % files % 9 == file % 9);
            required.push((format!("requirements/r{file}.txt"), of(&mut own)));
        }
        let files: Vec<(&str, &[&'static str])> =
            required.iter().map(|(path, names)| (path.as_str(), names.as_slice())).collect();
        let lock = lock(&packages, &files);
        Self { count, files: required, lock }
    }

    /// What service `number` requires, as in its manifest.
    pub(crate) fn of(&self, number: usize) -> String {
        let own = 1 + number % (self.files.len() - 1);
        format!("requirements: [{}, {}]", self.files[0].0, self.files[own].0)
    }

    /// The lock and the requirement files.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let files = self.files.iter().map(|(path, names)| (path.clone(), requirements(names)));
        files.chain([("pylock.toml".to_owned(), self.lock.clone())]).collect()
    }

    /// What the step that reads many files writes, and the one that asks the interpreter.
    pub(crate) fn answers(&self) -> Files {
        let texts = json!(self.texts()).to_string().into_bytes();
        let probed = interpreter().to_string().into_bytes();
        [("texts".to_owned(), texts), ("interpreter.json".to_owned(), probed)].into()
    }
}

/// Few are heavy, and most are small.
fn bytes(number: usize) -> u64 {
    let number = u64::try_from(number).unwrap_or_default();
    match number % 40 {
        39 => 20_000_000 + number * 400_000,
        33..39 => 2_000_000 + number * 30_000,
        22..33 => 250_000 + number * 5_000,
        _ => 10_000 + number * 1_000,
    }
}

/// The lock is made of names that live as long as the program.
fn leaked(text: String) -> &'static str {
    String::leak(text)
}
