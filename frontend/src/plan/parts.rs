//! How much of what the same images need is in one layer of packages. A changed package has its layer stored, pushed and
//! unpacked again, with all that is in it: so heavy ones stand alone, and the others are divided.

use sha2::{Digest as _, Sha256};

use super::heavy::HEAVY;

/// Bytes of wheels, as they are downloaded.
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
    /// that a new version, or another package, moves nothing. There are twice as many parts, not one more, when they
    /// are too few: half of the packages stay where they are.
    pub(super) fn part(self, name: &str, bytes: u64) -> usize {
        let parts = bytes.div_ceil(self.together).max(1).next_power_of_two();
        let digest = Sha256::digest(name);
        let number = digest.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        usize::try_from(number % parts).unwrap_or_default()
    }
}

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
        let parts = |bytes| names.iter().map(move |name| Most::FINE.part(name, bytes));
        let mut counts = [0; 4];
        parts(7_000_000).for_each(|part| counts[part] += 1);
        assert!(counts.iter().all(|count| (200..300).contains(count)), "{counts:?}");
        // Of five million bytes are four parts as well; of nine million eight, and each comes out of one.
        assert!(parts(5_000_000).eq(parts(7_000_000)));
        assert!(parts(9_000_000).map(|part| part % 4).eq(parts(7_000_000)));
    }
}
