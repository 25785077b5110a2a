//! Completions for shells, made from the command line's own definition, so that they know every
//! command and setting there is.

use clap::Command;

pub use clap_complete::Shell;

/// The script that teaches `shell` this command line.
pub fn script(mut command: Command, shell: Shell) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete 4.6 takes a hyphen in the program's name for a subcommand in one half of its
    // script for bash, so that nothing below the first command would be completed.
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"))
}
