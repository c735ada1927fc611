//! An image as a directory: paths and links in it stay in it, wherever they point.

use std::fs;
use std::path::{Path, PathBuf};

/// Links on the way to one file, before it is given up; the kernel's own limit.
const MOST_LINKS: usize = 40;
/// Files larger than this are no lists of packages (bytes).
const LARGEST: u64 = 64 << 20;

/// The root of an image.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    /// A file's text; bytes that are no UTF-8 are replaced. `None`: there is no such file.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        let path = self.find(path)?;
        let metadata = fs::metadata(&path).ok()?;
        if !metadata.is_file() || metadata.len() > LARGEST {
            return None;
        }
        Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
    }

    /// The names in a directory, sorted; none if there is no such directory.
    pub(super) fn list(&self, path: &str) -> Vec<String> {
        let entries = self.find(path).and_then(|path| fs::read_dir(path).ok());
        let names =
            entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Where a path of the image is on disk, links followed as the image's own processes would.
    fn find(&self, path: &str) -> Option<PathBuf> {
        let mut waiting: Vec<String> = parts(path);
        let mut found: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = waiting.pop() {
            if part == ".." {
                found.pop();
                continue;
            }
            found.push(part);
            let here = self.on_disk(&found);
            if fs::symlink_metadata(&here).ok()?.is_symlink() {
                links += 1;
                let target = fs::read_link(&here).ok()?;
                let target = target.to_str()?;
                found.pop();
                if target.starts_with('/') {
                    found.clear();
                }
                if links > MOST_LINKS {
                    return None;
                }
                waiting.extend(parts(target));
            }
        }
        Some(self.on_disk(&found))
    }

    fn on_disk(&self, parts: &[String]) -> PathBuf {
        parts.iter().fold(self.0.clone(), |path, part| path.join(part))
    }
}

/// The parts of a path, last first.
fn parts(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_in_the_image() {
        let outside = tempfile::tempdir().unwrap();
        let image = outside.path().join("image");
        fs::create_dir_all(image.join("usr/lib")).unwrap();
        fs::write(outside.path().join("secret"), "outside").unwrap();
        fs::write(image.join("secret"), "inside").unwrap();
        fs::write(image.join("usr/lib/list"), "a list").unwrap();
        symlink("/usr/lib", image.join("lib")).unwrap();
        symlink("../../../../secret", image.join("usr/up")).unwrap();
        symlink("loop", image.join("loop")).unwrap();
        let root = Root::new(&image);
        assert_eq!(root.read("/lib/list").as_deref(), Some("a list"));
        assert_eq!(root.read("usr/up").as_deref(), Some("inside"));
        assert_eq!(root.read("loop"), None);
        assert_eq!(root.read("usr"), None);
        assert_eq!(root.list("/lib/."), ["list"]);
        assert_eq!(root.list("nothing"), Vec::<String>::new());
    }
}
