//! `sergo man`: the manual pages.

use crate::command;
use crate::print::print;
use clap::Args;
use clap_mangen::Man;
use std::fs;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sergo man | man -l -
  sergo man check | man -l -
  sergo man --out ~/.local/share/man/man1";

/// Writes the manual pages.
///
/// Without --out one page is printed: that of the command as a whole, or that of a
/// verb. They are what --help says, for `man`.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The verb whose page it is
    #[arg(conflicts_with = "out")]
    verb: Option<String>,
    /// Write all pages into this folder: sergo.1, and one for each verb, as sergo-check.1
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Writes them.
///
/// # Errors
/// A sentence that says why it can't.
pub(crate) fn man(arguments: &Arguments) -> Result<bool, String> {
    let pages = pages()?;
    let Some(folder) = &arguments.out else {
        let name = arguments.verb.as_ref().map_or_else(|| "sergo".to_owned(), |verb| format!("sergo-{verb}"));
        let page = pages.iter().find(|(page, _)| *page == name);
        let (_, text) = page.ok_or_else(|| format!("there is no verb {:?}", name.trim_start_matches("sergo-")))?;
        print(text)?;
        return Ok(true);
    };
    fs::create_dir_all(folder).map_err(|error| format!("can't make the folder {}: {error}", folder.display()))?;
    for (name, text) in pages {
        let path = folder.join(name).with_extension("1");
        fs::write(&path, text).map_err(|error| format!("can't write {}: {error}", path.display()))?;
    }
    Ok(true)
}

/// Each page with its name.
fn pages() -> Result<Vec<(String, String)>, String> {
    let mut whole = command().disable_help_subcommand(true);
    whole.build();
    let verbs = whole.get_subcommands().map(|verb| (format!("sergo-{}", verb.get_name()), verb));
    let commands = [("sergo".to_owned(), &whole)].into_iter().chain(verbs);
    commands.map(|(name, command)| Ok((name, page(command.clone())?))).collect()
}

fn page(command: clap::Command) -> Result<String, String> {
    let mut bytes = Vec::new();
    Man::new(command).render(&mut bytes).map_err(|error| format!("can't write a page: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
