//! Running the command, and comparing what it prints with what it printed before.

#![allow(dead_code, reason = "no test needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A folder below `tests`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Runs the command in a folder below `tests`.
pub(crate) fn sergo(name: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sergo")).args(arguments).current_dir(folder(name)).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Compares with the file, or with `UPDATE=1` writes it anew.
#[track_caller]
pub(crate) fn assert_is(printed: &str, file: &Path) {
    if env::var_os("UPDATE").is_some() {
        fs::write(file, printed).unwrap();
    }
    assert_eq!(printed, fs::read_to_string(file).unwrap());
}
