//! Compiles every file under `collections/` in: a new one needs no line of Rust.

#[path = "build/compiled_in.rs"]
mod compiled_in;

use std::path::{Path, PathBuf};
use std::{env, fs};

const FOLDER: &str = "../../collections";

fn main() -> std::io::Result<()> {
    // The folder for files that come and go, its files for what is in them.
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build/compiled_in.rs");
    let names = compiled_in::names(Path::new(FOLDER))?;
    for name in &names {
        println!("cargo::rerun-if-changed={FOLDER}/{name}");
    }
    let out = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    fs::write(out.join("collections.rs"), compiled_in::table(&names))
}
