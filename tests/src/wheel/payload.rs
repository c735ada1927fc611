//! Contents that compress as those of real wheels do, the same for the same seed.

use std::fmt::Write as _;

/// The next number of a sequence that a seed begins.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 20
}

/// The beginning of a sequence, from any text.
fn seed(text: &str) -> u64 {
    // FNV-1a.
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

const WORDS: [&str; 16] = [
    "layout", "value", "number", "index", "record", "result", "items", "config", "request", "session",
    "buffer", "encode", "append", "length", "parser", "default",
];

/// A Python module of about `size` bytes; deflate leaves a quarter of it.
pub fn module(text: &str, size: usize) -> String {
    let mut state = seed(text);
    let mut module = format!("# {text}\n");
    while module.len() < size {
        let word = |number: u64| WORDS[usize::try_from(number % 16).unwrap_or_default()];
        let (a, b, c, d) = (next(&mut state), next(&mut state), next(&mut state), next(&mut state));
        let _ = match a % 3 {
            0 => writeln!(
                module,
                "def {}_{}_{:x}(self, {}=None): return self, {}",
                word(b),
                word(c),
                d % 4096,
                word(a),
                word(a)
            ),
            1 => writeln!(
                module,
                "{}_{:x} = [{}, '{}', 0x{:x}]",
                word(b),
                c % 65536,
                d % 1000,
                word(c),
                b % 256
            ),
            _ => writeln!(module, "{}_{} = ({:?}, {})", word(b), d % 9973, word(c), a % 1_000_000),
        };
    }
    module
}

/// A shared library of `size` bytes, as far as a compressor sees: two fifths remain.
pub fn library(text: &str, size: usize) -> Vec<u8> {
    let mut state = seed(text);
    let mut bytes = b"\x7fELF".to_vec();
    while bytes.len() < size {
        let number = next(&mut state);
        // Instructions repeat, addresses and constants do not.
        let op = usize::try_from(number % 12).unwrap_or_default();
        bytes.extend([[0x48, 0x8b], [0x48, 0x89], [0x0f, 0x1f], [0xe8, 0x00]][op % 4]);
        bytes.extend(&(number >> 8).to_le_bytes()[..=op % 2]);
        bytes.extend([[0, 0, 0, 0], [0xff; 4], [0x48, 0x83, 0xc4, 0x08]][op % 3]);
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> usize {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().len() * 100 / bytes.len()
    }

    #[test]
    fn contents_compress_as_they_say() {
        let (module, library) = (module("a", 100_000), library("a", 100_000));
        assert!((20..33).contains(&packed(module.as_bytes())), "{} %", packed(module.as_bytes()));
        assert!((33..50).contains(&packed(&library)), "{} %", packed(&library));
        let python = crate::run::command("python3").args(["-c", &module]).status().unwrap();
        assert!(python.success(), "Python does not take it: {module:.1000}");
        assert_eq!(module, super::module("a", 100_000));
        assert_ne!(library, super::library("b", 100_000));
    }
}
