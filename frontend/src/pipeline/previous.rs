//! The lock there is when it is made again: what of it stays, and whether it may be replaced.

use std::collections::BTreeSet;

use layerset_lock::{Format, Lock, Problem};

use super::Checked;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::failure::Failure;
use crate::outside::Outside;
use crate::python::{self, Asked};

/// What to do about a lock that cannot be read.
const UNREAD: &str = "mend it, or name another file; to begin anew remove it first: the versions and digests that it has \
                      would not stay";

impl Checked {
    /// The lock of packages there is: its versions stay, and its Pythons and platforms where nobody says others.
    pub(super) async fn previous_packages(&self, outside: &impl Outside) -> Result<Option<Lock>, Failure> {
        match &self.manifest.python.lock {
            Some(path) => self.previous(outside, path).await,
            None => Ok(None),
        }
    }

    /// The lock at `path`. One that cannot be read, after a merge with conflicts say, is refused: what it holds would be lost
    /// in silence.
    pub(super) async fn previous(
        &self,
        outside: &impl Outside,
        path: &Spanned<String>,
    ) -> Result<Option<Lock>, Failure> {
        let files = outside.read(&BTreeSet::from([path.value.clone()])).await?;
        // A shell empties the file that it writes to before anybody reads it.
        let Some(bytes) = files.get(&path.value).filter(|bytes| !bytes.trim_ascii().is_empty()) else {
            return Ok(None);
        };
        Lock::read(&path.value, bytes).map(Some).map_err(|problems| {
            // A merge leaves many; what to do is said once, where it is not known better.
            let hints = std::iter::once(Some(UNREAD.to_owned())).chain(std::iter::repeat(None));
            let advised = |(problem, hint): (Problem, Option<String>)| {
                let hint = problem.hint.or(hint);
                Problem { hint, ..problem }
            };
            let problems: Vec<Problem> = problems.into_iter().zip(hints).map(advised).collect();
            python::failure(&self.source, &Asked::new(), path.span, &problems)
        })
    }

    /// The file that the manifest names for its lock, to be written over: only what is a lock of ours, or nothing, is.
    pub async fn lock_to_write(&self, outside: &impl Outside) -> Result<&str, Failure> {
        let Some(path) = self.manifest.lock.as_ref().or(self.manifest.python.lock.as_ref()) else {
            let text = "--write needs to know where: lock: pylock.toml, or python: {lock: pylock.toml}";
            return Err(Failure::Request(text.into()));
        };
        let found = match self.previous(outside, path).await?.map(|lock| lock.format) {
            None | Some(Format::Layerset) => return Ok(&path.value),
            Some(Format::UvLock) => "the lock of uv",
            Some(Format::Pylock) => "a lock of another tool",
        };
        let message = format!("found {found} in {:?}, expected one that layerset has made", path.value);
        let hint = "it is not written over: name another file, such as pylock.toml, or remove it first";
        Err(Failure::at(&self.source, Diagnostic::error("foreign-lock", path.span, message).hint(hint)))
    }
}
