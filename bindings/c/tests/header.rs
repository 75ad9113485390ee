//! `include/sergo.h` is what the sources say.

use cbindgen::{Builder, Config};
use std::path::Path;
use std::{env, fs};

/// In the order in which a reader wants them.
const FILES: [&str; 12] = [
    "code",
    "text",
    "engine",
    "entry",
    "request",
    "route",
    "connect",
    "pick",
    "discovery",
    "label",
    "watch",
    "session",
];

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut builder = Builder::new().with_config(Config::from_file(here.join("cbindgen.toml")).unwrap());
    for file in FILES {
        builder = builder.with_src(here.join(format!("src/{file}.rs")));
    }
    let mut made = Vec::new();
    builder.generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();

    let path = here.join("../../include/sergo.h");
    if env::var_os("SERGO_WRITE_HEADER").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(made == committed, "include/sergo.h is not what bindings/c/src says: make c-header writes it");
}

#[test]
fn every_file_of_the_crate_is_in_the_header() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<_> = fs::read_dir(source)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib")
        .collect();
    found.sort();
    let mut listed = FILES.map(str::to_owned);
    listed.sort();
    assert_eq!(found, listed);
}
