//! Where the manifest is for someone who builds the same again.

use super::Engine;
use crate::emit::ContextSource;
use crate::failure::Failure;
use crate::options::NoPlace;

impl Engine {
    /// Path of the manifest, which has these `bytes`, as seen from the context. A client that does not tell both places, outside
    /// of a git repository, names the file without its directory: then it is right in the context, or nobody knows where.
    pub async fn manifest_for_others(&self, bytes: &[u8]) -> Result<String, Failure> {
        if let Some(path) = self.options.manifest_from_context() {
            return Ok(path);
        }
        let name = &self.options.filename;
        let definition = match &self.context {
            ContextSource::Local { name: local, .. } => {
                let shown = format!("look for {name} in the build context");
                self.small_local(local, vec![name.clone()], "layerset-place", &shown).0
            }
            ContextSource::Remote(definition) => definition.clone(),
        };
        let reference = self.client.solve(definition, false).await?;
        let found = self.client.read_file(&reference, name).await?;
        // Another file of that name would be built in its stead.
        if found.is_some_and(|found| found == bytes) {
            return Ok(name.clone());
        }
        Err(Failure::Request(NoPlace::of_manifest(name).to_string()))
    }
}
