//! Of which kind the file of a package may be (`--only-binary`, `--no-binary`).

use super::Settings;

/// What may be installed of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Formats {
    /// A wheel, or what its source distribution builds into.
    Any,
    /// What its source distribution builds into.
    Sdists,
    /// A wheel of the index: nothing is built.
    Wheels,
}

impl Settings {
    /// What the options allow of a package. As pip has it, what names the package counts more than `:all:`, and `:none:` takes
    /// back what was said before.
    pub fn formats(&self, name: &str) -> Formats {
        let says = |option: &[String], what: &str| {
            option.iter().rev().take_while(|word| *word != ":none:").any(|word| word == what)
        };
        for what in [name, ":all:"] {
            if says(&self.only_binary, what) {
                return Formats::Wheels;
            }
            if says(&self.no_binary, what) {
                return Formats::Sdists;
            }
        }
        Formats::Any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_counts_more_than_all() {
        let list = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect();
        for (only, no, expected) in [
            ("", "", Formats::Any),
            ("b", "c", Formats::Any),
            (":all:", "", Formats::Wheels),
            ("", ":all:", Formats::Sdists),
            (":all:", "a", Formats::Sdists),
            ("a", ":all:", Formats::Wheels),
            (":all: :none: b", "", Formats::Any),
        ] {
            let (only_binary, no_binary) = (list(only), list(no));
            let settings = Settings { only_binary, no_binary, ..Settings::default() };
            assert_eq!(settings.formats("a"), expected, "--only-binary {only} --no-binary {no}");
        }
    }
}
