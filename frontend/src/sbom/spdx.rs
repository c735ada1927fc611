//! SPDX 2.3 in JSON: an image that contains packages. Source: the SPDX specification 2.3, clauses 6 to 11.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Package, Request, purl};

const UNKNOWN: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-image";
const BASE: &str = "SPDXRef-base";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of SPDX")]
struct Document {
    #[serde(rename = "SPDXID")]
    id: &'static str,
    spdx_version: &'static str,
    data_license: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<Extracted>,
    relationships: Vec<Relationship>,
}

#[derive(Debug, Serialize)]
struct CreationInfo {
    created: String,
    creators: Vec<String>,
}

/// A package.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version_info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_file_name: Option<String>,
    download_location: String,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_package_purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of SPDX")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

/// A licence that has no id of SPDX.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Extracted {
    license_id: String,
    extracted_text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of SPDX")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

/// The document of an image with `packages`; their order does not matter.
pub(super) fn document(request: &Request, packages: Vec<Package>) -> Value {
    let packages: BTreeSet<Package> = packages.into_iter().collect();
    let extracted: BTreeMap<String, String> = packages
        .iter()
        .filter_map(|package| package.license.as_ref()?.extracted())
        .map(|(id, text)| (id, text.to_owned()))
        .collect();
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
    let mut entries = vec![image(request)];
    if let Some(base) = &request.base {
        entries.push(base_image(base));
        relationships.push(relationship(IMAGE, "DESCENDANT_OF", BASE));
    }
    let mut ids = BTreeMap::new();
    for package in packages {
        let id = id(&package, &mut ids);
        relationships.push(relationship(IMAGE, "CONTAINS", &id));
        entries.push(entry(package, &id));
    }
    let extracted =
        extracted.into_iter().map(|(license_id, extracted_text)| Extracted { license_id, extracted_text });
    let mut document = Document {
        id: DOCUMENT,
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        name: request.name.clone(),
        document_namespace: String::new(),
        creation_info: CreationInfo {
            created: request.created.clone(),
            creators: vec![concat!("Tool: layerset-", env!("CARGO_PKG_VERSION")).to_owned()],
        },
        packages: entries,
        has_extracted_licensing_infos: extracted.collect(),
        relationships,
    };
    document.document_namespace = namespace(&document);
    serde_json::to_value(document).unwrap_or_default()
}

/// A name that no other document has: made of the whole content, as a UUID of version 8 (RFC 9562).
fn namespace(document: &Document) -> String {
    let digest = Sha256::digest(serde_json::to_vec(document).unwrap_or_default());
    let mut hex = format!("{digest:x}");
    hex.truncate(32);
    hex.replace_range(12..13, "8");
    hex.replace_range(16..17, "8");
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn relationship(from: &str, kind: &'static str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type: kind,
        related_spdx_element: to.to_owned(),
    }
}

fn blank(id: &str, name: &str) -> Entry {
    Entry {
        id: id.to_owned(),
        name: name.to_owned(),
        version_info: String::new(),
        package_file_name: None,
        download_location: UNKNOWN.to_owned(),
        files_analyzed: false,
        checksums: Vec::new(),
        license_concluded: UNKNOWN,
        license_declared: UNKNOWN.to_owned(),
        copyright_text: UNKNOWN,
        source_info: None,
        primary_package_purpose: None,
        external_refs: Vec::new(),
    }
}

fn image(request: &Request) -> Entry {
    Entry { primary_package_purpose: Some("CONTAINER"), ..blank(IMAGE, &request.name) }
}

