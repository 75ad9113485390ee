//! `sergo fmt` on real files. What is printed for each stands in
//! `tests/formatted`; `UPDATE=1` writes these files anew.

mod kit;

use kit::{assert_is, folder, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sergo(arguments: &[&str]) -> Output {
    kit::sergo("formatted", &[&["fmt"], arguments].concat())
}

/// Formats, and compares both outputs and the exit code.
#[track_caller]
fn prints_as_before(case: &str, arguments: &[&str], code: i32) {
    let output = sergo(arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let said = if err.is_empty() { String::new() } else { format!("--- the standard error output\n{err}") };
    let printed = format!("$ sergo fmt {}\n{out}{said}", arguments.join(" "));
    assert_is(&printed, &folder("formatted").join(format!("{case}.out")));
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn the_canonical_form() {
    prints_as_before("rules", &["--stdout", "rules.yaml"], 0);
    prints_as_before("router", &["--stdout", "router.yaml"], 0);
    prints_as_before("list", &["--stdout", "list.json"], 0);
}

#[test]
fn what_is_left_as_it_is() {
    prints_as_before("anchors", &["--stdout", "anchors.yaml"], 0);
    prints_as_before("template", &["--stdout", "template.yaml"], 0);
    prints_as_before("broken", &["--stdout", "broken.yaml"], 1);
}

#[test]
fn a_look_changes_nothing() {
    let before = fs::read(folder("formatted").join("rules.yaml")).unwrap();
    prints_as_before("check", &["--check", "rules.yaml", "template.yaml", "router.yaml"], 1);
    prints_as_before("diff", &["--diff", "list.json"], 0);
    assert_eq!(sergo(&["--diff", "--check", "list.json"]).status.code(), Some(1));
    assert_eq!(fs::read(folder("formatted").join("rules.yaml")).unwrap(), before);
}

/// An empty folder of a test's own.
fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fmt").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn files_are_replaced_only_when_they_change() {
    let folder = empty("replaced");
    let (messy, neat, broken) = (folder.join("messy.yaml"), folder.join("neat.yaml"), folder.join("broken.yaml"));
    fs::write(&messy, "a:   'x' # why\n").unwrap();
    fs::write(&neat, "a: x # why\n").unwrap();
    fs::write(&broken, "a:   [\n").unwrap();
    let mut rights = fs::metadata(&neat).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(&neat, rights).unwrap();
    let moment = fs::metadata(&neat).unwrap().modified().unwrap();

    let output = sergo(&[folder.to_str().unwrap()]);
    assert_eq!(text(&output.stdout), format!("formatted {}\n", messy.display()));
    assert!(text(&output.stderr).contains("broken.yaml is left as it is: line 1, column 6: "), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&messy).unwrap(), "a: x # why\n");
    assert_eq!(fs::read_to_string(&broken).unwrap(), "a:   [\n");
    assert_eq!(fs::metadata(&neat).unwrap().modified().unwrap(), moment);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "nothing is left beside them");

    fs::remove_file(&broken).unwrap();
    let again = sergo(&["--check", folder.to_str().unwrap()]);
    assert_eq!((text(&again.stdout).as_str(), again.status.code()), ("", Some(0)));
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_its_file_keeps_its_rights() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = empty("linked");
    let (file, link) = (folder.join("file.yaml"), folder.join("link.yaml"));
    fs::write(&file, "a:   1\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("file.yaml", &link).unwrap();
    assert_eq!(sergo(&[link.to_str().unwrap()]).status.code(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), "a: 1\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn what_is_too_large_is_not_read() {
    let folder = empty("large");
    let (large, small) = (folder.join("large.yaml"), folder.join("small.yaml"));
    fs::write(&small, "a:   1\n").unwrap();
    // It takes no room on most disks: nothing but its length is written.
    fs::File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    let output = sergo(&[folder.to_str().unwrap()]);
    let message = format!("sergo: can't read {}: it has more than 64 MiB, which no rule file has\n", large.display());
    assert_eq!((text(&output.stderr), output.status.code()), (message, Some(1)));
    assert_eq!(fs::read_to_string(&small).unwrap(), "a: 1\n", "the others are formatted");

    let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
    let output = command.args(["fmt", "-"]).stdin(fs::File::open(&large).unwrap()).output().unwrap();
    let message = "sergo: can't read the standard input: it has more than 64 MiB, which no rule file has\n";
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (message, Some(1)));
    assert_eq!(text(&output.stdout), "");
    fs::remove_file(large).unwrap();
}

#[test]
fn usage() {
    for wrong in [&["nowhere.yaml"][..], &[], &["--check", "--stdout", "rules.yaml"]] {
        let output = sergo(wrong);
        assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(2)), "{wrong:?}");
        assert!(!output.stderr.is_empty(), "{wrong:?}");
    }
}
