//! What this program does inside of build steps, started there by the frontend: listing the context, asking an
//! interpreter, resolving requirements, installing wheels. Each reads what is mounted, writes its
//! output directory, and knows nothing of engines.

mod probe;
mod resolve;
mod unwheel;

pub use probe::probe;
pub use resolve::resolve;
pub use unwheel::install;
