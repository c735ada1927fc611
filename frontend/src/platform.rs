//! Platforms as containerd names them, and what a build is told of its own.

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

/// The platform that images are for, and the one that steps run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platforms {
    /// That of the images: one of `--platform`.
    pub target: Platform,
    /// That of the worker.
    pub build: Platform,
}

/// Architectures in Go's names. Source: containerd/platforms `isKnownArch`, without those that Go has given up.
pub const ARCHITECTURES: [&str; 15] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
    "riscv64", "s390x", "sparc64", "wasm",
];

impl Platform {
    /// Normalises as containerd's `platforms.Normalize` does.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (architecture, variant) = (architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", if variant == "v1" { "" } else { variant }),
            ("aarch64" | "arm64", "8" | "v8" | "v8.0" | "") => ("arm64", ""),
            ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
            ("aarch64", variant) => ("arm64", variant),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            ("i386", _) => ("386", ""),
            (architecture, variant) => (architecture, variant),
        };
        let os = os.to_ascii_lowercase();
        Self {
            os: if os == "macos" { "darwin".to_owned() } else { os },
            architecture: architecture.to_owned(),
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
            ("loong64", _) => "loongarch64",
            (other, _) => other,
        }
    }

    /// Reads `os/architecture[/variant]`, or a well-known architecture alone, which is Linux's; `None` for
    /// anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let sound = |part: &&str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        if !parts.iter().all(sound) {
            return None;
        }
        let platform = match parts[..] {
            [architecture] => Self::new("linux", architecture, ""),
            [os, architecture] => Self::new(os, architecture, ""),
            [os, architecture, variant] => Self::new(os, architecture, variant),
            _ => return None,
        };
        ARCHITECTURES.contains(&platform.architecture.as_str()).then_some(platform)
    }
}

impl Platforms {
    /// The value of a predefined build argument; `None` if no platform says it.
    /// Source: moby/buildkit `frontend/dockerfile/dockerfile2llb/platform.go`.
    pub fn argument(&self, name: &str) -> Option<String> {
        let (platform, rest) = match (name.strip_prefix("TARGET"), name.strip_prefix("BUILD")) {
            (Some(rest), _) => (&self.target, rest),
            (_, Some(rest)) => (&self.build, rest),
            _ => return None,
        };
        match rest {
            "PLATFORM" => Some(platform.to_string()),
            "OS" => Some(platform.os.clone()),
            "ARCH" => Some(platform.architecture.clone()),
            "VARIANT" => Some(platform.variant.clone()),
            // Windows has such; what there is of it here has none.
            "OSVERSION" => Some(String::new()),
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
    use super::{Platform, Platforms};

    #[test]
    fn normalises_like_containerd() {
        for (text, id) in [
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/v9", "linux/arm64/v9"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v2", "linux/amd64/v2"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/s390x", "linux/s390x"),
            ("Linux/ARM64/V8", "linux/arm64"),
            ("macos/arm64", "darwin/arm64"),
            ("arm64", "linux/arm64"),
        ] {
            assert_eq!(Platform::parse(text).map(|found| found.to_string()).as_deref(), Some(id), "{text}");
        }
        for bad in ["linux", "linux//v8", "linux/arm46", "", "linux/arm/v7/x", "linux/a b"] {
            assert_eq!(Platform::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn arguments_are_those_of_a_dockerfile() {
        let (target, build) = (Platform::new("linux", "arm", "v6"), Platform::new("linux", "amd64", ""));
        let platforms = Platforms { target, build };
        for (name, value) in [
            ("TARGETPLATFORM", Some("linux/arm/v6")),
            ("TARGETOS", Some("linux")),
            ("TARGETARCH", Some("arm")),
            ("TARGETVARIANT", Some("v6")),
            ("BUILDPLATFORM", Some("linux/amd64")),
            ("BUILDARCH", Some("amd64")),
            ("BUILDVARIANT", Some("")),
            ("TARGETX", None),
            ("BUILD", None),
            ("ARCH", None),
        ] {
            assert_eq!(platforms.argument(name).as_deref(), value, "{name}");
        }
    }
}
