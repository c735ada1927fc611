//! One requirement file, as pip reads it: a requirement or options in each line.
//!
//! Includes are only named here; [`super::read`] follows them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::lines::{Line, lines};
use super::options::{Known, OPTIONS, Settings, words};
use super::requirement::{Origin, Requirement, Wrong, blanks};
use crate::name;
use crate::problem::{Place, Problem};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Requirements and includes, in the order of the file.
    pub(super) items: Vec<Item>,
    /// Its options that are for the whole resolution.
    pub(super) settings: Settings,
    /// Where it names an index instead of the resolver's own.
    pub(super) index: Option<Place>,
    /// Where it says that every package has a hash in it.
    pub(super) require_hashes: Option<Place>,
    /// sha256 of what it says, without comments and spacing.
    pub(super) digest: String,
}

/// A line's meaning.
#[derive(Debug)]
pub(super) enum Item {
    Requirement(Box<Requirement>),
    Include {
        /// From the context's root.
        path: String,
        place: Place,
        /// Its requirements are constraints.
        constraint: bool,
    },
}

/// The text of a file, or a problem if it is none.
pub(super) fn text<'a>(path: &str, bytes: &'a [u8], problems: &mut Vec<Problem>) -> &'a str {
    match str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.split(|byte| *byte == b'\n').count();
            let place =
                Place { file: path.to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX), column: 0 };
            // What a redirection in PowerShell writes.
            let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
            let found = if utf16 { "UTF-16" } else { "other bytes" };
            let message = format!("expected UTF-8, found {found}");
            problems.push(Problem::at(place, message).hint("save the file as UTF-8"));
            ""
        }
    }
}