/// A base by its reference, `docker.io/library/python:3.13-slim@sha256:…`.
fn base_image(reference: &str) -> Entry {
    let (name, digest) = reference.split_once('@').unwrap_or((reference, ""));
    let sha256 = digest.strip_prefix("sha256:");
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    let (repository, tag) = match name[slash..].find(':') {
        Some(at) => (&name[..slash + at], &name[slash + at + 1..]),
        None => (name, ""),
    };
    let last = repository.rsplit('/').next().unwrap_or(repository);
    Entry {
        version_info: tag.to_owned(),
        checksums: sha256.into_iter().map(checksum).collect(),
        primary_package_purpose: Some("CONTAINER"),
        external_refs: if digest.is_empty() {
            Vec::new()
        } else {
            vec![package_url(purl("oci", "", last, digest, &[("repository_url", repository), ("tag", tag)]))]
        },
        ..blank(BASE, repository)
    }
}

fn checksum(sha256: &str) -> Checksum {
    Checksum { algorithm: "SHA256", checksum_value: sha256.to_owned() }
}

fn package_url(locator: String) -> ExternalRef {
    ExternalRef { reference_category: "PACKAGE-MANAGER", reference_type: "purl", reference_locator: locator }
}

/// `SPDXRef-deb-libc6-2.36-9`; ids have letters, digits, `.` and `-`, and two packages may look alike in them.
fn id(package: &Package, taken: &mut BTreeMap<String, u32>) -> String {
    let text = format!("{}-{}-{}", package.kind, package.name, package.version);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '-' };
    let text: String = text.chars().map(plain).collect();
    let number = taken.entry(text.clone()).or_default();
    *number += 1;
    if *number == 1 { format!("SPDXRef-{text}") } else { format!("SPDXRef-{text}--{number}") }
}

fn entry(package: Package, id: &str) -> Entry {
    let mut entry = Entry {
        version_info: package.version,
        source_info: package.source,
        external_refs: vec![package_url(package.purl)],
        ..blank(id, &package.name)
    };
    if let Some(license) = &package.license {
        entry.license_declared = license.declared();
    }
    if let Some((filename, url, sha256)) = package.file {
        entry.package_file_name = Some(filename);
        entry.checksums.push(checksum(&sha256));
        entry.download_location = url.unwrap_or_else(|| UNKNOWN.to_owned());
    }
    entry
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sbom::license::License;

    fn request() -> Request {
        Request {
            name: "api".into(),
            created: "1980-01-01T00:00:00Z".into(),
            base: Some(format!("localhost:5000/team/python:3.13@sha256:{}", "a".repeat(64))),
            ..Request::default()
        }
    }

    fn package(name: &str, version: &str, license: &str) -> Package {
        Package {
            kind: "python",
            name: name.into(),
            version: version.into(),
            license: Some(License::of(license)),
            file: Some(("f.whl".into(), None, "00".into())),
            ..Package::default()
        }
    }

    #[test]
    fn the_same_whatever_the_order() {
        let packages =
            || vec![package("b", "1+x", "MIT"), package("a", "1", "mine"), package("b", "1_x", "mine")];
        let one = document(&request(), packages());
        let other = document(&request(), packages().into_iter().rev().collect());
        assert_eq!(one, other);
        assert_ne!(one["documentNamespace"], document(&request(), Vec::new())["documentNamespace"]);
        let ids: Vec<&Value> =
            one["packages"].as_array().unwrap().iter().map(|entry| &entry["SPDXID"]).collect();
        assert_eq!(
            ids,
            [
                "SPDXRef-image",
                "SPDXRef-base",
                "SPDXRef-python-a-1",
                "SPDXRef-python-b-1-x",
                "SPDXRef-python-b-1-x--2"
            ]
        );
        assert_eq!(one["hasExtractedLicensingInfos"].as_array().unwrap().len(), 1);
        assert_eq!(one["packages"][2]["licenseDeclared"], one["hasExtractedLicensingInfos"][0]["licenseId"]);
        assert_eq!(one["packages"][3]["licenseDeclared"], "MIT");
        let base = &one["packages"][1];
        assert_eq!(
            (&base["name"], &base["versionInfo"]),
            (&json!("localhost:5000/team/python"), &json!("3.13"))
        );
        let uuid = one["documentNamespace"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap().to_owned();
        assert_eq!(uuid.len(), 36);
    }
}
