//! A listing as bytes: short, because it travels through the engine's own connection.
//!
//! One record an entry, in the listing's order, ended by a NUL: what it is, how deep it lies, its
//! permission bits, its size and its name. The names above it are those of the records before.

use super::listing::{Entry, Kind, Listing};

impl Listing {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.entries().len() * 32);
        for entry in self.entries() {
            let kind = match entry.kind {
                Kind::File => 'f',
                Kind::Directory => 'd',
                Kind::Link => 'l',
                Kind::Other => 'o',
            };
            let depth = entry.path.matches('/').count();
            let name = entry.path.rsplit('/').next().unwrap_or_default();
            bytes.extend(format!("{kind} {depth} {:o} {} {name}\0", entry.mode, entry.size).into_bytes());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] has written; `None` if it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        let mut above: Vec<&str> = Vec::new();
        let text = std::str::from_utf8(bytes).ok()?;
        for record in text.split_terminator('\0') {
            let mut fields = record.splitn(5, ' ');
            let kind = match fields.next()? {
                "f" => Kind::File,
                "d" => Kind::Directory,
                "l" => Kind::Link,
                "o" => Kind::Other,
                _ => return None,
            };
            let depth: usize = fields.next()?.parse().ok()?;
            let mode = u32::from_str_radix(fields.next()?, 8).ok()?;
            let size = fields.next()?.parse().ok()?;
            if depth > above.len() {
                return None;
            }
            above.truncate(depth);
            above.push(fields.next()?);
            entries.push(Entry { path: above.join("/"), kind, size, mode });
        }
        Some(Self::new(entries))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            all in prop::collection::vec(("[a-c \n\\[é]{1,2}(/[a-c \u{1f}]{1,2}){0,3}", any::<u64>(), 0u32..0o1000), 0..30),
        ) {
            let entry = |(path, size, mode)| Entry { path, kind: Kind::Link, size, mode };
            let listing = Listing::new(all.into_iter().map(entry).collect());
            let read = Listing::from_bytes(&listing.to_bytes()).unwrap();
            prop_assert_eq!(listing.entries(), read.entries());
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 1..40)) {
            let _ = Listing::from_bytes(&bytes);
        }
    }

    #[test]
    fn bad_records() {
        for text in ["x 0 0 0 a\0", "f 1 0 0 a\0", "f 0 9 0 a\0", "f 0 0\0", "f 0 0 0\0"] {
            assert!(Listing::from_bytes(text.as_bytes()).is_none(), "{text:?}");
        }
    }
}
