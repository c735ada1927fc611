//! What can go wrong while engines are set up and used.

use std::io;
use std::path::Path;

/// The harness's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the harness could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system or a socket failed.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{command}` failed with {status}\n{output}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What it wrote.
        output: String,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// An error in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Other(message.into())
    }
}

/// Adds what was tried to an input/output error.
pub trait Doing<T> {
    /// Names what was tried, as the end of "cannot …".
    fn doing(self, what: &str) -> Result<T>;

    /// Names what was tried and the path it was tried on.
    fn doing_to(self, what: &str, path: &Path) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|source| Error::Io { doing: what.to_owned(), source })
    }

    fn doing_to(self, what: &str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { doing: format!("{what} {}", path.display()), source })
    }
}
