//! One package pinned to different versions in different files: then services that could share a layer of it
//! do not, or nothing can be resolved at all.

use std::collections::{BTreeMap, BTreeSet};

use layerset_lock::{Inputs, Place, Requirement};

use super::{Asked, entry_of};
use crate::diagnostic::{Diagnostic, Span};

/// Pins of a package, by version and then by place.
type Pins<'i> = BTreeMap<String, BTreeSet<&'i Place>>;

/// A warning for each package that different files pin to different versions. Pins under different markers do
/// not meet.
pub fn different_pins(asked: &Asked, inputs: &Inputs) -> Vec<Diagnostic> {
    let mut pins: BTreeMap<(&str, String), Pins<'_>> = BTreeMap::new();
    for input in &inputs.inputs {
        for requirement in input.requirements.iter().chain(&input.constraints) {
            if let Some(version) = pinned(requirement) {
                let marker = requirement.marker.as_ref().map(ToString::to_string).unwrap_or_default();
                let versions = pins.entry((&requirement.name, marker)).or_default();
                versions.entry(version).or_default().insert(&requirement.place);
            }
        }
    }
    let different = pins.into_iter().filter(|(_, versions)| versions.len() > 1);
    different.map(|((name, _), versions)| warning(name, &versions, asked, inputs)).collect()
}

fn warning(name: &str, versions: &Pins<'_>, asked: &Asked, inputs: &Inputs) -> Diagnostic {
    let first = versions.iter().filter_map(|(version, places)| Some((version, *places.first()?)));
    let first: Vec<(&String, &Place)> = first.collect();
    let said = first.iter().map(|(version, place)| format!("to {version} at {}:{}", place.file, place.line));
    let message = format!("{name} is pinned {}", said.collect::<Vec<_>>().join(" and "));
    let span = |(_, place): &(&String, &Place)| {
        let spans = asked.keys().map(|consumer| entry_of(asked, inputs, consumer, &place.file));
        spans.filter(|span| *span != Span::default()).min()
    };
    let spans = first.iter().filter_map(span).min().unwrap_or_default();
    Diagnostic::warning("different-pins", spans, message)
        .hint("pin one version in all files, and the services share one layer of it")
}

/// The one version that a requirement allows.
fn pinned(requirement: &Requirement) -> Option<String> {
    let text = requirement.specifiers.to_string();
    let version = text.strip_prefix("==")?.trim_start_matches('=').trim();
    (!version.contains(['*', ',']) && !version.is_empty()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use layerset_lock::InputId;

    use super::*;

    fn warnings(files: &[(&str, &str)]) -> Vec<String> {
        let ids: Vec<InputId> = files.iter().map(|(path, _)| InputId::file(*path)).collect();
        let text = |path: &str| {
            files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec())
        };
        let inputs = Inputs::read(&ids, |path| Ok::<_, ()>(text(path))).unwrap();
        let at = |id: InputId| (id.path.clone(), vec![(id, Span::new(3, 1))]);
        let asked = ids.into_iter().map(at).collect();
        let found = different_pins(&asked, &inputs);
        assert!(found.iter().all(|one| one.span == Span::new(3, 1)), "{found:?}");
        found.into_iter().map(|one| one.message).collect()
    }

    #[test]
    fn only_pins_that_meet() {
        let found = warnings(&[
            ("a.txt", "x\nNumPy==1.26.4\ny==1"),
            ("b.txt", "numpy==2.1.0\ny==1"),
            ("c.txt", "numpy>=1"),
        ]);
        assert_eq!(found, ["numpy is pinned to 1.26.4 at a.txt:2 and to 2.1.0 at b.txt:1"]);
        for (one, other) in [
            ("n==1", "n==1"),
            ("n==1.*", "n==2"),
            ("n>=1,<2", "n==2"),
            ("n==1; python_version < '3.9'", "n==2; python_version >= '3.9'"),
            ("n", "n==1"),
        ] {
            assert_eq!(warnings(&[("a.txt", one), ("b.txt", other)]), Vec::<String>::new(), "{one} {other}");
        }
    }
}
