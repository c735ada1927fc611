//! What is printed, and what is told besides.

use std::io::{self, ErrorKind, Write};

use crate::failure::Failure;

/// Prints an answer. A reader that has had enough is no failure: the rest is for nobody, and what was found is said by the exit
/// code all the same.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match all(&mut io::stdout().lock(), text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::TryAgain(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Tells the user. Where that cannot be done there is nobody left to be told so.
pub(super) fn tell(text: &str) {
    let _ = all(&mut io::stderr().lock(), text);
}

/// Without the flush the last line of a full disk would be lost in silence.
fn all(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}
