//! What paths of a context are in what is sent of it: what `.dockerignore` leaves out is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Disk, below, is_absent, unreadable};
use crate::failure::Failure;
use crate::outside::Weights;
use crate::plan::{ContextPlan, Filter, Found, Look, Place};

/// A context, and what of it is left out. Selections include what they name, so that only exclusions count.
struct Sent {
    root: PathBuf,
    exclude: Filter,
}

/// Where a path leads to, links followed.
enum Led {
    /// To a path of the context.
    Inside(String),
    /// To nothing here; it may be something in the image.
    Elsewhere,
}

impl Disk {
    pub(super) fn found(&self, context: &ContextPlan, paths: &[String]) -> Result<Look, Failure> {
        let sent = self.sent(context)?;
        let mut look = Look::new();
        for path in paths {
            look.extend(sent.found(path)?.map(|found| (path.clone(), found)));
        }
        Ok(look)
    }

    pub(super) fn weighed(
        &self,
        context: &ContextPlan,
        paths: &BTreeSet<String>,
    ) -> Result<Weights, Failure> {
        let sent = self.sent(context)?;
        let mut weights = Weights::new();
        for path in paths {
            weights.extend(sent.weight(path)?.map(|bytes| (path.clone(), bytes)));
        }
        Ok(weights)
    }

    fn sent(&self, context: &ContextPlan) -> Result<Sent, Failure> {
        let exclude = Filter::new(&[], &context.exclude);
        let exclude = exclude.map_err(|bad| Failure::Request(bad.to_string()))?;
        let root = fs::canonicalize(&self.context).unwrap_or_else(|_| self.context.clone());
        Ok(Sent { root, exclude })
    }
}

impl Sent {
    fn found(&self, path: &str) -> Result<Option<Found>, Failure> {
        let plain = Found::Directory { mode: 0o755, uid: 0, gid: 0 };
        Ok(self.led(path)?.map(|led| match led {
            Led::Inside(path) if self.root.join(&path).is_dir() => plain,
            _ => Found::File,
        }))
    }

    /// Bytes of a file, or of the files right in a directory.
    fn weight(&self, path: &str) -> Result<Option<u64>, Failure> {
        let Some(Led::Inside(path)) = self.led(path)? else { return Ok(None) };
        let full = self.root.join(&path);
        let failed = |error| unreadable(&full, &error);
        let found = fs::metadata(&full).map_err(failed)?;
        if !found.is_dir() {
            return Ok(Some(found.len()));
        }
        let (place, mut bytes) = (self.place(&path), 0);
        for entry in fs::read_dir(&full).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let own = Path::new(&path).join(entry.file_name());
            let kept = self.exclude.enter(&own.to_string_lossy(), &place).kept();
            let file = entry.metadata().ok().filter(|found| kept && found.is_file());
            bytes += file.map_or(0, |file| file.len());
        }
        Ok(Some(bytes))
    }

    /// Where a path leads to. `None`: it is not there, or not sent.
    fn led(&self, path: &str) -> Result<Option<Led>, Failure> {
        let full = self.root.join(path);
        match fs::symlink_metadata(&full) {
            Ok(_) => {}
            Err(error) if is_absent(error.kind()) => return Ok(None),
            Err(error) => return Err(unreadable(&full, &error)),
        }
        let real = fs::canonicalize(&full).ok();
        let inside = real.as_deref().and_then(|real| real.strip_prefix(&self.root).ok()?.to_str());
        let Some(inside) = inside else {
            return Ok(self.place(path).kept().then_some(Led::Elsewhere));
        };
        let sent = self.is_sent(path)? && (inside == path || self.is_sent(inside)?);
        Ok(sent.then(|| Led::Inside(inside.to_owned())))
    }

    /// Whether a path is sent: as it is, or for what an exception takes back of what it holds.
    fn is_sent(&self, path: &str) -> Result<bool, Failure> {
        let (place, full) = (self.place(path), self.root.join(path));
        if path.is_empty() || place.kept() {
            return Ok(true);
        }
        // What is left out may be a link, which is sent as one or not at all.
        let is_directory = fs::symlink_metadata(&full).is_ok_and(|found| found.is_dir());
        if !is_directory || self.exclude.none_below(path, &place) {
            return Ok(false);
        }
        let held = below(&full, path, &place, self.exclude.clone())?;
        Ok(!held.is_empty())
    }

    fn place(&self, path: &str) -> Place {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.fold(Place::default(), |above, end| {
            path.get(..end).map_or_else(Place::default, |part| self.exclude.enter(part, &above))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A context with these lines of a `.dockerignore`.
    fn context(ignore: &[&str]) -> (tempfile::TempDir, Disk, ContextPlan) {
        let root = tempfile::tempdir().unwrap();
        for file in ["lib/a.py", "lib/deep/x.log", "logs/keep.txt", "logs/old.txt", "secret/key"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "1234567").unwrap();
        }
        let links =
            [("secret", "to-secret"), ("lib", "to-lib"), ("/etc", "outside"), ("nowhere", "dangling")];
        for (to, link) in links {
            symlink(to, root.path().join(link)).unwrap();
        }
        let disk = Disk { manifest: root.path().join("layerset.yaml"), context: root.path().to_owned() };
        let exclude = ignore.iter().map(|&line| line.to_owned()).collect();
        (root, disk, ContextPlan { exclude, ..ContextPlan::default() })
    }

    #[test]
    fn what_is_left_out_is_not_there() {
        let (_root, disk, plan) = context(&["secret", "logs", "!logs/keep.txt", "**/*.log"]);
        let long = "x".repeat(300);
        let kind = |path: &str| match disk.found(&plan, &[path.to_owned()]).unwrap().remove(path) {
            Some(Found::Directory { .. }) => "directory",
            Some(_) => "file",
            None => "none",
        };
        for (path, expected) in [
            ("lib", "directory"),
            ("lib/a.py", "file"),
            ("lib/deep", "directory"),
            ("lib/deep/x.log", "none"),
            ("logs", "directory"),
            ("logs/keep.txt", "file"),
            ("logs/old.txt", "none"),
            ("secret", "none"),
            ("secret/key", "none"),
            ("to-secret", "none"),
            ("to-secret/key", "none"),
            ("to-lib", "directory"),
            ("to-lib/a.py", "file"),
            ("dangling", "file"),
            ("outside", "file"),
            ("missing", "none"),
            ("lib/a.py/x", "none"),
            (&long, "none"),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }

    #[test]
    fn only_what_is_sent_weighs() {
        let (_root, disk, plan) = context(&["logs/old.txt", "lib/deep/*"]);
        let paths = ["lib", "lib/deep", "logs", "to-lib", "outside", "dangling"];
        let weights = disk.weighed(&plan, &paths.map(str::to_owned).into()).unwrap();
        let expected = [("lib", 7), ("lib/deep", 0), ("logs", 7), ("to-lib", 7)];
        assert_eq!(weights, expected.map(|(path, bytes)| (path.to_owned(), bytes)).into());
    }
}
