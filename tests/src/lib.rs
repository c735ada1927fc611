//! The harness of the end-to-end tests: real engines, a local registry and test base images.
//!
//! [`Engine`] is the way in. If the machine has a usable Docker, it is used; else private engines are set up
//! from Debian packages below `target/engine/` and run in namespaces of their own. [`Project`] is a directory
//! to build in, [`Registry`] reads back what a build has pushed, [`Index`] serves Python packages made by [`Wheel`].

pub mod archive;
pub mod debian;
pub mod docker;
pub mod engine;
pub mod error;
pub mod frontend;
pub mod images;
pub mod index;
pub mod lock;
pub mod place;
pub mod process;
pub mod progress;
pub mod project;
pub mod registry;
pub mod remote;
pub mod root;
pub mod run;
pub mod settings;
pub mod step;
pub mod tree;
pub mod wheel;

pub use docker::{Docker, Output};
pub use engine::{Engine, Flavour};
pub use error::{Error, Result};
pub use index::Index;
pub use progress::Progress;
pub use project::Project;
pub use registry::Registry;
pub use root::Release;
pub use tree::Tree;
pub use wheel::Wheel;
