//! Wheels without pip: installs wheels into a tree byte for byte the same every time, says which
//! wheels an interpreter takes, and asks an interpreter for its facts.
//!
//! Three entries: [`install`] (wheels, a [`Scheme`], an empty root: a tree as
//! `pip install --no-compile --no-deps` makes it), [`supported`] with [`select`] (tags of an
//! [`Interpreter`] in order of preference, the best of several wheels) and [`probe`] (the facts of
//! the interpreter that a shell would find). Nothing here knows of engines, manifests or indexes.
//!
//! Sources: the specifications "binary distribution format", "recording installed projects",
//! "entry points" and "platform compatibility tags" of the Python packaging authority.

mod archive;
mod check;
mod entry_path;
mod entry_points;
mod filename;
mod install;
mod interpreter;
mod layout;
mod limits;
#[cfg(any(test, feature = "made"))]
pub mod made;
mod metadata;
mod name;
mod opened;
mod platforms;
mod probe;
mod problem;
mod record;
mod scheme;
mod script;
mod select;
mod stream;
mod supported;
mod tag;
mod tree;
mod write;

pub use filename::{BadFilename, BuildTag, WheelName};
pub use install::{Installed, InstalledWheel, WheelFile, install, install_within};
pub use interpreter::{Implementation, Interpreter, Libc, Markers, Runtime};
pub use limits::Limits;
pub use name::normalise as normalise_name;
pub use probe::{ProbeError, Search, find, probe};
pub use problem::{Cause, Problem, Warning};
pub use scheme::Scheme;
pub use select::{Ranks, select};
pub use supported::supported;
pub use tag::Tag;
