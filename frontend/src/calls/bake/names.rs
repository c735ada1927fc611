//! What targets and groups of a bake file are called: they share one set of names, and a group hides the target of its name.

use std::collections::{BTreeMap, BTreeSet};

/// The group of all targets, which bake builds where none is named.
pub(super) const ALL: &str = "default";

/// The most targets of a group. BuildKit gives up on a build whose client it has not answered within 6 seconds; a hundred
/// that begin at once keep a small builder busy for longer. Source: moby/buildkit `solver/jobs.go`, `Get`.
const PART: usize = 40;

/// The target of each service. Its name is the service's wherever bake takes that: it takes no dots, and `default` is the
/// group of all. What is called otherwise gives way to what is not.
pub(super) fn targets<'a>(services: impl Iterator<Item = &'a String>) -> BTreeMap<&'a str, String> {
    let (own, other): (Vec<&str>, Vec<&str>) =
        services.map(String::as_str).partition(|name| !name.contains('.') && *name != ALL);
    let mut taken: BTreeSet<String> = own.iter().map(|&name| name.to_owned()).collect();
    taken.insert(ALL.to_owned());
    let mut ids: BTreeMap<&str, String> = own.into_iter().map(|name| (name, name.to_owned())).collect();
    for name in other {
        let mut id = name.replace('.', "_");
        while !taken.insert(id.clone()) {
            id.push('_');
        }
        ids.insert(name, id);
    }
    ids
}

/// The group of all of `targets`. Where these are too many for a small builder, the groups `part-1`, `part-2` … have some
/// of them each, or `part_-1` … where a target has such a name.
pub(super) fn groups(targets: &[String]) -> Vec<(String, &[String])> {
    let mut groups = vec![(ALL.to_owned(), targets)];
    if targets.len() <= PART {
        return groups;
    }
    let parts = || targets.chunks(PART).enumerate();
    let mut word = "part".to_owned();
    while parts().any(|(number, _)| targets.contains(&part(&word, number))) {
        word.push('_');
    }
    groups.extend(parts().map(|(number, targets)| (part(&word, number), targets)));
    groups
}

fn part(word: &str, number: usize) -> String {
    format!("{word}-{}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(services: &[&str]) -> Vec<(String, String)> {
        let services: BTreeSet<String> = services.iter().map(|&name| name.to_owned()).collect();
        targets(services.iter()).into_iter().map(|(name, id)| (name.to_owned(), id)).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|&(name, id)| (name.to_owned(), id.to_owned())).collect()
    }

    #[test]
    fn a_target_has_its_services_name_wherever_it_can() {
        assert_eq!(ids(&["a.b", "api"]), pairs(&[("a.b", "a_b"), ("api", "api")]));
        assert_eq!(ids(&["a.b", "a_b"]), pairs(&[("a.b", "a_b_"), ("a_b", "a_b")]));
        assert_eq!(
            ids(&["a.b.c", "a.b_c", "a_b.c", "a_b_c_"]),
            pairs(&[("a.b.c", "a_b_c"), ("a.b_c", "a_b_c__"), ("a_b.c", "a_b_c___"), ("a_b_c_", "a_b_c_")])
        );
        // The group of all has this name.
        assert_eq!(
            ids(&["default", "default-worker"]),
            pairs(&[("default", "default_"), ("default-worker", "default-worker")])
        );
    }

    #[test]
    fn many_targets_are_baked_in_parts() {
        let sizes = |targets: &[String]| -> Vec<(String, usize)> {
            groups(targets).into_iter().map(|(name, targets)| (name, targets.len())).collect()
        };
        let services = |count: usize| -> Vec<String> { (0..count).map(|n| format!("s{n:03}")).collect() };
        let expected = |all: &[(&str, usize)]| -> Vec<(String, usize)> {
            all.iter().map(|&(name, size)| (name.to_owned(), size)).collect()
        };
        assert_eq!(sizes(&services(40)), expected(&[("default", 40)]));
        let mut many = services(85);
        assert_eq!(sizes(&many), expected(&[("default", 85), ("part-1", 40), ("part-2", 40), ("part-3", 5)]));
        // A group of no more targets hides none.
        many[0] = "part-4".into();
        assert_eq!(sizes(&many)[1].0, "part-1");
        many[1] = "part-3".into();
        many[2] = "part_-1".into();
        let parts: Vec<String> = sizes(&many).into_iter().skip(1).map(|(name, _)| name).collect();
        assert_eq!(parts, ["part__-1", "part__-2", "part__-3"]);
    }
}
