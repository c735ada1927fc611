//! From requirements to packages: reads the files that services name, has their lock read or made, and
//! chooses for every interpreter which wheel of each package it takes.
//! What the files and locks say is the crate `layerset_lock`'s to know, what wheels and interpreters say is
//! `unwheel`'s; here both meet the manifest.

mod ask;
mod inputs;
mod markers;
mod report;
mod select;

pub use ask::{Answer, Credential, Probed, Request};
pub use inputs::{Asked, asked, read};
pub use markers::{environment, environment_on, markers};
pub use report::{failure, warnings};
pub use select::{Selected, view};
