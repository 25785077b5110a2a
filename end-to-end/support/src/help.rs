//! The `--help` texts of a command line and of every subcommand, as one text to compare.

use clap::Command;

/// The short help of `command` and of each subcommand, in order.
pub fn of_every_command(command: Command) -> String {
    let mut command = command.term_width(100);
    command.build();
    let mut text = String::new();
    collect(&mut command, &mut text);
    text
}

fn collect(command: &mut Command, text: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    text.extend(["$ ", &name, " --help\n", &command.render_help().to_string(), "\n"]);
    for below in command.get_subcommands_mut() {
        collect(below, text);
    }
}
