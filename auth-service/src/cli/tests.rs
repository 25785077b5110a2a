//! Tests of the whole command line, and of the `--help` text of each command.

use clap::FromArgMatches;

use super::*;

fn command_line() -> clap::Command {
    cli::with_settings::<Settings>(Arguments::command())
}

#[test]
fn the_command_line_is_well_formed_with_every_setting() {
    command_line().debug_assert();
}

#[test]
fn help_describes_each_command() {
    insta::assert_snapshot!(support::help::of_every_command(command_line()));
}

#[test]
fn help_names_every_setting() {
    insta::assert_snapshot!(command_line().term_width(100).render_long_help().to_string());
}

/// An id, an address or a name may begin with a hyphen: the word after an option is its value.
#[test]
fn every_option_takes_a_value_that_begins_with_a_hyphen() {
    let mut options = 0;
    let mut commands = vec![command_line()];
    while let Some(command) = commands.pop() {
        for option in command.get_opts().filter(|option| option.get_action().takes_values()) {
            assert!(option.is_allow_hyphen_values_set(), "{}", option.get_id());
            options += 1;
        }
        commands.extend(command.get_subcommands().cloned());
    }
    assert!(options > 23, "{options}");
}

/// One thumbprint in 64 begins with a hyphen, and one in 4096 with two.
#[test]
fn a_thumbprint_that_begins_with_a_hyphen_is_a_thumbprint() {
    let parsed = |line: &[&str]| {
        let words = ["auth-service", "keys"].into_iter().chain(line.iter().copied());
        let matches = command_line().try_get_matches_from(words).expect("parsed");
        match Arguments::from_arg_matches(&matches).expect("arguments").command {
            Command::Keys(keys) => keys,
            _ => panic!("another command"),
        }
    };
    let base64url = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-_");
    for second in base64url.map(char::from) {
        let kid = format!("-{second}AfrPu5mXeh5GNbP2Zc0X2dJpEYBYtpuyF2VoqH1o");
        for line in [
            &["revoke", &kid, "--wait", "--json"][..],
            &["revoke", "--wait", "--json", &kid],
            &["revoke", "--json", &kid, "--wait"],
        ] {
            let keys::Command::Revoke { kid: read, wait, json, .. } = parsed(line) else {
                panic!()
            };
            assert_eq!((read, wait, json), (Some(kid.clone()), true, true));
        }
        for line in [
            &["export-public", &kid, "--format", "jwk"][..],
            &["export-public", "--format", "jwk", &kid],
        ] {
            let keys::Command::ExportPublic { kid: read, format } = parsed(line) else { panic!() };
            assert_eq!(read.as_ref(), Some(&kid));
            assert!(matches!(format, keys::Format::Jwk));
        }
    }
}
