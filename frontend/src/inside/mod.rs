//! What this program does inside of build steps, started there by the frontend: listing the context, asking an
//! interpreter, resolving requirements, building, installing and compiling wheels, listing what an image is made of. Each reads what is mounted, writes its
//! output directory, and knows nothing of engines.

mod build_wheel;
mod compile;
mod probe;
mod resolve;
mod sbom;
mod unwheel;

pub use build_wheel::build_wheel;
pub use compile::compile;
pub use probe::probe;
pub use resolve::{resolve, resolve_here};
pub use sbom::sbom;
pub use unwheel::install;
