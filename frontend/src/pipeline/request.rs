//! What a resolver is asked, and with what.

use std::collections::BTreeSet;

use layerset_lock::{Environment, Settings};

use super::Checked;
use super::everywhere::{Everywhere, machines};
use crate::manifest::model::Resolution;
use crate::python::Request;

impl Checked {
    /// The files that a resolver reads.
    pub(super) fn step_files<'a>(&self, requirements: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
        let certificates = self.manifest.python.certificates.iter().map(|file| file.value.clone());
        requirements.cloned().chain(certificates).collect()
    }

    /// What a resolver is asked.
    pub(super) fn request(&self, everywhere: &Everywhere, environments: Vec<Environment>) -> Request {
        let python = &self.manifest.python;
        let all = everywhere.iter().flat_map(|(_, asked)| asked.values());
        let sets: BTreeSet<Vec<_>> =
            all.map(|entries| entries.iter().map(|(id, _)| id.clone()).collect()).collect();
        Request {
            sets: sets.into_iter().collect(),
            machines: machines(everywhere),
            environments,
            resolution: match python.resolution {
                Resolution::Together => layerset_lock::Resolution::Together,
                Resolution::Separate => layerset_lock::Resolution::Separate,
            },
            settings: self.indexes(),
            credentials: Vec::new(),
            certificates: python.certificates.as_ref().map(|file| file.value.clone()),
            lock: python.lock.as_ref().map_or_else(|| "pylock.toml".to_owned(), |lock| lock.value.clone()),
            previous: None,
        }
    }

    /// The indexes that the manifest names, the first of which is asked first.
    pub(super) fn indexes(&self) -> Settings {
        let python = &self.manifest.python;
        let mut settings = Settings { no_index: python.no_index, ..Settings::default() };
        for (number, index) in python.index.iter().enumerate() {
            // Its name is what its credentials go by.
            let named = match &index.secret {
                Some(_) => format!("index{number}={}", index.url.value),
                None => index.url.value.clone(),
            };
            settings.first.push(named);
        }
        settings.find_links.extend(python.wheels.iter().map(|wheels| wheels.value.clone()));
        settings
    }
}
