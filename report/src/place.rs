//! Where an image is, as the user writes it.

use std::path::PathBuf;

use crate::problem::Problem;
use crate::source::Reference;

/// Digits of an id as docker prints it.
const ID: usize = 12;

/// Where one image is, or several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a registry.
    Registry(Reference),
    /// In this machine's engine, by a name that [`Place::engine`] has made.
    Engine(String),
    /// A directory with an OCI layout, or an archive: all images in it.
    Files(PathBuf),
    /// An archive on standard input.
    Input,
}

impl Place {
    /// What this machine's engine calls so. A name has one spelling, which has a tag: without one, an engine sends all that
    /// the repository has. An id stays as it is, as docker prints it or longer.
    pub fn engine(written: &str) -> Self {
        let hex = written.len() >= ID && written.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = hex || written.starts_with("sha256:");
        let name = Some(written).filter(|_| !id && !written.contains("://")).map(Reference::parse);
        // Of what is no name the engine says so.
        Self::Engine(match name {
            Some(Ok(reference)) => reference.to_string(),
            Some(Err(_)) | None => written.to_owned(),
        })
    }

    /// `-`, `docker://NAME`, a path that looks like one, or a reference to a registry.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text == "-" {
            return Ok(Self::Input);
        }
        if let Some(name) = text.strip_prefix("docker://") {
            return match name {
                "" => Err(Problem::mistake("found docker:// without a name, expected docker://NAME")),
                name => Ok(Self::engine(name)),
            };
        }
        let path = text.strip_prefix("oci-layout://").or_else(|| is_path(text).then_some(text));
        match path {
            Some(path) => Ok(Self::Files(path.into())),
            None => Reference::parse(text).map(Self::Registry),
        }
    }
}

fn is_path(text: &str) -> bool {
    let archive =
        ["tar", "tar.gz", "tgz", "tar.zst"].into_iter().any(|end| text.ends_with(&format!(".{end}")));
    text == "."
        || text == ".."
        || ["/", "./", "../"].into_iter().any(|start| text.starts_with(start))
        || (!text.contains("://") && (archive || text.ends_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart() {
        for (text, place) in [
            ("-", Place::Input),
            ("docker://shop/api:1", Place::Engine("shop/api:1".into())),
            ("./layout", Place::Files("./layout".into())),
            ("/tmp/x", Place::Files("/tmp/x".into())),
            ("images.tar", Place::Files("images.tar".into())),
            ("out/", Place::Files("out/".into())),
            (".", Place::Files(".".into())),
            ("oci-layout://layout", Place::Files("layout".into())),
            ("localhost:5000/api:1", Place::Registry(Reference::parse("localhost:5000/api:1").unwrap())),
            ("busybox", Place::Registry(Reference::parse("docker.io/library/busybox:latest").unwrap())),
        ] {
            assert_eq!(Place::parse(text).unwrap(), place, "{text}");
        }
        assert!(Place::parse("docker://").is_err());
    }

    #[test]
    fn an_image_of_an_engine_has_one_name() {
        let id = format!("sha256:{}", "0f".repeat(32));
        let both = format!("shop/api:1@{id}");
        for (written, name) in [
            ("busybox", "busybox:latest"),
            ("busybox:latest", "busybox:latest"),
            ("docker.io/library/busybox", "busybox:latest"),
            ("shop/api", "shop/api:latest"),
            ("localhost:5000/a", "localhost:5000/a:latest"),
            ("3fa0c1d2e4b5", "3fa0c1d2e4b5"),
            (&id, &id),
            (&both, &both),
            ("no name", "no name"),
        ] {
            assert_eq!(Place::engine(written), Place::Engine(name.to_owned()), "{written}");
        }
    }
}