/// 64 hex digits.
pub(super) fn sha256(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Reads a file; what is wrong is added to the problems.
pub(super) fn parse(path: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> Content {
    let mut content = Content::default();
    let mut said = String::new();
    for line in lines(text(path, bytes, problems)) {
        for word in line.text.split_whitespace() {
            said.push_str(word);
            said.push(' ');
        }
        said.push('\n');
        let mut file = File { path, line: &line, content: &mut content };
        if let Err(wrong) = file.line() {
            let mut problem = Problem::at(line.place(path, wrong.at), wrong.message);
            problem.hint = Some(wrong.hint.to_owned()).filter(|hint| !hint.is_empty());
            problems.push(problem);
        }
    }
    content.digest = sha256(&said);
    content
}

struct File<'a> {
    path: &'a str,
    line: &'a Line,
    content: &'a mut Content,
}

/// Bytes of a line with all that it is joined with: ten times what the hashes of the largest packages need.
const LONGEST: usize = 64 << 10;

const OPTION: &str = "remove it, or say it in the manifest's python section if it is about indexes";
const INSIDE: &str = "paths are relative to the file and stay inside the build context";

impl File<'_> {
    fn line(&mut self) -> Result<(), Wrong> {
        let text = &self.line.text;
        if text.len() > LONGEST {
            let message = format!("a line of {} bytes, expected at most {LONGEST}", text.len());
            return Err(Wrong::new(0, message, "write one requirement or option a line"));
        }
        if let Some((at, char)) =
            text.char_indices().find(|(_, char)| char.is_control() && !char.is_whitespace())
        {
            let message = format!("found the control character {char:?}, expected text");
            return Err(Wrong::new(at, message, "remove it, and see whether the file is a text"));
        }
        if let Some((at, name)) = variable(text) {
            let message = format!("the environment variable ${{{name}}} is not expanded");
            let hint = "write its value, or give credentials as a build secret";
            return Err(Wrong::new(at, message, hint));
        }
        let start = blanks(text);
        if text.get(start..).is_some_and(|text| text.starts_with('-')) {
            return self.options();
        }
        // Options follow the requirement: the first word that begins with a dash begins them.
        let begins = |at: &usize| text.get(*at..).is_some_and(|rest| rest.starts_with('-'));
        let mut blank = text.match_indices(char::is_whitespace).map(|(at, blank)| at + blank.len());
        let end = blank.find(|at| *at > start && begins(at)).unwrap_or(text.len());
        let place = self.line.place(self.path, start);
        let written = text.get(start..end).unwrap_or_default();
        let found = self.requirement(written, place).map_err(|wrong| Wrong { at: start + wrong.at, ..wrong });
        let mut requirement = found?;
        requirement.hashes = hashes(text.get(end..).unwrap_or_default(), end)?;
        requirement.hashes.extend(hash_of(&requirement.origin));
        self.content.items.push(Item::Requirement(Box::new(requirement)));
        Ok(())
    }

    /// A name with its versions, or the path or address of a file.
    fn requirement(&self, text: &str, place: Place) -> Result<Requirement, Wrong> {
        let first = text.split_whitespace().next().unwrap_or_default();
        if !is_file(first) {
            let mut requirement = Requirement::parse(text, place)?;
            if let Origin::Path(path) = &requirement.origin {
                requirement.origin = Origin::Path(self.inside(text.find('@').unwrap_or(0), path)?);
            }
            return Ok(requirement);
        }
        // ./a-1.whl[extra]
        let (file, extras) = match first.split_once('[') {
            Some((file, extras)) if extras.ends_with(']') => (file, extras.trim_end_matches(']')),
            _ => (first, ""),
        };
        let (address, fragment) = file.split_once('#').unwrap_or((file, ""));
        let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="));
        let filename = name::filename_of(address);
        let named = egg.or_else(|| project_of(&filename)).and_then(name::normalise);
        let Some(name) = named else {
            if file.contains("://") {
                let message = format!("the address {file} does not say which package it is");
                return Err(Wrong::new(0, message, "write it as name @ address"));
            }
            let message = format!("{file} is neither a wheel nor an sdist");
            return Err(Wrong::new(
                0,
                message,
                "a source tree is not installed: build a wheel of it and name that",
            ));
        };
        let origin =
            if file.contains("://") { Origin::parse(file)? } else { Origin::Path(self.inside(0, address)?) };
        let marker = text.get(first.len()..).unwrap_or_default();
        // What is wrong now is after the address.
        let wrong = |wrong| Wrong { at: first.len(), ..wrong };
        let requirement = Requirement::parse(&format!("{name}[{extras}]{marker}"), place).map_err(wrong)?;
        Ok(Requirement { origin, text: text.trim().to_owned(), ..requirement })
    }

    fn inside(&self, at: usize, path: &str) -> Result<String, Wrong> {
        name::resolve(self.path, path).ok_or_else(|| outside(at, path))
    }

    /// A line of options.
    fn options(&mut self) -> Result<(), Wrong> {
        let mut words = words(&self.line.text).into_iter();
        while let Some((at, word)) = words.next() {
            let (mut name, mut value) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            if !name.starts_with("--") && name.len() > 2 && name.is_char_boundary(2) {
                // -rbase.txt
                let (short, rest) = name.split_at(2);
                (name, value) = (short, Some(rest.to_owned()));
            }
            let Some((_, known, valued)) = OPTIONS.into_iter().find(|(option, ..)| *option == name) else {
                return Err(unknown(at, name));
            };
            let value = match (valued, value) {
                (true, None) => words.next().map(|(_, value)| value),
                (false, Some(_)) => {
                    return Err(Wrong::new(
                        at,
                        format!("the option {name} has no value"),
                        "remove the value",
                    ));
                }
                (_, value) => value,
            };
            match value.filter(|value| !value.is_empty()) {
                Some(value) => self.valued(at, known, name, &value)?,
                None if valued => {
                    return Err(Wrong::new(at, format!("expected a value after {name}, found none"), ""));
                }
                None => match known {
                    Known::NoIndex => self.content.settings.no_index = true,
                    Known::Pre => self.content.settings.pre = true,
                    Known::RequireHashes => {
                        self.content.require_hashes = Some(self.line.place(self.path, at));
                    }
                    _ => {}
                },
            }
        }
        Ok(())
    }

    fn valued(&mut self, at: usize, known: Known, name: &str, value: &str) -> Result<(), Wrong> {
        let names = || -> Result<Vec<String>, Wrong> {
            let each = |written: &str| match name::normalise(written) {
                None if matches!(written, ":all:" | ":none:") => Ok(written.to_owned()),
                None => {
                    let message = format!("expected names of packages after {name}, found \"{written}\"");
                    Err(Wrong::new(at, message, "they have commas between them; all packages are :all:"))
                }
                Some(name) => Ok(name),
            };
            value.split(',').map(str::trim).map(each).collect()
        };
        match known {
            Known::Requirement | Known::Constraint => {
                if value.contains("://") {
                    let message = format!("{name} of the address {value}");
                    return Err(Wrong::new(at, message, "put the file into the build context"));
                }
                let item = Item::Include {
                    path: self.inside(at, value)?,
                    place: self.line.place(self.path, at),
                    constraint: known == Known::Constraint,
                };
                self.content.items.push(item);
            }
            Known::Editable => {
                let message = format!("the editable requirement {value} cannot be in an image");
                let hint = "put the sources under the service's \"files\", or build a wheel and name that";
                return Err(Wrong::new(at, message, hint));
            }
            Known::Index => {
                self.content.settings.index = Some(index(at, value)?);
                self.content.index = Some(self.line.place(self.path, at));
            }
            Known::ExtraIndex => self.content.settings.extra_indexes.push(index(at, value)?),
            Known::FindLinks if value.contains("://") => {
                self.content.settings.find_links.push(index(at, value)?);
            }
            Known::FindLinks => {
                let path = self.inside(at, value)?;
                self.content.settings.find_links.push(path);
            }
            Known::OnlyBinary => self.content.settings.only_binary.extend(names()?),
            Known::NoBinary => self.content.settings.no_binary.extend(names()?),
            Known::TrustedHost => self.content.settings.trusted_hosts.push(value.to_owned()),
            Known::NoIndex | Known::Pre | Known::RequireHashes => {}
        }
        Ok(())
    }
}

