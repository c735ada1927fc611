//! Where an interpreter wants what is installed.

use serde::{Deserialize, Serialize};

use crate::script;

/// Absolute paths inside the image, as the interpreter's `sysconfig` names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scheme {
    /// Modules of wheels with `Root-Is-Purelib: true`.
    pub purelib: String,
    /// Modules of all other wheels.
    pub platlib: String,
    /// Console scripts.
    pub scripts: String,
    /// The prefix that `.data/data` is relative to.
    pub data: String,
    /// Headers; each distribution has a folder of its name below.
    pub headers: String,
    /// The interpreter in the `#!` line of scripts.
    pub executable: String,
    /// Major and minor version, `3.12`. The text of scripts depends on it, and the names of pip's own.
    pub python: String,
}

impl Scheme {
    /// The folders by the name they have in a wheel's `.data`.
    pub(crate) fn folder(&self, key: &str, distribution: &str) -> Option<String> {
        match key {
            "purelib" => Some(self.purelib.clone()),
            "platlib" => Some(self.platlib.clone()),
            "scripts" => Some(self.scripts.clone()),
            "data" => Some(self.data.clone()),
            "headers" => Some(format!("{}/{distribution}", self.headers.trim_end_matches('/'))),
            _ => None,
        }
    }

    /// Major and minor version as numbers.
    pub(crate) fn version(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.python.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// What is wrong with the paths, one sentence each.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (key, path) in [
            ("purelib", &self.purelib),
            ("platlib", &self.platlib),
            ("scripts", &self.scripts),
            ("data", &self.data),
            ("headers", &self.headers),
            ("executable", &self.executable),
        ] {
            if !path.starts_with('/') || path.split('/').any(|part| matches!(part, "." | "..")) {
                faults.push(format!("{key} is {path:?}, expected an absolute path without . or .."));
            } else if path.chars().any(char::is_control) {
                faults.push(format!("{key} is {path:?}, expected a path without control characters"));
            }
        }
        if !script::is_plain(&self.executable) {
            let found = &self.executable;
            faults.push(format!(
                "executable is {found:?}, expected a path without what a shell takes for more than letters: scripts \
                 start it through one"
            ));
        }
        if self.version().is_none() {
            faults.push(format!("python is {:?}, expected a version such as 3.12", self.python));
        }
        faults
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What python:3.12-slim has.
    pub(crate) fn slim() -> Scheme {
        Scheme {
            purelib: "/usr/local/lib/python3.12/site-packages".to_owned(),
            platlib: "/usr/local/lib/python3.12/site-packages".to_owned(),
            scripts: "/usr/local/bin".to_owned(),
            data: "/usr/local".to_owned(),
            headers: "/usr/local/include/python3.12".to_owned(),
            executable: "/usr/local/bin/python3".to_owned(),
            python: "3.12".to_owned(),
        }
    }

    #[test]
    fn unwheel_finds_all_faults_of_a_scheme() {
        assert_eq!(slim().faults(), Vec::<String>::new());
        let bad = Scheme {
            scripts: "bin".to_owned(),
            data: "/usr/../etc".to_owned(),
            python: "three".to_owned(),
            ..slim()
        };
        assert_eq!(bad.faults().len(), 3);
        let through_a_shell =
            |executable: &str| Scheme { executable: executable.to_owned(), ..slim() }.faults().len();
        assert_eq!(through_a_shell("/a$(b)/python"), 0, "the kernel reads it");
        assert_eq!(through_a_shell("/a b/python3.12"), 0);
        for bad in ["/a $(touch x)/python", "/a `b`/python", "/a \"b/python", "/a 'b/python", "/a \\b/python"]
        {
            assert_eq!(through_a_shell(bad), 1, "{bad}");
        }
        assert_eq!(through_a_shell(&format!("/{};x", "y".repeat(200))), 1);
    }
}
