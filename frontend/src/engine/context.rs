//! Where the build context and the manifest come from: directories of the client, a repository, a file or archive
//! behind http(s) (what the client uploads is one too), or what the client hands in.
//! Source: moby/buildkit `frontend/dockerui/context.go`.

use std::sync::Arc;

use buildkit_llb::{Differ, Graph, Local, Metadata};
use buildkit_proto::pb;

use super::Engine;
use crate::emit::{ContextSource, DOWNLOAD, OwnImage};
use crate::failure::Failure;
use crate::gateway::Client;
use crate::options::Options;
use crate::outside::ManifestFile;
use crate::remote::{self, Remote};

/// Bytes that tell whether a file is an archive.
const HEAD: u32 = 1024;

/// The names under which a client hands in context and manifest.
const CONTEXT_INPUT: &str = "context";
const MANIFEST_INPUT: &str = "dockerfile";

impl Engine {
    /// Finds out where the context is. A file that is no archive is the manifest itself.
    pub async fn new(
        client: Client,
        mut options: Options,
        own_image: Option<OwnImage>,
    ) -> Result<Self, Failure> {
        let (context, manifest) = match options.raw.get(&options.context_local) {
            Some(text) => {
                let (source, is_manifest) = fetched(&client, &options, text).await?;
                if is_manifest {
                    DOWNLOAD.clone_into(&mut options.filename);
                }
                (Some(source.clone()), Some(source))
            }
            None if client.caps().frontend("frontend.inputs") => {
                let mut inputs = client.inputs().await?;
                let mut take =
                    |name: &str| inputs.remove(name).map(|input| readable(name, input)).transpose();
                (take(CONTEXT_INPUT)?, take(MANIFEST_INPUT)?)
            }
            None => (None, None),
        };
        // A client that has a manifest for a context elsewhere says where.
        let manifest = manifest.filter(|_| !options.raw.contains_key("dockerfilekey"));
        let context = match (context, options.raw.get("contextsubdir")) {
            (Some(context), Some(directory)) => below(&client, &context, directory).await?,
            (Some(context), None) => context,
            (None, _) => {
                let name = options.context_local.clone();
                let session = options.session_of(&name).to_owned();
                ContextSource::Local { name, session }
            }
        };
        Ok(Self { client, options, own_image, context, manifest, bases: Arc::default() })
    }

    /// The manifest and the `.dockerignore` that goes with it.
    pub(super) async fn read_manifest(&self) -> Result<ManifestFile, Failure> {
        let name = self.options.filename.clone();
        let manifest = async {
            let reference = self.client.solve(self.manifest_definition().0, false).await?;
            let ignore = format!("{name}.dockerignore");
            tokio::try_join!(
                self.client.read_file(&reference, &name),
                self.client.read_file(&reference, &ignore)
            )
            .map_err(Failure::from)
        };
        let ((bytes, own_ignore), context_ignore) = tokio::try_join!(manifest, self.context_ignore())?;
        let bytes = bytes.ok_or_else(|| self.no_manifest(&name))?;
        // Where the client is, an engine is not told.
        let context = ".".to_owned();
        Ok(ManifestFile { name, bytes, context, ignore: own_ignore.or(context_ignore) })
    }

    fn no_manifest(&self, name: &str) -> Failure {
        let place = self.options.raw.get(&self.options.context_local).filter(|_| self.manifest.is_some());
        let place = place.map(|url| format!(" in {}", remote::shown(url))).unwrap_or_default();
        let context = if self.manifest.is_some() { "URL" } else { "." };
        Failure::Request(format!(
            "no manifest {name:?} was found{place}, name it with -f (docker buildx build -f layerset.yaml {context})"
        ))
    }

    /// The definition that the manifest is read from, and the digest of its vertex: warnings are shown there.
    pub fn manifest_definition(&self) -> (pb::Definition, String) {
        if let Some(ContextSource::Remote(definition)) = &self.manifest {
            let mut graph = Graph::new();
            let head = graph.import(definition).ok().flatten();
            let digest = head.map(|edge| graph.digest(edge).to_owned()).unwrap_or_default();
            return (definition.clone(), digest);
        }
        let name = &self.options.filename;
        let files = vec![name.clone(), format!("{name}.dockerignore")];
        self.small_local(&self.options.manifest_local, files, "layerset-manifest", &format!("load {name}"))
    }

    async fn context_ignore(&self) -> Result<Option<Vec<u8>>, Failure> {
        match &self.context {
            ContextSource::Local { name, .. } => self.ignore_of_local(name).await,
            ContextSource::Remote(definition) => {
                let reference = self.client.solve(definition.clone(), false).await?;
                Ok(self.client.read_file(&reference, IGNORE).await?)
            }
        }
    }

