//! Debian roots, made by debootstrap from the mirror that the machine's own apt uses.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Doing, Error, Result};
use crate::run;
use crate::step::step;

/// A Debian root to be made.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// The suite's code name.
    pub suite: &'a str,
    /// debootstrap's script, because an older debootstrap does not know newer suites.
    pub script: &'a str,
    /// Packages beside the minimal ones.
    pub packages: &'a [&'a str],
}

impl Recipe<'_> {
    /// Makes the root in an empty or missing directory.
    pub fn make(&self, target: &Path, log: &Path) -> Result<()> {
        if target.exists() {
            fs::remove_dir_all(target).doing_to("clear", target)?;
        }
        // It mounts proc and sys in the root. In namespaces of its own these go with it, and it goes with this program,
        // however that ends: clearing a directory with a forgotten /sys in it would be bad.
        let mut command = run::command("setpriv");
        command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--pid"]);
        command.args(["--fork", "--kill-child", "--mount-proc", "debootstrap"]);
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--variant=minbase");
        command.arg(format!("--include={}", self.packages.join(",")));
        command.arg(self.suite).arg(target).arg(mirror()?).arg(self.script);
        step(&format!("debootstrap {} ({} packages)", self.suite, self.packages.len()), || {
            run::logged(&mut command, log)
        })
    }
}

/// Installs a Debian package on the machine if a command does not answer.
pub fn ensure(program: &str, args: &[&str], package: &str) -> Result<()> {
    if run::succeeds(run::command(program).args(args)) {
        return Ok(());
    }
    let install = || {
        let mut command = run::command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run::output(command.args(["install", "-y", "--no-install-recommends", package])).map(drop)
    };
    step(&format!("apt-get install {package}"), || {
        install().or_else(|_| {
            // A machine that was never updated knows no packages.
            run::output(run::command("apt-get").arg("update"))?;
            install()
        })
    })
}

/// Debian's name of the machine's architecture.
pub fn architecture() -> Result<String> {
    Ok(run::output(run::command("dpkg").arg("--print-architecture"))?.trim().to_owned())
}

/// The mirror in apt's sources that serves the machine's own release.
pub fn mirror() -> Result<String> {
    let release = fs::read_to_string("/etc/os-release").doing("read /etc/os-release")?;
    if !release.lines().any(|line| line == "ID=debian") {
        return Err(Error::new(
            "found a machine of another distribution in /etc/os-release, expected Debian, of whose packages engines are made",
        ));
    }
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .map(|name| name.trim_matches('"').to_owned())
        .ok_or_else(|| Error::new("/etc/os-release has no VERSION_CODENAME, expected a Debian release"))?;
    let sources = sources()?;
    sources.iter().find_map(|path| mirror_in(&fs::read_to_string(path).ok()?, &codename)).ok_or_else(|| {
        Error::new(format!("apt's sources name no mirror of {codename}, expected one of Debian's"))
    })
}

fn sources() -> Result<Vec<PathBuf>> {
    let parts = Path::new("/etc/apt/sources.list.d");
    let mut paths = vec![PathBuf::from("/etc/apt/sources.list")];
    if parts.is_dir() {
        for entry in fs::read_dir(parts).doing_to("read", parts)? {
            paths.push(entry.doing_to("read", parts)?.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Finds the mirror of a suite in one file, be it of the one-line or of the stanza kind.
fn mirror_in(text: &str, suite: &str) -> Option<String> {
    text.lines().find_map(|line| one_line(line, suite)).or_else(|| {
        let text = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        text.split("\n\n").find_map(|stanza| stanza_mirror(stanza, suite))
    })
}

fn one_line(line: &str, suite: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("deb ")?;
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace();
    let uri = words.next().filter(|uri| usable(uri))?;
    (words.next()? == suite).then(|| uri.to_owned())
}

fn stanza_mirror(stanza: &str, suite: &str) -> Option<String> {
    let field = |name: &str| {
        stanza.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let listed = field("Suites")?.split_whitespace().any(|word| word == suite);
    let uri = field("URIs")?.split_whitespace().find(|uri| usable(uri))?;
    listed.then(|| uri.to_owned())
}

fn usable(uri: &str) -> bool {
    ["http://", "https://", "file:/"].iter().any(|scheme| uri.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    const STANZAS: &str = "\
Types: deb
# an older one
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main

Types: deb
URIs: cdrom:[disc] http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
";

    #[test]
    fn mirrors_of_both_kinds_are_found() {
        let lines = "\
# deb http://wrong.example/debian bookworm main
deb http://other.example/tool stable main
deb [signed-by=/a.gpg arch=amd64] https://right.example/debian bookworm main
";
        for (text, suite, expected) in [
            (STANZAS, "bookworm", Some("http://mirror.example/debian")),
            (STANZAS, "bookworm-security", Some("http://mirror.example/security")),
            (STANZAS, "trixie", None),
            (lines, "bookworm", Some("https://right.example/debian")),
            (lines, "stable", Some("http://other.example/tool")),
            (lines, "main", None),
        ] {
            assert_eq!(mirror_in(text, suite).as_deref(), expected, "{suite} in {text}");
        }
    }
}
