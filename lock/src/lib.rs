//! Requirement files of Python services, and one lock for all of them.
//!
//! [`Inputs::read`] reads what services ask for: requirement files as pip reads them, and the dependencies,
//! extras and groups of a `pyproject.toml`. [`resolve`] has uv resolve them into a [`Lock`], which is written
//! and read as PEP 751 `pylock.toml`; a user's own pylock and a `uv.lock` are read too. A lock says which
//! packages an input needs in an environment, why each of them is there, and whether the inputs have changed
//! since.
//!
//! Nothing here knows of manifests or of builds. All paths are relative to the build context, `/`-separated,
//! and may not leave it.

mod input;
mod lock;
mod marker;
pub mod name;
mod problem;
mod resolve;
mod tree;

pub use input::{Formats, Input, InputId, Inputs, Origin, Part, Requirement, Settings};
pub use lock::{
    Artifact, Closure, Closures, Dependency, Format, Group, Link, Location, Lock, Package, Stale, Vcs,
};
pub use marker::{Marker, MarkerEnvironment, MarkerError, Op, Operand, Selection};
pub use problem::{Failure, Kind, Place, Problem};
pub use resolve::{Environment, Request, Resolution, Uv, resolve};
