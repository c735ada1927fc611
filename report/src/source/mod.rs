//! Where images come from: `registry` over its API, `engine` from Docker's, which `context` may name, `archive` and
//! `layout` from files. The last three have images in the same form, which `stored` reads.

mod archive;
mod context;
mod engine;
mod layout;
mod reference;
mod registry;
mod stored;
mod surroundings;

pub(crate) use archive::Origin;
pub(crate) use engine::{Engine, few};
pub use reference::Reference;
pub(crate) use registry::{Registries, Remote, Resolved};
pub(crate) use stored::{Stored, Wanted, images};
pub use surroundings::Surroundings;

pub(crate) use archive::Archive;
pub(crate) use layout::Layout;
