//! Images as archives and directories have them: an OCI layout, or the older form of `docker save`, which `saved` reads.

mod saved;

use std::collections::{BTreeMap, BTreeSet};

use self::saved::saved;
use super::Reference;
use crate::digest::Digest;
use crate::image::{Config, Descriptor, Document, Image, SavedImage, choose, parse};
use crate::layer::Expected;
use crate::platform::Platform;
use crate::problem::{Problem, Problems};

/// Files by their paths.
pub(crate) trait Files {
    /// A small file; nothing if there is none.
    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Problem>;
    /// A layer, which is then on the shelf, by the digest of its blob.
    fn layer(&self, path: &str, expected: &Expected) -> Result<Digest, Problem>;
}

/// Which of the images are wanted.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Those with these ids, and what they are to be called.
    These(BTreeMap<String, Digest>),
    /// All; what has no name is called so.
    All(String),
}

/// What is found.
pub(crate) struct Stored {
    pub(crate) images: Vec<Image>,
    /// Names of signatures and the like that lie beside them.
    pub(crate) artifacts: Vec<String>,
}

/// The annotation that containerd and BuildKit write.
const NAME: &str = "io.containerd.image.name";
/// The OCI's own, which may be a tag alone.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// All wanted images.
pub(crate) fn images(files: &impl Files, wanted: &Wanted, platform: &Platform) -> Result<Stored, Problems> {
    let (found, artifacts) = if let Some(index) = files.document("index.json")? {
        indexed(files, &parse::<Document>(&index, "an index.json")?, wanted, platform)
    } else if let Some(list) = files.document("manifest.json")? {
        (saved(files, &parse::<Vec<SavedImage>>(&list, "a manifest.json")?, wanted), Vec::new())
    } else {
        let text = "found neither index.json nor manifest.json, expected an OCI layout or what \"docker save\" writes";
        return Err(Problem::mistake(text).into());
    };
    let (images, problems) = apart(found);
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    if images.is_empty() {
        return Err(Problem::mistake("found no image in it").into());
    }
    Ok(Stored { images, artifacts })
}

fn apart(results: Vec<Result<Image, Problem>>) -> (Vec<Image>, Vec<Problem>) {
    let (mut images, mut problems) = (Vec::new(), BTreeSet::new());
    for result in results {
        match result {
            Ok(image) => images.push(image),
            Err(problem) => drop(problems.insert(problem)),
        }
    }
    (images, problems.into_iter().collect())
}

/// The wanted images of an index, and the names of what is passed over.
fn indexed(
    files: &impl Files,
    index: &Document,
    wanted: &Wanted,
    platform: &Platform,
) -> (Vec<Result<Image, Problem>>, Vec<String>) {
    let entries = index.manifests.as_deref().unwrap_or_default();
    let image =
        |name: &str, entry: &Descriptor| of(files, name, entry, platform).map_err(|problem| problem.of(name));
    match wanted {
        Wanted::All(fallback) => {
            // Signatures and the like lie beside images. Where there is nothing else they are told as what they are.
            // Thousands of entries may be of one document.
            let entries = entries.iter().filter(|entry| !entry.is_attestation());
            let distinct: BTreeMap<&str, &Descriptor> =
                entries.clone().map(|entry| (entry.digest.as_str(), entry)).collect();
            let artifact =
                |entry: &&Descriptor| document(files, entry).is_ok_and(|found| found.is_artifact());
            let known: BTreeSet<&str> =
                distinct.into_values().filter(artifact).map(|entry| entry.digest.as_str()).collect();
            let (artifacts, images): (Vec<_>, Vec<_>) =
                entries.partition(|entry| known.contains(entry.digest.as_str()));
            let (images, artifacts) =
                if images.is_empty() { (artifacts, Vec::new()) } else { (images, artifacts) };
            let chosen = named(images, fallback, platform);
            let called = |entry: &Descriptor| name(entry, fallback).unwrap_or_else(|| entry.digest.clone());
            (
                chosen.into_iter().map(|(name, entry)| image(&name, entry?)).collect(),
                artifacts.into_iter().map(called).collect(),
            )
        }
        Wanted::These(ids) => {
            let of_id = |(name, id): (&String, &Digest)| {
                let entry = entries.iter().find(|entry| is(files, entry, id));
                let missing =
                    || Problem::mistake(format!("{name}: found no image {id} in what the engine sent"));
                image(name, entry.ok_or_else(missing)?)
            };
            (ids.iter().map(of_id).collect(), Vec::new())
        }
    }
}

