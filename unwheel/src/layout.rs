//! Where the files of one wheel go.

use crate::check::exempt;
use crate::opened::Opened;
use crate::problem::{Cause, Problem};
use crate::scheme::Scheme;
use crate::script;

/// What we say in INSTALLER.
const INSTALLER: &[u8] = b"layerset\n";

/// One file of the installed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Where it is, relative to the root of the image.
    pub path: String,
    /// The same as RECORD has it: relative to the folder that holds `.dist-info`.
    pub record: String,
    /// Mode 0755 instead of 0644.
    pub executable: bool,
    /// What is in it.
    pub source: Source,
}

/// Where a file's content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An entry of the wheel, by its index.
    Entry {
        /// The index.
        index: usize,
        /// Whether its `#!` line may have to name the interpreter.
        script: bool,
    },
    /// We make it.
    Made(Vec<u8>),
    /// RECORD, made when the others are there.
    Record,
}

/// The files of a wheel in the order in which later ones win: its root, its `.data`, its scripts, then
/// what we make.
pub(crate) fn layout(wheel: &str, opened: &Opened, scheme: &Scheme) -> Result<Vec<Item>, Vec<Problem>> {
    let lib = relative(if opened.pure { &scheme.purelib } else { &scheme.platlib });
    let skipped = [exempt(&opened.info)[0].clone(), format!("{}/INSTALLER", opened.info)];
    let (mut root, mut data, mut scripts) = (Vec::new(), Vec::new(), Vec::new());
    let mut problems = Vec::new();
    for (index, entry) in opened.entries.iter().enumerate() {
        if skipped.contains(&entry.name) {
            continue;
        }
        let first = entry.name.split('/').next().unwrap_or_default();
        if first.strip_suffix(".data").is_none() {
            let path = below(&lib, &entry.name);
            let source = Source::Entry { index, script: false };
            root.push(Item { path, record: entry.name.clone(), executable: entry.executable, source });
            continue;
        }
        let mut parts = entry.name.splitn(3, '/').skip(1);
        let key = parts.next().unwrap_or_default();
        let (Some(folder), Some(rest)) = (scheme.folder(key, &opened.name.name), parts.next()) else {
            problems.push(Problem::of_entry(wheel, &entry.name, Cause::SchemeKey));
            continue;
        };
        let script = key == "scripts";
        let file = rest.rsplit('/').next().unwrap_or(rest);
        if script && script::is_wrapper(file, &opened.points) {
            continue;
        }
        let path = below(&relative(&folder), rest);
        let record = from(&lib, &path);
        let executable = script || entry.executable;
        let item = Item { path, record, executable, source: Source::Entry { index, script } };
        if script { scripts.push(item) } else { data.push(item) }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut items = root;
    items.append(&mut data);
    items.append(&mut scripts);
    items.extend(made(opened, scheme, &lib));
    Ok(items)
}

/// The scripts of entry points, INSTALLER and RECORD.
fn made(opened: &Opened, scheme: &Scheme, lib: &str) -> Vec<Item> {
    let version = scheme.version().unwrap_or_default();
    let bin = relative(&scheme.scripts);
    let mut items = Vec::new();
    for (name, function) in script::named(&opened.points, version) {
        let path = below(&bin, &name);
        let text = script::text(&scheme.executable, version, &function);
        items.push(Item {
            record: from(lib, &path),
            path,
            executable: true,
            source: Source::Made(text.into_bytes()),
        });
    }
    for (name, source) in [("INSTALLER", Source::Made(INSTALLER.to_vec())), ("RECORD", Source::Record)] {
        let record = format!("{}/{name}", opened.info);
        items.push(Item { path: below(lib, &record), record, executable: false, source });
    }
    items
}

/// An absolute path as one below the root, `/` between its parts only.
fn relative(path: &str) -> String {
    path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// A file in a folder. The folder may be the root itself: a path that began with `/` would be one of this machine.
fn below(folder: &str, file: &str) -> String {
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

/// How to get from a folder to a file, both below the root.
fn from(folder: &str, path: &str) -> String {
    let folder: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.split('/').collect();
    let common = folder.iter().zip(&path).take_while(|(one, other)| one == other).count();
    let mut parts = vec![".."; folder.len() - common];
    parts.extend(&path[common..]);
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_writes_paths_as_record_has_them() {
        let lib = "usr/local/lib/python3.12/site-packages";
        assert_eq!(from(lib, "usr/local/bin/x"), "../../../bin/x");
        assert_eq!(from(lib, &format!("{lib}/a/b.py")), "a/b.py");
        assert_eq!(from(lib, "opt/x"), "../../../../../opt/x");
        assert_eq!(from("", "bin/x"), "bin/x");
        assert_eq!(relative("//usr//local/"), "usr/local");
        assert_eq!(below(&relative("/"), "a/b"), "a/b");
    }
}
