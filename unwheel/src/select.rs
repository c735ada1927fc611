//! The best of several wheels.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::filename::WheelName;
use crate::tag::Tag;

/// The wheel to install of those of one version: the one with the tag that comes first in
/// `supported`, of several such the one with the greatest build tag, then the first. None if no
/// wheel fits.
pub fn select(wheels: &[WheelName], supported: &Ranks<'_>) -> Option<usize> {
    let ranked = wheels.iter().enumerate().filter_map(|(index, wheel)| {
        let rank = wheel.tags.iter().filter_map(|tag| supported.0.get(tag)).min()?;
        Some((*rank, Reverse(&wheel.build), index))
    });
    ranked.min().map(|(_, _, index)| index)
}

/// The places of tags in their order, which is long.
#[derive(Debug)]
pub struct Ranks<'a>(BTreeMap<&'a Tag, usize>);

impl<'a> Ranks<'a> {
    /// Of tags as [`crate::supported`] gives them, the first to be preferred.
    pub fn of(supported: &'a [Tag]) -> Self {
        Self(supported.iter().enumerate().rev().map(|(rank, tag)| (tag, rank)).collect())
    }
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
        assert_eq!(select(&wheels, &Ranks::of(&supported)), Some(1));
        let supported = tags(&["py3-none-any", "cp312-cp312-linux_x86_64"]);
        assert_eq!(select(&wheels, &Ranks::of(&supported)), Some(0));
        assert_eq!(select(&wheels, &Ranks::of(&tags(&["cp311-cp311-linux_x86_64"]))), None);
    }

    #[test]
    fn unwheel_breaks_ties_by_the_build_tag() {
        let wheels = names(&[
            "a-1-2-py3-none-any.whl",
            "a-1-10-py2.py3-none-any.whl",
            "a-1-10-py3-none-any.whl",
            "a-1-py3-none-any.whl",
        ]);
        assert_eq!(select(&wheels, &Ranks::of(&tags(&["py3-none-any"]))), Some(1));
    }
}
