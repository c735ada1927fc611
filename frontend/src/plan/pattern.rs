//! The pattern language of `.dockerignore`, of `include` and of `exclude`: moby's, as the engine
//! applies it on its way down a tree. What a pattern matches, it matches with everything below; a
//! pattern that begins with `!` takes back what those before it matched.
//! Source: moby/patternmatcher, `MatchesUsingParentResults`; tonistiigi/fsutil `filter.go`.

mod class;
mod glob;

use std::collections::{BTreeMap, BTreeSet};

use glob::Glob;

/// A pattern that the engine refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found the pattern {0:?}, which the engine does not understand")]
pub struct BadPattern(pub String);

/// Patterns in their order.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    rules: Vec<Rule>,
    negated: bool,
    /// For lists without `!`: patterns that are nothing but text.
    exact: BTreeSet<String>,
    /// The others by the directory that their matches are in.
    below: BTreeMap<String, Vec<usize>>,
    /// And those that can match anywhere.
    anywhere: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Rule {
    glob: Glob,
    takes_back: bool,
}

/// What was found out about a path, for the paths below it.
#[derive(Clone, Debug, Default)]
pub struct Match {
    matched: bool,
    /// For every pattern whether it matched here or above; empty if no pattern takes back.
    each: Vec<bool>,
}

impl Match {
    /// Whether the path is matched.
    pub fn matched(&self) -> bool {
        self.matched
    }
}

impl Matcher {
    /// Reads patterns as the engine does: spaces around them dropped, paths made clean.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, BadPattern> {
        let mut matcher = Self::default();
        for pattern in patterns {
            let bad = || BadPattern(pattern.as_ref().to_owned());
            let trimmed = pattern.as_ref().trim();
            if trimmed.is_empty() {
                continue;
            }
            let clean = clean(trimmed);
            let (text, takes_back) = match clean.strip_prefix('!') {
                Some("") => return Err(bad()),
                Some(rest) => (rest, true),
                None => (clean.as_str(), false),
            };
            let glob = Glob::new(text).ok_or_else(bad)?;
            matcher.negated |= takes_back;
            matcher.rules.push(Rule { glob, takes_back });
        }
        for (number, rule) in matcher.rules.iter().enumerate() {
            match (rule.glob.exact(), rule.glob.directory()) {
                (Some(path), _) => drop(matcher.exact.insert(path.to_owned())),
                (None, Some(directory)) => {
                    matcher.below.entry(directory.to_owned()).or_default().push(number);
                }
                (None, None) => matcher.anywhere.push(number),
            }
        }
        Ok(matcher)
    }

    /// Matches a path, given what was found about the directory it is in.
    pub fn enter(&self, path: &str, above: &Match) -> Match {
        if !self.negated {
            return Match { matched: above.matched || self.any(path), each: Vec::new() };
        }
        let mut matched = false;
        let mut each = vec![false; self.rules.len()];
        for (number, rule) in self.rules.iter().enumerate() {
            // What could change nothing is not looked at, and so not known below either.
            let here = above.each.get(number).copied().unwrap_or_default()
                || (rule.takes_back == matched && rule.glob.matches(path));
            each[number] = here;
            if here {
                matched = !rule.takes_back;
            }
        }
        Match { matched, each }
    }

    /// Matches a path from the root down.
    pub fn matches(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.fold(Match::default(), |above, end| self.enter(&path[..end], &above)).matched
    }

    /// Whether something below a directory can be matched that is not matched with it. Says yes when in doubt.
    pub fn can_match_below(&self, directory: &str) -> bool {
        let rules = || self.rules.iter().filter(|rule| !rule.takes_back);
        if self.negated {
            below(rules().map(|rule| &rule.glob), directory)
        } else {
            self.indexed_below(directory)
        }
    }

    /// Whether something below a directory can be taken back.
    pub fn can_take_back_below(&self, directory: &str) -> bool {
        self.negated
            && below(self.rules.iter().filter(|rule| rule.takes_back).map(|rule| &rule.glob), directory)
    }

    fn any(&self, path: &str) -> bool {
        let of = |numbers: &[usize]| numbers.iter().any(|number| self.rules[*number].glob.matches(path));
        if self.exact.contains(path) || of(&self.anywhere) {
            return true;
        }
        !self.below.is_empty()
            && path
                .match_indices('/')
                .any(|(at, _)| self.below.get(&path[..at]).is_some_and(|numbers| of(numbers)))
    }

    fn indexed_below(&self, directory: &str) -> bool {
        if !self.anywhere.is_empty() {
            return true;
        }
        let inside = format!("{directory}/");
        let starts = |key: Option<&String>| key.is_some_and(|key| key.starts_with(&inside));
        let ends = directory.match_indices('/').map(|(at, _)| at).chain([directory.len()]);
        starts(self.exact.range(inside.clone()..).next())
            || starts(self.below.range(inside.clone()..).next().map(|(key, _)| key))
            || ends.into_iter().any(|end| self.below.contains_key(&directory[..end]))
    }
}

