//! From requirements to packages: reads the files that services name, has their lock read or made, and
//! chooses for every interpreter which wheel of each package it takes.
//! What the files and locks say is the crate `layerset_lock`'s to know, what wheels and interpreters say is
//! `unwheel`'s; here both meet the manifest.

mod ask;
mod assumed;
mod choice;
mod credentials;
mod imports;
mod inputs;
mod markers;
mod modules;
mod pins;
mod reasons;
mod report;
mod select;
mod stray;
#[cfg(test)]
mod tests;
mod trees;
mod unused;

pub use ask::{Answer, Build, Credential, Probed, Request, Stage};
pub use assumed::{assumed, describe};
pub use credentials::of_indexes;
pub use imports::{Imports, is_python, is_source, names_in, words};
pub use inputs::{Asked, Read, asked, read};
pub use markers::{environment_on, interpreter_on, machine_of, markers, resolver_platform, version_of};
pub use pins::different_pins;
pub use report::{entry_of, failure, warnings};
pub use select::{Selected, view};
pub use stray::{directories, unused_requirements};
pub use trees::{Tree, unselected};
pub use unused::Uses;
