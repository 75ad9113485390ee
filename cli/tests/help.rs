//! Every verb says what it is for, with examples that are right; shells and `man`
//! are told the same.

mod kit;

use clap::Command;
use kit::{sergo, text};
use sergo::spec::kind;
use std::{env, fs};

/// The command and its verbs, each with its name.
fn commands() -> Vec<Command> {
    let whole = sergo_cli::command();
    let verbs: Vec<Command> = whole.get_subcommands().cloned().collect();
    [vec![whole], verbs].concat()
}

/// The words of a command line, up to where the shell takes over.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quote, mut is_inside) = (None, false);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                if !is_inside {
                    words.push(String::new());
                }
                is_inside = true;
            }
            (None, '|' | '>' | '<' | ';' | '&') => break,
            (None, ' ') => is_inside = false,
            (_, letter) => {
                if !is_inside {
                    words.push(String::new());
                }
                is_inside = true;
                words.last_mut().unwrap().push(letter);
            }
        }
    }
    words
}

/// The command lines among these, from the word `sergo` on.
fn examples(help: &str) -> Vec<Vec<String>> {
    let lines = help.lines().flat_map(|line| line.split(" | ")).map(str::trim);
    lines.filter(|line| line.starts_with("sergo ") || *line == "sergo").map(words).collect()
}

#[test]
fn every_verb_says_what_it_is_for() {
    for command in commands() {
        let name = command.get_name().to_owned();
        let about = command.get_about().unwrap_or_else(|| panic!("{name} says nothing")).to_string();
        assert!(!about.is_empty() && !about.contains('\n') && about.len() < 100, "{name}: {about}");
        let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{name} has no examples");
        for example in examples {
            if let Err(error) = sergo_cli::command().try_get_matches_from(&example) {
                panic!("{example:?}: {error}");
            }
            assert!(name == "sergo" || example[1] == name, "{example:?} is no example of {name}");
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let told = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!told.is_empty() && !told.ends_with('.'), "{name} {}: {told:?}", argument.get_id());
        }
    }
}

#[test]
fn every_verb_but_one_says_more_where_more_is_asked_for() {
    for command in commands() {
        let about = command.get_about().unwrap().to_string();
        let more = command.get_long_about().map(ToString::to_string).unwrap_or_default();
        assert!(more.len() > about.len(), "{} has no more to say than {about:?}", command.get_name());
    }
}

#[test]
fn the_help_is_printed() {
    for command in commands() {
        let arguments = match command.get_name() {
            "sergo" => vec!["--help"],
            verb => vec![verb, "--help"],
        };
        let output = sergo(".", &arguments);
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        assert!(help.contains("Examples:") && help.contains("Usage: sergo"), "{help}");
    }
}

#[test]
fn shells_complete_verbs_options_and_kinds() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = sergo(".", &["completions", shell]);
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
        let script = text(&output.stdout);
        for command in commands() {
            assert!(script.contains(command.get_name()), "{shell} {}", command.get_name());
        }
        assert!(script.contains("namespace"), "{shell}");
        for (kind, _) in kind::all() {
            assert!(script.contains(kind), "{shell} does not know {kind}");
        }
    }
    assert_eq!(sergo(".", &["completions", "tcsh"]).status.code(), Some(2));
    assert_eq!(sergo(".", &["completions"]).status.code(), Some(2));
}

#[test]
fn manual_pages() {
    let folder = env::temp_dir().join(format!("sergo-man-{}", std::process::id()));
    let output = sergo(".", &["man", "--out", folder.to_str().unwrap()]);
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
    for command in commands() {
        let (file, page) = match command.get_name() {
            "sergo" => ("sergo.1".to_owned(), sergo(".", &["man"])),
            verb => (format!("sergo-{verb}.1"), sergo(".", &["man", verb])),
        };
        let written = fs::read_to_string(folder.join(&file)).unwrap();
        assert_eq!(written, text(&page.stdout), "{file}");
        assert!(written.contains(".TH ") && written.contains(".SH NAME") && written.contains("Examples:"), "{written}");
    }
    fs::remove_dir_all(&folder).unwrap();
    let output = sergo(".", &["man", "guess"]);
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("sergo: there is no verb \"guess\"\n", Some(2)));
}
