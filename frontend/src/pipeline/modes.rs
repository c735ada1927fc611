//! Modes that an older engine cannot give.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};

/// A warning for each selection whose files get another mode than is written: place and mode, with what they get.
pub fn inexact_modes(found: &BTreeMap<(Span, u32), u32>) -> Vec<Diagnostic> {
    let warning = |((span, wanted), given): (&(Span, u32), &u32)| {
        let message = format!(
            "this engine gives files and directories one mode: files get {given:04o}, expected {wanted:04o}"
        );
        Diagnostic::warning("inexact-mode", *span, message)
            .hint("select each file by itself, or build with a newer engine")
    };
    found.iter().map(warning).collect()
}
