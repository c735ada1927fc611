//! The best of several wheels.

use std::collections::BTreeMap;

use crate::filename::WheelName;
use crate::tag::Tag;

/// The wheel to install of those of one version: the one with the tag that comes first in
/// `supported`, of several such the one with the greatest build tag, then the first. None if no
/// wheel fits.
pub fn select(wheels: &[WheelName], supported: &[Tag]) -> Option<usize> {
    let mut with: BTreeMap<&Tag, Vec<usize>> = BTreeMap::new();
    for (index, wheel) in wheels.iter().enumerate() {
        for tag in &wheel.tags {
            with.entry(tag).or_default().push(index);
        }
    }
    let candidates = supported.iter().find_map(|tag| with.get(tag))?;
    candidates.iter().copied().reduce(
        |best, next| {
            if wheels[next].build > wheels[best].build { next } else { best }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(filenames: &[&str]) -> Vec<WheelName> {
        filenames.iter().map(|name| name.parse().expect("a wheel's name")).collect()
    }

    fn tags(written: &[&str]) -> Vec<Tag> {
        let tag = |text: &&str| {
            let parts: Vec<&str> = text.split('-').collect();
            Tag::new(parts[0], parts[1], parts[2])
        };
        written.iter().map(tag).collect()
    }

    #[test]
    fn unwheel_selects_by_the_order_of_tags() {
        let wheels = names(&["a-1-py3-none-any.whl", "a-1-cp312-cp312-linux_x86_64.whl"]);
        let supported = tags(&["cp312-cp312-linux_x86_64", "py3-none-any"]);
        assert_eq!(select(&wheels, &supported), Some(1));
        let supported = tags(&["py3-none-any", "cp312-cp312-linux_x86_64"]);
        assert_eq!(select(&wheels, &supported), Some(0));
        assert_eq!(select(&wheels, &tags(&["cp311-cp311-linux_x86_64"])), None);
    }

    #[test]
    fn unwheel_breaks_ties_by_the_build_tag() {
        let wheels = names(&[
            "a-1-2-py3-none-any.whl",
            "a-1-10-py2.py3-none-any.whl",
            "a-1-10-py3-none-any.whl",
            "a-1-py3-none-any.whl",
        ]);
        assert_eq!(select(&wheels, &tags(&["py3-none-any"])), Some(1));
    }
}
