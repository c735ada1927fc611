//! A software bill of materials of an image, from exact knowledge: the wheels that were installed, and the lists that
//! package managers keep in the image itself. It is an SPDX 2.3 document, the same for the same image.
//! Nothing here knows of engines: a [`Request`] says what was installed, an image is a directory.

mod alpine;
mod bundle;
mod debian;
mod license;
mod os_release;
mod python;
mod root;
mod spdx;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use bundle::{PREDICATE, bundle};

/// What is known of an image before anybody looks into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The image's name.
    pub name: String,
    /// When the document says it was made, RFC 3339 in UTC.
    pub created: String,
    /// The image it is built on, with its digest, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The wheels that were installed.
    #[serde(default)]
    pub wheels: Vec<Wheel>,
}

/// A wheel that was installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wheel {
    /// The package, normalised.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The file it comes from.
    pub filename: String,
    /// Where that was downloaded; `None`: it is a file of the build context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// That file's hash, 64 hex digits.
    pub sha256: String,
    /// Whether that file is a source distribution that the wheel was built from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub built: bool,
    /// The absolute directories of the image that it may be installed in.
    pub directories: Vec<String>,
}

/// A package that an image has.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    /// What of: `python`, `deb`, `apk`, `image`.
    kind: &'static str,
    name: String,
    version: String,
    purl: String,
    license: Option<license::License>,
    /// A file's name, its address and its sha256.
    file: Option<(String, Option<String>, String)>,
    /// How it came to be, where that needs saying.
    source: Option<String>,
}

/// The document for the image at `image`; `None`: an image without files.
pub fn document(request: &Request, image: Option<&Path>) -> serde_json::Value {
    let mut packages = Vec::new();
    if let Some(image) = image {
        let root = root::Root::new(image);
        let system = os_release::read(&root);
        packages.extend(debian::packages(&root, &system));
        packages.extend(alpine::packages(&root, &system));
        packages.extend(python::packages(&root, &request.wheels));
    }
    spdx::document(request, packages)
}

/// A package URL, `pkg:KIND/NAMESPACE/NAME@VERSION?qualifiers`, of parts that are not yet encoded.
/// Source: the package-url specification.
fn purl(kind: &str, namespace: &str, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> String {
    let mut out = format!("pkg:{kind}/");
    if !namespace.is_empty() {
        out = format!("{out}{}/", encoded(namespace));
    }
    out = format!("{out}{}@{}", encoded(name), encoded(version));
    let qualifiers: Vec<String> = (qualifiers.iter().filter(|(_, value)| !value.is_empty()))
        .map(|(key, value)| format!("{key}={}", encoded(value)))
        .collect();
    if qualifiers.is_empty() { out } else { format!("{out}?{}", qualifiers.join("&")) }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::purl;

    #[test]
    fn package_urls() {
        assert_eq!(purl("pypi", "", "a-b", "1!2.0+cu1", &[]), "pkg:pypi/a-b@1%212.0%2Bcu1");
        let qualifiers = [("arch", "amd64"), ("distro", "")];
        assert_eq!(
            purl("deb", "debian", "libstdc++6", "1:12~rc/1", &qualifiers),
            "pkg:deb/debian/libstdc%2B%2B6@1:12~rc%2F1?arch=amd64"
        );
    }
}
