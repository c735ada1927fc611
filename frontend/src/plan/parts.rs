//! How much of what the same images need is in one layer of packages. A changed package has its layer stored, pushed and
//! unpacked again, with all that is in it; each layer more is one more to look for in every push. So heavy packages stand
//! alone, and the others are divided, small ones into small parts.

use sha2::{Digest as _, Sha256};

use super::heavy::{HEAVY, LOW, SMALL};

/// Packages that may share a layer. Bytes are those of [`super::packages::Wheel::weight`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Tier {
    /// Lighter than this, and not of a tier before.
    below: u64,
    /// That a layer should have at most; it is full with a tenth more.
    together: u64,
}

/// What a push of one changed package should not be much more than. The smallest packages are the most, change most often
/// and lie highest, so they are not among those that are ten times as large.
pub(super) const FINE: &[Tier] = &[
    Tier { below: SMALL, together: 2_000_000 },
    Tier { below: LOW, together: 8_000_000 },
    Tier { below: 8_000_000, together: 16_000_000 },
];

/// For images that would get too many layers.
pub(super) const COARSE: &[Tier] = &[Tier { below: HEAVY, together: u64::MAX }];

/// For each of some packages, by name and bytes, its tier and the part of it, or none if it stands alone.
///
/// Each part bids for each package, by their names (rendezvous hashing), and the highest bid has it whose part is not full: a new
/// version or another package moves next to nothing, and a part more gets its share of each of the others. What does not fill
/// a part of the smallest is one layer, whatever its tiers.
pub(super) fn divide(packages: &[(&str, u64)], tiers: &[Tier]) -> Vec<Option<(usize, usize)>> {
    let tier_of = |bytes: u64| tiers.iter().position(|tier| bytes < tier.below);
    let light = || packages.iter().map(|(_, bytes)| *bytes).filter(|bytes| tier_of(*bytes).is_some());
    if tiers.first().is_some_and(|tier| light().fold(0, u64::saturating_add) <= tier.together) {
        return packages.iter().map(|(_, bytes)| tier_of(*bytes).map(|_| (0, 0))).collect();
    }
    let mut order: Vec<usize> = (0..packages.len()).collect();
    order.sort_by_cached_key(|number| hash(packages[*number].0, 0));
    let mut divided = vec![None; packages.len()];
    for (number, tier) in tiers.iter().enumerate() {
        let of_tier = |package: &&usize| tier_of(packages[**package].1) == Some(number);
        let bytes =
            order.iter().filter(of_tier).map(|package| packages[*package].1).fold(0, u64::saturating_add);
        let count = usize::try_from(bytes.div_ceil(tier.together)).unwrap_or(usize::MAX).clamp(1, MOST_PARTS);
        let full = tier.together.saturating_add(tier.together / 10);
        let mut parts = vec![0_u64; count];
        for package in order.iter().filter(of_tier) {
            let (name, bytes) = packages[*package];
            let has_room = |part: &usize| parts[*part].saturating_add(bytes) <= full;
            let bid = |part: &usize| hash(name, part + 1);
            let lightest = || (0..count).min_by_key(|part| parts[*part]);
            let part = (0..count).filter(has_room).max_by_key(bid).or_else(lightest).unwrap_or_default();
            parts[part] = parts[part].saturating_add(bytes);
            divided[*package] = Some((number, part));
        }
    }
    divided
}

/// More would be more layers than an image may have.
const MOST_PARTS: usize = 64;

fn hash(name: &str, salt: usize) -> [u8; 32] {
    Sha256::new_with_prefix(format!("{salt} {name}")).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of each of some packages of one size.
    fn parts(names: &[String], bytes: u64) -> Vec<usize> {
        let packages: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), bytes)).collect();
        divide(&packages, FINE).into_iter().map(|found| found.unwrap().1).collect()
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("package-{number}")).collect()
    }

    #[test]
    fn what_fits_is_together_and_what_is_heavy_alone() {
        let packages = [("a", 0), ("b", 249_999), ("c", 1_000_000), ("d", 3_000_000), ("e", 8_000_000)];
        assert_eq!(divide(&packages, FINE), [Some((0, 0)), Some((0, 0)), Some((1, 0)), Some((2, 0)), None]);
        let little = [packages[1], ("c", 1_750_001), packages[4]];
        assert_eq!(divide(&little, FINE), [Some((0, 0)), Some((0, 0)), None]);
        assert_eq!(divide(&[packages[1], ("c", 1_750_002)], FINE), [Some((0, 0)), Some((1, 0))]);
        let coarse = divide(&[packages[4], ("f", HEAVY)], COARSE);
        assert_eq!(coarse, [Some((0, 0)), None]);
    }

    #[test]
    fn parts_are_about_as_large_as_they_should_be() {
        let names = names(43);
        for (bytes, together) in
            [(100_000, 2_000_000), (500_000, 8_000_000), (1_900_000, 8_000_000), (4_000_000, 16_000_000)]
        {
            let parts = parts(&names, bytes);
            for part in 0..43 {
                let of_part: u64 = parts.iter().filter(|other| **other == part).map(|_| bytes).sum();
                assert!(of_part <= together + bytes, "{of_part} in parts of {together}");
            }
        }
    }

    #[test]
    fn another_package_moves_next_to_nothing() {
        let names = names(41);
        let before = parts(&names[..40], 240_000);
        let after = parts(&names, 240_000);
        let moved = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        assert!(moved <= 4, "{moved}");
    }

    #[test]
    fn however_much_there_is_parts_are_few() {
        assert!(parts(&names(3), 249_999).iter().all(|part| *part == 0));
        let huge = vec![("a", LOW - 1); 1000];
        assert!(divide(&huge, FINE).iter().all(|found| found.is_some_and(|(_, part)| part < MOST_PARTS)));
    }
}