fn below<'a>(mut globs: impl Iterator<Item = &'a Glob>, directory: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    globs.any(|glob| match (glob.exact(), glob.directory()) {
        (Some(path), _) => path != directory && within(path, directory),
        (None, Some(above)) => within(above, directory) || within(directory, above),
        (None, None) => true,
    })
}

/// Go's `filepath.Clean`.
fn clean(pattern: &str) -> String {
    let clean = super::ignore::clean(pattern);
    match pattern.starts_with('/') {
        true if clean == "." => "/".to_owned(),
        true => format!("/{clean}"),
        false => clean,
    }
}

/// What to take and what to leave, on the way down a tree.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Option<Matcher>,
    exclude: Option<Matcher>,
}

/// Where a [`Filter`] has come to.
#[derive(Clone, Debug, Default)]
pub struct Place {
    include: Match,
    exclude: Match,
    kept: bool,
}

impl Place {
    /// Whether the path is taken.
    pub fn kept(&self) -> bool {
        self.kept
    }
}

impl Filter {
    /// No include patterns: everything is taken.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, BadPattern> {
        let some = |patterns: &[String]| (!patterns.is_empty()).then(|| Matcher::new(patterns)).transpose();
        Ok(Self { include: some(include)?, exclude: some(exclude)? })
    }

    /// Whether it takes everything.
    pub fn is_all(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }

    /// The place of a path, given that of the directory it is in; the root's is the default.
    pub fn enter(&self, path: &str, above: &Place) -> Place {
        let step = |matcher: &Option<Matcher>, above: &Match| {
            matcher.as_ref().map(|matcher| matcher.enter(path, above)).unwrap_or_default()
        };
        let include = step(&self.include, &above.include);
        let exclude = step(&self.exclude, &above.exclude);
        let kept = (self.include.is_none() || include.matched) && !exclude.matched;
        Place { include, exclude, kept }
    }

    /// Whether nothing below a directory is taken.
    pub fn none_below(&self, directory: &str, place: &Place) -> bool {
        let excluded = place.exclude.matched
            && self.exclude.as_ref().is_some_and(|exclude| !exclude.can_take_back_below(directory));
        let not_included = !place.include.matched
            && self.include.as_ref().is_some_and(|include| !include.can_match_below(directory));
        excluded || not_included
    }

    /// Whether everything below a directory is taken.
    pub fn all_below(&self, directory: &str, place: &Place) -> bool {
        let included = self
            .include
            .as_ref()
            .is_none_or(|include| place.include.matched && !include.can_take_back_below(directory));
        let not_excluded = self
            .exclude
            .as_ref()
            .is_none_or(|exclude| !place.exclude.matched && !exclude.can_match_below(directory));
        included && not_excluded
    }
}

#[cfg(test)]
mod tests;
