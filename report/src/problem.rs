//! Why images could not be read.

/// One thing that went wrong, for the user to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Problem {
    /// It is so the next time too: an image that is not there, a blob that is broken.
    #[error("{0}")]
    Mistake(String),
    /// It may work the next time: a registry that is away, a connection that was lost.
    #[error("{0}")]
    TryAgain(String),
}

/// Everything that went wrong, at least one thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

impl Problem {
    /// A mistake.
    pub fn mistake(text: impl Into<String>) -> Self {
        Self::Mistake(text.into())
    }

    /// What may work next time.
    pub fn try_again(text: impl Into<String>) -> Self {
        Self::TryAgain(text.into())
    }

    /// The same, with what it is about before it.
    #[must_use]
    pub fn of(self, what: &str) -> Self {
        match self {
            Self::Mistake(text) => Self::Mistake(format!("{what}: {text}")),
            Self::TryAgain(text) => Self::TryAgain(format!("{what}: {text}")),
        }
    }

    /// Whether it may work the next time.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::TryAgain(_))
    }
}

impl Problems {
    /// Whether all of it may work the next time.
    pub fn may_pass(&self) -> bool {
        self.0.iter().all(Problem::may_pass)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
