//! What formatting promises, on documents written in every way.

use super::{Formatted, format_json, format_yaml};
use proptest::prelude::*;
use sergo::spec::node::{Node, Value};
use sergo::spec::yaml;

/// A value, and how it is written.
#[derive(Clone, Debug)]
enum Tree {
    Word(&'static str),
    Literal(&'static str),
    Map(Vec<(Decor, Tree)>),
    List(Vec<(Decor, Tree)>),
    Flow(Vec<&'static str>),
    Empty,
}

/// What stands around an entry.
#[derive(Clone, Debug)]
struct Decor {
    above: bool,
    beside: bool,
    /// Empty lines before it.
    lines: usize,
    /// How much what is in it is indented, and a list of it.
    step: usize,
    dash: usize,
    quote: usize,
    /// The first of a map stands behind the dash.
    is_tight: bool,
}

const WORDS: &[&str] = &[
    "plain",
    "'single'",
    "\"double\"",
    "'1'",
    "1",
    "yes",
    "'yes'",
    "~",
    "\"tab\\t\"",
    "'it''s # not'",
    "a#b",
    "GET:/a",
    "'a: b'",
    "\"x\\ny\"",
    "60%",
    "\"{a}\"",
    "two words",
    "'~'",
    "'  '",
    "1.50",
    "\"é\\u0007\"",
    "'[x'",
    "x",
];
const LITERALS: &[&str] =
    &["|\n@one\n@  two # not\n@three", ">-\n@a\n@b\n\n@c", "|+\n@keep\n\n", "|\n\n@late", ">\n@x\n@ y\n@z"];

fn decor() -> impl Strategy<Value = Decor> {
    (any::<[bool; 3]>(), 0..4usize, 1..5usize, 0..4usize, 0..3usize).prop_map(
        |([above, beside, is_tight], lines, step, dash, quote)| Decor {
            above,
            beside,
            lines,
            step,
            dash,
            quote,
            is_tight,
        },
    )
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        4 => prop::sample::select(WORDS).prop_map(Tree::Word),
        1 => prop::sample::select(LITERALS).prop_map(Tree::Literal),
        1 => prop::collection::vec(prop::sample::select(WORDS), 0..5).prop_map(Tree::Flow),
        1 => Just(Tree::Empty),
    ];
    let within = leaf.prop_recursive(4, 40, 5, |inner| {
        let entries = (any::<bool>(), prop::collection::vec((decor(), inner), 1..5));
        entries.prop_map(|(is_map, entries)| if is_map { Tree::Map(entries) } else { Tree::List(entries) })
    });
    prop::collection::vec((decor(), within), 1..5).prop_map(Tree::Map)
}

/// Writes a tree. Every key and every comment is there once: the comments above
/// and beside `k7` are `# above k7` and `# beside k7`.
#[derive(Default)]
struct Writer {
    out: String,
    keys: usize,
}

impl Writer {
    fn entries(&mut self, entries: &[(Decor, Tree)], indent: usize, is_list: bool, mut is_begun: bool) {
        for (decor, tree) in entries {
            self.keys += 1;
            let name = format!("k{}", self.keys);
            let pad = " ".repeat(indent);
            if !std::mem::take(&mut is_begun) {
                self.out += &"\n".repeat(decor.lines);
                if decor.above {
                    self.out += &format!("{pad}# above {name}\n");
                }
                self.out += &pad;
            }
            let beside = if decor.beside { format!("  # beside {name}") } else { String::new() };
            if is_list {
                self.out.push('-');
            } else {
                self.out += &match decor.quote {
                    0 => format!("'{name}':"),
                    1 => format!("\"{name}\" :"),
                    _ => format!("{name}:"),
                };
            }
            match tree {
                Tree::Word(word) => self.out += &format!(" {word}{beside}\n"),
                Tree::Empty => self.out += &format!("{beside}\n"),
                Tree::Flow(words) => {
                    let words = words.iter().filter(|word| !word.contains("GET")).copied().collect::<Vec<_>>();
                    self.out += &format!(" [{}]{beside}\n", words.join(" ,\n    ").replace('\n', &format!("\n{pad}")));
                }
                Tree::Literal(text) => {
                    let (header, lines) = text.split_once('\n').unwrap();
                    let inner = " ".repeat(indent + decor.step);
                    self.out += &format!(" {header}{beside}\n{}\n", lines.replace('@', &inner));
                }
                Tree::Map(inner) if is_list && decor.is_tight => {
                    self.out += &" ".repeat(decor.step);
                    self.entries(inner, indent + decor.step + 1, false, true);
                }
                Tree::Map(inner) => {
                    self.out += &format!("{beside}\n");
                    self.entries(inner, indent + decor.step, false, false);
                }
                Tree::List(inner) => {
                    self.out += &format!("{beside}\n");
                    // A list may stand as far left as the key that it is of.
                    let step = if is_list { decor.dash.max(1) } else { decor.dash };
                    self.entries(inner, indent + step, true, false);
                }
            }
        }
    }
}

fn written(tree: &Tree) -> String {
    let mut writer = Writer::default();
    let Tree::Map(entries) = tree else { panic!("{tree:?}") };
    writer.entries(entries, 0, false, false);
    writer.out
}

/// What a text means, fields in one order, and whether a scalar is a text.
fn meaning(text: &str) -> Vec<String> {
    fn say(node: &Node) -> String {
        match &node.value {
            Value::Null => "null".into(),
            // Numbers and words of YAML are told from text; all else is text.
            Value::Scalar { text, quoted } => {
                let is_open = matches!(text.as_str(), "1" | "1.50" | "yes" | "~");
                if is_open && !quoted { format!("bare {text}") } else { format!("{text:?}") }
            }
            Value::List(items) => format!("[{}]", items.iter().map(say).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let mut all: Vec<_> =
                    entries.iter().map(|entry| format!("{:?}: {}", entry.key, say(&entry.node))).collect();
                all.sort();
                format!("{{{}}}", all.join(", "))
            }
        }
    }
    yaml::documents(text).into_iter().map(|read| say(&read.unwrap())).collect()
}

fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<&str> = text
        .lines()
        .filter_map(|line| line.find("# above ").or(line.find("# beside ")).and_then(|at| line.get(at..)))
        .collect();
    comments.sort_unstable();
    comments
}

#[track_caller]
fn formatted(text: &str) -> String {
    let Formatted { text: once, left } = format_yaml(text).unwrap();
    assert_eq!(left, [], "{text}");
    assert_eq!(meaning(&once), meaning(text), "{text}\n{once}");
    assert_eq!(comments(&once), comments(text), "{text}\n{once}");
    let twice = format_yaml(&once).unwrap();
    assert_eq!(twice.text, once, "{text}");
    assert!(!once.contains("\n\n\n") || text.contains("|+"), "{once}");
    once
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_means_the_same_and_keeps_its_comments(tree in tree()) {
        let text = written(&tree);
        let text = formatted(&text);
        let lines: Vec<&str> = text.lines().collect();
        for (place, line) in lines.iter().enumerate() {
            let has = |line: &str, key: &str| line.trim_start().trim_start_matches("- ").starts_with(&format!("{key}:"));
            if let Some((_, key)) = line.split_once("# above ") && text.contains(&format!("{key}:")) {
                let next = lines[place..].iter().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
                prop_assert!(has(next.unwrap(), key), "{}", text);
            }
            if let Some((head, key)) = line.split_once("# beside ") && text.contains(&format!("{key}:")) {
                prop_assert!(has(head, key), "{}", text);
            }
        }
    }

    #[test]
    fn fields_in_any_order_become_the_same(order in Just(FIELDS.to_vec()).prop_shuffle(), root in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let part = |place: &i32| match place {
            0 => "apiVersion: fault-tolerance.opensergo.io/v1alpha1\n".to_owned(),
            1 => "kind: CircuitBreakerStrategy\n".to_owned(),
            2 => "metadata:\n  namespace: a\n  name: b\n".to_owned(),
            _ => format!("spec:\n{}", order.concat()),
        };
        let text: String = root.iter().map(part).collect();
        prop_assert_eq!(formatted(&text), CANONICAL);
    }

    #[test]
    fn any_text_is_left_or_formatted_once_and_for_all(text in "([a-c :\\-\\[\\]{}&*!|>'\"%#,?\t\r\n.]|---\n|\n  |: |- | #|\\PC){0,80}") {
        if let Ok(once) = format_yaml(&text) {
            let twice = format_yaml(&once.text).unwrap();
            prop_assert_eq!(&twice.text, &once.text);
        }
    }

    #[test]
    fn json_means_the_same(text in "[a-z\"\\\\é\n]{0,5}", number in -1e9..1e9f64, list in prop::collection::vec(any::<i64>(), 0..4)) {
        let json = serde_json::json!({"spec": {"b": [text], "a": list}, "kind": text, "n": number, "apiVersion": {}});
        for written in [json.to_string(), format!("{json:#}")] {
            let once = format_json(&written).unwrap().text;
            // Numbers stand as they are written.
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(read(&once), read(&written));
            prop_assert!(once.contains(&json["n"].to_string()));
            prop_assert_eq!(&format_json(&once).unwrap().text, &once);
            prop_assert!(once.starts_with("{\n  \"apiVersion\": {},\n  \"kind\""), "{}", once);
        }
    }
}

const FIELDS: [&str; 5] = [
    "  # above strategy\n  strategy: SlowRequestRatio\n",
    "  triggerRatio: '60%'  # beside triggerRatio\n",
    "  unknown: 1\n",
    "  slowConditions: {maxAllowedRt: \"500ms\"}\n",
    "  # above minRequestAmount\n  minRequestAmount: 5\n",
];
const CANONICAL: &str = "\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: CircuitBreakerStrategy
metadata:
  name: b
  namespace: a
spec:
  # above strategy
  strategy: SlowRequestRatio
  triggerRatio: 60% # beside triggerRatio
  # above minRequestAmount
  minRequestAmount: 5
  slowConditions: {maxAllowedRt: 500ms}
  unknown: 1
";

#[test]
fn what_is_not_formatted_is_left_with_a_reason() {
    let left = |text: &str| {
        let formatted = format_yaml(text).unwrap();
        assert_eq!(format_yaml(&formatted.text).unwrap(), formatted);
        let left = formatted.left.first().unwrap_or_else(|| panic!("{text}")).clone();
        (formatted.text, left.line, left.why)
    };
    let has = |line, why: &str, text: &str| assert_eq!(left(text), (text.to_owned(), line, why.to_owned()));
    has(0, "is a template ({{ in line 2): format what it renders", "a: 1\nb:   '{{ .Values.b }}'\n");
    has(1, "has anchors and aliases", "a:   &x 1\nb: *x\n");
    has(1, "has tags", "a:   !!str 1\n");
    has(0, "has a line that begins with %", "%YAML 1.2\n---\na:   1\n");
    has(1, "has a word that is no document", "'word'\n");
    let (text, line, _) = left("'a':   1\n---\nb:   &x 1\n---\nc:   2\n");
    assert_eq!((text.as_str(), line), ("a: 1\n---\nb:   &x 1\n---\nc: 2\n", 2));
}

#[test]
fn what_can_not_be_read_is_told_with_its_place() {
    assert!(format_yaml("a: 1\n---\nb: [\n").unwrap_err().starts_with("line 3, column 4: found no YAML"));
    assert!(
        format_json("{\"a\": 1,}").unwrap_err().starts_with("it is no JSON: key must be a string at line 1 column 9")
    );
}

#[test]
fn documents_and_the_comments_between_them() {
    for (text, expected) in [
        ("", ""),
        ("---\na: 1\n", "a: 1\n"),
        ("# top\n---\n# own\na: 1\n", "# top\n---\n# own\na: 1\n"),
        ("a: 1\n...\n---\nb: 2\n...\n", "a: 1\n---\nb: 2\n"),
        ("a: 1\n---\n---\n\nb: 2\n", "a: 1\n---\nb: 2\n"),
        ("a: 1\n---\n# alone\n---\nb: 2\n", "a: 1\n---\n# alone\n---\nb: 2\n"),
        ("--- # beside\na: 1\n", "# beside\na: 1\n"),
        ("\u{feff}a: 1\r\nb:\r\n- x\r\n", "a: 1\nb:\n  - x\n"),
        ("a: {}\nb: []\nc: [ # why\n  ]\n", "a: {}\nb: []\n# why\nc: []\n"),
        ("- a\n-   - b\n    - c\n", "- a\n- - b\n  - c\n"),
        ("{a: 1, b: {c: }}", "a: 1\nb: {c: null}\n"),
    ] {
        assert_eq!(formatted(text), expected, "{text:?}");
    }
}
