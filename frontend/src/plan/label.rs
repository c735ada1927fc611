//! What layers are called: an id for programs, a name for people.

use sha2::{Digest as _, Sha256};

use super::layers::Part;
use super::packages::Installed;
use super::want::Origin;

/// Of what a layer holds alone.
pub(super) fn id(origin: &Origin, parts: &[Part], packages: Option<&Installed>) -> String {
    let text = match packages {
        Some(packages) => serde_json::to_string(packages),
        None => serde_json::to_string(&(origin, parts)),
    };
    let text = text.unwrap_or_default();
    let mut digits = format!("{:x}", Sha256::digest(text.as_bytes()));
    digits.truncate(12);
    digits
}

/// `[api] copy backend/api`, `[shared: 14 images] copy backend/common, backend/db +3`
pub(super) fn name(
    origin: &Origin,
    parts: &[Part],
    packages: Option<&Installed>,
    consumers: &[String],
) -> String {
    let from = match origin {
        Origin::Context | Origin::Packages => String::new(),
        Origin::From(base) => format!(" from {base}"),
    };
    let whose = match consumers {
        [one] => one.split_once(' ').map_or(one.as_str(), |(_, name)| name).to_owned(),
        many => format!("shared: {} images", many.len()),
    };
    let wheels = packages.map_or(&[][..], |packages| &packages.wheels);
    let wheels = wheels.iter().map(|wheel| format!("{}=={}", wheel.name, wheel.version));
    let mut what: Vec<String> = parts.iter().map(shown).chain(wheels).collect();
    if what.len() > 3 {
        let more = format!("+{}", what.len() - 3);
        what.truncate(3);
        what.push(more);
    }
    let verb = if packages.is_some() { "install" } else { "copy" };
    format!("[{whose}] {verb} {}{from}", what.join(", "))
}

fn shown(part: &Part) -> String {
    let source = if part.source == "/" { "." } else { part.source.trim_start_matches('/') };
    if part.target.ends_with(&format!("/{source}")) {
        source.to_owned()
    } else {
        format!("{source} → {}", part.target)
    }
}
