//! End-to-end tests on real engines: one program, so that all of them share the engines they start.

mod cache;
mod engines;
mod reproducible;
mod sharing;
mod support;
