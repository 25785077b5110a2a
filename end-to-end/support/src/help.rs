//! The `-h` texts of a command line and of every subcommand, as one text to compare.

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
    let help = command.render_help().to_string();
    // A continued line is indented further than the entries of a list.
    let continued = help.lines().find(|line| line.starts_with("         "));
    assert_eq!(continued, None, "{name} -h: one line for each entry");
    text.extend(["$ ", &name, " -h\n", &help, "\n"]);
    for below in command.get_subcommands_mut() {
        collect(below, text);
    }
}
