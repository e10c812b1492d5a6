//! Writes the permission of every command, so that the window may call what its capability lists and nothing else.

use std::fs;
use std::path::Path;

use tauri_build::{AppManifest, Attributes};

// The tables themselves: depending on `admin` here would compile the gateway a second time.
include!("crates/admin/src/operations.rs");
include!("src/commands/desktop_operations.rs");

macro_rules! names {
    ($($name:ident($request:ty) -> $reply:ty;)*) => { &[$(stringify!($name)),*] };
}

const OPERATIONS: &[&str] = operations!(names);
const DESKTOP_OPERATIONS: &[&str] = desktop_operations!(names);

/// The built window; `make run` and `make package` build it.
const PAGE: &str = "../ui/dist/index.html";

fn main() {
    println!("cargo:rerun-if-changed=crates/admin/src/operations.rs");
    println!("cargo:rerun-if-changed=src/commands/desktop_operations.rs");
    println!("cargo:rerun-if-changed=../ui/dist");
    stand_in_for_the_window();
    let commands: Vec<&'static str> = [OPERATIONS, DESKTOP_OPERATIONS].concat();
    let manifest = AppManifest::new().commands(commands.leak());
    tauri_build::try_build(Attributes::new().app_manifest(manifest))
        .expect("the configuration of Tauri is valid");
}

/// Puts a page in the place of a window that was not built, so that a checkout compiles without Node.
#[expect(clippy::disallowed_methods, reason = "nothing of ours is there to be half written")]
fn stand_in_for_the_window() {
    let page = Path::new(PAGE);
    if page.exists() {
        return;
    }
    let folder = page.parent().expect("the page lies in a folder");
    fs::create_dir_all(folder).expect("the window's folder can be made");
    fs::write(page, STAND_IN).expect("the window's folder can be written");
}

const STAND_IN: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Sluice</title>
<h1>The window was not built</h1>
<p>Run <code>npm ci && npm run build</code> in <code>ui/</code>, then build the application again.</p>
</html>
";
