//! Names and other short words: what each may be made of.

use std::collections::BTreeMap;

use super::{Check, Fault};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::document::Document;
use crate::manifest::interpolate::name_length;
use crate::manifest::model::{Id, Owner};
use crate::manifest::node::quote;
use crate::manifest::read::Text;
use crate::manifest::rules;
use crate::manifest::suggest::{list, nearest, suggest};
use crate::platform::{ARCHITECTURES, Platform};

/// Names of stages, services and templates, for the JSON Schema.
pub(in crate::manifest) const NAME_PATTERN: &str = "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$";

fn is_word(text: &str, more: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

/// A name of a stage, service or template.
pub(super) fn target(text: &str) -> Result<(), Fault> {
    if text == "scratch" {
        let hint = "\"scratch\" is the empty file system; choose another name";
        return Err(Fault::new(rules::INVALID_NAME, "found the name \"scratch\", which is taken", hint));
    }
    if is_word(text, "_.-") {
        return Ok(());
    }
    Err(Fault::new(
        rules::INVALID_NAME,
        format!("found the name {}, expected letters, digits, \"_\", \".\" and \"-\"", quote(text)),
        "a name begins with a letter or a digit, for example trade-engine",
    ))
}

/// A project's name.
pub(super) fn project(text: &str) -> Result<String, Fault> {
    target(text).map(|()| text.to_owned())
}

/// A name of a build argument.
pub(super) fn argument(text: &str) -> Result<(), Fault> {
    if !text.is_empty() && name_length(text) == text.len() {
        return Ok(());
    }
    Err(Fault::new(
        rules::INVALID_NAME,
        format!("found the build argument {}, expected letters, digits and \"_\"", quote(text)),
        "a name begins with a letter or \"_\", for example PYTHON_VERSION",
    ))
}

/// A name of a variable, label or annotation.
pub(super) fn variable(text: &str, what: &str) -> Result<String, Fault> {
    let wrong = |c: char| c == '=' || c.is_control() || c.is_whitespace();
    if !text.is_empty() && !text.contains(wrong) {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        rules::INVALID_NAME,
        format!("found {} as the name of a {what}", quote(text)),
        "a name is not empty and has no \"=\" and no white space",
    ))
}

/// A variable that a shell can name.
pub(super) fn shell_variable(text: &str) -> Result<String, Fault> {
    argument(text).map(|()| text.to_owned()).map_err(|_| {
        Fault::new(
            rules::INVALID_NAME,
            format!("found the variable {}, expected letters, digits and \"_\"", quote(text)),
            "a name begins with a letter or \"_\", for example NPM_TOKEN",
        )
    })
}

/// An id of a secret, SSH agent or cache.
pub(super) fn id(text: &str) -> Result<String, Fault> {
    if is_word(text, "_.-/") && !text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Ok(text.to_owned());
    }
    Err(Fault::value(text, "an id", "an id has letters, digits, \"_\", \".\", \"-\", for example npm_token"))
}

/// A Debian package as `apt-get install` takes it: `name[:arch][=version]`. It becomes an argument of
/// its own, so it must never look like an option.
pub(super) fn package(text: &str) -> Result<String, Fault> {
    let (name, version) = match text.split_once('=') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let (name, arch) = match name.split_once(':') {
        Some((name, arch)) => (name, Some(arch)),
        None => (name, None),
    };
    // Also accepted after the version, where users write it as often.
    let (version, late) = match version.and_then(|version| version.rsplit_once(':')) {
        Some((before, after)) if after.starts_with(|c: char| c.is_ascii_lowercase()) => {
            (Some(before), Some(after))
        }
        _ => (version, None),
    };
    let lower = |text: &str, more: &str| is_word(text, more) && text == text.to_ascii_lowercase();
    let fine = name.len() >= 2
        && lower(name, "+.-")
        && arch.into_iter().chain(late).all(|arch| lower(arch, "-"))
        && !(arch.is_some() && late.is_some())
        && version.is_none_or(|version| is_word(version, ".+-:~"));
    if !fine {
        return Err(Fault::value(
            text,
            "a Debian package",
            "write for example libpq5, libpq5=15.3-1 or libpq5:arm64",
        ));
    }
    let arch = arch.or(late).map_or_else(String::new, |arch| format!(":{arch}"));
    let version = version.map_or_else(String::new, |version| format!("={version}"));
    Ok(format!("{name}{arch}{version}"))
}

fn user_or_group(text: &str) -> Option<Id> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Id::Number);
    }
    let fine = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-$".contains(c));
    fine.then(|| Id::Name(text.to_owned()))
}

/// `USER[:GROUP]`.
pub(super) fn owner(text: &str) -> Result<Owner, Fault> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let fault = || Fault::value(text, "USER or USER:GROUP", "write for example \"1000:1000\" or app");
    let user = user_or_group(user).ok_or_else(fault)?;
    let group = group.map(|group| user_or_group(group).ok_or_else(fault)).transpose()?;
    Ok(Owner { user, group })
}

/// The user of an image.
pub(super) fn user(text: &str) -> Result<String, Fault> {
    owner(text).map(|_| text.to_owned())
}

/// The last signal of Linux.
const LAST_SIGNAL: u8 = 64;

/// Signals of Linux without their `SIG`, in any letters as in a Dockerfile; those of real time also have numbers behind.
/// Source: signal(7); moby/sys `signal`.
const SIGNALS: [&str; 36] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP",
    "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
];

