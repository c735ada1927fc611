//! Which image of an index is read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An operating system and processor, in Go's names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system.
    #[serde(default)]
    pub os: String,
    /// Processor.
    #[serde(default)]
    pub architecture: String,
    /// Its variant, empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl Platform {
    /// How well an image for `self` does where `wanted` is asked for: 0 is best, `None` not at all.
    pub fn distance(&self, wanted: &Self) -> Option<u8> {
        if self.os != wanted.os || self.architecture != wanted.architecture {
            return None;
        }
        let usual = |variant: &'_ str| match (self.architecture.as_str(), variant) {
            ("arm64", "v8") | ("amd64", "v1") => String::new(),
            ("arm", "") => "v7".to_owned(),
            (_, variant) => variant.to_owned(),
        };
        let (own, wanted) = (usual(&self.variant), usual(&wanted.variant));
        if own == wanted {
            return Some(0);
        }
        // Later variants run what is made for earlier ones.
        let number = |variant: &str| variant.trim_start_matches('v').parse::<u8>().unwrap_or(0);
        number(&wanted).checked_sub(number(&own))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Platform { os: next(), architecture: next(), variant: next() }
    }

    #[test]
    fn the_nearest_is_taken() {
        for (has, wanted, distance) in [
            ("linux/amd64", "linux/amd64", Some(0)),
            ("linux/arm64/v8", "linux/arm64", Some(0)),
            ("linux/arm/v6", "linux/arm/v7", Some(1)),
            ("linux/arm/v7", "linux/arm/v6", None),
            ("linux/amd64", "linux/amd64/v3", Some(3)),
            ("linux/arm64", "linux/amd64", None),
            ("windows/amd64", "linux/amd64", None),
            ("unknown/unknown", "linux/amd64", None),
        ] {
            assert_eq!(platform(has).distance(&platform(wanted)), distance, "{has} for {wanted}");
        }
    }
}
