//! `sergo new`: rules to begin with.

mod companions;
mod template;
mod yaml;

use crate::print::print;
use crate::schema::kinds::{KINDS, Kind, KindParser};
use clap::Args;
use template::Template;

const EXAMPLES: &str = "\
Examples:
  sergo new
  sergo new RateLimitStrategy > limit.yaml
  sergo new TrafficRouter --name cart --app cart --namespace shop
  sergo new CircuitBreakerStrategy --full --alone";

/// Writes rules to begin with: a template of a kind, each field explained.
///
/// It is good as it stands: `sergo check` finds nothing wrong with it. With a
/// strategy comes a rule that names it, with a rule the strategy that it needs, with
/// a router the subsets that it sends to: --alone leaves them out.
///
/// Without a KIND it lists the kinds.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The kind, as RateLimitStrategy
    #[arg(value_name = "KIND", value_parser = KindParser, hide_possible_values = true)]
    kind: Option<&'static Kind>,
    /// The name of the document; by default made of the kind
    #[arg(long, value_parser = name, requires = "kind")]
    name: Option<String>,
    /// The namespace; by default none is written, which is `default`
    #[arg(long, value_name = "NS", value_parser = name, requires = "kind")]
    namespace: Option<String>,
    /// The app that the rule is for, or the service that it is about
    #[arg(long, default_value = "shop", value_parser = name, requires = "kind")]
    app: String,
    /// Every field, those that are seldom needed as comments
    #[arg(long, requires = "kind")]
    full: bool,
    /// Only the document itself, without those that it needs or that need it
    #[arg(long, requires = "kind")]
    alone: bool,
}

/// What can be named: the text is written into rules.
fn name(text: &str) -> Result<String, String> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || text.starts_with('.') || text.ends_with('.') || !text.bytes().all(is_host) {
        return Err("a name is letters, digits, `-`, `_` and `.`, the latter inside".to_owned());
    }
    Ok(text.to_owned())
}

/// Writes a template, or lists the kinds.
///
/// # Errors
/// A sentence that says why it can't be written.
pub(crate) fn new(arguments: &Arguments) -> Result<bool, String> {
    let Some(kind) = arguments.kind else {
        print(&list())?;
        return Ok(true);
    };
    let template = Template {
        kind,
        name: arguments.name.clone().unwrap_or_else(|| usual_name(kind.name)),
        namespace: arguments.namespace.as_deref(),
        app: &arguments.app,
        is_full: arguments.full,
    };
    let mut text = template.document();
    if !arguments.alone {
        companions::of(&template).iter().for_each(|companion| text += companion);
    }
    print(&text)?;
    Ok(true)
}

fn list() -> String {
    let width = KINDS.iter().map(|kind| kind.name.len()).max().unwrap_or(0);
    let lines = KINDS.iter().map(|kind| format!("  {:width$}  {}\n", kind.name, kind.summary));
    format!("Kinds:\n{}\n`sergo new KIND` writes a template of one.\n", lines.collect::<String>())
}

/// `rate-limit` for RateLimitStrategy.
fn usual_name(kind: &str) -> String {
    let short = kind.strip_suffix("Strategy").or_else(|| kind.strip_suffix("Rule")).unwrap_or(kind);
    let mut name = String::new();
    for letter in short.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_kinds() {
        assert_eq!(usual_name("RateLimitStrategy"), "rate-limit");
        assert_eq!(usual_name("FaultToleranceRule"), "fault-tolerance");
        assert_eq!(usual_name("VirtualWorkloads"), "virtual-workloads");
    }

    #[test]
    fn a_name_goes_into_rules_as_it_is() {
        assert_eq!(name("cart-2.eu_west").as_deref(), Ok("cart-2.eu_west"));
        for wrong in ["", "a b", "a:", "a\nb", "'a'", ".a", "a.", "*"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
