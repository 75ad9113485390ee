//! What people copy is right: `sergo check` finds nothing wrong in it. What it
//! advises of the vectors is in `samples/vectors.out`; `UPDATE=1` writes it anew.

mod kit;

use kit::{assert_is, folder, text};
use serde_json::Value;
use sergo::Source;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What is told of a text: each code with its sentence.
fn told(text: &str) -> Vec<(String, String)> {
    let answer: Value = serde_json::from_str(&sergo_cli::check_in_every_format(text)[1]).unwrap();
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().map(|finding| (word(finding, "code"), word(finding, "message"))).collect()
}

/// Every file of these endings below a folder, in the order of their paths.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_built = ["node_modules", "target", "build"].contains(&name.as_str()) || name.starts_with('.');
        if path.is_dir() && !is_built {
            found.extend(files(&path, endings));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The blocks of YAML in a page that have documents of rules in them.
fn blocks(page: &str) -> Vec<String> {
    let parts = page.split("```yaml\n").skip(1);
    let blocks = parts.map(|part| part.split("```").next().unwrap().to_owned());
    blocks.filter(|block| block.contains("apiVersion:")).collect()
}

#[test]
fn the_examples_are_right() {
    let all = files(&root().join("examples"), &["yaml", "yml"]);
    let right = all.iter().filter(|path| !path.components().any(|part| part.as_os_str() == "mistakes"));
    let mut count = 0;
    for path in right {
        assert_eq!(told(&fs::read_to_string(path).unwrap()), [], "{}", path.display());
        count += 1;
    }
    assert!(count >= 2, "{all:?}");
}

#[test]
fn the_mistakes_among_the_examples_are_mistakes() {
    let check = |folder: &str| kit::sergo("../../examples", &["check", "--deny", "warnings", folder]);
    assert_eq!((check("mistakes").status.code(), check("rules").status.code()), (Some(1), Some(0)));
    let printed = text(&check("mistakes").stdout);
    assert!(printed.contains(" --> mistakes/foo.yaml:"), "{printed}");
}

#[test]
fn what_the_documentation_shows_is_right() {
    let mut pages = files(&root().join("docs"), &["md"]);
    for folder in ["", "java", "go", "node", "python", "control-plane"] {
        pages.push(root().join(folder).join("README.md"));
    }
    let mut count = 0;
    for page in pages.iter().filter(|page| page.exists()) {
        for block in blocks(&fs::read_to_string(page).unwrap()) {
            count += 1;
            // What a page shows as a mistake says so by its code.
            let told = told(&block);
            let named = |code: &str| block.contains(&format!("# {code}"));
            assert!(told.iter().all(|(code, _)| named(code)), "{}: {told:?}\n{block}", page.display());
        }
    }
    assert!(count > 0);
}

/// Vectors are made to try out every corner, so that some of them want advice;
/// each line here has been looked at.
#[test]
fn what_is_advised_of_the_vectors_is_as_before() {
    let mut said = String::new();
    for path in files(&root().join("tests/vectors"), &["yaml"]) {
        let vector = fs::read_to_string(&path).unwrap();
        let Some(rules) = rules(&vector) else { continue };
        let name = path.strip_prefix(root().join("tests/vectors")).unwrap().display().to_string();
        for told in sergo::advise(&[Source { name: "", text: &rules }]).advice {
            said.push_str(&format!("{name}: {}: {}\n", told.code, told.message));
        }
    }
    assert_is(&said, &folder("samples").join("vectors.out"));
}

/// The rules that a vector begins with: the block below `rules: |`.
fn rules(vector: &str) -> Option<String> {
    let (_, block) = vector.split_once("\nrules: |\n")?;
    let lines = block.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
    Some(lines.map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned() + "\n").collect())
}
