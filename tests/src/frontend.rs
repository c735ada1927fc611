//! The frontend under test, as the image that `# syntax=` names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Doing, Error, Result};
use crate::lock::Lock;
use crate::place::{Place, workspace};
use crate::{Engine, Project, archive, run, settings};

/// The image's name: what `# syntax=` says.
pub const FRONTEND: &str = "layerset/frontend:1";

/// Tells which binary an image was made of, so that only another one makes a new image.
const LABEL: &str = "layerset.test.binary";

/// The static binary to test: `LAYERSET_FRONTEND`, or what cargo has built for the machine's own target.
pub fn binary() -> Result<PathBuf> {
    let built =
        || workspace().join(format!("target/{}-unknown-linux-gnu/release/layerset", std::env::consts::ARCH));
    let path = settings::frontend().unwrap_or_else(built);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::new(format!(
        "found no frontend at {}, expected a static binary: build it as the README says, or name one in LAYERSET_FRONTEND",
        path.display()
    )))
}

impl Engine {
    /// The engine, with the frontend under test as [`FRONTEND`].
    pub fn with_frontend(&self) -> Result<&Self> {
        self.import_frontend(&binary()?)?;
        Ok(self)
    }

    /// Builds the repository's Dockerfile around a static binary, unless that was done before.
    pub fn import_frontend(&self, binary: &Path) -> Result<()> {
        let place = Place::open()?;
        let _lock = Lock::of(&place.images())?;
        let digest = archive::sha256_of(binary)?;
        let format = format!("{{{{index .Config.Labels {LABEL:?}}}}}");
        let found = self.docker(&["image", "inspect", "--format", &format, FRONTEND]).run()?;
        if found.success() && found.stdout.trim() == digest {
            return Ok(());
        }
        let dir = Project::new("frontend")?;
        let copy = dir.path().join("layerset");
        fs::copy(binary, &copy).doing_to("copy", binary)?;
        // The same image on every engine, as users have it: a cache holds what was made with it, not with a twin.
        run::output(run::command("touch").args(["-d", "@0"]).arg(&copy))?;
        self.docker(&[
            "buildx",
            "build",
            "--provenance=false",
            "--build-arg=SOURCE_DATE_EPOCH=0",
            "--tag",
            FRONTEND,
        ])
        .arg(format!("--label={LABEL}={digest}"))
        .arg(format!("--build-context=binary={}", dir.path().display()))
        .arg(workspace())
        .run()?
        .checked()
        .map(drop)
    }
}
