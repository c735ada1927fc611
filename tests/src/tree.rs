//! File systems to compare: what a tar archive holds, as `docker export` and layers have it.

use std::collections::BTreeMap;
use std::io::Read;

use crate::error::{Doing, Result};
use crate::{Engine, Project, run};

/// A file as a container sees it, but for its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Of tar: `0` a file, `1` a hard link, `2` a symbolic link, `5` a directory.
    pub kind: u8,
    /// Permissions.
    pub mode: u32,
    /// Number of the owning user.
    pub uid: u64,
    /// Number of the owning group.
    pub gid: u64,
    /// Where a link points.
    pub link: String,
    /// The file's bytes.
    pub content: Vec<u8>,
}

/// Files by their paths, without a leading or trailing slash.
pub type Tree = BTreeMap<String, Entry>;

/// Reads a tar archive.
pub fn read(archive: &[u8]) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().doing("read an archive")? {
        let mut entry = entry.doing("read an archive")?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).trim_matches('/').to_owned();
        let link = entry.link_name_bytes().unwrap_or_default();
        let link = String::from_utf8_lossy(&link).into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).doing("read an archive")?;
        let header = entry.header();
        let found = Entry {
            kind: header.entry_type().as_byte(),
            mode: header.mode().doing("read an archive")? & 0o7777,
            uid: header.uid().doing("read an archive")?,
            gid: header.gid().doing("read an archive")?,
            link,
            content,
        };
        tree.insert(path, found);
    }
    Ok(tree)
}

impl Engine {
    /// The file system of a container of this image.
    pub fn export(&self, image: &str) -> Result<Tree> {
        let project = Project::new("export")?;
        let tar = project.path().join("tar");
        let created = self.docker(&["create", image, "none"]).run()?.checked()?;
        let container = created.stdout.trim();
        let exported = self.docker(&["export", "--output"]).arg(&tar).arg(container).run()?.checked();
        self.docker(&["rm", "--force", "--volumes", container]).run()?.checked()?;
        exported?;
        read(&std::fs::read(&tar).doing_to("read", &tar)?)
    }
}

/// Puts into a tree that `docker buildx build --output=type=tar` wrote what the engine adds to containers, as it is in
/// `container`: mount points, and files that it mounts something over.
pub fn as_container(mut tree: Tree, container: &Tree) -> Tree {
    const ADDED: [&str; 8] =
        [".dockerenv", "dev", "proc", "sys", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"];
    let is_added = |path: &String| ADDED.contains(&path.as_str()) || path.starts_with("dev/");
    tree.retain(|path, _| !is_added(path));
    let added = container.iter().filter(|(path, _)| is_added(path));
    tree.extend(added.map(|(path, entry)| (path.clone(), entry.clone())));
    tree
}

/// The tar archive in a layer's blob.
pub fn gunzip(blob: &[u8]) -> Result<Vec<u8>> {
    let project = Project::new("gunzip")?;
    project.write("blob", blob)?;
    run::bytes(run::command("gzip").arg("-dc").arg("--").stdin(open(&project)?))
}

fn open(project: &Project) -> Result<std::fs::File> {
    let path = project.path().join("blob");
    std::fs::File::open(&path).doing_to("read", &path)
}

/// What differs between two trees, a line each: to be shown where nothing should.
pub fn differences(one: &Tree, other: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    let short = |entry: &Entry| {
        format!(
            "{} {:o} {}:{} {} {} bytes",
            entry.kind as char,
            entry.mode,
            entry.uid,
            entry.gid,
            entry.link,
            entry.content.len()
        )
    };
    for path in one.keys().chain(other.keys().filter(|path| !one.contains_key(*path))) {
        match (one.get(path), other.get(path)) {
            (Some(a), Some(b)) if a == b => {}
            (a, b) => lines.push(format!("{path}: {:?} against {:?}", a.map(short), b.map(short))),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_read_and_compared() {
        let project = Project::new("tree").unwrap();
        project.write("root/dir/file", "hello").unwrap();
        std::os::unix::fs::symlink("file", project.path().join("root/dir/link")).unwrap();
        let archive = || {
            let mut tar = run::command("tar");
            run::bytes(tar.arg("-C").arg(project.path().join("root")).args(["-cf", "-", "dir"])).unwrap()
        };
        let before = read(&archive()).unwrap();
        assert_eq!(before.keys().collect::<Vec<_>>(), ["dir", "dir/file", "dir/link"]);
        assert_eq!(before["dir/file"].content, b"hello");
        assert_eq!((before["dir/link"].kind, before["dir/link"].link.as_str()), (b'2', "file"));
        assert!(differences(&before, &before).is_empty());
        project.write("root/dir/file", "world").unwrap().write("root/dir/new", "").unwrap();
        let after = read(&archive()).unwrap();
        let found = differences(&before, &after);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("dir/file: ") && found[1].starts_with("dir/new: None"), "{found:?}");
    }
}
