//! Reading a layer's blob once, held to its size and digest.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::unpack::unpacked;
use super::{Broken, Listing};
use crate::digest::Digest;

/// What a blob must be; nothing where it has no name yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected {
    /// Its digest.
    pub(crate) digest: Option<Digest>,
    /// Its bytes.
    pub(crate) bytes: Option<u64>,
}

/// A layer's blob.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The blob's digest.
    pub(crate) digest: Digest,
    /// Its bytes, as stored.
    pub(crate) bytes: u64,
    /// The digest of the archive without compression.
    pub(crate) diff_id: Digest,
    /// What it holds.
    pub(crate) listing: Listing,
}

/// Why a layer cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The bytes did not come.
    #[error("{0}")]
    Lost(io::Error),
    /// They are not those of the blob, or no layer.
    #[error("{0}")]
    Wrong(String),
}

/// Reads a blob to its end.
pub(crate) fn read_layer(input: impl Read, expected: &Expected) -> Result<Found, Fault> {
    let mut blob = Verified { input, hash: Sha256::new(), bytes: 0, most: expected.bytes, lost: None };
    let read = plain(&mut blob);
    // What is wrong with the blob as such comes first: it is why the archive is broken.
    let rest = io::copy(&mut blob, &mut io::sink());
    if let Some(lost) = blob.lost {
        return Err(Fault::Lost(lost));
    }
    if let Err(error) = rest {
        return Err(Fault::Wrong(error.to_string()));
    }
    let digest = Digest(blob.hash.finalize().into());
    if let Some(bytes) = expected.bytes.filter(|bytes| *bytes != blob.bytes) {
        return Err(Fault::Wrong(format!(
            "found {} bytes, expected {bytes}: the blob is truncated",
            blob.bytes
        )));
    }
    if let Some(expected) = expected.digest.filter(|expected| *expected != digest) {
        return Err(Fault::Wrong(format!(
            "found bytes with the digest {digest}, expected {expected}: the blob is damaged"
        )));
    }
    let (listing, diff_id) = read.map_err(|broken| Fault::Wrong(broken.to_string()))?;
    Ok(Found { digest, bytes: blob.bytes, diff_id: diff_id.unwrap_or(digest), listing })
}

/// The listing; and the digest without compression, if there is one.
fn plain(blob: &mut impl Read) -> Result<(Listing, Option<Digest>), Broken> {
    let (archive, packed) = unpacked(blob)?;
    if !packed {
        return Ok((Listing::read(archive)?, None));
    }
    let mut archive = Verified { input: archive, hash: Sha256::new(), bytes: 0, most: None, lost: None };
    let listing = Listing::read(&mut archive)?;
    Ok((listing, Some(Digest(archive.hash.finalize().into()))))
}

/// Counts and hashes what passes.
struct Verified<R> {
    input: R,
    hash: Sha256,
    bytes: u64,
    /// More than this is not read.
    most: Option<u64>,
    /// Why the input failed, which readers above hide.
    lost: Option<io::Error>,
}

impl<R: Read> Read for Verified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.input.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                self.lost = Some(error);
                return Err(told);
            }
        };
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        if let Some(most) = self.most.filter(|most| self.bytes > *most) {
            return Err(io::Error::other(format!("found more than {most} bytes, as many were expected")));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{gzip, layer};

    fn exactly(blob: &[u8]) -> Expected {
        Expected { digest: Some(Digest::of(blob)), bytes: Some(blob.len() as u64) }
    }

    fn told(blob: &[u8], expected: &Expected) -> String {
        read_layer(blob, expected).unwrap_err().to_string()
    }

    #[test]
    fn a_blob_has_two_digests() {
        let archive = layer(&[("a", Some("hello"))]);
        let packed = gzip(&archive);
        let found = read_layer(&packed[..], &exactly(&packed)).unwrap();
        assert_eq!((found.digest, found.diff_id), (Digest::of(&packed), Digest::of(&archive)));
        assert_eq!((found.bytes, found.listing.entries.len()), (packed.len() as u64, 1));
        let found = read_layer(&archive[..], &Expected::default()).unwrap();
        assert_eq!((found.digest, found.diff_id), (Digest::of(&archive), Digest::of(&archive)));
    }

    #[test]
    fn what_fills_an_archive_up_is_part_of_it() {
        let mut archive = layer(&[("a", Some("hello"))]);
        archive.extend(vec![0; 20_000]);
        let found = read_layer(&gzip(&archive)[..], &Expected::default()).unwrap();
        assert_eq!(found.diff_id, Digest::of(&archive));
    }

    #[test]
    fn damage_is_told_as_what_it_is() {
        let packed = gzip(&layer(&[("a", Some("hello"))]));
        let expected = exactly(&packed);
        let half = &packed[..packed.len() / 2];
        let text = told(half, &expected);
        assert!(text.contains("the blob is truncated") && text.starts_with("found "), "{text}");
        let mut other = packed.clone();
        *other.last_mut().unwrap() ^= 1;
        let text = told(&other, &expected);
        assert!(text.contains("the blob is damaged"), "{text}");
        let longer = [&packed[..], b"more"].concat();
        assert!(told(&longer, &expected).contains("found more than"), "{}", told(&longer, &expected));
        // Nothing is wrong with the blob, but it is no layer.
        let page = b"<html></html>";
        assert!(told(page, &exactly(page)).contains("expected a tar archive"));
        // A gzip that was cut before it was named.
        let text = told(half, &exactly(half));
        assert!(!text.contains("the blob is") && !text.is_empty(), "{text}");
    }

    #[test]
    fn a_lost_connection_is_no_damage() {
        struct Lost;
        impl Read for Lost {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset"))
            }
        }
        let packed = gzip(&layer(&[("a", Some("hello"))]));
        let fault = read_layer(packed[..20].chain(Lost), &exactly(&packed)).unwrap_err();
        assert!(matches!(fault, Fault::Lost(_)), "{fault}");
    }
}
