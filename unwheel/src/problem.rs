//! What can be wrong with a wheel.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::filename::BadFilename;

/// Characters of an entry's name that a message has at most.
const SHOWN: usize = 500;

/// One reason not to install, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// The wheel's file name. None if it concerns no single wheel.
    pub wheel: Option<String>,
    /// The entry of the wheel, or the file of the tree.
    pub entry: Option<String>,
    /// What is wrong.
    pub cause: Cause,
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(wheel) = &self.wheel {
            write!(to, "{wheel}: ")?;
        }
        if let Some(entry) = &self.entry {
            // A name that is refused can be as long as the archive likes.
            let shown: String = entry.chars().take(SHOWN).collect();
            let more = if shown.len() < entry.len() { "…" } else { "" };
            write!(to, "{}{more}: ", shown.escape_debug())?;
        }
        write!(to, "{}", self.cause)
    }
}

impl Problem {
    pub(crate) fn of_wheel(wheel: &str, cause: Cause) -> Self {
        Self { wheel: Some(wheel.to_owned()), entry: None, cause }
    }

    pub(crate) fn of_entry(wheel: &str, entry: &str, cause: Cause) -> Self {
        Self { wheel: Some(wheel.to_owned()), entry: Some(entry.to_owned()), cause }
    }
}

/// Every kind of problem. The messages say what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Cause {
    #[error("the install scheme cannot be used: {0}")]
    Scheme(String),
    #[error(transparent)]
    Filename(#[from] BadFilename),
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("is no zip archive, or is cut short: {0}")]
    NoArchive(String),
    #[error("is the same distribution as {0}, expected each distribution once")]
    Twice(String),

    #[error("has more than {most} entries")]
    Entries { most: u64 },
    #[error("has names of more than {most} bytes in all")]
    Names { most: u64 },
    #[error("unpacks to {found} bytes, expected at most {most}")]
    TooLarge { found: u64, most: u64 },
    #[error("unpacks to {found} bytes from {packed}, expected at most {ratio} times as many")]
    Ratio { found: u64, packed: u64, ratio: u64 },
    #[error("the entry's data overlaps with that of {0:?} or with the archive's directory")]
    Overlap(String),
    #[error("the entry is there twice")]
    Duplicate,
    #[error("the entry has another name in the archive's directory than before its data")]
    TwoNames,
    #[error("the entry's name {0}")]
    Name(String),
    #[error("the entry is a {0}, expected a file or a directory")]
    Special(&'static str),
    #[error("the entry is encrypted")]
    Encrypted,
    #[error("the entry is compressed by method {0}, expected none or deflate")]
    Method(u16),
    #[error("the entry is a directory with data")]
    DirectoryData,
    #[error("the entry's data is broken: {0}")]
    Broken(String),
    #[error("the file is larger than the {most} bytes that are read of it")]
    MetadataSize { most: u64 },

    #[error("there is no .dist-info directory")]
    NoDistInfo,
    #[error("there are several .dist-info directories: {0}")]
    DistInfos(String),
    #[error("{what} is {found:?}, the file name says {expected:?}")]
    Disagree { what: &'static str, found: String, expected: String },
    #[error("the file is missing")]
    Missing,
    #[error("the file is not UTF-8")]
    Text,
    #[error("the header {0} is missing")]
    Header(&'static str),
    #[error("Wheel-Version is {0:?}, expected 1.x")]
    WheelVersion(String),

    #[error("row {number}: {fault}")]
    RecordRow { number: u64, fault: String },
    #[error("has more than {most} rows, as many as there may be entries")]
    RecordRows { most: u64 },
    #[error("is listed in RECORD twice, with different hashes or sizes")]
    RecordTwice,
    #[error("is listed in RECORD but is not in the wheel")]
    RecordAbsent,
    #[error("is not listed in RECORD")]
    Unlisted,
    #[error("is listed in RECORD without a hash")]
    NoHash,
    #[error("has hash {found:?} in RECORD, expected sha256=, sha384= or sha512= with its digest")]
    Hash { found: String },
    #[error("has {found} bytes, RECORD says {expected}")]
    Size { found: u64, expected: u64 },
    #[error("has another {0} than RECORD says")]
    Digest(&'static str),

    #[error("line {line}: {fault}")]
    EntryPoint { line: u64, fault: String },
    #[error("wants {found} scripts, expected at most {most}")]
    Scripts { found: u64, most: u64 },
    #[error(
        "the .data directory has no such scheme key, expected purelib, platlib, scripts, data or headers"
    )]
    SchemeKey,
    #[error("is a file where {0} needs a directory")]
    FileForDirectory(String),
    #[error("cannot be written: {0}")]
    Write(String),
}

/// What does not stop an installation but may surprise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{path}: {loser} and {winner} have it with different bytes, that of {winner} is installed")]
pub struct Warning {
    /// The file's absolute path in the image.
    pub path: String,
    /// The wheel whose file is there.
    pub winner: String,
    /// A wheel whose file is not.
    pub loser: String,
}
