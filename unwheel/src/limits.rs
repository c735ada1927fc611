//! How large a wheel may be.

/// What one wheel may unpack to before it is taken for an attack. The defaults let the largest known
/// wheels through (accelerator libraries: 1.5 GB packed, 4 GB unpacked).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of one wheel.
    pub entries: u64,
    /// Unpacked bytes of one wheel.
    pub bytes: u64,
    /// Unpacked bytes for each packed byte of one wheel, beyond [`Limits::free`].
    pub ratio: u64,
    /// Unpacked bytes that no ratio is asked of.
    pub free: u64,
    /// Unpacked bytes of a file of `.dist-info` that is read as a whole.
    pub metadata: u64,
    /// Bytes of the names of all entries of one wheel: each directory in them is held in memory.
    pub names: u64,
    /// Scripts that the entry points of one wheel make.
    pub scripts: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 500_000,
            bytes: 32 << 30,
            ratio: 100,
            free: 64 << 20,
            metadata: 64 << 20,
            names: 32 << 20,
            scripts: 10_000,
        }
    }
}
