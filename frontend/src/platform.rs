//! Platforms as containerd names them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An operating system and processor, normalised: `linux/arm64` never has the variant `v8`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system, in Go's names.
    pub os: String,
    /// Architecture, in Go's names.
    pub architecture: String,
    /// Variant, empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl Platform {
    /// Normalises as containerd's `platforms.Normalize` does for Linux.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (architecture, variant) = match (architecture.to_ascii_lowercase().as_str(), variant) {
            ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", if variant == "v1" { "" } else { variant }),
            ("aarch64" | "arm64", "8" | "v8" | "") => ("arm64", ""),
            ("armel", _) => ("arm", "v6"),
            ("armhf", _) | ("arm", "" | "7" | "v7") => ("arm", "v7"),
            ("i386" | "386", _) => ("386", ""),
            (_, variant) => (architecture, variant),
        };
        Self {
            os: os.to_ascii_lowercase(),
            architecture: architecture.to_ascii_lowercase(),
            variant: variant.to_owned(),
        }
    }

    /// `uname -m`'s name of the processor.
    pub fn machine(&self) -> &str {
        match (self.architecture.as_str(), self.variant.as_str()) {
            ("amd64", _) => "x86_64",
            ("arm64", _) => "aarch64",
            ("386", _) => "i686",
            ("arm", "v6") => "armv6l",
            ("arm", _) => "armv7l",
            (other, _) => other,
        }
    }

    /// Reads `os/architecture[/variant]`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let sound = |part: &&str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        if !parts.iter().all(sound) {
            return None;
        }
        match parts[..] {
            [os, architecture] => Some(Self::new(os, architecture, "")),
            [os, architecture, variant] => Some(Self::new(os, architecture, variant)),
            _ => None,
        }
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

    #[test]
    fn normalises_like_containerd() {
        for (text, id) in [
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("linux/s390x", "linux/s390x"),
        ] {
            assert_eq!(Platform::parse(text).unwrap().to_string(), id);
        }
        assert_eq!(Platform::parse("linux"), None);
        assert_eq!(Platform::parse("linux//v8"), None);
    }
}
