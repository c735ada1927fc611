//! Which system an image has. Source: the manual page os-release(5).

use super::root::Root;

/// A distribution and its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct System {
    /// `debian`, `alpine`; empty where nothing says so.
    pub(super) id: String,
    /// `12`, `3.20.1`; empty where nothing says so.
    pub(super) version: String,
}

impl System {
    /// `debian-12`, as package URLs name it.
    pub(super) fn distro(&self) -> String {
        match (self.id.as_str(), self.version.as_str()) {
            (id, "") => id.to_owned(),
            (id, version) => format!("{id}-{version}"),
        }
    }

    /// Its id, else the one that is usual.
    pub(super) fn or<'a>(&'a self, usual: &'a str) -> &'a str {
        if self.id.is_empty() { usual } else { &self.id }
    }
}

pub(super) fn read(root: &Root) -> System {
    let text = root.read("etc/os-release").or_else(|| root.read("usr/lib/os-release")).unwrap_or_default();
    let value = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut values = lines.filter(|(key, _)| *key == name).map(|(_, value)| value);
        values.next().unwrap_or_default().trim_matches(['"', '\'']).to_owned()
    };
    System { id: value("ID"), version: value("VERSION_ID") }
}
