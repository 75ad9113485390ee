//! `docs/command.md` shows what the command prints: each of its `console` blocks is
//! run, from the repository's folder.

mod kit;

use kit::{assert_is, text};
use std::path::Path;
use std::process::Command;

const OPENING: &str = "```console\n";

/// The block with what its commands print now. `...` stands for lines that are left out.
fn run(block: &str, root: &Path) -> String {
    let mut printed = String::new();
    for part in block.split("$ ").skip(1) {
        let (line, before) = part.split_once('\n').unwrap();
        let path = Path::new(env!("CARGO_BIN_EXE_sergo")).parent().unwrap();
        let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh").args(["-c", line]).current_dir(root).env("PATH", path).output().unwrap();
        let now = text(&output.stdout) + &text(&output.stderr);
        let now = match before.split_once("...\n") {
            Some((first, last)) if now.starts_with(first) && now.ends_with(last) => before.to_owned(),
            _ => now,
        };
        printed += &format!("$ {line}\n{now}");
    }
    printed
}

#[test]
fn the_page_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = root.join("docs/command.md");
    let before = std::fs::read_to_string(&page).unwrap();
    let mut now = String::new();
    let mut rest = before.as_str();
    let mut blocks = 0;
    while let Some((outside, inside)) = rest.split_once(OPENING) {
        let (block, behind) = inside.split_once("```\n").unwrap();
        now += &[outside, OPENING, &run(block, root), "```\n"].concat();
        rest = behind;
        blocks += 1;
    }
    assert_is(&(now + rest), &page);
    assert!(blocks >= 5, "{blocks} are few");
}
