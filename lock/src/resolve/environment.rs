//! The interpreters and platforms that a lock is for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::marker::{Marker, MarkerEnvironment, Op};

/// A version of `CPython` on a Linux platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Environment {
    /// The version: `3.12`, or `3.12.4`.
    pub python: String,
    /// The platform in uv's spelling: `x86_64-manylinux_2_36`, `aarch64-unknown-linux-musl`.
    pub platform: String,
}

impl Environment {
    /// `uname -m`'s name of the platform's machine.
    pub fn machine(&self) -> &str {
        self.platform.split('-').next().unwrap_or_default()
    }

    /// What markers see of it.
    pub fn markers(&self) -> MarkerEnvironment {
        MarkerEnvironment::linux(&self.python, self.machine())
    }

    /// Whether uv resolves for the platform: on Linux it knows few machines. Source: `uv pip compile --help`,
    /// `--python-platform` (0.13).
    pub(super) fn is_known(&self) -> bool {
        matches!(self.machine(), "x86_64" | "aarch64") || self.platform == "riscv64-unknown-linux"
    }

    /// Is it written as versions and platforms are; what is not must not become an argument.
    pub(super) fn is_valid(&self) -> bool {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = self.python.split('.').collect();
        let words = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (2..=3).contains(&parts.len())
            && parts.into_iter().all(digits)
            && self.platform.contains('-')
            && self.platform.starts_with(|first: char| first.is_ascii_alphanumeric())
            && self.platform.bytes().all(words)
    }
}

/// A `python_version` and a machine.
type Class = (Vec<u64>, String);

/// Environments as far as markers can tell them apart: those that differ only in their C library or in the
/// patch version are one.
pub(super) struct Classes {
    /// Sorted.
    classes: Vec<Class>,
    /// The class of each environment.
    of: Vec<usize>,
}

impl Classes {
    pub(super) fn new(environments: &[Environment]) -> Self {
        let key = |environment: &Environment| {
            let version = environment.markers().python_version;
            let version = version.split('.').map(|part| part.parse().unwrap_or(0)).collect();
            (version, environment.machine().to_owned())
        };
        let sorted: BTreeSet<_> = environments.iter().map(key).collect();
        let classes: Vec<_> = sorted.into_iter().collect();
        let of = environments.iter().map(|one| classes.binary_search(&key(one)).unwrap_or(0)).collect();
        Self { classes, of }
    }

    /// The class of an environment, by its index.
    pub(super) fn of(&self, environment: usize) -> usize {
        self.of.get(environment).copied().unwrap_or(0)
    }

    /// The oldest Python, as `3.9`.
    pub(super) fn oldest(&self) -> Option<String> {
        self.classes.first().map(|(version, _)| dotted(version))
    }

    /// The full marker of each class.
    pub(super) fn markers(&self) -> Vec<Marker> {
        let marker = |(version, machine): &Class| {
            Marker::And(vec![
                Marker::compare("python_version", Op::Equal, &dotted(version)),
                Marker::compare("sys_platform", Op::Equal, "linux"),
                Marker::compare("platform_machine", Op::Equal, machine),
            ])
        };
        self.classes.iter().map(marker).collect()
    }

    /// The shortest marker that tells the classes from the others; `None` if they are all.
    pub(super) fn marker(&self, chosen: &BTreeSet<usize>) -> Option<Marker> {
        if chosen.len() == self.classes.len() {
            return None;
        }
        let all = || self.classes.iter().enumerate();
        let versions: BTreeSet<&Vec<u64>> = all().map(|(_, (version, _))| version).collect();
        let machines: BTreeSet<&String> = all().map(|(_, (_, machine))| machine).collect();
        let whole = |same: &dyn Fn(&Class) -> bool| {
            all().filter(|(_, class)| same(class)).all(|(index, _)| chosen.contains(&index))
        };
        let mut parts = Vec::new();
        let mut left = chosen.clone();
        for version in &versions {
            if versions.len() > 1 && whole(&|(other, _)| other == *version) {
                parts.push(Marker::compare("python_version", Op::Equal, &dotted(version)));
                left.retain(|index| self.classes.get(*index).is_some_and(|(other, _)| other != *version));
            }
        }
        for machine in &machines {
            if machines.len() > 1 && !left.is_empty() && whole(&|(_, other)| other == *machine) {
                parts.push(Marker::compare("platform_machine", Op::Equal, machine));
                left.retain(|index| self.classes.get(*index).is_some_and(|(_, other)| other != *machine));
            }
        }
        for (version, machine) in left.iter().filter_map(|index| self.classes.get(*index)) {
            parts.push(Marker::And(vec![
                Marker::compare("python_version", Op::Equal, &dotted(version)),
                Marker::compare("platform_machine", Op::Equal, machine),
            ]));
        }
        Some(Marker::any(parts))
    }
}

fn dotted(version: &[u64]) -> String {
    version.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(python: &str, platform: &str) -> Environment {
        Environment { python: python.into(), platform: platform.into() }
    }

    #[test]
    fn markers_tell_classes_apart() {
        let environments = [
            environment("3.12", "x86_64-manylinux_2_36"),
            environment("3.9.1", "x86_64-manylinux_2_36"),
            environment("3.12.1", "x86_64-unknown-linux-musl"),
            environment("3.12", "aarch64-manylinux_2_36"),
        ];
        let classes = Classes::new(&environments);
        assert_eq!(classes.oldest().as_deref(), Some("3.9"));
        assert_eq!(classes.of(0), classes.of(2));
        let marker = |chosen: &[usize]| {
            let chosen = chosen.iter().map(|index| classes.of(*index)).collect();
            classes.marker(&chosen).map(|marker| marker.to_string())
        };
        assert_eq!(marker(&[0, 1, 3]), None);
        assert_eq!(marker(&[1]).as_deref(), Some("python_version == '3.9'"));
        assert_eq!(marker(&[0, 3]).as_deref(), Some("python_version == '3.12'"));
        assert_eq!(
            marker(&[0]).as_deref(),
            Some("python_version == '3.12' and platform_machine == 'x86_64'")
        );
        assert_eq!(
            marker(&[1, 3]).as_deref(),
            Some("python_version == '3.9' or platform_machine == 'aarch64'")
        );
    }

    #[test]
    fn only_versions_and_platforms() {
        assert!(environment("3.12", "x86_64-manylinux_2_36").is_valid());
        for (python, platform) in
            [("3", "x86_64-a"), ("3.x", "x86_64-a"), ("3.1", "--help"), ("3.1", "linux")]
        {
            assert!(!environment(python, platform).is_valid(), "{python} {platform}");
        }
    }
}
