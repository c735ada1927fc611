//! Compatibility tags: what a wheel was built for.

use std::fmt;

/// One tag of the specification "platform compatibility tags", lower case: `cp312-cp312-linux_x86_64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// `cp312`, `py3`.
    pub python: String,
    /// `cp312`, `abi3`, `none`.
    pub abi: String,
    /// `manylinux_2_17_x86_64`, `any`.
    pub platform: String,
}

impl Tag {
    /// A tag of its three parts.
    pub fn new(python: &str, abi: &str, platform: &str) -> Self {
        Self { python: python.to_lowercase(), abi: abi.to_lowercase(), platform: platform.to_lowercase() }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}-{}-{}", self.python, self.abi, self.platform)
    }
}

/// More tags than any wheel has, and few enough that a made-up name costs nothing.
const MOST: usize = 4096;

/// The tags of a compressed set such as `py2.py3` `none` `any`, in the order they are written.
/// None if a part is empty or there are more than anybody needs.
pub(crate) fn expand(python: &str, abi: &str, platform: &str) -> Option<Vec<Tag>> {
    let parts = [python, abi, platform];
    if parts.iter().any(|part| part.split('.').any(str::is_empty)) {
        return None;
    }
    let count = parts.iter().map(|part| part.split('.').count()).fold(1, usize::saturating_mul);
    if count > MOST {
        return None;
    }
    let mut tags = Vec::with_capacity(count);
    for python in python.split('.') {
        for abi in abi.split('.') {
            for platform in platform.split('.') {
                tags.push(Tag::new(python, abi, platform));
            }
        }
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_expands_compressed_tag_sets() {
        let tags = expand("py2.py3", "none", "manylinux1_x86_64.Any").expect("a tag set");
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        assert_eq!(
            tags,
            ["py2-none-manylinux1_x86_64", "py2-none-any", "py3-none-manylinux1_x86_64", "py3-none-any"]
        );
    }

    #[test]
    fn unwheel_refuses_empty_and_endless_tag_sets() {
        assert_eq!(expand("py3.", "none", "any"), None);
        assert_eq!(expand("py3", "", "any"), None);
        let many = vec!["x"; 20].join(".");
        assert_eq!(expand(&many, &many, &many), None);
    }
}
