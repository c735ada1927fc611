//! One requirement: a name with what may fulfil it.

use std::fmt;
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;

use crate::marker::Marker;
use crate::name;
use crate::problem::Place;

/// A requirement of an input, or a constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The project's normalised name.
    pub name: String,
    /// The extras asked for, normalised, sorted.
    pub extras: Vec<String>,
    /// The versions allowed; empty: all.
    pub specifiers: VersionSpecifiers,
    /// Where the distribution is from.
    pub origin: Origin,
    /// The environments it is for.
    pub marker: Option<Marker>,
    /// The sha256 of the files that may be installed, 64 hex digits each; empty: any.
    pub hashes: Vec<String>,
    /// Where it is written.
    pub place: Place,
    /// As it is written, without options and comment.
    pub text: String,
}

/// Where a distribution comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The index, or a directory of wheels.
    Index,
    /// A wheel or an sdist at an address, without credentials.
    Url(String),
    /// A source tree under version control, such as `git+https://…`: read, since it may be for others, and never resolved.
    Vcs(String),
    /// A wheel or an sdist in the context, from its root.
    Path(String),
}

/// What is wrong with a requirement: where (bytes from its beginning), what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

impl Wrong {
    pub(super) fn new(at: usize, message: impl Into<String>, hint: &'static str) -> Self {
        Self { at, message: message.into(), hint }
    }
}

const EXPECTED: &str = "a requirement is name[extra]>=1.0; marker, or name @ address";

impl Requirement {
    /// Reads a dependency specifier (PEP 508). Its place is the caller's.
    pub(super) fn parse(text: &str, place: Place) -> Result<Self, Wrong> {
        let skip = |at: usize| at + blanks(text.get(at..).unwrap_or_default());
        let rest = |at: usize| text.get(at..).unwrap_or_default();
        let mut at = skip(0);
        let word = name::leading(rest(at)).unwrap_or_default();
        let Some(name) = name::normalise(word) else {
            let found = text.trim();
            return Err(Wrong::new(at, format!("expected a package's name, found \"{found}\""), EXPECTED));
        };
        at = skip(at + word.len());
        let mut extras = Vec::new();
        if rest(at).starts_with('[') {
            let Some(end) = rest(at).find(']') else {
                return Err(Wrong::new(at, "a list of extras without its \"]\"", EXPECTED));
            };
            for extra in rest(at).get(1..end).unwrap_or_default().split(',').map(str::trim) {
                match name::normalise(extra) {
                    Some(extra) => extras.push(extra),
                    None if extra.is_empty() && end == 1 => {}
                    None => {
                        let message = format!("expected an extra's name, found \"{extra}\"");
                        return Err(Wrong::new(at + 1, message, EXPECTED));
                    }
                }
            }
            extras.sort();
            extras.dedup();
            at = skip(at + end + 1);
        }
        let mut origin = Origin::Index;
        let mut specifiers = VersionSpecifiers::empty();
        if rest(at).starts_with('@') {
            at = skip(at + 1);
            let end = at + rest(at).find(char::is_whitespace).unwrap_or(rest(at).len());
            let address = text.get(at..end).unwrap_or_default();
            origin = Origin::parse(address).map_err(|wrong| Wrong { at: at + wrong.at, ..wrong })?;
            at = skip(end);
        } else {
            let end = at + rest(at).find(';').unwrap_or(rest(at).len());
            let written = text.get(at..end).unwrap_or_default().trim();
            let inner =
                written.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(written);
            specifiers = specifiers_of(inner).map_err(|(message, hint)| Wrong::new(at, message, hint))?;
            at = end;
        }
        let marker = match rest(at).strip_prefix(';') {
            Some(marker) => Some(Marker::from_str(marker).map_err(|error| {
                Wrong::new(
                    at + 1 + error.at,
                    format!("this is no marker: {error}"),
                    "a marker is python_version < '3.11'",
                )
            })?),
            None if rest(at).is_empty() => None,
            None => {
                let message = format!("expected \";\" and a marker, or the end, found \"{}\"", rest(at));
                return Err(Wrong::new(at, message, EXPECTED));
            }
        };
        Ok(Self {
            name,
            extras,
            specifiers,
            origin,
            marker,
            hashes: Vec::new(),
            place,
            text: text.trim().to_owned(),
        })
    }
}

