//! The known name that an unknown one was probably meant to be.

use std::collections::BTreeMap;

use crate::diagnostic::MOST;

/// `did you mean "…"?` with the nearest of the known names, if one is near.
pub(super) fn suggest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|near| format!("did you mean \"{near}\"?"))
}

/// The nearest of the known names, if no more than a third of it differs.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Comparing is quadratic in the names' lengths, and nobody mistypes a name this long.
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().max(3)) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A hint that lists what there is: all of a few, the first of many.
pub(super) fn list<'a>(what: &str, known: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 20;
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    let more = known.len().saturating_sub(MOST);
    let names = known.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match (known.len(), more) {
        (0, _) => format!("there are no {what}"),
        (_, 0) => format!("known {what}: {names}"),
        _ => format!("known {what}: {names} and {more} more"),
    }
}

/// Hints for names that are not there. Thousands of wrong names beside thousands of right ones would be millions of comparisons:
/// each name has its hint worked out once, and only as many have one as anybody is shown.
#[derive(Default)]
pub(super) struct Hints(BTreeMap<(&'static str, String), String>);

impl Hints {
    /// The hint for a name, of one rule.
    pub(super) fn of(
        &mut self,
        rule: &'static str,
        name: &str,
        make: impl FnOnce() -> String,
    ) -> Option<String> {
        let key = (rule, name.to_owned());
        if let Some(known) = self.0.get(&key) {
            return Some(known.clone());
        }
        if self.0.len() >= MOST {
            return None;
        }
        Some(self.0.entry(key).or_insert_with(make).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let known = ["requirements", "files", "from"];
        for (name, expected) in [
            ("requirments", Some("requirements")),
            ("Files", Some("files")),
            ("form", Some("from")),
            ("fle", None),
            ("volumes", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()), expected, "{name}");
        }
    }

    #[test]
    fn a_hint_is_made_once() {
        let mut hints = Hints::default();
        let mut made = 0;
        for round in 0..2 {
            for name in 0..2 * MOST {
                let hint = hints.of("rule", &name.to_string(), || {
                    made += 1;
                    name.to_string()
                });
                assert_eq!(hint, (name < MOST).then(|| name.to_string()), "{round}");
            }
        }
        assert_eq!(made, MOST);
    }

    #[test]
    fn lists_are_short() {
        assert_eq!(list("stages", ["b", "a"].into_iter()), "known stages: a, b");
        assert_eq!(list("stages", std::iter::empty()), "there are no stages");
        assert!(list("stages", ["a"; 30].into_iter()).ends_with("and 10 more"));
    }
}
