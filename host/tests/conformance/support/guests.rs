//! Builds the component under test, once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The target folder of this build; Cargo gives tests a folder in it.
pub(super) fn target_folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the tmp folder is in the target folder")
}

/// The `.wasm` file of `tests/guests/probe`.
pub(super) fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
        let target = target_folder().join("guests");
        let status = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--release", "--target", "wasm32-wasip2"])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(folder)
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the guests of the tests do not build");
        target.join("wasm32-wasip2/release/probe.wasm")
    })
}
