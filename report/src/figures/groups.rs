//! Groups of images. Thousands of files are hidden in the same images: what is kept of each is the number of its group.

use std::collections::BTreeMap;

/// The number of a group; the first has nobody in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group(usize);

/// Distinct groups, each as another one and the image that it has besides.
#[derive(Debug, Default)]
pub(super) struct Groups {
    list: Vec<(Group, usize)>,
    with: BTreeMap<(Group, usize), Group>,
}

impl Groups {
    /// A group with one more image. One that has come last is there already: a layer may lie in an image twice.
    pub(super) fn with(&mut self, group: Group, image: usize) -> Group {
        let newest = self.entry(group).map(|(_, newest)| newest);
        if newest == Some(image) {
            return group;
        }
        let list = &mut self.list;
        *self.with.entry((group, image)).or_insert_with(|| {
            list.push((group, image));
            Group(list.len())
        })
    }

    fn entry(&self, group: Group) -> Option<(Group, usize)> {
        self.list.get(group.0.checked_sub(1)?).copied()
    }

    /// The images of a group, in the order in which they have come.
    pub(super) fn images(&self, group: Group) -> Vec<usize> {
        let all = std::iter::successors(self.entry(group), |(before, _)| self.entry(*before));
        let mut images: Vec<usize> = all.map(|(_, image)| image).collect();
        images.reverse();
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_kept_once() {
        let mut groups = Groups::default();
        let [one, other] =
            [(); 2].map(|()| (0..500).fold(Group::default(), |all, image| groups.with(all, image)));
        assert_eq!((one, groups.list.len()), (other, 500));
        let few = [3, 7].into_iter().fold(Group::default(), |all, image| groups.with(all, image));
        assert_eq!(groups.with(few, 7), few, "it has come twice");
        assert_eq!((groups.images(few), groups.images(Group::default())), (vec![3, 7], vec![]));
        assert_eq!(groups.images(one), (0..500).collect::<Vec<_>>());
    }
}
