//! The machine's own Docker.

use super::Flavour;
use crate::docker::Docker;

/// Which image store the machine's own Docker has; nothing if there is no Docker with buildx that answers.
pub(super) fn flavour() -> Option<Flavour> {
    let info = Docker::new(None, &["info", "--format", "{{json .DriverStatus}}"]).run().ok()?;
    let buildx = Docker::new(None, &["buildx", "version"]).run().ok()?;
    if !info.success() || !buildx.success() {
        return None;
    }
    Some(store(&info.stdout))
}

fn store(driver_status: &str) -> Flavour {
    if driver_status.contains("io.containerd.snapshotter") {
        Flavour::Containerd
    } else {
        Flavour::Graphdriver
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_told_by_the_driver() {
        assert_eq!(store(r#"[["driver-type","io.containerd.snapshotter.v1"]]"#), Flavour::Containerd);
        assert_eq!(
            store(r#"[["Backing Filesystem","extfs"],["Supports d_type","true"]]"#),
            Flavour::Graphdriver
        );
    }
}
