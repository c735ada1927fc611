//! End-to-end tests on real engines: one program, so that all of them share the engines they start.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what goes wrong ends the test")]

mod cache;
mod calls;
mod command_line;
mod contexts;
mod engines;
mod fallback;
mod heavy;
mod hello;
mod interrupted;
mod matrix;
mod mistakes;
mod mistakes_table;
mod options;
mod overlap;
mod platform_arguments;
mod platform_packages;
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
mod scenarios;
mod sharing;
mod steps;
mod support;
mod yaml;