    /// The `.dockerignore` of a directory of the client.
    pub(super) async fn ignore_of_local(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let files = vec![IGNORE.to_owned()];
        let (definition, _) = self.small_local(name, files, "layerset-ignore", "load .dockerignore");
        let reference = self.client.solve(definition, false).await?;
        Ok(self.client.read_file(&reference, IGNORE).await?)
    }

    /// A few files of a local source, transferred apart from everything else. Its hint differs from
    /// the context's: under the same one each transfer would delete what the other had sent.
    pub(super) fn small_local(
        &self,
        name: &str,
        files: Vec<String>,
        hint: &str,
        shown: &str,
    ) -> (pb::Definition, String) {
        let mut graph = Graph::new();
        let local = Local::new(name)
            .session(self.options.session_of(name))
            .follow_paths(files)
            .shared_key_hint(hint)
            .differ(Differ::None, false);
        let edge = graph.add(local, Metadata::named(format!("[internal] {shown}")));
        (graph.definition(edge), graph.digest(edge).to_owned())
    }
}

const IGNORE: &str = ".dockerignore";

/// A context that the engine fetches, and whether it is the manifest itself.
async fn fetched(client: &Client, options: &Options, text: &str) -> Result<(ContextSource, bool), Failure> {
    let parsed =
        remote::parse(text).map_err(|error| Failure::Request(format!("the build context: {error}")))?;
    match parsed {
        Some(Remote::Git(mut repository)) => {
            repository.keep_git_dir |= options.is_set("build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR");
            Ok((ContextSource::git(&repository), false))
        }
        Some(Remote::Http(url)) => {
            let source = ContextSource::http(&url);
            let ContextSource::Remote(definition) = &source else { return Ok((source, false)) };
            let reference = client.solve(definition.clone(), false).await?;
            let head = client.read_head(&reference, DOWNLOAD, HEAD).await?;
            if is_archive(&head) { Ok((source.unpacked(), false)) } else { Ok((source, true)) }
        }
        None => Err(Failure::Request(format!(
            "the build context is {:?}, expected a directory of the client, a git repository or http(s)://",
            remote::shown(text)
        ))),
    }
}

/// A definition of the client's, if it can be read.
fn readable(name: &str, definition: pb::Definition) -> Result<ContextSource, Failure> {
    let unreadable = |error| Failure::Request(format!("the client's input {name:?}: {error}"));
    Graph::new().import(&definition).map_err(unreadable)?;
    Ok(ContextSource::Remote(definition))
}

/// A directory of a context.
async fn below(client: &Client, context: &ContextSource, directory: &str) -> Result<ContextSource, Failure> {
    let directory = directory.trim_matches('/');
    if let ContextSource::Remote(definition) = context {
        let reference = client.solve(definition.clone(), false).await?;
        let stat = client.stat_file(&reference, directory).await?;
        if stat.is_none_or(|stat| stat.mode & super::look::DIRECTORY == 0) {
            return Err(Failure::Request(format!(
                "contextsubdir: found no directory {directory:?} in the build context, expected one"
            )));
        }
    }
    Ok(context.below(directory))
}

/// Whether a file that begins so is an archive: compressed by bzip2, gzip or xz, or a tar.
fn is_archive(head: &[u8]) -> bool {
    const COMPRESSED: [&[u8]; 3] = [b"BZh", b"\x1f\x8b\x08", b"\xfd7zXZ\0"];
    COMPRESSED.iter().any(|magic| head.starts_with(magic)) || is_tar(head)
}

/// Whether a header of tar begins here: it holds the sum of its own bytes, counted with eight spaces in the
/// sum's place. All variants of tar have it, POSIX's `ustar` magic not.
fn is_tar(head: &[u8]) -> bool {
    const HEADER: usize = 512;
    const SUM: std::ops::Range<usize> = 148..156;
    let Some(header) = head.get(..HEADER) else { return false };
    let digits = header[SUM].iter().map(|byte| char::from(*byte));
    let digits: String = digits.skip_while(|c| *c == ' ').take_while(char::is_ascii_digit).collect();
    let Ok(told) = u32::from_str_radix(&digits, 8) else { return false };
    let byte = |(place, byte): (usize, &u8)| if SUM.contains(&place) { 32 } else { u32::from(*byte) };
    header.iter().enumerate().map(byte).sum::<u32>() == told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_archive() {
        let mut tar = vec![0; 512];
        tar[..5].copy_from_slice(b"a.txt");
        let sum: u32 = tar.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(is_archive(&tar));
        tar[0] = b'b';
        assert!(!is_archive(&tar), "its sum is another");
        assert!(!is_archive(&[0; 1024]));
        assert!(is_archive(b"\x1f\x8b\x08\0"));
        assert!(is_archive(b"BZh9"));
        assert!(!is_archive(b"# syntax=x\nservices: {}\n"));
        assert!(!is_archive(b""));
    }
}
