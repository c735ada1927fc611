//! `entry_points.txt`: the scripts a distribution wants.

use std::collections::BTreeMap;

use crate::problem::Cause;

/// A function to call: `module:attribute.path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// The module to import.
    pub module: String,
    /// The attribute of the module, dotted.
    pub attribute: String,
}

/// Scripts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EntryPoints {
    /// Group `console_scripts`.
    pub console: BTreeMap<String, Function>,
    /// Group `gui_scripts`; the same as console scripts where there are no windows.
    pub gui: BTreeMap<String, Function>,
}

/// Reads the groups of scripts; other groups are not our business. Of two of the same name the last counts.
pub(crate) fn read(text: &str) -> (EntryPoints, Vec<Cause>) {
    let mut points = EntryPoints::default();
    let mut faults = Vec::new();
    let mut group = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.trim().clone_into(&mut group);
            continue;
        }
        let scripts = match group.as_str() {
            "console_scripts" => &mut points.console,
            "gui_scripts" => &mut points.gui,
            _ => continue,
        };
        match script(line) {
            Ok((name, function)) => {
                scripts.insert(name, function);
            }
            Err(fault) => faults.push(Cause::EntryPoint { line: index as u64 + 1, fault }),
        }
    }
    (points, faults)
}

/// `name = module:attribute [extra]`.
fn script(line: &str) -> Result<(String, Function), String> {
    let (name, object) =
        line.split_once('=').ok_or_else(|| format!("found {line:?}, expected name = module:function"))?;
    let (name, object) = (name.trim(), object.trim());
    if name.is_empty()
        || matches!(name, "." | "..")
        || name
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || matches!(letter, '/' | '\\'))
    {
        return Err(format!("found script name {name:?}, expected the name of a file without spaces"));
    }
    // Extras are a leftover: they are not evaluated.
    let object = object.split_once('[').map_or(object, |(object, _)| object.trim_end());
    let function = object.split_once(':').and_then(|(module, attribute)| {
        let (module, attribute) = (module.trim(), attribute.trim());
        (is_dotted(module) && is_dotted(attribute))
            .then(|| Function { module: module.to_owned(), attribute: attribute.to_owned() })
    });
    let function =
        function.ok_or_else(|| format!("script {name} is {object:?}, expected module:function"))?;
    Ok((name.to_owned(), function))
}

/// Identifiers with dots between them. What else Python takes for one is left to Python.
fn is_dotted(path: &str) -> bool {
    path.split('.').all(|part| {
        part.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
            && part.chars().next().is_some_and(|letter| !letter.is_numeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_reads_entry_points() {
        let text = "# comment\n[console_scripts]\nfoo = pkg.mod:main\n bar=pkg:Cls.run [x,y]\n\n[gui_scripts]\n\
                    baz = pkg:gui\n[other]\nnot even = valid\n";
        let (points, faults) = read(text);
        assert_eq!(faults, []);
        let function = |module: &str, attribute: &str| Function {
            module: module.to_owned(),
            attribute: attribute.to_owned(),
        };
        assert_eq!(points.console["foo"], function("pkg.mod", "main"));
        assert_eq!(points.console["bar"], function("pkg", "Cls.run"));
        assert_eq!(points.gui["baz"], function("pkg", "gui"));
        assert_eq!(points.console.len() + points.gui.len(), 3);
    }

    #[test]
    fn unwheel_refuses_scripts_that_are_none() {
        for line in [
            "foo",
            "foo = pkg",
            "foo = pkg:",
            "foo = :main",
            "foo = pkg:a:b",
            "foo = pkg-x:main",
            "foo = pkg:main(); import os",
            "../foo = pkg:main",
            ".. = pkg:main",
            "/bin/sh = pkg:main",
            "a b = pkg:main",
            " = pkg:main",
        ] {
            let (points, faults) = read(&format!("[console_scripts]\n{line}\n"));
            assert_eq!(points, EntryPoints::default(), "{line}");
            assert_eq!(faults.len(), 1, "{line}");
            assert!(faults[0].to_string().starts_with("line 2: "), "{line}");
        }
    }
}
