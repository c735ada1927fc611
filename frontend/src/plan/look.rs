//! What paths of a base or of the context are: found outside, before files are put there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was found, by absolute path; what is not there is not in it.
pub type Look = BTreeMap<String, Found>;

/// What each stage and service is built on, by its name.
pub type Looks = BTreeMap<String, Look>;

/// What directories hold, all of it by name, by their absolute paths; none of them is behind a link.
pub type Directories = BTreeMap<String, BTreeMap<String, Found>>;

/// What a path of a base is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// A directory.
    Directory {
        /// Permission bits, with setuid, setgid and sticky.
        mode: u32,
        /// Its owner.
        uid: u32,
        /// Its group.
        gid: u32,
    },
    /// A symbolic link.
    Link,
    /// Anything else.
    File,
}
