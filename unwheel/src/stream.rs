//! One entry's bytes on their way to a file.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};

use sha2::{Digest as _, Sha256};

use crate::archive::broken;
use crate::problem::Cause;
use crate::record::{Algorithm, Expected, Hasher};
use crate::script::PLACEHOLDER;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Bytes of the file.
    pub size: u64,
    /// Its sha256 where it was asked for, or known anyway.
    pub sha256: Option<Vec<u8>>,
    /// Whether the file has other bytes than the entry.
    pub changed: bool,
}

/// What is wanted of one file.
pub(crate) struct Wanted<'a> {
    /// What RECORD says of it.
    pub expected: Option<&'a Expected>,
    /// The first line that replaces `#!python`, for scripts.
    pub shebang: Option<&'a str>,
    /// Whether somebody will ask for the sha256 of what was written.
    pub sha256: bool,
}

/// Copies an entry to a file, or only checks it if there is none. `buffer` is what is held in memory.
pub(crate) fn copy(
    mut entry: impl Read,
    to: Option<&mut File>,
    wanted: &Wanted<'_>,
    buffer: &mut [u8],
) -> Result<Written, Cause> {
    let mut input = wanted.expected.map(|expected| Hasher::new(expected.digest.0));
    // The hash that is checked is the one that is asked for, unless the bytes differ.
    let known = wanted.expected.is_some_and(|expected| expected.digest.0 == Algorithm::Sha256);
    let own_hash = wanted.shebang.is_some() || (wanted.sha256 && !known);
    let mut output = Output { to, sha256: own_hash.then(Sha256::new), size: 0 };
    let mut read_bytes = 0u64;
    let mut rewriting = Rewriting::of(wanted.shebang);
    loop {
        let count = fill(&mut entry, buffer).map_err(|error| broken(&error))?;
        let bytes = &buffer[..count];
        if count == 0 {
            break;
        }
        read_bytes += count as u64;
        if let Some(hash) = &mut input {
            hash.update(bytes);
        }
        rewriting.pass(bytes, &mut output)?;
    }
    let mut sha256 = output.sha256.map(|hash| hash.finalize().to_vec());
    if let (Some(hash), Some(expected)) = (input, wanted.expected) {
        if let Some(size) = expected.size
            && size != read_bytes
        {
            return Err(Cause::Size { found: read_bytes, expected: size });
        }
        let digest = hash.finish();
        if digest != expected.digest.1 {
            return Err(Cause::Digest(expected.digest.0.name()));
        }
        if known && sha256.is_none() {
            sha256 = Some(digest);
        }
    }
    Ok(Written { size: output.size, sha256, changed: matches!(rewriting, Rewriting::Skip | Rewriting::Done) })
}

/// Fills the buffer unless the end comes first: the start of a script must be seen whole.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

struct Output<'a> {
    to: Option<&'a mut File>,
    sha256: Option<Sha256>,
    size: u64,
}

impl Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        if let Some(hash) = &mut self.sha256 {
            hash.update(bytes);
        }
        self.size += bytes.len() as u64;
        match &mut self.to {
            Some(file) => file.write_all(bytes).map_err(|error| Cause::Write(error.to_string())),
            None => Ok(()),
        }
    }
}

/// How far the first line of a script has been replaced.
enum Rewriting<'a> {
    /// Nothing has been seen yet.
    Start(&'a str),
    /// The old first line goes on.
    Skip,
    /// It is over.
    Done,
    /// There is none to replace.
    Never,
}

impl<'a> Rewriting<'a> {
    fn of(shebang: Option<&'a str>) -> Self {
        shebang.map_or(Self::Never, Self::Start)
    }

    fn pass(&mut self, mut bytes: &[u8], to: &mut Output<'_>) -> Result<(), Cause> {
        if let Self::Start(shebang) = self {
            if bytes.starts_with(PLACEHOLDER) {
                to.write(shebang.as_bytes())?;
                *self = Self::Skip;
            } else {
                *self = Self::Never;
            }
        }
        if matches!(self, Self::Skip) {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(()) };
            bytes = &bytes[end + 1..];
            *self = Self::Done;
        }
        to.write(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(script: &[u8], buffer: usize) -> (Vec<u8>, Written) {
        let mut file = tempfile::tempfile().expect("a file");
        let wanted = Wanted { expected: None, shebang: Some("#!/bin/py\n"), sha256: false };
        let written = copy(script, Some(&mut file), &wanted, &mut vec![0; buffer]).expect("written");
        let mut bytes = Vec::new();
        std::io::Seek::rewind(&mut file).expect("rewound");
        file.read_to_end(&mut bytes).expect("read");
        (bytes, written)
    }

    #[test]
    fn unwheel_names_the_interpreter_in_scripts() {
        for (script, expected, changed) in [
            (&b"#!python\nx\n"[..], &b"#!/bin/py\nx\n"[..], true),
            (b"#!pythonw -u\r\nx", b"#!/bin/py\nx", true),
            (b"#!python", b"#!/bin/py\n", true),
            (b"#!/usr/bin/python\nx", b"#!/usr/bin/python\nx", false),
            (b"", b"", false),
            (b"\x7fELF\n#!python\n", b"\x7fELF\n#!python\n", false),
        ] {
            for buffer in [8, 9, 64] {
                let (bytes, written) = rewrite(script, buffer);
                assert_eq!(bytes, expected);
                assert_eq!(written.changed, changed);
                assert_eq!(written.size, expected.len() as u64);
                assert_eq!(written.sha256, Some(Sha256::digest(expected).to_vec()));
            }
        }
    }
}
