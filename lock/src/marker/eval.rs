//! Whether a marker holds.

use std::collections::BTreeSet;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};
use serde::{Deserialize, Serialize};

use super::{Marker, Op, Operand};
use crate::name;

/// What an interpreter on its platform answers to markers; the fields are the markers' variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerEnvironment {
    /// `posix`
    pub os_name: String,
    /// `linux`
    pub sys_platform: String,
    /// `x86_64`
    pub platform_machine: String,
    /// `CPython`
    pub platform_python_implementation: String,
    /// The kernel's release; empty where it is unknown, as in a build for another machine.
    pub platform_release: String,
    /// `Linux`
    pub platform_system: String,
    /// The kernel's version; empty where it is unknown.
    pub platform_version: String,
    /// `3.12`
    pub python_version: String,
    /// `3.12.4`
    pub python_full_version: String,
    /// `cpython`
    pub implementation_name: String,
    /// `3.12.4`
    pub implementation_version: String,
}

impl MarkerEnvironment {
    /// `CPython` on Linux: `python` is a version such as `3.12.4` (of `3.12` the full version is `3.12.0`),
    /// `machine` is `uname -m`'s name such as `x86_64`.
    pub fn linux(python: &str, machine: &str) -> Self {
        let mut parts = python.split('.');
        let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("0"));
        let full = if parts.next().is_some() { python.to_owned() } else { format!("{major}.{minor}.0") };
        Self {
            os_name: "posix".into(),
            sys_platform: "linux".into(),
            platform_machine: machine.into(),
            platform_python_implementation: "CPython".into(),
            platform_release: String::new(),
            platform_system: "Linux".into(),
            platform_version: String::new(),
            python_version: format!("{major}.{minor}"),
            python_full_version: full.clone(),
            implementation_name: "cpython".into(),
            implementation_version: full,
        }
    }

    fn value(&self, variable: &str) -> &str {
        match variable {
            "os_name" => &self.os_name,
            "sys_platform" => &self.sys_platform,
            "platform_machine" => &self.platform_machine,
            "platform_python_implementation" => &self.platform_python_implementation,
            "platform_release" => &self.platform_release,
            "platform_system" => &self.platform_system,
            "platform_version" => &self.platform_version,
            "python_version" => &self.python_version,
            "python_full_version" => &self.python_full_version,
            "implementation_name" => &self.implementation_name,
            "implementation_version" => &self.implementation_version,
            _ => "",
        }
    }
}

/// The extras and dependency groups that are chosen, by their normalised names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What `extra` and `extras` mean.
    pub extras: BTreeSet<String>,
    /// What `dependency_groups` means.
    pub groups: BTreeSet<String>,
}

impl Marker {
    /// Does it hold in the environment with the selection.
    pub fn holds(&self, environment: &MarkerEnvironment, selection: &Selection) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(environment, selection)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(environment, selection)),
            Self::Compare { left, op, right } => match (left, right) {
                (Operand::Variable(variable), Operand::Text(text)) => {
                    compare(environment, selection, variable, *op, text, false)
                }
                (Operand::Text(text), Operand::Variable(variable)) => {
                    compare(environment, selection, variable, *op, text, true)
                }
                (Operand::Variable(left), Operand::Variable(right)) => {
                    texts(environment.value(left), *op, environment.value(right))
                }
                (Operand::Text(left), Operand::Text(right)) => texts(left, *op, right),
            },
        }
    }
}

/// `turned` is whether the text stood on the left.
fn compare(
    environment: &MarkerEnvironment,
    selection: &Selection,
    variable: &str,
    op: Op,
    text: &str,
    turned: bool,
) -> bool {
    let set = match variable {
        "extra" | "extras" => Some(&selection.extras),
        "dependency_groups" => Some(&selection.groups),
        _ => None,
    };
    if let Some(set) = set {
        let has = set.contains(text) || name::normalise(text).is_some_and(|name| set.contains(&name));
        return match op {
            Op::Equal | Op::In | Op::Identical => has,
            Op::NotEqual | Op::NotIn => !has,
            _ => false,
        };
    }
    let value = environment.value(variable);
    let versioned = matches!(
        variable,
        "python_version" | "python_full_version" | "implementation_version" | "platform_release"
    );
    if versioned && !matches!(op, Op::In | Op::NotIn) {
        let op = if turned { op.mirrored() } else { op };
        let specifier = VersionSpecifier::from_str(&format!("{}{text}", op.as_str()));
        if let (Ok(specifier), Ok(version)) = (specifier, Version::from_str(value)) {
            return specifier.contains(&version);
        }
    }
    if turned { texts(text, op, value) } else { texts(value, op, text) }
}

fn texts(left: &str, op: Op, right: &str) -> bool {
    match op {
        Op::Equal | Op::Identical => left == right,
        Op::NotEqual => left != right,
        Op::In => right.contains(left),
        Op::NotIn => !right.contains(left),
        Op::Less => left < right,
        Op::AtMost => left <= right,
        Op::Greater => left > right,
        Op::AtLeast => left >= right,
        Op::Compatible => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth() {
        let environment = MarkerEnvironment::linux("3.9.2", "x86_64");
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let selection = Selection { extras: set(&["socks-5"]), groups: set(&["api", "web"]) };
        for (marker, expected) in [
            ("python_version < '3.10'", true),
            ("python_version >= '3.10'", false),
            ("'3.10' > python_version", true),
            ("python_version == '3.*'", true),
            ("python_full_version ~= '3.9.1'", true),
            ("python_version in '3.8, 3.9'", true),
            ("sys_platform == 'win32'", false),
            ("platform_machine != 'aarch64' and os_name == 'posix'", true),
            ("os_name == 'nt' or 'linux' in sys_platform", true),
            ("extra == 'SOCKS_5'", true),
            ("extra != 'socks-5'", false),
            ("extra == 'other'", false),
            ("'api' in dependency_groups and 'x' not in dependency_groups", true),
            ("'other' in dependency_groups or 'socks-5' in extras", true),
            ("platform_release >= '5'", false),
        ] {
            let parsed: Marker = marker.parse().unwrap();
            assert_eq!(parsed.holds(&environment, &selection), expected, "{marker}");
        }
    }

    #[test]
    fn versions_of_linux() {
        assert_eq!(MarkerEnvironment::linux("3.12", "x86_64").python_full_version, "3.12.0");
        assert_eq!(MarkerEnvironment::linux("3.12.4", "x86_64").python_version, "3.12");
    }
}
