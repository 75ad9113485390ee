//! `sergo completions`: what completes commands in a shell.

use crate::command;
use crate::print::print;
use clap::builder::PossibleValue;
use clap::{Args, Command};
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  sergo completions bash > ~/.local/share/bash-completion/completions/sergo
  sergo completions zsh > ~/.zfunc/_sergo
  sergo completions fish > ~/.config/fish/completions/sergo.fish
  sergo completions powershell >> $PROFILE
  sergo completions elvish >> ~/.config/elvish/rc.elv";

/// Writes what completes verbs, options and kinds in a shell.
///
/// Where it has to stand is the shell's own: the examples show the usual places. In
/// zsh the folder has to be in `fpath`.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes them.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn completions(arguments: &Arguments) -> Result<bool, String> {
    let mut bytes = Vec::new();
    let mut whole = command();
    clap_complete::generate(arguments.shell, &mut whole, "sergo", &mut bytes);
    let script = with_values(String::from_utf8_lossy(&bytes).into_owned(), arguments.shell, &whole);
    print(&script)?;
    Ok(true)
}

/// Adds the values that stand behind a verb by themselves, as the kinds do, for the
/// shells whose scripts have only verbs and options.
fn with_values(mut script: String, shell: Shell, whole: &Command) -> String {
    for verb in whole.get_subcommands() {
        let name = verb.get_name();
        let values = verb.get_positionals().flat_map(clap::Arg::get_possible_values);
        let lines: String = values.filter_map(|value| line(shell, name, &value)).collect();
        let before = match shell {
            Shell::PowerShell => format!("        'sergo;{name}' {{\n"),
            Shell::Elvish => format!("        &'sergo;{name}'= {{\n"),
            _ => {
                script += &lines;
                continue;
            }
        };
        script = script.replacen(&before, &(before.clone() + &lines), 1);
    }
    script
}

/// The line of a value, in the shells that need one.
fn line(shell: Shell, verb: &str, value: &PossibleValue) -> Option<String> {
    let name = value.get_name();
    let help = value.get_help().map(ToString::to_string).unwrap_or_default();
    Some(match shell {
        Shell::Fish => {
            let help = help.replace('\'', "\\'");
            format!("complete -c sergo -n \"__fish_sergo_using_subcommand {verb}\" -f -a \"{name}\" -d '{help}'\n")
        }
        Shell::PowerShell => {
            // A tooltip must not be empty.
            let help = if help.is_empty() { name.to_owned() } else { help.replace('\'', "''") };
            format!(
                "            [CompletionResult]::new('{name}', '{name}', [CompletionResultType]::ParameterValue, '{help}')\n"
            )
        }
        Shell::Elvish => format!("            cand {name} '{}'\n", help.replace('\'', "''")),
        _ => return None,
    })
}
