//! Packages without a file that could be made a wheel of: those in git, and those in a directory of an archive.

use super::Package;
use crate::problem::Problem;

/// What to do about one.
pub(crate) const INSTEAD: &str = "name a wheel or a source distribution by its address, as a host's archive of a tag is one \
                                  (https://…/v1.tar.gz), or publish it in an index";

/// What is wrong with a package in git.
pub(crate) fn in_git(what: &str, address: &str) -> String {
    format!("{what} is in git ({address}), expected a wheel or a source distribution")
}

/// What is wrong with a package in a directory of an archive.
pub(crate) fn in_archive(what: &str, directory: &str) -> String {
    format!("{what} is in the directory \"{directory}\" of its archive, expected an archive of it alone")
}

/// The directory in the archive at an address with `#subdirectory=…`.
pub(crate) fn subdirectory(address: &str) -> Option<&str> {
    let (_, fragment) = address.split_once('#')?;
    fragment.split('&').find_map(|part| part.strip_prefix("subdirectory=")).filter(|path| !path.is_empty())
}

impl Package {
    /// Why there is nothing to install of it, although the lock says where its sources are.
    pub fn unbuildable(&self) -> Option<Problem> {
        if !self.wheels.is_empty() {
            return None;
        }
        let message = match (&self.vcs, &self.subdirectory) {
            (Some(vcs), _) => in_git(&self.title(), &vcs.url),
            (None, Some(directory)) => in_archive(&self.title(), directory),
            (None, None) => return None,
        };
        Some(Problem::at(self.place.clone(), message).hint(INSTEAD))
    }
}
