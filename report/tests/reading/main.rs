//! Reading images: from archives and directories of both forms, and from a registry on this machine that the tests are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what goes wrong ends the test")]

mod archives;
mod engine;
mod made;
mod mistakes;
mod passwords;
mod registry;
mod server;
mod tls;
