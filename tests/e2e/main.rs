//! End-to-end tests on real engines: one program, so that all of them share the engines they start.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what goes wrong ends the test")]

mod builders;
mod cache;
mod cache_kinds;
mod calls;
mod ci_docs;
mod command_line;
mod contexts;
mod engines;
mod fallback;
mod hello;
mod interrupted;
mod matrix;
mod mistakes;
mod mistakes_table;
mod older;
mod older_limits;
mod overlap;
mod platforms;
mod python;
mod python_built;
mod python_changes;
mod python_example;
mod python_index;
mod python_lock;
mod python_mistakes;
mod python_sets;
mod python_support;
mod reproducible;
mod runners;
mod scenarios;
mod sharing;
mod steps;
mod support;
mod yaml;
