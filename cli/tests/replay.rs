//! `sergo replay` on real files. What is printed and drawn for each question
//! stands in `tests/replay`; `UPDATE=1` writes these files anew.

mod kit;

use kit::{assert_is, folder, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Requests without a logarithm in them, so that they are the same everywhere.
const ORDERS: &str = "GET:/orders/{id} 4/s for 20s, 12/s at 5s for 4s, evenly, latency 50ms to 250ms";
const PAYING: &str = "pay 10/s for 20s, evenly, latency 30ms, 90% errors from 8s to 12s, outbound";
const FOO: &str = "GET:/foo 3/s for 20s, 9/s from 14s to 18s, evenly";

fn sergo(arguments: &[&str]) -> Output {
    kit::sergo("replay", &[&["replay"], arguments].concat())
}

/// Asks, and compares both outputs and the exit code.
#[track_caller]
fn prints_as_before(case: &str, arguments: &[&str], code: i32) {
    let output = sergo(arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let said = if err.is_empty() { String::new() } else { format!("--- the standard error output\n{err}") };
    let quoted = arguments.iter().map(|word| if word.contains(' ') { format!("'{word}'") } else { (*word).to_owned() });
    let asked = quoted.collect::<Vec<_>>().join(" ");
    assert_is(&format!("$ sergo replay {asked}\n{out}{said}"), &folder("replay").join(format!("{case}.out")));
    assert_eq!(output.status.code(), Some(code));
}

/// A file of a test's own.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replay-{}-{name}", std::process::id()))
}

fn synthetic<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["--synthetic", ORDERS, "--synthetic", PAYING, "--synthetic", FOO], rest].concat()
}

#[test]
fn json_lines() {
    prints_as_before("json-lines", &["rules.yaml", "trace.jsonl", "--fold-ids"], 0);
    prints_as_before("json-lines-as-json", &["rules.yaml", "--trace", "trace.jsonl", "--fold-ids", "--json"], 0);
    prints_as_before("no-ids-folded", &["rules.yaml", "trace.jsonl"], 0);
}

#[test]
fn access_logs() {
    prints_as_before("nginx", &["rules.yaml", "nginx.log", "--template", "GET:/orders/{id}"], 0);
    prints_as_before("nginx-as-logged", &["rules.yaml", "nginx.log", "--fold-ids", "--as-logged"], 0);
    prints_as_before("nginx-timed", &["rules.yaml", "nginx-timed.log", "--fold-ids"], 0);
    prints_as_before("envoy", &["rules.yaml", "envoy.log", "--fold-ids"], 0);
    prints_as_before("istio", &["rules.yaml", "istio.log", "--fold-ids"], 0);
}

#[test]
fn a_trace_that_is_piped_is_the_same() {
    let trace = fs::File::open(folder("replay").join("envoy.log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sergo"));
    command.args(["replay", "rules.yaml", "--trace", "-", "--fold-ids"]).current_dir(folder("replay"));
    let piped = text(&command.stdin(Stdio::from(trace)).output().unwrap().stdout);
    let read = text(&sergo(&["rules.yaml", "envoy.log", "--fold-ids"]).stdout);
    assert_eq!(piped.replace("the standard input", "envoy.log"), read);
}

#[test]
fn synthetic_requests() {
    prints_as_before("synthetic", &synthetic(&["rules.yaml"]), 0);
    prints_as_before("against", &synthetic(&["rules.yaml", "--against", "generous.yaml"]), 0);
    prints_as_before("against-as-json", &["rules.yaml", "trace.jsonl", "--against", "generous.yaml", "--json"], 0);
    prints_as_before("against-the-same", &["rules.yaml", "trace.jsonl", "--against", "rules.yaml"], 0);
}

#[test]
fn what_is_written_replays_the_same() {
    let file = scratch("written.jsonl");
    let name = file.to_str().unwrap();
    assert_eq!(sergo(&synthetic(&["--write", name])).status.code(), Some(0));
    let replayed = text(&sergo(&["rules.yaml", name]).stdout);
    let made = text(&sergo(&synthetic(&["rules.yaml"])).stdout);
    assert_eq!(replayed.replace(&format!(" requests of {name}"), " synthetic requests"), made);
    let printed = text(&sergo(&synthetic(&["--write", "-"])).stdout);
    assert_eq!(printed, fs::read_to_string(&file).unwrap());
    fs::remove_file(file).unwrap();
}

