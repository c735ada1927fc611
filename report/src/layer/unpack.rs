//! Undoing the compression of a layer, which its first bytes tell: media types are often wrong about it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::Broken;
use super::tar::is_tar;

const BUFFER: usize = 128 << 10;
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The bytes without their compression, and whether they had one.
pub(crate) fn unpacked<'a>(input: impl Read + 'a) -> Result<(Box<dyn Read + 'a>, bool), Broken> {
    let mut input = input;
    let mut start = Vec::new();
    Read::by_ref(&mut input).take(512).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(input);
    let input = Box::new(BufReader::with_capacity(BUFFER, whole));
    if is_gzip(&start) {
        return Ok((Box::new(MultiGzDecoder::new(input)), true));
    }
    if is_zstd(&start) {
        return Ok((Box::new(Zstd::Between(input)), true));
    }
    if start.is_empty() || is_tar(&start) {
        return Ok((input, false));
    }
    let shown: Vec<String> = start.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Err(Broken::Found(format!(
        "found a blob that begins with the bytes {}, expected a tar archive, plain or packed by gzip or zstd",
        shown.join(" ")
    )))
}

/// Whether these first bytes may be those of a layer.
pub(crate) fn is_layer(start: &[u8]) -> bool {
    is_gzip(start) || is_zstd(start) || is_tar(start)
}

fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

fn is_zstd(start: &[u8]) -> bool {
    start.first_chunk().is_some_and(|magic| *magic == ZSTD || is_skippable(*magic))
}

/// Frames of zstd one after another; skippable ones hold what only their writers know.
enum Zstd<R: BufRead> {
    Between(R),
    Within(Box<Frame<R>>),
    End,
}

type Frame<R> = StreamingDecoder<io::Chain<Cursor<[u8; 4]>, R>, FrameDecoder>;

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, Self::End) {
                Self::End => return Ok(0),
                Self::Between(mut input) => {
                    if input.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    *self = next_frame(input)?;
                }
                Self::Within(mut frame) => {
                    let count = frame.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        *self = Self::Within(frame);
                        return Ok(count);
                    }
                    let (_, input) = frame.into_inner().into_inner();
                    *self = Self::Between(input);
                }
            }
        }
    }
}

fn next_frame<R: BufRead>(mut input: R) -> io::Result<Zstd<R>> {
    let mut magic = [0; 4];
    input.read_exact(&mut magic)?;
    if is_skippable(magic) {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        let passed = io::copy(&mut Read::by_ref(&mut input).take(length), &mut io::sink())?;
        let cut =
            || io::Error::new(io::ErrorKind::UnexpectedEof, "found the end of the blob within a zstd frame");
        return if passed == length { Ok(Zstd::Between(input)) } else { Err(cut()) };
    }
    let frame = StreamingDecoder::new(Cursor::new(magic).chain(input));
    let frame = frame.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    Ok(Zstd::Within(Box::new(frame)))
}

fn is_skippable(magic: [u8; 4]) -> bool {
    u32::from_le_bytes(magic) & 0xffff_fff0 == 0x184d_2a50
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(packed: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut plain = Vec::new();
        unpacked(packed)?.0.read_to_end(&mut plain)?;
        Ok(plain)
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        compress_to_vec(plain, CompressionLevel::Fastest)
    }

    /// The end of an archive, which is an archive.
    fn plain() -> Vec<u8> {
        vec![0; 300_000]
    }

    #[test]
    fn the_first_bytes_tell() {
        let plain = plain();
        assert_eq!(read(&plain).unwrap(), plain);
        assert_eq!(read(&gzip(&plain)).unwrap(), plain);
        assert_eq!(read(&zstd(&plain)).unwrap(), plain);
        assert_eq!(read(b"").unwrap(), b"");
        let error = read(b"<html>not found</html>").unwrap_err().to_string();
        assert!(
            error.starts_with("found a blob that begins with the bytes 3c 68 74 6d, expected a tar"),
            "{error}"
        );
    }

    #[test]
    fn parts_follow_each_other() {
        let plain = plain();
        let both = [plain.clone(), plain.clone()].concat();
        assert_eq!(read(&[gzip(&plain), gzip(&plain)].concat()).unwrap(), both);
        let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
        let frames = [skipped.clone(), zstd(&plain), skipped.clone(), zstd(&plain), skipped].concat();
        assert_eq!(read(&frames).unwrap(), both);
    }

    #[test]
    fn cut_blobs_are_errors() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        for packed in [gzip(&text), zstd(&text)] {
            for end in [5, packed.len() / 2, packed.len() - 1] {
                assert!(read(&packed[..end]).is_err(), "{end} of {}", packed.len());
            }
        }
        assert!(read(&[0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1]).is_err());
    }
}
