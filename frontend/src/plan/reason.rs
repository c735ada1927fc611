//! Why a package is in an image.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The requirement that brought a package in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// Path of the file in the context.
    pub file: String,
    /// The line, from 1; 0 if it is not known.
    pub line: u32,
    /// The requirement as written.
    pub requirement: String,
    /// The packages from what the requirement names, without that, to the one in question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<String>,
    /// The stages and services that name the file: `service api`.
    pub consumers: Vec<String>,
}

impl Reason {
    /// `requirements/ml.txt:3`
    pub fn place(&self) -> String {
        if self.line == 0 { self.file.clone() } else { format!("{}:{}", self.file, self.line) }
    }

    /// `torch>=2`, `transformers>=4 → torch`
    pub fn chain(&self) -> String {
        let through = self.through.iter().map(String::as_str);
        std::iter::once(self.requirement.as_str()).chain(through).collect::<Vec<_>>().join(" → ")
    }
}

impl fmt::Display for Reason {
    /// `requirements/ml.txt:3: transformers>=4 → torch (service ai)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match &self.consumers[..] {
            [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c}, +{}", rest.len()),
            few => few.join(", "),
        };
        write!(f, "{}: {} ({who})", self.place(), self.chain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line() {
        let mut reason = Reason {
            file: "requirements/ml.txt".into(),
            line: 3,
            requirement: "torch>=2".into(),
            through: Vec::new(),
            consumers: vec!["service ai".into()],
        };
        assert_eq!(reason.to_string(), "requirements/ml.txt:3: torch>=2 (service ai)");
        reason.through = vec!["torch".into(), "triton".into()];
        reason.consumers = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(reason.to_string(), "requirements/ml.txt:3: torch>=2 → torch → triton (a, b, c, +2)");
    }
}
