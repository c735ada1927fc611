//! The image of an index that is read.

use super::document::Descriptor;
use crate::platform::Platform;
use crate::problem::Problem;

/// The nearest to the platform; attestations and other artifacts are no images. What says nothing of its platform fits all.
pub(crate) fn choose<'a>(
    entries: impl IntoIterator<Item = &'a Descriptor>,
    wanted: &Platform,
) -> Result<&'a Descriptor, Problem> {
    let is_image = |entry: &&Descriptor| !entry.is_attestation() && !entry.is_artifact();
    let images: Vec<&'a Descriptor> = entries.into_iter().filter(is_image).collect();
    let distance = |entry: &&'a Descriptor| match &entry.platform {
        Some(platform) if !platform.os.is_empty() => platform.distance(wanted),
        _ => Some(u8::MAX),
    };
    let fitting = images.iter().copied().filter(|entry| distance(entry).is_some());
    if let Some(best) = fitting.min_by_key(distance) {
        return Ok(best);
    }
    let mut there: Vec<String> =
        images.iter().filter_map(|entry| entry.platform.as_ref().map(ToString::to_string)).collect();
    there.sort();
    there.dedup();
    Err(Problem::mistake(match &there[..] {
        [] => "found an index without images".to_owned(),
        there => {
            format!("found no image for {wanted}; there is {}: choose with --platform", there.join(", "))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(digest: &str, platform: Option<(&str, &str)>) -> Descriptor {
        let platform = platform.map(|(os, architecture)| Platform {
            os: os.into(),
            architecture: architecture.into(),
            variant: String::new(),
        });
        Descriptor { digest: digest.into(), platform, ..Descriptor::default() }
    }

    #[test]
    fn attestations_are_no_images() {
        let wanted = Platform { os: "linux".into(), architecture: "arm64".into(), variant: String::new() };
        let mut marked = entry("mark", None);
        marked.annotations.insert("vnd.docker.reference.type".into(), "attestation-manifest".into());
        let entries = [
            entry("unknown", Some(("unknown", "unknown"))),
            marked,
            entry("other", Some(("linux", "amd64"))),
            entry("it", Some(("linux", "arm64"))),
        ];
        assert_eq!(choose(&entries, &wanted).unwrap().digest, "it");
        assert_eq!(choose(&[entry("any", None)], &wanted).unwrap().digest, "any");
        let sbom = Descriptor { artifact_type: "application/x.sbom".into(), ..entry("sbom", None) };
        assert_eq!(choose(&[sbom.clone(), entry("any", None)], &wanted).unwrap().digest, "any");
        assert_eq!(choose(&[sbom], &wanted).unwrap_err().to_string(), "found an index without images");
        let told = choose(&entries[..3], &wanted).unwrap_err().to_string();
        assert_eq!(told, "found no image for linux/arm64; there is linux/amd64: choose with --platform");
        let told = choose(&entries[..2], &wanted).unwrap_err().to_string();
        assert_eq!(told, "found an index without images");
    }
}
