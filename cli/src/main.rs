//! The `sergo` command.

fn main() {}