/// Whether an entry is what an engine calls by this id: the manifest or index, or, with the older store, the configuration.
fn is(files: &impl Files, entry: &Descriptor, id: &Digest) -> bool {
    let config = || {
        let manifest = document(files, entry).ok()?;
        manifest.config?.digest().ok()
    };
    entry.digest().is_ok_and(|digest| digest == *id) || config().is_some_and(|config| config == *id)
}

type Named<'a> = Vec<(String, Result<&'a Descriptor, Problem>)>;

/// One entry a name. Entries of one name are platforms of one image; names of one entry are its tags, of which the first is
/// kept.
fn named<'a>(entries: Vec<&'a Descriptor>, fallback: &str, platform: &Platform) -> Named<'a> {
    let mut names: BTreeMap<String, Vec<&Descriptor>> = BTreeMap::new();
    let mut nameless: Vec<&Descriptor> = Vec::new();
    for entry in entries {
        match name(entry, fallback) {
            Some(name) => names.entry(name).or_default().push(entry),
            None => nameless.push(entry),
        }
    }
    let platforms: BTreeSet<_> = nameless.iter().map(|entry| entry.platform.as_ref()).collect();
    if platforms.len() == nameless.len() && !platforms.contains(&None) {
        names.entry(fallback.to_owned()).or_default().append(&mut nameless);
    }
    let number = nameless.len();
    for (at, entry) in nameless.into_iter().enumerate() {
        let name = if number == 1 { fallback.to_owned() } else { format!("{fallback}#{}", at + 1) };
        names.entry(name).or_default().push(entry);
    }
    names.retain(|_, entries| !entries.is_empty());
    let one = |(name, entries): (String, Vec<&'a Descriptor>)| {
        let chosen = match entries[..] {
            [one] => Ok(one),
            _ => choose(entries.iter().copied(), platform).map_err(|problem| problem.of(&name)),
        };
        (name, chosen)
    };
    let mut seen = BTreeSet::new();
    let first = |(_, chosen): &(String, Result<&'a Descriptor, Problem>)| {
        chosen.as_ref().map_or(true, |entry| seen.insert(entry.digest.as_str()))
    };
    names.into_iter().map(one).filter(first).collect()
}

fn name(entry: &Descriptor, fallback: &str) -> Option<String> {
    if let Some(name) = entry.annotations.get(NAME) {
        return Some(Reference::parse(name).map_or_else(|_| name.clone(), |reference| reference.to_string()));
    }
    let name = entry.annotations.get(REF_NAME)?;
    Some(if name.contains([':', '/']) { name.clone() } else { format!("{fallback}:{name}") })
}

/// The image of an index or image manifest, however deep it is.
fn of(files: &impl Files, name: &str, entry: &Descriptor, platform: &Platform) -> Result<Image, Problem> {
    let mut found = document(files, entry)?;
    // An index in an index in an index is as deep as anything goes.
    for _ in 0..3 {
        let Some(entries) = &found.manifests else { break };
        found = document(files, choose(entries, platform)?)?;
    }
    let (config, layers) = found.image()?;
    let bytes = blob(files, config)?;
    let mut blobs = Vec::new();
    for (digest, size) in layers {
        let expected = Expected { digest: Some(digest), bytes: Some(size) };
        blobs.push(files.layer(&path(&digest), &expected)?);
    }
    Image::new(name, parse::<Config>(&bytes, "a configuration")?, &blobs)
}

fn document(files: &impl Files, entry: &Descriptor) -> Result<Document, Problem> {
    parse(&blob(files, entry)?, "an image manifest")
}

/// A small blob, held to its digest.
fn blob(files: &impl Files, entry: &Descriptor) -> Result<Vec<u8>, Problem> {
    let digest = entry.digest()?;
    let path = path(&digest);
    let bytes = files.document(&path)?;
    let bytes =
        bytes.ok_or_else(|| Problem::mistake(format!("found no blob {digest}, the archive is not whole")))?;
    match Digest::of(&bytes) {
        found if found == digest => Ok(bytes),
        found => Err(Problem::mistake(format!(
            "found a blob with the digest {found}, expected {digest}: it is damaged"
        ))),
    }
}

fn path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

#[cfg(test)]
mod tests;
