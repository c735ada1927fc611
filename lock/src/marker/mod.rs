//! Environment markers: on which interpreters and platforms a requirement or a package is for.
//!
//! The grammar is that of the packaging specifications' "dependency specifiers", and the two set-valued
//! variables that PEP 751 adds for locks: `extras` and `dependency_groups`.

mod eval;
mod groups;
mod parse;

use std::fmt;

pub use eval::{MarkerEnvironment, Selection};
pub(crate) use groups::Groups;
pub use parse::MarkerError;

/// A parsed marker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marker {
    /// All of them hold.
    And(Vec<Marker>),
    /// At least one of them holds.
    Or(Vec<Marker>),
    /// A comparison of two values.
    Compare {
        /// The left side.
        left: Operand,
        /// How they are compared.
        op: Op,
        /// The right side.
        right: Operand,
    },
}

/// A side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operand {
    /// A value of the environment, by its name, such as `python_version`.
    Variable(&'static str),
    /// A text in quotes.
    Text(String),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<=`
    AtMost,
    /// `<`
    Less,
    /// `>=`
    AtLeast,
    /// `>`
    Greater,
    /// `~=`
    Compatible,
    /// `===`
    Identical,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl Op {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::AtMost => "<=",
            Self::Less => "<",
            Self::AtLeast => ">=",
            Self::Greater => ">",
            Self::Compatible => "~=",
            Self::Identical => "===",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }

    /// The operator that says the same with the sides exchanged, where there is one.
    fn mirrored(self) -> Self {
        match self {
            Self::AtMost => Self::AtLeast,
            Self::Less => Self::Greater,
            Self::AtLeast => Self::AtMost,
            Self::Greater => Self::Less,
            other => other,
        }
    }
}

/// The names a marker may use. The dotted and `python_implementation` forms of old metadata are read as
/// what they stand for.
const VARIABLES: [&str; 14] = [
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_version",
    "python_full_version",
    "implementation_name",
    "implementation_version",
    "extra",
    "extras",
    "dependency_groups",
];

fn variable(name: &str) -> Option<&'static str> {
    let name = match name {
        "os.name" => "os_name",
        "sys.platform" => "sys_platform",
        "platform.machine" => "platform_machine",
        "platform.version" => "platform_version",
        "platform.python_implementation" | "python_implementation" => "platform_python_implementation",
        name => name,
    };
    VARIABLES.into_iter().find(|variable| *variable == name)
}

impl Marker {
    /// `variable op 'text'`.
    pub(crate) fn compare(variable: &'static str, op: Op, text: &str) -> Self {
        Self::Compare { left: Operand::Variable(variable), op, right: Operand::Text(text.to_owned()) }
    }

    /// `'group' in dependency_groups`.
    pub(crate) fn in_group(group: &str) -> Self {
        let left = Operand::Text(group.to_owned());
        Self::Compare { left, op: Op::In, right: Operand::Variable("dependency_groups") }
    }

    /// All of the markers; a single one is itself.
    pub(crate) fn all(mut markers: Vec<Self>) -> Self {
        if markers.len() == 1 { markers.remove(0) } else { Self::And(markers) }
    }

    /// One of the markers; a single one is itself.
    pub(crate) fn any(mut markers: Vec<Self>) -> Self {
        if markers.len() == 1 { markers.remove(0) } else { Self::Or(markers) }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            // The grammar has no escapes: a text holds one kind of quote at the most.
            Self::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Self::Text(text) => write!(f, "'{text}'"),
        }
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    f.write_str(word)?;
                }
                match part {
                    Self::Or(inner) if inner.len() > 1 && parts.len() > 1 => write!(f, "({part})")?,
                    part => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(parts) => join(f, parts, " and "),
            Self::Or(parts) => join(f, parts, " or "),
            Self::Compare { left, op, right } => write!(f, "{left} {} {right}", op.as_str()),
        }
    }
}
