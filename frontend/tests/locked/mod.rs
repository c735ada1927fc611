//! A made-up lock, as `layerset lock` writes one, and the requirement files that it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A package: name, version, bytes of its wheel, what it depends on.
pub(crate) type Package = (&'static str, &'static str, u64, &'static [&'static str]);

/// The lock of requirement files, each given as its path and the packages that it requires, one a line.
pub(crate) fn lock(packages: &[Package], files: &[(&str, &[&'static str])]) -> String {
    let group = |path: &str| path.trim_end_matches(".txt").replace(['/', '.'], "-");
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, required) in files {
        for name in closure(packages, required) {
            groups.entry(name).or_default().push(format!("'{}' in dependency_groups", group(path)));
        }
    }
    let names: BTreeSet<String> = files.iter().map(|(path, _)| format!("\"{}\"", group(path))).collect();
    let mut text = format!(
        "lock-version = \"1.0\"\nenvironments = [\"python_version == '3.13' and sys_platform == 'linux' and \
         platform_machine == 'x86_64'\"]\nrequires-python = \">=3.13\"\ndependency-groups = [{}]\n\
         default-groups = []\ncreated-by = \"layerset\"\n",
        names.into_iter().collect::<Vec<_>>().join(", ")
    );
    for (number, (name, version, bytes, needs)) in packages.iter().enumerate() {
        let needs: Vec<String> = needs.iter().map(|need| format!("{{ name = \"{need}\" }}")).collect();
        let marker = groups.get(name).map(|groups| groups.join(" or ")).unwrap_or_default();
        let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
        let _ = writeln!(
            text,
            "\n[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\nmarker = \"{marker}\"\n\
             dependencies = [{}]\nwheels = [{{ name = \"{file}\", url = \"https://packages.example.com/{file}\", \
             size = {bytes}, hashes = {{ sha256 = \"{number:064x}\" }} }}]",
            needs.join(", ")
        );
    }
    text += "\n[tool.layerset]\nversion = 1\nresolution = \"together\"\n\n[tool.layerset.files]\n";
    for (path, required) in files {
        let _ = writeln!(text, "\"{path}\" = \"{}\"", digest(path, required));
    }
    for (path, _) in files {
        let _ = writeln!(
            text,
            "\n[[tool.layerset.groups]]\nname = \"{}\"\ninputs = [{{ path = \"{path}\" }}]",
            group(path)
        );
    }
    text
}

/// What a requirement file requires.
pub(crate) fn requirements(required: &[&str]) -> String {
    required.join("\n") + "\n"
}

/// As the reader of requirement files digests them.
fn digest(path: &str, required: &[&str]) -> String {
    let id = layerset_lock::InputId::file(path);
    let text = requirements(required).into_bytes();
    let inputs = layerset_lock::Inputs::read(&[id], |_| Ok::<_, ()>(Some(text.clone()))).unwrap();
    inputs.files[path].clone()
}

fn closure(packages: &[Package], required: &[&'static str]) -> BTreeSet<&'static str> {
    let mut pending = required.to_vec();
    let mut found = BTreeSet::new();
    while let Some(name) = pending.pop() {
        let package = packages.iter().find(|(own, ..)| *own == name);
        if let Some((name, _, _, needs)) = package.filter(|_| found.insert(name)) {
            found.insert(name);
            pending.extend(needs.iter().copied());
        }
    }
    found
}
