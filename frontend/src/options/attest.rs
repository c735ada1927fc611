//! `--sbom` and `--attest type=sbom`: what is asked for. Provenance is the engine's own affair.
//! Source: moby/buildkit `frontend/attestations/parse.go`, `frontend/dockerui/config.go`.

use std::collections::BTreeMap;

/// A wanted SBOM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sbom {
    /// Image of a scanner to be run as well.
    pub generator: Option<String>,
    /// What the scanner is told besides, as `BUILDKIT_SCAN_NAME`.
    pub parameters: BTreeMap<String, String>,
}

/// Reads the options; `None`: no SBOM is wanted. An error is what was found where a scanner's image belongs.
pub(super) fn sbom(raw: &BTreeMap<String, String>) -> Result<Option<Sbom>, String> {
    let names = ["attest:sbom", "build-arg:BUILDKIT_ATTEST_SBOM"];
    let Some(value) = names.iter().find_map(|name| raw.get(*name)) else { return Ok(None) };
    let mut sbom = Sbom::default();
    for field in fields(value) {
        let (name, field) = field.split_once('=').unwrap_or((&field, ""));
        if name != "generator" {
            sbom.parameters.insert(name.to_owned(), field.to_owned());
        } else if field.is_empty() {
            return Err(value.clone());
        } else {
            sbom.generator = Some(field.to_owned());
        }
    }
    Ok(Some(sbom))
}

/// The fields of a line of comma-separated values; a field in quotes has commas, and doubled quotes.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields.retain(|field| !field.is_empty());
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Result<Option<Sbom>, String> {
        sbom(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn scanners_and_their_parameters() {
        assert_eq!(of("attest:provenance", "mode=max"), Ok(None));
        assert_eq!(of("attest:sbom", ""), Ok(Some(Sbom::default())));
        let full =
            of("attest:sbom", "generator=docker.io/a/b:1,\"LIST=x,\"\"y\"\"\",PLAIN").unwrap().unwrap();
        assert_eq!(full.generator.as_deref(), Some("docker.io/a/b:1"));
        let parameters: Vec<_> = full.parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(parameters, [("LIST", "x,\"y\""), ("PLAIN", "")]);
        assert!(of("build-arg:BUILDKIT_ATTEST_SBOM", "generator=a").unwrap().is_some());
        assert_eq!(of("attest:sbom", "generator="), Err("generator=".into()));
    }
}
