//! The `sergo` command.

mod audience;
mod check;
mod difference;
mod entry;
mod explain;
mod files;
mod print;
mod resources;
mod routes;
mod serve;
mod show;
mod watch;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// One meaning of the OpenSergo rules.
#[derive(Parser)]
#[command(name = "sergo", version, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Checks rule files and shows every mistake in its place.
    ///
    /// All documents count as one push, for every app and namespace. The exit
    /// code is 0 when there is no mistake, 1 when there is one, and 2 when a path
    /// can't be read.
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check {
        /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - for the standard input
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Explains what the rules of files do, and why.
    ///
    /// With --resource: which rules apply to an entry, in which order their gates
    /// are asked, and what each would answer. With --route: where a request goes,
    /// and what is done with it. With neither: every resource that rules govern.
    ///
    /// The core itself is asked, as by a service that has only just started.
    /// Mistakes in the files are shown as by `sergo check`, on the standard error
    /// output; what is left is explained. The exit code is 0 when there is no
    /// mistake, 1 when there is one, and 2 when a path can't be read or it is not
    /// clear for whom to explain.
    #[command(after_long_help = EXPLAIN_EXAMPLES)]
    Explain(Box<explain::Arguments>),
    /// Serves rule files to every process that subscribes: a control plane.
    ///
    /// It speaks the OpenSergo transport over gRPC. Files are watched, and what has
    /// changed is pushed to who has subscribed to it. Beside it, over HTTP: /healthz,
    /// /readyz, /metrics, /v1/rules (what is served, and all that is wrong with it),
    /// /v1/clients (who is connected, and which version each has taken or refused, and
    /// why) and /v1/services (what processes say that they offer).
    ///
    /// It runs until it is interrupted or terminated, and then exits with 0; with 2
    /// when a path can't be read or an address can't be listened on.
    #[command(after_long_help = SERVE_EXAMPLES)]
    Serve(Box<serve::Arguments>),
    /// Subscribes to a control plane and prints what it pushes, with the differences.
    ///
    /// Each push is applied as by a service of that app, and answered with what came
    /// of it, so that what a service would refuse is seen here and in the control
    /// plane's /v1/clients. It runs until it is interrupted, or with --once until
    /// everything has been pushed; the exit code is then 1 when there are mistakes.
    #[command(after_long_help = WATCH_EXAMPLES)]
    Watch(Box<watch::Arguments>),
}

const CHECK_EXAMPLES: &str = "\
Examples:
  sergo check rules/
  helm template shop | sergo check -";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sergo explain rules/
  sergo explain rules/ --resource GET:/foo
  sergo explain rules/ --resource GET:/foo --cost 3 --json
  sergo explain rules/ --resource GET:/foo --app foo-app --label version=v2
  sergo explain rules/ --route --host shop --path /cart -H 'tag: v2'";

const SERVE_EXAMPLES: &str = "\
Examples:
  sergo serve --rules rules/
  sergo serve --rules rules/ --listen 0.0.0.0:10246 --tls-cert tls.crt --tls-key tls.key --tokens tokens.yaml
  sergo serve --rules base/ team.yaml --listen 127.0.0.1:0 --format json

A file of tokens:
  tokens:
  - name: shop
    sha256: <what `printf %s \"$TOKEN\" | sha256sum` writes>
    namespaces: [default]
  - name: operators
    token: <16 bytes or more>
    namespaces: ['*']";

const WATCH_EXAMPLES: &str = "\
Examples:
  sergo watch 127.0.0.1:10246 --app foo-app
  sergo watch 127.0.0.1:10246 --app foo-app --kind RateLimitStrategy --format json
  sergo watch rules.example.com:10246 --app foo-app --tls --token token.txt
  sergo watch 127.0.0.1:10246 --app foo-app --service bar-app --messages --once";

fn main() -> ExitCode {
    let done = match Command::parse().verb {
        Verb::Check { paths } => check::check(&paths),
        Verb::Explain(arguments) => explain::explain(*arguments),
        Verb::Watch(arguments) => watch::watch(*arguments),
        Verb::Serve(arguments) => serve::serve(*arguments),
    };
    match done {
        Ok(is_good) => ExitCode::from(u8::from(!is_good)),
        Err(message) => {
            eprintln!("sergo: {message}");
            ExitCode::from(2)
        }
    }
}
