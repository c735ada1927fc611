//! For which dependency groups a marker holds, all at once.
//!
//! A lock of many services has packages with as many groups; to ask group after group would be quadratic.

use std::collections::BTreeSet;

use super::{Marker, MarkerEnvironment, Op, Operand, Selection};

/// A set of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Groups<'a> {
    /// Every group, and none.
    All,
    /// These.
    Of(BTreeSet<&'a str>),
}

impl Marker {
    /// The groups of which each alone makes the marker hold in the environment. Exact for what our locks
    /// write; a `not in` counts as if no group were chosen.
    pub(crate) fn groups<'a>(&'a self, environment: &MarkerEnvironment) -> Groups<'a> {
        match self {
            Self::Compare {
                left: Operand::Text(group),
                op: Op::In,
                right: Operand::Variable("dependency_groups"),
            } => Groups::Of(BTreeSet::from([group.as_str()])),
            Self::Compare { .. } if self.holds(environment, &Selection::default()) => Groups::All,
            Self::Compare { .. } => Groups::Of(BTreeSet::new()),
            Self::Or(parts) => {
                let mut union = BTreeSet::new();
                for part in parts {
                    match part.groups(environment) {
                        Groups::All => return Groups::All,
                        Groups::Of(groups) => union.extend(groups),
                    }
                }
                Groups::Of(union)
            }
            Self::And(parts) => {
                let mut common: Option<BTreeSet<&str>> = None;
                for part in parts {
                    if let Groups::Of(groups) = part.groups(environment) {
                        common = Some(match common {
                            None => groups,
                            Some(common) => common.intersection(&groups).copied().collect(),
                        });
                    }
                }
                common.map_or(Groups::All, Groups::Of)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_as_asking_each() {
        let environment = MarkerEnvironment::linux("3.12", "x86_64");
        for marker in [
            "'a' in dependency_groups",
            "('a' in dependency_groups or 'b' in dependency_groups) and python_version == '3.12'",
            "('a' in dependency_groups or 'b' in dependency_groups) and python_version == '3.11'",
            "'a' in dependency_groups and python_version == '3.11' or 'b' in dependency_groups",
            "python_version == '3.12'",
            "python_version == '3.12' or 'a' in dependency_groups",
        ] {
            let marker: Marker = marker.parse().unwrap();
            let groups = marker.groups(&environment);
            for group in ["a", "b", "c"] {
                let selection =
                    Selection { groups: BTreeSet::from([group.to_owned()]), ..Selection::default() };
                let has = match &groups {
                    Groups::All => true,
                    Groups::Of(groups) => groups.contains(group),
                };
                assert_eq!(has, marker.holds(&environment, &selection), "{marker} {group}");
            }
        }
    }
}
