//! One layer: a stream of bytes in, the list of its files out. `verified` holds a blob to its digest, `unpack` undoes
//! the compression, `tar` takes the archive apart and `pax` its extended headers, `listing` says what a layer does to the layers below it.

mod listing;
mod pax;
mod tar;
mod unpack;
mod verified;

pub(crate) use listing::{Content, Listing, What, clean};
pub(crate) use tar::{Header, Kind, Tar};
pub(crate) use unpack::{is_layer, unpacked};
pub(crate) use verified::{Expected, Fault, Found, read_layer};

/// What is wrong with an archive or its compression, for the user to read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// Its bytes could not be had.
    #[error("{0}")]
    Read(#[from] std::io::Error),
    /// They are not what they should be.
    #[error("{0}")]
    Found(String),
}