impl Origin {
    /// Reads an address; what is not one is refused.
    pub(super) fn parse(address: &str) -> Result<Self, Wrong> {
        if name::has_credentials(address) {
            let shown = name::without_credentials(address);
            return Err(Wrong::new(
                0,
                format!("the address {shown} has a user name or a password in it"),
                "give it without, and the credentials as a build secret",
            ));
        }
        if address.contains(char::is_control) {
            let message = format!("found a control character in the address \"{}\"", address.escape_debug());
            return Err(Wrong::new(0, message, "remove it"));
        }
        let wrong = |message: String| {
            Err(Wrong::new(0, message, "expected https://… or ./path of a wheel or an sdist"))
        };
        match address.split_once("://") {
            Some(("http" | "https", _)) => Ok(Self::Url(address.to_owned())),
            Some((scheme, _)) => match scheme.split_once('+') {
                Some(("git", "http" | "https" | "ssh")) => Ok(Self::Vcs(address.to_owned())),
                Some((vcs, _)) => wrong(format!("{vcs} is not supported in \"{address}\"")),
                None => wrong(format!("unknown kind of address \"{scheme}\"")),
            },
            // Relative to its file; who reads the file makes it one of the context.
            None if address.starts_with("./") || address.starts_with("../") => {
                Ok(Self::Path(address.to_owned()))
            }
            None => wrong(format!("expected an address, found \"{address}\"")),
        }
    }
}

/// Reads versions allowed, or says what is wrong and what to do.
fn specifiers_of(text: &str) -> Result<VersionSpecifiers, (String, &'static str)> {
    let hint = if text.starts_with('=') && !text.starts_with("==") {
        "did you mean \"==\"?"
    } else {
        "versions are written as >=1.0,<2"
    };
    if text.starts_with(|char: char| char.is_alphanumeric()) || text.starts_with('-') {
        return Err((format!("expected a comparison such as >=1.0, found \"{text}\""), hint));
    }
    let text = text.trim().trim_end_matches(',');
    VersionSpecifiers::from_str(text).map_err(|_| (format!("expected versions, found \"{text}\""), hint))
}

/// The blanks at the beginning.
pub(super) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

impl fmt::Display for Requirement {
    /// In normal form; a path is from the context's root.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.extras.is_empty() {
            write!(f, "[{}]", self.extras.join(","))?;
        }
        match &self.origin {
            Origin::Index => write!(f, "{}", self.specifiers.to_string().replace(", ", ","))?,
            Origin::Url(address) | Origin::Vcs(address) => write!(f, " @ {address}")?,
            Origin::Path(path) => write!(f, " @ ./{path}")?,
        }
        match (&self.marker, &self.origin) {
            (None, _) => Ok(()),
            // Without the blank the semicolon would be a part of the address.
            (Some(marker), Origin::Index) => write!(f, "; {marker}"),
            (Some(marker), _) => write!(f, " ; {marker}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_normal_form() {
        for (text, expected) in [
            ("Flask", "flask"),
            ("a.b [x, Y_z] >= 1 , <2 ; python_version<'3'", "a-b[x,y-z]>=1,<2; python_version < '3'"),
            ("a (==1.0.*)", "a==1.0.*"),
            ("a~=1.2", "a~=1.2"),
            ("a[]", "a"),
            ("a@https://h/a-1.whl ; os_name == 'x'", "a @ https://h/a-1.whl ; os_name == 'x'"),
            ("a @ git+https://h/a@v1#subdirectory=x", "a @ git+https://h/a@v1#subdirectory=x"),
            ("a;extra=='x'", "a; extra == 'x'"),
        ] {
            let requirement = Requirement::parse(text, Place::file("f")).unwrap();
            assert_eq!(requirement.to_string(), expected, "{text}");
            assert_eq!(Requirement::parse(expected, Place::file("f")).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn wrong_ones() {
        for (text, at, message, hint) in [
            ("a=1", 1, "expected versions, found \"=1\"", "did you mean \"==\"?"),
            (
                "a 1.0",
                2,
                "expected a comparison such as >=1.0, found \"1.0\"",
                "versions are written as >=1.0,<2",
            ),
            ("-a", 0, "expected a package's name, found \"-a\"", EXPECTED),
            ("a[x", 1, "a list of extras without its \"]\"", EXPECTED),
            ("a[x,,y]", 2, "expected an extra's name, found \"\"", EXPECTED),
            ("a @ https://h/a.whl b", 20, "expected \";\" and a marker, or the end, found \"b\"", EXPECTED),
            (
                "a @ https://u:p@h/a.whl",
                4,
                "the address https://h/a.whl has a user name or a password in it",
                "give it without, and the credentials as a build secret",
            ),
            (
                "a @ hg+https://h/a",
                4,
                "hg is not supported in \"hg+https://h/a\"",
                "expected https://… or ./path of a wheel or an sdist",
            ),
        ] {
            let wrong = Requirement::parse(text, Place::file("f")).unwrap_err();
            assert_eq!((wrong.at, wrong.message.as_str(), wrong.hint), (at, message, hint), "{text}");
        }
        let wrong = Requirement::parse("a; python_version = '3'", Place::file("f")).unwrap_err();
        assert_eq!((wrong.at, wrong.hint), (18, "a marker is python_version < '3.11'"));
    }
}
