//! Scripts: their `#!` line and their text.

use std::collections::BTreeMap;

use crate::entry_points::{EntryPoints, Function};

/// The longest `#!` line that all kernels read whole, with `#!` and the line's end.
const LONGEST: usize = 127;

/// What a script of `.data/scripts` starts with if it wants the interpreter; what follows in the line,
/// such as the `w` of `pythonw`, is dropped with it.
pub(crate) const PLACEHOLDER: &[u8] = b"#!python";

/// The first line of a script. Paths that are too long for a `#!` line or have spaces go through
/// `/bin/sh`, in lines that are a string to Python.
pub(crate) fn shebang(executable: &str) -> String {
    if !through_shell(executable) {
        return format!("#!{executable}\n");
    }
    let quoted = if executable.contains(' ') { format!("\"{executable}\"") } else { executable.to_owned() };
    format!("#!/bin/sh\n'''exec' {quoted} \"$0\" \"$@\"\n' '''\n")
}

fn through_shell(executable: &str) -> bool {
    executable.len() + 3 > LONGEST || executable.contains(' ')
}

/// Whether the path stays what it is on its way to the interpreter: a shell that it goes through finds letters in it,
/// and nothing to expand or to run.
pub(crate) fn is_plain(executable: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "/._+-@:,=% ".contains(letter);
    !through_shell(executable) || executable.chars().all(plain)
}

/// The text of the script that calls a function, as pip writes it.
pub(crate) fn text(executable: &str, version: (u32, u32), function: &Function) -> String {
    let import = function.attribute.split('.').next().unwrap_or_default();
    // Python 3.8 has no removesuffix; what pip wrote there had no need of it.
    let (imports, program) = if version < (3, 9) {
        (
            "# -*- coding: utf-8 -*-\nimport re\nimport sys\n",
            "re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])",
        )
    } else {
        ("import sys\n", "sys.argv[0].removesuffix('.exe')")
    };
    let shebang = shebang(executable);
    let Function { module, attribute } = function;
    format!(
        "{shebang}{imports}from {module} import {import}\nif __name__ == '__main__':\n    sys.argv[0] = {program}\n    sys.exit({attribute}())\n"
    )
}

/// The scripts to make, by name. Wheels of pip and setuptools carry the versioned names of the machine
/// that built them; like pip we make those of the interpreter instead.
pub(crate) fn named(points: &EntryPoints, version: (u32, u32)) -> BTreeMap<String, Function> {
    let (major, minor) = version;
    let mut scripts = points.console.clone();
    if let Some(pip) = scripts.get("pip").cloned() {
        scripts.retain(|name, _| !is_versioned(name, "pip", ""));
        for name in ["pip".to_owned(), format!("pip{major}"), format!("pip{major}.{minor}")] {
            scripts.insert(name, pip.clone());
        }
    }
    if let Some(easy) = scripts.get("easy_install").cloned() {
        scripts.retain(|name, _| !is_versioned(name, "easy_install", "-"));
        for name in ["easy_install".to_owned(), format!("easy_install-{major}.{minor}")] {
            scripts.insert(name, easy.clone());
        }
    }
    scripts.extend(points.gui.clone());
    scripts
}

/// Whether `name` is `tool` with a version after it: `pip3`, `pip3.12`, `easy_install-3.12`.
fn is_versioned(name: &str, tool: &str, separator: &str) -> bool {
    let Some(rest) = name.strip_prefix(tool).and_then(|rest| rest.strip_prefix(separator)) else {
        return false;
    };
    let mut parts = rest.splitn(2, '.');
    parts.all(|part| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit()))
}

/// Whether a file of `.data/scripts` is the wrapper that setuptools makes for an entry point; we make
/// our own.
pub(crate) fn is_wrapper(file: &str, points: &EntryPoints) -> bool {
    let lower = file.to_lowercase();
    let cut =
        [".exe", "-script.py", ".pya"].iter().find(|end| lower.ends_with(*end)).map_or(0, |end| end.len());
    let name = file.get(..file.len().saturating_sub(cut)).unwrap_or(file);
    points.console.contains_key(name) || points.gui.contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function() -> Function {
        Function { module: "pkg.mod".to_owned(), attribute: "Cls.run".to_owned() }
    }

    #[test]
    fn unwheel_writes_the_script_that_pip_writes() {
        assert_eq!(
            text("/usr/bin/python3", (3, 12), &function()),
            "#!/usr/bin/python3\nimport sys\nfrom pkg.mod import Cls\nif __name__ == '__main__':\n    \
             sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(Cls.run())\n"
        );
        assert!(
            text("/usr/bin/python3", (3, 8), &function()).contains("re.sub(r'(-script\\.pyw|\\.exe)?$', ''")
        );
    }

    #[test]
    fn unwheel_goes_through_the_shell_where_the_kernel_would_not_follow() {
        assert_eq!(shebang("/a b/python"), "#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n");
        let longest = format!("/{}", "x".repeat(123));
        assert_eq!(shebang(&longest), format!("#!{longest}\n"));
        let longer = format!("/{}", "x".repeat(124));
        assert_eq!(shebang(&longer), format!("#!/bin/sh\n'''exec' {longer} \"$0\" \"$@\"\n' '''\n"));
    }

    #[test]
    fn unwheel_names_the_scripts_of_pip_after_the_interpreter() {
        let names = |names: &[&str]| EntryPoints {
            console: names.iter().map(|name| ((*name).to_owned(), function())).collect(),
            gui: BTreeMap::new(),
        };
        let made = named(&names(&["pip", "pip3", "pip3.9", "pipx", "other"]), (3, 12));
        let made: Vec<&str> = made.keys().map(String::as_str).collect();
        assert_eq!(made, ["other", "pip", "pip3", "pip3.12", "pipx"]);
        let made = named(&names(&["easy_install", "easy_install-3.6"]), (3, 12));
        let made: Vec<&str> = made.keys().map(String::as_str).collect();
        assert_eq!(made, ["easy_install", "easy_install-3.12"]);
    }

    #[test]
    fn unwheel_knows_the_wrappers_of_setuptools() {
        let points =
            EntryPoints { console: BTreeMap::from([("foo".to_owned(), function())]), gui: BTreeMap::new() };
        for (file, wrapper) in [
            ("foo", true),
            ("foo.exe", true),
            ("foo-script.py", true),
            ("foo.EXE", true),
            ("foo.sh", false),
            ("ö", false),
        ] {
            assert_eq!(is_wrapper(file, &points), wrapper, "{file}");
        }
    }
}
