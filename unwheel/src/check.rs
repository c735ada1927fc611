//! RECORD against what the archive has, as far as can be said without unpacking.

use std::collections::BTreeSet;

use crate::archive::Entry;
use crate::problem::{Cause, Problem};
use crate::record::{self, Expected, Record};

/// What each entry's content must be, in the order of `entries`, and what does not agree: entries that
/// are not listed, rows without an entry, sizes, hashes that are none. RECORD cannot list its own hash,
/// and its signatures are made after it.
pub(crate) fn against_record(
    wheel: &str,
    info: &str,
    entries: &[Entry],
    record: &Record,
) -> (Vec<Option<Expected>>, Vec<Problem>) {
    let exempt = exempt(info);
    let mut problems = Vec::new();
    let mut expected = Vec::with_capacity(entries.len());
    for entry in entries {
        if exempt.contains(&entry.name) {
            expected.push(None);
            continue;
        }
        let found = match record.rows.get(&entry.name) {
            None => Err(Cause::Unlisted),
            Some((hash, size)) => record::expected(hash, size),
        };
        match found {
            Ok(found) => {
                if let Some(size) = found.size
                    && size != entry.size
                {
                    let cause = Cause::Size { found: entry.size, expected: size };
                    problems.push(Problem::of_entry(wheel, &entry.name, cause));
                }
                expected.push(Some(found));
            }
            Err(cause) => {
                problems.push(Problem::of_entry(wheel, &entry.name, cause));
                expected.push(None);
            }
        }
    }
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    for path in record.rows.keys() {
        if !names.contains(path.as_str()) && !exempt.contains(path) {
            problems.push(Problem::of_entry(wheel, path, Cause::RecordAbsent));
        }
    }
    (expected, problems)
}

/// RECORD and its signatures.
pub(crate) fn exempt(info: &str) -> [String; 3] {
    [format!("{info}/RECORD"), format!("{info}/RECORD.jws"), format!("{info}/RECORD.p7s")]
}
