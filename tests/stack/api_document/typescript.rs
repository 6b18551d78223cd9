//! The TypeScript of the page: compiled by the pinned compiler, and run by Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::environment::cache_dir;
use tests::stacks::unique;

/// The last compiler that is JavaScript itself, and so runs wherever Node does.
const COMPILER: &str = "5.9.3";

/// Compiles the client and its example, and runs the example; what it returns, as JSON.
pub(super) fn run(scripts: &[&str], api: &str, token: &str) -> String {
    let [client, example] = scripts else {
        panic!("the page has a client and an example of its use, not {scripts:?}")
    };
    let folder = std::env::temp_dir().join(unique("tombstone-api-document"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("package.json"), r#"{"type": "module"}"#).unwrap();
    fs::write(folder.join("tombstone.ts"), client).unwrap();
    fs::write(folder.join("example.ts"), example).unwrap();

    succeed(
        Command::new("node")
            .arg(compiler())
            .args(["--strict", "--target", "es2022", "--module", "nodenext"])
            .args(["--lib", "es2022,dom"])
            .args(["tombstone.ts", "example.ts"]),
        &folder,
    );
    let call = "const { deleteThenUndo } = await import(process.cwd() + '/example.js');
        console.log(JSON.stringify(await deleteThenUndo(process.env.API, process.env.TOKEN)));";
    let told = succeed(
        Command::new("node")
            .args(["--input-type=module", "--eval", call])
            .env("API", api)
            .env("TOKEN", token),
        &folder,
    );
    fs::remove_dir_all(folder).unwrap();
    told.trim().to_owned()
}

/// Where the compiler is; installed at the first use.
fn compiler() -> PathBuf {
    let place = cache_dir().unwrap().join(format!("typescript-{COMPILER}"));
    let compiler = place.join("node_modules/typescript/bin/tsc");
    if !compiler.is_file() {
        fs::create_dir_all(&place).unwrap();
        let package = format!("typescript@{COMPILER}");
        let options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
        succeed(
            Command::new("npm")
                .arg("install")
                .args(options)
                .arg(package),
            &place,
        );
    }
    compiler
}

fn succeed(command: &mut Command, folder: &Path) -> String {
    let output = command.current_dir(folder).output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "{command:?}: {error}; the page's TypeScript needs Node with npm (Debian: nodejs npm)"
        )
    });
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
