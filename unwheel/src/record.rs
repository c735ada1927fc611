//! RECORD: the files of a distribution with their hashes and sizes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::problem::Cause;

/// RECORD's digests have no padding; a few old ones do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One row, as it is written: path, `algorithm=digest`, bytes; the last two may be empty.
pub(crate) type Row = [String; 3];

/// The rows of a wheel's RECORD by path.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Hash and size as they are written.
    pub rows: BTreeMap<String, (String, String)>,
}

/// Reads RECORD, `most` rows of it. The second part is what is wrong with it, with the path concerned if there
/// is one.
pub(crate) fn read(bytes: &[u8], most: u64) -> (Record, Vec<(Option<String>, Cause)>) {
    let mut record = Record::default();
    let mut faults = Vec::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    for (row, number) in reader.records().zip(1..) {
        if number > most {
            faults.push((None, Cause::RecordRows { most }));
            break;
        }
        let Ok(row) = row else {
            let fault = "is not UTF-8".to_owned();
            faults.push((None, Cause::RecordRow { number, fault }));
            break;
        };
        if row.len() != 3 {
            let fault = format!("has {} columns, expected path, hash and size", row.len());
            faults.push((None, Cause::RecordRow { number, fault }));
            continue;
        }
        let path = row[0].to_owned();
        let value = (row[1].to_owned(), row[2].to_owned());
        match record.rows.get(&path) {
            Some(before) if *before != value => faults.push((Some(path), Cause::RecordTwice)),
            Some(_) => {}
            None => {
                record.rows.insert(path, value);
            }
        }
    }
    (record, faults)
}

/// Writes rows as pip does: sorted, fields in quotes only where they must be, lines ending `\r\n`.
pub(crate) fn write(mut rows: Vec<Row>) -> Result<Vec<u8>, csv::Error> {
    rows.sort();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in &rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// What RECORD says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The algorithm and its digest.
    pub digest: (Algorithm, Vec<u8>),
    /// Bytes, if it says.
    pub size: Option<u64>,
}

/// Those that the specification allows and are not broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// Reads the hash and the size of a row.
pub(crate) fn expected(hash: &str, size: &str) -> Result<Expected, Cause> {
    if hash.is_empty() {
        return Err(Cause::NoHash);
    }
    let bad = || Cause::Hash { found: hash.to_owned() };
    let (name, digest) = hash.split_once('=').ok_or_else(bad)?;
    let (algorithm, length) = match name {
        "sha256" => (Algorithm::Sha256, 32),
        "sha384" => (Algorithm::Sha384, 48),
        "sha512" => (Algorithm::Sha512, 64),
        _ => return Err(bad()),
    };
    let digest = BASE64.decode(digest).map_err(|_| bad())?;
    if digest.len() != length {
        return Err(bad());
    }
    let size = match size {
        "" => None,
        size => {
            let fault = || Cause::Hash { found: format!("{hash},{size}") };
            Some(size.parse().map_err(|_| fault())?)
        }
    };
    Ok(Expected { digest: (algorithm, digest), size })
}

/// A sha256 as RECORD writes it.
pub(crate) fn sha256_text(digest: &[u8]) -> String {
    format!("sha256={}", BASE64.encode(digest))
}

/// A hash under way.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha384(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.finalize().to_vec(),
            Self::Sha384(hash) => hash.finalize().to_vec(),
            Self::Sha512(hash) => hash.finalize().to_vec(),
        }
    }
}

impl Algorithm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwheel_reads_record_with_quotes_and_empty_fields() {
        let (record, faults) = read(b"\"a,b.py\",sha256=x,1\nd/RECORD,,\r\nd/RECORD,,\n", 3);
        assert_eq!(faults, []);
        assert_eq!(record.rows["a,b.py"], ("sha256=x".to_owned(), "1".to_owned()));
        assert_eq!(record.rows["d/RECORD"], (String::new(), String::new()));
    }

    #[test]
    fn unwheel_names_the_row_of_a_broken_record() {
        let (_, faults) = read(b"a,,\nb,\na,sha256=x,1\n", 100);
        let faults: Vec<String> = faults.iter().map(|(_, cause)| cause.to_string()).collect();
        assert_eq!(
            faults,
            [
                "row 2: has 2 columns, expected path, hash and size",
                "is listed in RECORD twice, with different hashes or sizes"
            ]
        );
    }

    #[test]
    fn unwheel_writes_record_as_pip_does() {
        let row = |path: &str, hash: &str, size: &str| [path.to_owned(), hash.to_owned(), size.to_owned()];
        let rows = vec![row("d/RECORD", "", ""), row("a,b \"c\".py", "sha256=x", "1"), row("ü", "", "")];
        let text = String::from_utf8(write(rows).expect("rows")).expect("UTF-8");
        assert_eq!(text, "\"a,b \"\"c\"\".py\",sha256=x,1\r\nd/RECORD,,\r\nü,,\r\n");
    }

    #[test]
    fn unwheel_takes_strong_hashes_only() {
        let sha256 = sha256_text(&Sha256::digest(b""));
        assert_eq!(sha256, "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
        let found = expected(&sha256, "0").expect("a hash");
        assert_eq!(found.digest.0, Algorithm::Sha256);
        assert_eq!(found.size, Some(0));
        assert!(expected(&format!("{sha256}="), "").is_ok());
        for hash in
            ["md5=1B2M2Y8AsgTpgAmY7PhCfg", "sha1=2jmj7l5rSw0yVb_vlWAYkK_YBwk", "sha256=", "sha256=AAAA", "x"]
        {
            assert!(matches!(expected(hash, ""), Err(Cause::Hash { .. })), "{hash}");
        }
        assert_eq!(expected("", ""), Err(Cause::NoHash));
        assert!(expected(&sha256, "-1").is_err());
    }
}
