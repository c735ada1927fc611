//! What a wheel's file name says.

use std::str::FromStr;

use pep440_rs::Version;

use crate::name;
use crate::tag::{self, Tag};

/// The parts of a file name `{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelName {
    /// The distribution's name, normalised.
    pub name: String,
    /// The distribution's version.
    pub version: Version,
    /// The build tag, a tie-break between wheels that are otherwise the same.
    pub build: Option<BuildTag>,
    /// The tags, in the order they are written, sets expanded.
    pub tags: Vec<Tag>,
}

/// A build tag: its leading number, then what follows. Greater is newer; no tag is older than any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildTag {
    /// The digits the tag starts with.
    pub number: u64,
    /// The rest of it.
    pub suffix: String,
}

/// Why a file name is not a wheel's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum BadFilename {
    #[error("the file name {found:?} is a path, expected the bare name of a file")]
    Path { found: String },
    #[error("the file name does not end with .whl")]
    Extension,
    #[error(
        "the file name has {found} parts, expected name-version-python-abi-platform or a build tag after the version"
    )]
    Parts { found: usize },
    #[error("the file name starts with {found:?}, expected a distribution's name")]
    Name { found: String },
    #[error("the file name has version {found:?}, expected one such as 1.2.3")]
    Version { found: String },
    #[error("the file name has build tag {found:?}, expected one that starts with a digit")]
    Build { found: String },
    #[error("the file name has tags {found:?}, expected non-empty ones separated by dots")]
    Tags { found: String },
}

impl FromStr for WheelName {
    type Err = BadFilename;

    fn from_str(filename: &str) -> Result<Self, BadFilename> {
        if filename.contains(|letter: char| letter.is_control() || matches!(letter, '/' | '\\')) {
            return Err(BadFilename::Path { found: filename.to_owned() });
        }
        let stem = filename.strip_suffix(".whl").ok_or(BadFilename::Extension)?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (distribution, version, build, python, abi, platform) = match parts[..] {
            [distribution, version, python, abi, platform] => {
                (distribution, version, None, python, abi, platform)
            }
            [distribution, version, build, python, abi, platform] => {
                (distribution, version, Some(build), python, abi, platform)
            }
            _ => return Err(BadFilename::Parts { found: parts.len() }),
        };
        if !name::is_valid(distribution) {
            return Err(BadFilename::Name { found: distribution.to_owned() });
        }
        let tags = tag::expand(python, abi, platform)
            .ok_or_else(|| BadFilename::Tags { found: format!("{python}-{abi}-{platform}") })?;
        Ok(Self {
            name: name::normalise(distribution),
            version: read_version(version)
                .ok_or_else(|| BadFilename::Version { found: version.to_owned() })?,
            build: build.map(read_build).transpose()?,
            tags,
        })
    }
}

/// A version as file and folder names have it: a `-` is written as `_` there.
pub(crate) fn read_version(written: &str) -> Option<Version> {
    Version::from_str(written).or_else(|_| Version::from_str(&written.replace('_', "-"))).ok()
}

fn read_build(written: &str) -> Result<BuildTag, BadFilename> {
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = written.split_at(digits);
    let number = number.parse().map_err(|_| BadFilename::Build { found: written.to_owned() })?;
    Ok(BuildTag { number, suffix: suffix.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_reads_file_names() {
        let name: WheelName =
            "Zope.Interface-5.4.0-12b-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
                .parse()
                .expect("a wheel's name");
        assert_eq!(name.name, "zope-interface");
        assert_eq!(name.version.to_string(), "5.4.0");
        assert_eq!(name.build, Some(BuildTag { number: 12, suffix: "b".to_owned() }));
        assert_eq!(name.tags.len(), 2);
        assert_eq!(name.tags[1].to_string(), "cp312-cp312-manylinux2014_x86_64");
        let local: WheelName =
            "torch-2.3.0+cu121-cp312-cp312-linux_x86_64.whl".parse().expect("a local version");
        assert_eq!(local.version.to_string(), "2.3.0+cu121");
    }

    #[test]
    fn unwheel_refuses_file_names_and_says_why() {
        for (filename, message) in [
            ("a-1-py3-none-any.zip", "the file name does not end with .whl"),
            (
                "a-1-any.whl",
                "the file name has 3 parts, expected name-version-python-abi-platform or a build tag after the version",
            ),
            (
                "../a-1-py3-none-any.whl",
                "the file name \"../a-1-py3-none-any.whl\" is a path, expected the bare name of a file",
            ),
            (
                "a-1-1/../../b-py3-none-any.whl",
                "the file name \"a-1-1/../../b-py3-none-any.whl\" is a path, expected the bare name of a file",
            ),
            (
                "a-1-py3-none-any\n.whl",
                "the file name \"a-1-py3-none-any\\n.whl\" is a path, expected the bare name of a file",
            ),
            ("é-1-py3-none-any.whl", "the file name starts with \"é\", expected a distribution's name"),
            ("a-x-py3-none-any.whl", "the file name has version \"x\", expected one such as 1.2.3"),
            (
                "a-1-b1-py3-none-any.whl",
                "the file name has build tag \"b1\", expected one that starts with a digit",
            ),
            (
                "a-1-py3..py2-none-any.whl",
                "the file name has tags \"py3..py2-none-any\", expected non-empty ones separated by dots",
            ),
        ] {
            let bad = filename.parse::<WheelName>().expect_err(filename);
            assert_eq!(bad.to_string(), message);
        }
    }

    #[test]
    fn unwheel_orders_build_tags_by_number() {
        let build = |text: &str| read_build(text).expect("a build tag");
        assert!(build("2") < build("10"));
        assert!(build("10") < build("10a"));
        assert!(None < Some(build("0")));
    }
}
