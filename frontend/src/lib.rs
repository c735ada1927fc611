//! A `BuildKit` frontend: the images of all services of a monorepo from one manifest.
//!
//! The flow is visible in the modules: [`manifest`] parses and checks, [`plan`] plans, [`emit`] emits
//! LLB, [`gateway`] solves. [`pipeline`] is what builds, calls and the command line have in common.

pub mod annotations;
pub mod calls;
pub mod cli;
pub mod diagnostic;
pub mod disk;
pub mod emit;
pub mod engine;
pub mod epoch;
pub mod failure;
pub mod frontend;
pub mod gateway;
pub mod inside;
pub mod manifest;
pub mod options;
pub mod outside;
pub mod page;
pub mod panic;
pub mod pipeline;
pub mod plan;
pub mod platform;
pub mod printable;
pub mod python;
pub mod remote;
pub mod report;
pub mod sbom;
pub mod table;
