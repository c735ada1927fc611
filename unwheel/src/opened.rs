//! One wheel, read as far as it must be before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::{Archive, Entry};
use crate::check;
use crate::entry_points::{self, EntryPoints};
use crate::filename::{WheelName, read_version};
use crate::install::WheelFile;
use crate::limits::Limits;
use crate::metadata::header;
use crate::name::normalise;
use crate::problem::{Cause, Problem};
use crate::record::{self, Expected, Record};

/// A wheel whose own files agree with each other.
#[derive(Debug)]
pub(crate) struct Opened {
    /// What its file name says.
    pub name: WheelName,
    /// The `.dist-info` directory.
    pub info: String,
    /// `Root-Is-Purelib`.
    pub pure: bool,
    /// Its files, in the archive's order.
    pub entries: Vec<Entry>,
    /// What RECORD says of each entry; None for RECORD itself and its signatures.
    pub expected: Vec<Option<Expected>>,
    /// Its RECORD.
    pub record: Record,
    /// The scripts it wants.
    pub points: EntryPoints,
}

/// Opens a wheel and checks all that can be checked without unpacking its files.
pub(crate) fn open(file: &WheelFile, limits: &Limits) -> Result<Opened, Vec<Problem>> {
    let of_wheel = |cause| vec![Problem::of_wheel(&file.filename, cause)];
    let name: WheelName = file.filename.parse().map_err(|bad| of_wheel(Cause::Filename(bad)))?;
    let archive = Archive::open(&file.path).map_err(of_wheel)?;
    let (entries, problems) = archive.entries(&file.filename, limits);
    if !problems.is_empty() {
        return Err(problems);
    }
    let info = dist_info(&entries, &name).map_err(of_wheel)?;
    let mut reading = Reading {
        wheel: &file.filename,
        archive: &archive,
        limits,
        places: entries.iter().map(|entry| (entry.name.as_str(), entry)).collect(),
        problems: Vec::new(),
    };
    let pure = reading.wheel_headers(&info);
    reading.metadata_headers(&info, &name);
    let record = reading.record(&info);
    let points = reading.entry_points(&info);
    let mut problems = reading.problems;
    let mut expected = Vec::new();
    if let Some(record) = &record {
        let (found, faults) = check::against_record(&file.filename, &info, &entries, record);
        expected = found;
        problems.extend(faults);
    }
    match record {
        Some(record) if problems.is_empty() => {
            Ok(Opened { name, info, pure, entries, expected, record, points })
        }
        _ => Err(problems),
    }
}

/// The one `.dist-info` directory, whose name must be the file's.
fn dist_info(entries: &[Entry], name: &WheelName) -> Result<String, Cause> {
    let found: BTreeSet<&str> = entries
        .iter()
        .filter_map(|entry| entry.name.split_once('/'))
        .map(|(first, _)| first)
        .filter(|first| first.ends_with(".dist-info"))
        .collect();
    let found: Vec<&str> = found.into_iter().collect();
    let info = match found[..] {
        [] => return Err(Cause::NoDistInfo),
        [info] => info,
        _ => return Err(Cause::DistInfos(found.join(", "))),
    };
    let stem = info.strip_suffix(".dist-info").unwrap_or(info);
    let (own, version) = stem.rsplit_once('-').unwrap_or((stem, ""));
    if normalise(own) != name.name || read_version(version).as_ref() != Some(&name.version) {
        return Err(Cause::Disagree {
            what: "the .dist-info directory",
            found: info.to_owned(),
            expected: format!("{}-{}.dist-info", name.name, name.version),
        });
    }
    Ok(info.to_owned())
}

/// Files of `.dist-info` that are read as a whole, and what was wrong with them.
struct Reading<'a> {
    wheel: &'a str,
    archive: &'a Archive,
    limits: &'a Limits,
    places: BTreeMap<&'a str, &'a Entry>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn fault(&mut self, path: &str, cause: Cause) {
        self.problems.push(Problem::of_entry(self.wheel, path, cause));
    }

    fn bytes(&mut self, path: &str) -> Option<Vec<u8>> {
        let read = match self.places.get(path) {
            Some(entry) => self.archive.read_all(entry, self.limits),
            None => Err(Cause::Missing),
        };
        read.map_err(|cause| self.fault(path, cause)).ok()
    }

    fn text(&mut self, path: &str) -> Option<String> {
        let bytes = self.bytes(path)?;
        String::from_utf8(bytes).map_err(|_| self.fault(path, Cause::Text)).ok()
    }

    /// Checks WHEEL; whether the wheel's root is purelib.
    fn wheel_headers(&mut self, info: &str) -> bool {
        let path = format!("{info}/WHEEL");
        let Some(text) = self.text(&path) else { return false };
        match header(&text, "Wheel-Version") {
            None => self.fault(&path, Cause::Header("Wheel-Version")),
            Some(version) => {
                let numbers: Vec<Option<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
                // A later minor version only adds what may be ignored.
                if numbers.first() != Some(&Some(1)) || numbers.contains(&None) {
                    self.fault(&path, Cause::WheelVersion(version));
                }
            }
        }
        header(&text, "Root-Is-Purelib").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Checks that METADATA is of the distribution that the file's name says.
    fn metadata_headers(&mut self, info: &str, name: &WheelName) {
        let path = format!("{info}/METADATA");
        // Descriptions of old distributions are in all kinds of encodings; headers are ASCII.
        let Some(bytes) = self.bytes(&path) else { return };
        let text = String::from_utf8_lossy(&bytes);
        match header(&text, "Name") {
            None => self.fault(&path, Cause::Header("Name")),
            Some(found) if normalise(&found) != name.name => {
                self.fault(&path, Cause::Disagree { what: "Name", found, expected: name.name.clone() });
            }
            Some(_) => {}
        }
        match header(&text, "Version") {
            None => self.fault(&path, Cause::Header("Version")),
            Some(found) if read_version(&found).as_ref() != Some(&name.version) => {
                let expected = name.version.to_string();
                self.fault(&path, Cause::Disagree { what: "Version", found, expected });
            }
            Some(_) => {}
        }
    }

    fn record(&mut self, info: &str) -> Option<Record> {
        let path = format!("{info}/RECORD");
        let bytes = self.bytes(&path)?;
        let (record, faults) = record::read(&bytes, self.limits.entries);
        for (entry, cause) in faults {
            self.fault(entry.as_deref().unwrap_or(&path), cause);
        }
        Some(record)
    }

    fn entry_points(&mut self, info: &str) -> EntryPoints {
        let path = format!("{info}/entry_points.txt");
        if !self.places.contains_key(path.as_str()) {
            return EntryPoints::default();
        }
        let Some(text) = self.text(&path) else { return EntryPoints::default() };
        let (points, faults) = entry_points::read(&text);
        for cause in faults {
            self.fault(&path, cause);
        }
        // The text of each is held in memory, and is many times as long as its line.
        let (found, most) = ((points.console.len() + points.gui.len()) as u64, self.limits.scripts);
        if found > most {
            self.fault(&path, Cause::Scripts { found, most });
        }
        points
    }
}
