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
        write!(f, "{}: {} ({})", self.place(), self.chain(), who(&self.consumers))
    }
}

/// `service ai`, `services ai, api, web, +2`, `stage base, service ai`
pub fn who(consumers: &[String]) -> String {
    let services: Option<Vec<&str>> = consumers.iter().map(|name| name.strip_prefix("service ")).collect();
    let (kind, names) = match services {
        Some(names) => (if names.len() == 1 { "service " } else { "services " }, names),
        None => ("", consumers.iter().map(String::as_str).collect()),
    };
    match &names[..] {
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{kind}{a}, {b}, {c}, +{}", rest.len()),
        few => format!("{kind}{}", few.join(", ")),
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
        reason.consumers = ["a", "b", "c", "d", "e"].map(|name| format!("service {name}")).to_vec();
        assert_eq!(
            reason.to_string(),
            "requirements/ml.txt:3: torch>=2 → torch → triton (services a, b, c, +2)"
        );
        reason.consumers.truncate(1);
        reason.consumers.push("stage base".into());
        assert!(reason.to_string().ends_with("(service a, stage base)"));
    }
}