/// A signal.
pub(super) fn signal(text: &str) -> Result<String, Fault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits && text.parse().is_ok_and(|number: u8| (1..=LAST_SIGNAL).contains(&number));
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |prefix: &str, most: u8| {
        let offset = name.strip_prefix(prefix).and_then(|rest| rest.parse().ok());
        offset.is_some_and(|offset: u8| (1..=most).contains(&offset))
    };
    if number || SIGNALS.contains(&name) || real_time("RTMIN+", 15) || real_time("RTMAX-", 14) {
        return Ok(text.to_owned());
    }
    let near = nearest(name, SIGNALS.iter().copied());
    let hint = near
        .map_or("write for example SIGINT or 2".to_owned(), |near| format!("did you mean \"SIG{near}\"?"));
    Err(Fault::value(text, "a signal", hint))
}

/// `os/arch[/variant]`.
pub(super) fn platform(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split('/').collect();
    let lower = |part: &&str| is_word(part, "_.-") && **part == part.to_ascii_lowercase();
    if !matches!(parts.len(), 2 | 3) || !parts.iter().all(lower) {
        return Err(Fault::value(text, "os/arch or os/arch/variant", "write for example linux/arm64"));
    }
    if Platform::parse(text).is_none() {
        let known = ARCHITECTURES.iter().copied();
        let hint = suggest(parts[1], known.clone()).unwrap_or_else(|| list("architectures", known));
        let message = format!("unknown architecture {} in {}", quote(parts[1]), quote(text));
        return Err(Fault::new(rules::INVALID_VALUE, message, hint));
    }
    Ok(text.to_owned())
}

/// That of a stage: a platform, beside the words for two of them.
pub(super) fn stage_platform(text: &str) -> Result<String, Fault> {
    if !text.contains('/') {
        let hint = "write for example build, for the builder's own platform";
        return Err(Fault::value(text, "build, target or a platform", hint));
    }
    platform(text)
}

impl Check<'_> {
    /// Names of stages, templates and services: what they are made of, and that no two share one
    /// where either could be meant.
    pub(super) fn names(&mut self, document: &Document) {
        let stages = document.stages.iter().flat_map(|named| &named.0).map(|(name, _)| name);
        let templates = document.templates.iter().flat_map(|named| &named.0).map(|(name, _)| name);
        let services = document.services.iter().flat_map(|named| &named.0).map(|(name, _)| name);
        let stages: Vec<&Text> = stages.collect();
        let templates: Vec<&Text> = templates.collect();
        for name in &stages {
            self.report(name.span, target(&name.value));
        }
        for name in &templates {
            self.report(name.span, target(&name.value));
        }
        let place = |names: &[&Text]| -> BTreeMap<String, Span> {
            names.iter().map(|name| (name.value.clone(), name.span)).collect()
        };
        let (stages, templates) = (place(&stages), place(&templates));
        for name in services {
            self.report(name.span, target(&name.value));
            for (others, what, why) in [
                (&stages, "stage", "both are build targets; rename one"),
                (&templates, "template", "both can be extended; rename one"),
            ] {
                if let Some(&other) = others.get(&name.value) {
                    let message = format!("the service {} has the name of a {what}", quote(&name.value));
                    self.problems.push(
                        Diagnostic::error(rules::DUPLICATE_NAME, name.span, message)
                            .label(other, format!("the {what}"))
                            .hint(why),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages() {
        for (text, expected) in [
            ("curl", Some("curl")),
            ("g++", Some("g++")),
            ("libpq5=15.3-1~deb12u1", Some("libpq5=15.3-1~deb12u1")),
            ("libpq5:arm64", Some("libpq5:arm64")),
            ("vim=2:9.0.1-1", Some("vim=2:9.0.1-1")),
            ("libpq5=15.3-1:arm64", Some("libpq5:arm64=15.3-1")),
            ("libpq5:arm64=15.3-1", Some("libpq5:arm64=15.3-1")),
            ("-y", None),
            ("--allow-downgrades", None),
            ("a b", None),
            ("a;b", None),
            ("Curl", None),
            ("x", None),
            ("", None),
            ("curl=", None),
            ("curl=-y", None),
            ("curl:", None),
            ("curl/stable", None),
        ] {
            assert_eq!(package(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn owners() {
        let number = Id::Number;
        let name = |name: &str| Id::Name(name.to_owned());
        for (text, expected) in [
            ("1000", Some((number(1000), None))),
            ("1000:50", Some((number(1000), Some(number(50))))),
            ("www-data:_g", Some((name("www-data"), Some(name("_g"))))),
            ("0", Some((number(0), None))),
            ("99999999999", None),
            ("", None),
            ("a:", None),
            (":a", None),
            ("a b", None),
            ("-a", None),
        ] {
            let found = owner(text).ok().map(|owner| (owner.user, owner.group));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn words() {
        assert!(signal("SIGRTMIN+3").is_ok() && signal("15").is_ok() && signal("TERM").is_ok());
        assert!(signal("0").is_err() && signal("SIGTREM").is_err() && signal("").is_err());
        assert!(signal("sigterm").is_ok() && signal("+9").is_err() && signal("SIGRTMIN+16").is_err());
        assert!(
            platform("linux/arm/v7").is_ok() && platform("linux").is_err() && platform("Linux/x").is_err()
        );
        assert!(target("a.b-c_1").is_ok() && target("-a").is_err() && target("scratch").is_err());
        assert!(variable("A=B", "variable").is_err() && variable("", "label").is_err());
        assert!(id("a/b").is_ok() && id("../x").is_err() && id("a,b").is_err());
    }
}
