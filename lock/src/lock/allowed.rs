//! What requirement files allow of packages beyond what they require: versions by constraints, files by hashes. Our locks
//! are resolved so; those of others are made without asking, and are compared with it.

use std::collections::BTreeSet;

use super::closure::{Closure, Closures, selection};
use super::{Format, Package, why};
use crate::input::{Input, Requirement};
use crate::problem::{Place, Problem};

/// As many names as anybody reads.
const SHOWN: usize = 5;

impl Closures<'_> {
    /// The hashes that requirements give of packages' files.
    pub fn hashes<'i>(&self, inputs: &[&'i Input]) -> Vec<(usize, &'i [String])> {
        let hashed = self.said(inputs).filter(|requirement| !requirement.hashes.is_empty());
        let of_each = |requirement: &'i Requirement| {
            self.named(&requirement.name).map(|(index, _)| (index, requirement.hashes.as_slice()))
        };
        hashed.flat_map(of_each).collect()
    }

    /// Problems of files that the requirement files' hashes do not allow. `chosen` gives the sha256 of the file that was
    /// chosen of a package.
    pub fn other_files<'c>(
        &self,
        inputs: &[&Input],
        closure: &Closure,
        chosen: impl Fn(usize) -> Option<&'c str>,
    ) -> Vec<Problem> {
        if self.lock.format == Format::Layerset {
            return Vec::new();
        }
        let has = |index: &usize| closure.packages.binary_search(index).is_ok();
        let mut problems = Vec::new();
        for requirement in self.said(inputs).filter(|requirement| !requirement.hashes.is_empty()) {
            for (index, package) in self.named(&requirement.name).filter(|(index, _)| has(index)) {
                let Some(sha256) =
                    chosen(index).filter(|file| !requirement.hashes.iter().any(|hash| hash == file))
                else {
                    continue;
                };
                let message = format!(
                    "found a file of {} with the sha256 {sha256} in the lock {}, expected one of the hashes of \"{}\"",
                    package.title(),
                    self.lock.path,
                    requirement.text
                );
                let hint = "somebody has changed the file, or the hashes are of other files: make them again from the lock";
                problems.push(Problem::at(requirement.place.clone(), message).hint(hint));
            }
        }
        problems
    }

    /// Problems of versions that constraints do not allow. What uv overrides counts more than they do, and of what comes from
    /// elsewhere than an index it takes whatever version that has.
    pub(super) fn other_versions(&self, inputs: &[&Input], packages: &BTreeSet<usize>) -> Vec<Problem> {
        if self.lock.format == Format::Layerset || self.lock.overrides {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for constraint in self.applying(inputs, |input| &input.constraints) {
            let fits = |package: &Package| {
                let allows = |version| constraint.specifiers.contains(version);
                why::is_elsewhere(package) || package.version.as_ref().is_none_or(allows)
            };
            let all = self.named(&constraint.name).filter(|(index, _)| packages.contains(index));
            for (_, package) in all.filter(|(_, package)| !fits(package)) {
                let message = format!(
                    "found {} in the lock {}, expected what the constraint \"{}\" allows",
                    package.title(),
                    self.lock.path,
                    constraint.text
                );
                let hint = "constrain it where that lock is made, or make one with `layerset lock`";
                problems.push(Problem::at(constraint.place.clone(), message).hint(hint));
            }
        }
        problems
    }

    /// Problems of packages without a hash where a requirement file says that all have one.
    pub(super) fn unhashed(&self, inputs: &[&Input], packages: &BTreeSet<usize>) -> Vec<Problem> {
        let strict = inputs.iter().filter_map(|input| Some((*input, input.require_hashes.as_ref()?)));
        strict.filter_map(|(input, place)| self.unhashed_of(input, place, packages)).collect()
    }

    fn unhashed_of(&self, input: &Input, place: &Place, packages: &BTreeSet<usize>) -> Option<Problem> {
        // What other inputs of the same service require is not this one's to hash.
        let alone = [input];
        let own = why::walk(self, &alone, Some(packages)).steps;
        let hashed = self.said(&alone).filter(|requirement| !requirement.hashes.is_empty());
        let hashed: BTreeSet<&str> = hashed.map(|requirement| requirement.name.as_str()).collect();
        let missing: Vec<String> = own
            .keys()
            .filter_map(|index| self.lock.packages.get(*index))
            .filter(|package| !hashed.contains(package.name.as_str()))
            .map(Package::title)
            .collect();
        let shown = missing.get(..SHOWN).unwrap_or(&missing).join(", ");
        let more = match missing.len().saturating_sub(SHOWN) {
            _ if missing.is_empty() => return None,
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "found no --hash for {shown}{more}, expected one for each package after --require-hashes"
        );
        let hint = "have them written (`uv pip compile --generate-hashes`), or remove the option: a lock has the hash of every file";
        Some(Problem::at(place.clone(), message).hint(hint))
    }

    /// The requirements and constraints that apply.
    fn said<'i>(&self, inputs: &[&'i Input]) -> impl Iterator<Item = &'i Requirement> {
        let required = self.applying(inputs, |input| &input.requirements);
        required.chain(self.applying(inputs, |input| &input.constraints))
    }

    fn applying<'i>(
        &self,
        inputs: &[&'i Input],
        of: fn(&Input) -> &Vec<Requirement>,
    ) -> impl Iterator<Item = &'i Requirement> {
        let selection = selection(inputs);
        let environment = self.environment;
        let all: Vec<&'i Requirement> = inputs.iter().flat_map(|input| of(input)).collect();
        all.into_iter().filter(move |requirement| {
            requirement.marker.as_ref().is_none_or(|marker| marker.holds(environment, &selection))
        })
    }

    /// The packages of a name.
    fn named(&self, name: &str) -> impl Iterator<Item = (usize, &Package)> {
        let all = self.by_name.get(name).into_iter().flatten();
        all.filter_map(|index| Some((*index, self.lock.packages.get(*index)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{InputId, Inputs};
    use crate::lock::Lock;
    use crate::marker::MarkerEnvironment;

    fn zeros() -> String {
        "0".repeat(64)
    }

    /// `a` requires `b`, each with one file.
    fn lock(format: Format) -> Lock {
        let package = |name: &str, needs: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"2\"\nsource = {{ registry = \"https://i/simple\" }}\n\
                 dependencies = [{needs}]\nwheels = [{{ url = \"https://i/{name}-2-py3-none-any.whl\", hash = \
                 \"sha256:{}\" }}]\n",
                zeros()
            )
        };
        let text = ["version = 1\n", &package("a", "{ name = \"b\" }"), &package("b", "")].concat();
        let text = if format == Format::UvLock {
            text
        } else {
            let text = text.replacen("version = 1\n", "lock-version = \"1.0\"\ncreated-by = \"other\"\n", 1);
            let hash = (
                format!("hash = \"sha256:{}\"", zeros()),
                format!("hashes = {{ sha256 = \"{}\" }}", zeros()),
            );
            text.replace("[[package]]", "[[packages]]").replace(&hash.0, &hash.1)
        };
        Lock::read(if format == Format::UvLock { "uv.lock" } else { "pylock.toml" }, text.as_bytes()).unwrap()
    }

    /// What is wrong with the files of the context; the first is the input.
    fn wrong(lock: &Lock, files: &[(&str, String)]) -> Vec<String> {
        let read = |path: &str| {
            let file = files.iter().find(|(name, _)| *name == path);
            Ok::<_, ()>(file.map(|(_, text)| text.clone().into_bytes()))
        };
        let inputs = Inputs::read(&[InputId::file(files[0].0)], read).unwrap();
        let environment = MarkerEnvironment::linux("3.12", "x86_64");
        let closures = lock.closures(&environment).unwrap();
        let (inputs, file) = ([&inputs.inputs[0]], zeros());
        let problems = match closures.of(&inputs) {
            Ok(closure) => closures.other_files(&inputs, &closure, |_| Some(file.as_str())),
            Err(problems) => problems,
        };
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_has_one_of_the_hashes() {
        for format in [Format::UvLock, Format::Pylock] {
            let lock = lock(format);
            let of = |hash: &str, marker: &str| {
                wrong(&lock, &[("r.txt", format!("a==2 {marker} --hash=sha256:{hash}\n"))])
            };
            assert_eq!(of(&zeros(), ""), [""; 0]);
            assert_eq!(of(&"1".repeat(64), "; python_version < '3'"), [""; 0], "it does not apply");
            let [told] = &of(&"1".repeat(64), "")[..] else { panic!("one problem") };
            let expected = format!("r.txt:1:1: found a file of a 2 with the sha256 {} in the lock ", zeros());
            assert!(told.starts_with(&expected), "{told}");
        }
    }

    #[test]
    fn constraints_hold_for_what_is_required_by_others() {
        for format in [Format::UvLock, Format::Pylock] {
            let lock = lock(format);
            let of = |constraint: &str| {
                wrong(&lock, &[("r.txt", "a\n-c c.txt\n".into()), ("c.txt", constraint.to_owned())])
            };
            assert_eq!(of("b>=2\nother<1\n"), [""; 0]);
            let [told] = &of("b<2\n")[..] else { panic!("one problem") };
            let expected = format!(
                "c.txt:1:1: found b 2 in the lock {}, expected what the constraint \"b<2\" allows; constrain it",
                lock.path
            );
            assert!(told.starts_with(&expected), "{told}");
        }
    }

    #[test]
    fn every_package_has_a_hash_where_that_is_said() {
        let lock = lock(Format::UvLock);
        let hashed = |name: &str| format!("{name}==2 --hash=sha256:{}\n", zeros());
        let of = |text: String| wrong(&lock, &[("r.txt", text)]);
        assert_eq!(of(hashed("a")), [""; 0], "nothing is said");
        assert_eq!(of(["--require-hashes\n", &hashed("a"), &hashed("b")].concat()), [""; 0]);
        let [told] = &of([&hashed("a"), "--require-hashes\n"].concat())[..] else { panic!("one problem") };
        let expected =
            "r.txt:2:1: found no --hash for b 2, expected one for each package after --require-hashes; ";
        assert!(told.starts_with(expected), "{told}");
    }
}
