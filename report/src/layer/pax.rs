//! Extended headers of POSIX: what did not fit into the fields of a tar header comes before it.

use super::Broken;

/// What they say of the entry that follows.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) path: Option<String>,
    pub(super) link: Option<String>,
    pub(super) size: Option<u64>,
}

impl Extensions {
    /// Takes over what some records say.
    pub(super) fn read(&mut self, data: &[u8]) -> Result<(), Broken> {
        let bad = || Broken::Found("found extended tar headers that cannot be read".into());
        let mut rest = data;
        while !rest.is_empty() {
            let (key, value, after) = record(rest).ok_or_else(bad)?;
            rest = after;
            // An empty value takes back what records before it have said: the field of the tar header counts.
            let given = Some(value).filter(|value| !value.is_empty());
            match key {
                b"path" | b"GNU.sparse.name" => self.path = given.map(text),
                b"linkpath" => self.link = given.map(text),
                b"size" => self.size = given.map(size).transpose()?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The first of records `LENGTH KEY=VALUE\n`, and what follows it. The length is that of all of the record and alone says
/// where it ends: values are any bytes, lines too. Source: POSIX `pax`, extended header.
fn record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = data.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(data.get(..space)?).ok()?.parse().ok()?;
    let (record, rest) = data.split_at_checked(length)?;
    let field = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = field.iter().position(|byte| *byte == b'=')?;
    Some((field.get(..equals)?, field.get(equals + 1..)?, rest))
}

fn size(value: &[u8]) -> Result<u64, Broken> {
    let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    size.ok_or_else(|| {
        let found = text(value);
        Broken::Found(format!("found {found:?} for the size of a tar entry, expected a number of bytes"))
    })
}

/// A name up to its end, which may be before that of its field. Bytes that are no UTF-8 are spelled `\xe9`: names that
/// differ in them alone are of different files.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let mut text = String::new();
    for chunk in bytes.get(..end).unwrap_or_default().utf8_chunks() {
        text += chunk.valid();
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use tar::EntryType;

    use super::super::Tar;

    /// An archive of one entry with these extended headers.
    fn extended(records: &[u8]) -> Vec<u8> {
        let mut archive = Vec::new();
        for (kind, content) in [(EntryType::XHeader, records), (EntryType::Regular, b"hello")] {
            let mut header = tar::Header::new_ustar();
            header.set_path("short").unwrap();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            archive.extend(header.as_bytes());
            archive.extend(content);
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
        archive
    }

    #[test]
    fn values_of_extended_headers_are_any_bytes() {
        for (records, path) in [
            (&b"43 SCHILY.xattr.security.capability=\x01\n\x02\n=\n\n"[..], "short"),
            (b"21 path=two\nlines/of\n", "two\nlines/of"),
            // What looks like a record within a value is none.
            (b"42 SCHILY.xattr.user.note=a\n15 path=etc/o\n", "short"),
            (b"12 path=a=b\n", "a=b"),
            (b"16 path=caf\xe9/\xc3\xa9\n", "caf\\xe9/\u{e9}"),
        ] {
            let shown = String::from_utf8_lossy(records);
            let archive = extended(records);
            let mut tar = Tar::new(&archive[..]);
            let found = tar.next().expect(&shown).unwrap();
            assert_eq!((found.path.as_str(), found.size), (path, 5), "{shown}");
            assert_eq!(tar.next().unwrap(), None, "{shown}");
        }
        for (records, path) in [
            (&b"8 path=\n"[..], "short"),
            (b"13 path=long\n8 path=\n", "short"),
            (b"8 path=\n13 path=long\n", "long"),
            (b"8 size=\n", "short"),
            (b"10 size=9\n8 size=\n", "short"),
            (b"13 linkpath=\n", "short"),
        ] {
            let shown = String::from_utf8_lossy(records);
            let found = Tar::new(&extended(records)[..]).next().expect(&shown).unwrap();
            assert_eq!((found.path.as_str(), found.size, found.link.as_str()), (path, 5, ""), "{shown}");
        }
        for bad in [
            &b"12 path=long\n"[..],
            b"99 path=x\n",
            b"0 path=x\n",
            b"2 path=x\n",
            b"9 path:x\n",
            b"path=x\n",
            b"10 path=xy",
        ] {
            let told = Tar::new(&extended(bad)[..]).next().unwrap_err().to_string();
            assert_eq!(told, "found extended tar headers that cannot be read", "{bad:?}");
        }
    }
}