/// A path that is none of the context.
pub(super) fn outside(at: usize, path: &str) -> Wrong {
    Wrong::new(at, format!("the path {path} leaves the build context"), INSIDE)
}

/// An index's address; with credentials it is refused.
fn index(at: usize, address: &str) -> Result<String, Wrong> {
    if name::has_credentials(address) {
        let message =
            format!("the index {} has credentials in its address", name::without_credentials(address));
        return Err(Wrong::new(
            at,
            message,
            "give the address without, and the credentials as a build secret",
        ));
    }
    match address.split_once("://") {
        Some(("http" | "https", _)) => Ok(address.to_owned()),
        _ => Err(Wrong::new(at, format!("expected an address with https://, found \"{address}\""), "")),
    }
}

/// The hashes in the options after a requirement.
fn hashes(text: &str, from: usize) -> Result<Vec<String>, Wrong> {
    let mut hashes = Vec::new();
    let mut words = words(text).into_iter();
    while let Some((at, word)) = words.next() {
        let at = from + at;
        let value = match word.split_once('=') {
            Some(("--hash", value)) => value.to_owned(),
            None if word == "--hash" => words.next().map(|(_, value)| value).unwrap_or_default(),
            _ => return Err(unknown(at, word.split('=').next().unwrap_or_default())),
        };
        let hex = value.strip_prefix("sha256:").map(str::to_ascii_lowercase);
        let Some(hex) = hex.filter(|hex| is_sha256(hex)) else {
            let message = format!("expected --hash=sha256: and 64 hex digits, found \"{value}\"");
            return Err(Wrong::new(at, message, "other kinds of hashes are not supported"));
        };
        hashes.push(hex);
    }
    Ok(hashes)
}

/// What an address says of its own file, which counts like an option.
fn hash_of(origin: &Origin) -> Option<String> {
    let Origin::Url(address) = origin else { return None };
    let (_, fragment) = address.split_once('#')?;
    let hex = fragment.split('&').find_map(|part| part.strip_prefix("sha256="))?.to_ascii_lowercase();
    Some(hex).filter(|hex| is_sha256(hex))
}

/// Is it a sha256 in lower-case hex.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn unknown(at: usize, name: &str) -> Wrong {
    let near = OPTIONS.iter().map(|(option, ..)| *option).chain(["--hash"]);
    let near = near.filter(|option| option.len() > 2 && strsim::osa_distance(option, name) <= 2).min();
    match near {
        Some("--hash") => Wrong::new(at, format!("unknown option {name}"), "did you mean --hash?"),
        Some(option) => Wrong::new(at, format!("unknown option {name}, did you mean {option}?"), OPTION),
        None => Wrong::new(at, format!("unknown option {name}"), OPTION),
    }
}

/// Is a line's first word a path or an address, rather than a name.
fn is_file(word: &str) -> bool {
    let head = word.split(['[', '<', '>', '=', '!', '~', ';', '@', '#']).next().unwrap_or_default();
    let archive = [".whl", ".tar.gz", ".zip"].iter().any(|end| head.to_ascii_lowercase().ends_with(end));
    word.starts_with(['.', '/', '~'])
        || head.contains('/')
        || (head.contains(':') && word.contains("://"))
        || archive
}

/// The project's name in the file name of a wheel or an sdist.
pub(crate) fn project_of(filename: &str) -> Option<&str> {
    if let Some(stem) = filename.strip_suffix(".whl") {
        return stem.split_once('-').map(|(name, _)| name);
    }
    let stem = filename.strip_suffix(".tar.gz").or_else(|| filename.strip_suffix(".zip"))?;
    stem.rsplit_once('-').map(|(name, _)| name)
}

/// The first `${NAME}`, which pip would replace.
fn variable(text: &str) -> Option<(usize, &str)> {
    text.match_indices("${").find_map(|(at, _)| {
        let rest = text.get(at + 2..)?;
        let end =
            rest.find(|char: char| !(char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_'))?;
        (end > 0 && rest.get(end..)?.starts_with('}')).then(|| Some((at, rest.get(..end)?)))?
    })
}
