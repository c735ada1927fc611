//! Licences as packages declare them, as SPDX says them. Nothing is guessed: what is no SPDX expression and no
//! classifier with one meaning stays the text it is.

use sha2::{Digest as _, Sha256};

/// A declared licence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum License {
    /// A valid SPDX expression.
    Expression(String),
    /// Anything else, as it was found.
    Text(String),
}

/// Classifiers that mean one licence. Those of a family ("BSD License") do not.
const CLASSIFIERS: [(&str, &str); 16] = [
    ("Apache Software License", "Apache-2.0"),
    ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
    ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
    ("GNU Affero General Public License v3", "AGPL-3.0-only"),
    ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
    ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
    ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
    ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v2 or later (LGPLv2+)", "LGPL-2.0-or-later"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
    ("ISC License (ISCL)", "ISC"),
    ("MIT License", "MIT"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("The Unlicense (Unlicense)", "Unlicense"),
];

impl License {
    /// What a field for a licence says.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        // A document has to explain names of its own, and we know no explanation.
        let own =
            text.contains("LicenseRef-") || text.contains("DocumentRef-") || text.contains("AdditionRef-");
        match spdx::Expression::parse(text) {
            Ok(_) if !own => Self::Expression(text.to_owned()),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// What classifiers say, those after `License ::`. Several are a package's own, all at once or to choose from:
    /// nobody says which.
    pub(super) fn of_classifiers(classifiers: &[&str]) -> Option<Self> {
        let known =
            |name: &str| CLASSIFIERS.iter().find(|(classifier, _)| *classifier == name).map(|(_, id)| *id);
        match classifiers {
            [] => None,
            [one] => {
                let name = one.rsplit(" :: ").next().unwrap_or(one);
                Some(
                    known(name)
                        .map_or_else(|| Self::Text((*one).to_owned()), |id| Self::Expression(id.to_owned())),
                )
            }
            several => Some(Self::Text(several.join("; "))),
        }
    }

    /// The expression that a document has for it.
    pub(super) fn declared(&self) -> String {
        match self {
            Self::Expression(expression) => expression.clone(),
            Self::Text(text) => reference(text),
        }
    }

    /// A name of the document's own and the text it stands for.
    pub(super) fn extracted(&self) -> Option<(String, &str)> {
        match self {
            Self::Expression(_) => None,
            Self::Text(text) => Some((reference(text), text)),
        }
    }
}

/// The same text has the same name, in every document.
fn reference(text: &str) -> String {
    let digest = format!("{:x}", Sha256::digest(text));
    format!("LicenseRef-{}", &digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_and_texts() {
        for text in
            ["MIT", "Apache-2.0 OR MIT", "GPL-2.0-only WITH Classpath-exception-2.0", "(MIT AND Zlib)"]
        {
            assert_eq!(License::of(text), License::Expression(text.into()));
        }
        for text in ["BSD", "MIT License", "LicenseRef-Mine", "MIT AND", "mit and more", ""] {
            assert_eq!(License::of(text), License::Text(text.into()), "{text}");
        }
        let named = License::of("BSD").declared();
        assert!(named.starts_with("LicenseRef-") && named.len() == 27, "{named}");
        assert_eq!(License::of("BSD").extracted(), Some((named, "BSD")));
    }

    #[test]
    fn classifiers() {
        let of = |list: &[&str]| License::of_classifiers(list);
        assert_eq!(of(&["OSI Approved :: MIT License"]), Some(License::Expression("MIT".into())));
        assert_eq!(
            of(&["OSI Approved :: BSD License"]),
            Some(License::Text("OSI Approved :: BSD License".into()))
        );
        let both = ["OSI Approved :: Apache Software License", "OSI Approved :: MIT License"];
        assert_eq!(of(&both), Some(License::Text(both.join("; "))));
        assert_eq!(of(&[]), None);
        for (_, id) in CLASSIFIERS {
            assert_eq!(License::of(id), License::Expression(id.into()));
        }
    }
}
