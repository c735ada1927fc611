//! How much of what the same images need is in one layer of packages. A changed package has its layer stored, pushed and
//! unpacked again, with all that is in it: so heavy ones stand alone, and the others are divided.

use sha2::{Digest as _, Sha256};

use super::heavy::HEAVY;

/// Bytes of packages in a layer, by [`super::packages::View::weight`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// From which a wheel has a layer of its own.
    pub(super) alone: u64,
    /// That the others of a layer may have together, as far as they can be divided.
    together: u64,
}

impl Most {
    /// What a push of one changed package should not be much more than.
    pub(super) const FINE: Self = Self { alone: 2_000_000, together: 2_000_000 };
    /// For images that would get too many layers.
    pub(super) const COARSE: Self = Self { alone: HEAVY, together: u64::MAX };

    /// The part that a package is in, of those that `bytes` of light ones are divided into. Its name alone says it, so
    /// that a new version, or another package, moves nothing. Each part bids for each package, and the highest bid has
    /// it: a part more gets its share of each of the others, and nothing else moves.
    pub(super) fn part(self, name: &str, bytes: u64) -> usize {
        let parts = usize::try_from(bytes.div_ceil(self.together)).unwrap_or(usize::MAX);
        if parts < 2 {
            return 0;
        }
        let bid = |part: &usize| Sha256::new_with_prefix(part.to_string()).chain_update(name).finalize();
        (0..parts.min(MOST_PARTS)).max_by_key(bid).unwrap_or_default()
    }
}

/// More would be more layers than an image may have.
const MOST_PARTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_together() {
        for most in [Most::FINE, Most::COARSE] {
            assert_eq!(most.part("anything", 0), 0);
            assert_eq!(most.part("anything", 2_000_000), 0);
        }
        assert_eq!(Most::COARSE.part("anything", u64::MAX), 0);
    }

    #[test]
    fn parts_are_alike_and_stay() {
        let names: Vec<String> = (0..1000).map(|number| format!("package-{number}")).collect();
        let parts = |bytes| -> Vec<usize> { names.iter().map(|name| Most::FINE.part(name, bytes)).collect() };
        let (four, five) = (parts(7_000_000), parts(9_000_000));
        for part in 0..4 {
            let count = four.iter().filter(|other| **other == part).count();
            assert!((200..300).contains(&count), "{count}");
        }
        let moved: Vec<usize> = four
            .iter()
            .zip(&five)
            .filter(|(before, after)| before != after)
            .map(|(_, after)| *after)
            .collect();
        assert!((150..250).contains(&moved.len()) && moved.iter().all(|part| *part == 4), "{moved:?}");
        assert_eq!(parts(8_000_000), four);
    }

    #[test]
    fn however_much_there_is_parts_are_few() {
        assert!(Most::FINE.part("anything", u64::MAX) < 64);
    }
}