#[test]
fn pictures() {
    let cases: [(&str, &[&str]); 3] = [
        ("picture", &["rules.yaml"]),
        ("picture-against", &["rules.yaml", "--against", "generous.yaml"]),
        ("picture-envoy", &["rules.yaml", "envoy.log", "--fold-ids"]),
    ];
    for (case, rest) in cases {
        let file = scratch(&format!("{case}.svg"));
        let rest = [rest, &["--picture", file.to_str().unwrap()]].concat();
        let arguments = if rest.contains(&"envoy.log") { rest } else { synthetic(&rest) };
        assert_eq!(sergo(&arguments).status.code(), Some(0));
        assert_is(&fs::read_to_string(&file).unwrap(), &folder("replay").join(format!("{case}.svg")));
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_picture_in_pixels() {
    let file = scratch("picture.png");
    let output = sergo(&synthetic(&["rules.yaml", "--picture", file.to_str().unwrap()]));
    if text(&output.stderr).contains("there is no font") {
        // Said before anything is replayed, and with the way out.
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("draw a .svg"));
        return;
    }
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    // Twice as wide as the SVG.
    assert_eq!(bytes[16..20], 1920u32.to_be_bytes());
    fs::remove_file(file).unwrap();
}

#[test]
fn mistakes_are_shown_and_the_rest_is_replayed() {
    prints_as_before("mistakes", &["broken.yaml", "envoy.log", "--fold-ids"], 1);
    prints_as_before("mistakes-against", &["rules.yaml", "envoy.log", "--against", "broken.yaml"], 1);
}

#[test]
fn an_overloaded_system() {
    let busy = "a 5/s for 10s, evenly, cpu 30%, cpu 95% from 4s to 6s";
    prints_as_before("overload", &["overload.yaml", "--synthetic", busy], 0);
}

#[test]
fn rules_for_others() {
    prints_as_before("rules-for-others", &["rules.yaml", "trace.jsonl", "--app", "stock"], 0);
}

#[test]
fn what_can_not_be_done() {
    let cases: [&[&str]; 13] = [
        &["rules.yaml", "neither.txt"],
        &["rules.yaml", "neither.txt", "--trace-format", "nginx"],
        &["rules.yaml", "nowhere.log"],
        &["rules.yaml", "."],
        &["missing.yaml", "trace.jsonl"],
        &["rules.yaml"],
        &[],
        &["-", "--trace", "-"],
        &["rules.yaml", "trace.jsonl", "--picture", "a.gif"],
        &["rules.yaml", "--synthetic", "a 1/s"],
        &["rules.yaml", "--synthetic", "a 0/s for 10s"],
        &["rules.yaml", "--synthetic", "a 100/s for 60s, slowly"],
        &["rules.yaml", "--synthetic", "a 1/s for 1s", "--write", "-"],
    ];
    let told = cases.map(|arguments| {
        let output = sergo(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        format!("$ sergo replay {}\n{}", arguments.join(" "), text(&output.stderr))
    });
    assert_is(&told.join("\n"), &folder("replay").join("cannot.out"));
}

/// The words of a command line in which single quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn the_documentation_shows_what_is_printed_and_drawn() {
    const ASKED: &str = "```\n$ sergo replay ";
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = fs::read_to_string(docs.join("replay.md")).unwrap();
    let mut shown = String::new();
    let mut rest = page.as_str();
    while let Some((before, behind)) = rest.split_once(ASKED) {
        let (line, behind) = behind.split_once('\n').unwrap();
        let (_, behind) = behind.split_once("```").unwrap();
        let drawn = scratch("documented.svg");
        let arguments: Vec<String> = words(line)
            .into_iter()
            .map(|word| if word == "replay.svg" { drawn.to_str().unwrap().to_owned() } else { word })
            .collect();
        let output = sergo(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(0));
        if drawn.exists() {
            assert_is(&fs::read_to_string(&drawn).unwrap(), &docs.join("replay.svg"));
            fs::remove_file(drawn).unwrap();
        }
        shown += &format!("{before}{ASKED}{line}\n{}```", text(&output.stdout));
        rest = behind;
    }
    assert!(!shown.is_empty());
    assert_is(&(shown + rest), &docs.join("replay.md"));
}
