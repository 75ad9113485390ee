//! The `sergo` command.

fn main() -> std::process::ExitCode {
    sergo_cli::run()
}
