//! What this program does inside of build steps, started there by the frontend: listing and reading the context, asking an
//! interpreter, resolving requirements, building, installing and compiling wheels, listing what an image is made of. Each reads what is mounted, writes its
//! output directory, and knows nothing of engines.

mod build_wheel;
mod compile;
mod context;
mod probe;
mod resolve;
mod sbom;
mod unwheel;
mod verified;

use std::path::PathBuf;

use clap::Subcommand;

use crate::failure::Failure;

pub use resolve::resolve_here;

/// The commands of steps. Nobody types them: what they take is between the frontend and itself, and may change.
#[derive(Debug, Subcommand)]
pub enum Inside {
    /// List what a directory holds
    #[command(hide = true)]
    List {
        /// What to list
        directory: PathBuf,
        /// Where to write the list
        file: PathBuf,
    },
    /// Put the texts of a directory into one file
    #[command(hide = true)]
    Texts {
        /// Where they are
        directory: PathBuf,
        /// Where to write them
        file: PathBuf,
    },
    /// Say which modules the sources in a directory name
    #[command(hide = true)]
    Imports {
        /// Where to look
        directory: PathBuf,
        /// Where to write what was found
        file: PathBuf,
        /// The modules that matter, with commas between
        names: String,
    },
    /// Find the Python of a stage
    #[command(hide = true)]
    Probe {
        /// Directory for the answer
        out: PathBuf,
        /// PATH of the stage
        path: String,
        /// `VIRTUAL_ENV` of the stage, or nothing
        virtual_env: String,
        /// Directories to look at
        directories: Vec<String>,
    },
    /// Resolve requirements
    #[command(hide = true)]
    Resolve {
        /// Directory for the answer
        out: PathBuf,
        /// What to resolve, as JSON
        request: PathBuf,
    },
    /// Build a wheel from a source distribution
    #[command(hide = true)]
    BuildWheel {
        /// Directory for the wheel
        out: PathBuf,
        /// The interpreter
        python: String,
        /// The source distribution
        sdist: String,
        /// The package's normalised name
        name: String,
        /// Indexes, as JSON
        settings: String,
    },
    /// Install wheels
    #[command(hide = true)]
    Unwheel {
        /// What compiles their modules, as JSON
        #[arg(long)]
        compile: Option<String>,
        /// Where an interpreter has its packages, as JSON
        scheme: String,
        /// An empty directory
        root: PathBuf,
        /// The wheels
        wheels: Vec<String>,
    },
    /// List what an image is made of
    #[command(hide = true)]
    Sbom {
        /// Directory for the list
        out: PathBuf,
        /// Name of its file
        file: String,
        /// What is known of the image, as JSON
        request: PathBuf,
        /// The image
        image: PathBuf,
    },
}

impl Inside {
    /// Does it. Gives the warnings, for the log of the step.
    pub fn run(self) -> Result<Vec<String>, Failure> {
        match self {
            Self::List { directory, file } => context::list(&directory, &file)?,
            Self::Texts { directory, file } => context::texts(&directory, &file)?,
            Self::Imports { directory, file, names } => context::imports(&directory, &file, &names)?,
            Self::Probe { out, path, virtual_env, directories } => {
                probe::probe(&out, &path, &virtual_env, &directories)?;
            }
            Self::Resolve { out, request } => resolve::resolve(&out, &request)?,
            Self::BuildWheel { out, python, sdist, name, settings } => {
                build_wheel::build_wheel(&out, &python, &sdist, &name, &settings)?;
            }
            Self::Unwheel { compile, scheme, root, wheels } => {
                return unwheel::install(&scheme, &root, &wheels, compile.as_deref());
            }
            Self::Sbom { out, file, request, image } => sbom::sbom(&out, &file, &request, &image)?,
        }
        Ok(Vec::new())
    }
}
