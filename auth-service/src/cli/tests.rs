//! The command line as a whole: well formed, and what `--help` says of each command.

use super::*;

#[test]
fn the_command_line_is_well_formed_with_every_setting() {
    command_line().debug_assert();
}

#[test]
fn help_says_of_each_command_what_it_does() {
    insta::assert_snapshot!(end_to_end::help::of_every_command(Arguments::command()));
}

#[test]
fn help_names_every_setting() {
    insta::assert_snapshot!(command_line().term_width(100).render_help().to_string());
}
