//! The frontend against a fake engine: what it asks, in which order, and what it returns.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that does not get what it needs has failed")]

mod bake;
mod cache;
mod caps;
mod client;
mod context;
mod ending;
mod errors;
mod fake;
mod inputs;
#[path = "../locked/mod.rs"]
mod locked;
mod looks;
mod platforms;
mod process;
mod python;
mod reading;
mod remote;
mod request;
mod result;
mod sandbox;
mod subrequests;
mod supply_chain;
mod turns;
mod warnings;
mod workspace;
