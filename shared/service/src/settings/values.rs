//! The sources of values, and the message about a wrong one.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt;

use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};
use strsim::levenshtein;

use super::DotEnv;
use super::report::without_password;

/// The environment of a process. It is a parameter, so that tests need no process.
pub type Environment = HashMap<OsString, OsString>;

/// The most edits between a known name and a misspelling of it.
const MISSPELT: usize = 2;

/// The most characters of an unknown name in the warning.
const LONGEST_SHOWN: usize = 100;

/// The origin of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The line of this number in `.env`.
    DotEnv(usize),
    /// The default, or no value.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::DotEnv(_) => ".env",
            Self::Default => "default",
        })
    }
}

/// A wrong setting, in one line with its name and the form of its values. The line never contains
/// the value, which may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub String);

/// Adds the settings of `S` to `command`, each as a flag: `--bind` for `AUTH_BIND`.
pub(crate) fn with_flags<S: Args>(command: Command) -> Command {
    let about = command.get_about().cloned();
    let mut order = 0..;
    let flag = |arg: Arg| {
        let (_, name) = arg.get_id().as_str().split_once('_').unwrap_or_default();
        let flag = name.to_ascii_lowercase().replace('_', "-");
        // An argument is displayed, as in an error, only if the number of its values is set.
        arg.long(flag).num_args(1).display_order(order.next().unwrap_or_default())
    };
    // The comment on `S` does not describe the command.
    S::augment_args(command).mut_args(flag).about(about.unwrap_or_default())
}

/// A setting and its text.
pub(super) struct Value {
    pub(super) arg: Arg,
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Value {
    /// Returns the name of the environment variable.
    pub(super) fn name(&self) -> &str {
        self.arg.get_id().as_str()
    }

    pub(super) fn flag(&self) -> &str {
        self.arg.get_long().unwrap_or_default()
    }

    /// Returns the form of a value.
    pub(super) fn takes(&self) -> &str {
        self.arg.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str())
    }

    pub(super) fn default(&self) -> Option<&str> {
        self.arg.get_default_values().first()?.to_str()
    }

    /// Returns the text, or `None` if it is blank.
    pub(super) fn given(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.trim().is_empty())
    }

    fn error(&self, why: impl fmt::Display) -> SettingError {
        let place = match self.origin {
            Origin::DotEnv(line) => format!(", line {line} of .env"),
            _ => String::new(),
        };
        let (name, flag, takes) = (self.name(), self.flag(), self.takes());
        SettingError(format!("{name} (--{flag}){place}: {why}; it takes {takes}"))
    }
}

/// The settings of a service with their texts, not yet parsed.
pub struct Values {
    pub(super) settings: Vec<Value>,
    unknown: BTreeSet<String>,
}

impl Values {
    /// Looks up each setting of `S`: flag, environment, `.env`, default.
    ///
    /// # Errors
    ///
    /// A value is not UTF-8, a flag has a password, or a line or a name in `.env` is wrong.
    pub fn find<S: Args>(
        flags: &ArgMatches,
        environment: &Environment,
        dot_env: &DotEnv,
    ) -> Result<Self, SettingError> {
        let find = |arg: &Arg| {
            let mut value =
                Value { arg: arg.clone(), text: String::new(), origin: Origin::Default };
            let name = arg.get_id().as_str();
            let (origin, text) = if flags.value_source(name) == Some(ValueSource::CommandLine) {
                (Origin::Flag, Ok(flags.get_one::<String>(name).cloned().unwrap_or_default()))
            } else if let Some(text) = environment.get(OsStr::new(name)) {
                let text = text.to_str().ok_or("the value is not UTF-8");
                (Origin::Environment, text.map(str::to_owned))
            } else if let Some(line) = dot_env.find(name) {
                (Origin::DotEnv(line.number), line.value.clone())
            } else {
                (Origin::Default, Ok(value.default().unwrap_or_default().to_owned()))
            };
            value.origin = origin;
            value.text = text.map_err(|why| value.error(why))?;
            if origin == Origin::Flag && without_password(&value.text) != value.text {
                return Err(value.error(
                    "a password on the command line is read by every user of this machine: \
                     give the URL as an environment variable or in .env",
                ));
            }
            Ok(value)
        };
        let command = with_flags::<S>(Command::new("settings"));
        let settings = command.get_arguments().map(find).collect::<Result<Vec<_>, _>>()?;
        let unknown = unknown(&settings, environment, dot_env)?;
        Ok(Self { settings, unknown })
    }

    /// Parses the values. A blank value of a setting without a default counts as no value.
    pub fn parse<S: Args>(&self) -> Result<S, SettingError> {
        let mut flags = Vec::new();
        for value in &self.settings {
            match value.given() {
                Some(text) => flags.push(format!("--{}={text}", value.flag())),
                None if value.default().is_some() => return Err(value.error("a value is needed")),
                None => {}
            }
        }
        with_flags::<S>(Command::new("settings").no_binary_name(true))
            .try_get_matches_from(flags)
            .and_then(|matches| S::from_arg_matches(&matches))
            .map_err(|error| {
                let flag = error.get(ContextKind::InvalidArg).map(ToString::to_string);
                let why = error.source().map_or("is not known".to_owned(), ToString::to_string);
                let why = format!("the value {why}");
                let wrong = self.settings.iter().find(|value| Some(value.arg.to_string()) == flag);
                wrong.map_or_else(|| SettingError(error.to_string()), |value| value.error(why))
            })
    }

    /// Returns true if `.env` has the password of a URL.
    pub fn password_in_dot_env(&self) -> bool {
        let in_dot_env = |value: &&Value| matches!(value.origin, Origin::DotEnv(_));
        let mut lines = self.settings.iter().filter(in_dot_env);
        lines.any(|value| without_password(&value.text) != value.text)
    }

    /// Returns the warning about unknown names with the prefix of the settings.
    pub fn warning(&self) -> Option<String> {
        let names = self.unknown.iter().map(|name| name.escape_debug().to_string());
        let names = names.collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| format!("unknown settings are passed over: {names}"))
    }
}

/// Collects the unknown names with the prefix of `settings`.
///
/// # Errors
///
/// `.env` has a name that is close to a known one: the operator believes that it is set.
fn unknown(
    settings: &[Value],
    environment: &Environment,
    dot_env: &DotEnv,
) -> Result<BTreeSet<String>, SettingError> {
    let known: Vec<_> = settings.iter().map(Value::name).collect();
    let is_known = |name: &str| known.contains(&name);
    let lines = || dot_env.0.iter().filter(|line| line.assigns() && !is_known(&line.name));
    for line in lines() {
        let (number, name) = (line.number, &line.name);
        let near = nearest(&known, name);
        if !near.is_empty() {
            let near = near.join(" or ");
            return Err(SettingError(format!(
                ".env, line {number}: {name} is not known; the setting is {near}"
            )));
        }
    }
    let prefix =
        known.first().and_then(|name| name.split_inclusive('_').next()).unwrap_or_default();
    let names = environment.keys().filter_map(|name| name.to_str());
    let names = names.chain(lines().map(|line| line.name.as_str()));
    let unknown = names.filter(|name| name.starts_with(prefix) && !is_known(name));
    Ok(unknown.map(|name| name.chars().take(LONGEST_SHOWN).collect()).collect())
}

/// Returns the known names with the fewest edits between them and `name`, if it may be a misspelling
/// of them.
fn nearest<'n>(known: &[&'n str], name: &str) -> Vec<&'n str> {
    // This check comes first: the edits of a very long name take long to count.
    let close = known.iter().filter(|known| known.len().abs_diff(name.len()) <= MISSPELT);
    let edits: Vec<_> = close.map(|known| (levenshtein(known, name), *known)).collect();
    let least = edits.iter().map(|(edits, _)| *edits).min().unwrap_or(usize::MAX);
    let near = edits.into_iter().filter(|(edits, _)| *edits == least && least <= MISSPELT);
    near.map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{host_port, text};

    #[derive(Debug, Args)]
    struct Settings {
        /// The address for clients
        #[arg(id = "AUTH_BIND", value_name = "HOST:PORT", default_value = "127.0.0.1:8001",
            value_parser = host_port)]
        bind: std::net::SocketAddr,
        /// The greeting
        #[arg(id = "AUTH_GREETING", value_name = "a text", value_parser = text)]
        greeting: Option<String>,
    }

    fn find(
        flags: &[&str],
        environment: &[(&str, &str)],
        dot_env: &str,
    ) -> Result<Values, SettingError> {
        let command = crate::cli::with_settings::<Settings>(Command::new("x"));
        let flags = command.subcommand(Command::new("y")).try_get_matches_from(flags);
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
        let dot_env = DotEnv::parse(dot_env);
        Values::find::<Settings>(&flags.expect("flags"), &environment.collect(), &dot_env)
    }

    fn refused(environment: &[(&str, &str)], dot_env: &str) -> String {
        let parsed =
            find(&["x"], environment, dot_env).and_then(|values| values.parse::<Settings>());
        parsed.expect_err("refused").to_string()
    }

    #[test]
    fn flag_overrides_environment_overrides_dot_env_overrides_default() {
        let (variable, line) = ([("AUTH_BIND", "[::1]:2")], "AUTH_BIND='[::1]:3'");
        for (flags, environment, dot_env, expected, origin) in [
            (&["x", "--bind", "[::1]:1"][..], &variable[..], line, "[::1]:1", Origin::Flag),
            (&["x", "y", "--bind", "[::1]:1"], &variable, line, "[::1]:1", Origin::Flag),
            (&["x"], &variable, line, "[::1]:2", Origin::Environment),
            (&["x"], &[], line, "[::1]:3", Origin::DotEnv(1)),
            (&["x"], &[], "", "127.0.0.1:8001", Origin::Default),
            (&["x", "y", "--bind", "[::1]:1"], &[], "AUTH_BIND=wrong", "[::1]:1", Origin::Flag),
        ] {
            let values = find(flags, environment, dot_env).expect("values");
            let settings = values.parse::<Settings>().expect("settings");
            assert_eq!(settings.bind.to_string(), expected);
            assert_eq!(values.settings[0].origin, origin);
        }
    }

    #[test]
    fn invalid_value_is_reported_in_one_line_without_the_value() {
        let line = "AUTH_BIND (--bind): the value is not an address and a port; it takes HOST:PORT";
        assert_eq!(refused(&[("AUTH_BIND", "80\n01")], ""), line);
        let line = refused(&[], "\nAUTH_BIND=hunter2\n");
        assert!(line.starts_with("AUTH_BIND (--bind), line 2 of .env: "), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }

    #[test]
    fn blank_value_is_none_or_refused() {
        for blank in ["", " "] {
            let line = refused(&[("AUTH_BIND", blank)], "");
            assert!(line.starts_with("AUTH_BIND (--bind): a value is needed"), "{line}");
            let values = find(&["x"], &[("AUTH_GREETING", blank)], "AUTH_GREETING=a");
            let settings = values.and_then(|values| values.parse::<Settings>());
            assert_eq!(settings.expect("settings").greeting, None);
        }
    }

    #[test]
    fn variable_that_is_not_utf_8_is_refused_by_name() {
        use std::os::unix::ffi::OsStringExt;
        let flags = crate::cli::with_settings::<Settings>(Command::new("x"));
        let flags = flags.get_matches_from(["x"]);
        let environment = [("AUTH_BIND".into(), OsString::from_vec(vec![0xff]))].into();
        let found = Values::find::<Settings>(&flags, &environment, &DotEnv::default());
        let line = found.err().expect("refused").to_string();
        assert!(line.starts_with("AUTH_BIND (--bind): the value is not UTF-8"), "{line}");
    }

    #[test]
    fn foreign_lines_of_dot_env_are_ignored() {
        let foreign = "GREETING=hello big world\nMOTD=it's fine\nAUTH_BINDS are words\nA=\"\n\u{fffd}\n\
            if [ -f x ]; then\n[AUTH]\nX=\0\nAUTH-BIND=1\n";
        assert!(find(&["x"], &[], foreign).expect("values").warning().is_none());
    }

    #[test]
    fn malformed_line_of_a_setting_is_refused_by_number_and_name() {
        for line in ["AUTH_BIND", "AUTH_BIND: hunter2", "AUTH_BIND='hunter2", "AUTH_BIND=\u{fffd}"]
        {
            let refused = refused(&[], &format!("# x\n{line}\n"));
            assert!(refused.starts_with("AUTH_BIND (--bind), line 2 of .env: "), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn misspelt_name_in_dot_env_is_refused_with_line_and_known_name() {
        for name in ["AUTH_BIN", "AUTH_BNID", "AUHT_BIND"] {
            let line = refused(&[], &format!("A=1\n{name}=hunter2\n"));
            assert!(line.contains("line 2") && line.contains(name), "{line}");
            assert!(line.ends_with("AUTH_BIND") && !line.contains("hunter2"), "{line}");
        }
    }

    #[test]
    fn password_in_dot_env_is_noticed_unless_another_value_takes_effect() {
        let line = "AUTH_GREETING=postgres://u:p@db/auth";
        let noticed = |environment: &[(&str, &str)], dot_env: &str| {
            find(&["x"], environment, dot_env).expect("values").password_in_dot_env()
        };
        assert!(noticed(&[], line));
        assert!(!noticed(&[("AUTH_GREETING", "hello")], line));
        assert!(!noticed(&[("AUTH_GREETING", "postgres://u:p@db/auth")], ""));
        assert!(!noticed(&[], "AUTH_GREETING=postgres://u@db/auth"));
    }

    #[test]
    fn misspelt_name_with_malformed_value_is_refused() {
        for value in ["\"hunter2", "'hunter2", "\u{fffd}"] {
            let line = refused(&[], &format!("AUTH_BNID={value}"));
            assert!(line.ends_with("the setting is AUTH_BIND"), "{line}");
        }
        let values = find(&["x"], &[], "AUTH_COLOUR=\"red").expect("values");
        assert!(values.warning().is_some_and(|warning| warning.contains("AUTH_COLOUR")));
        let long = format!("AUTH_{}=1", "X".repeat(1_000_000));
        let warning = find(&["x"], &[], &long).expect("values").warning().expect("one");
        assert!(warning.len() < 200, "{}", warning.len());
    }

    #[test]
    fn misspelt_name_is_compared_with_the_nearest_known_names() {
        let known = ["A_BIND", "A_BINDS", "A_BAND", "A_OTHER"];
        for (name, near) in [
            ("A_BINDX", &["A_BIND", "A_BINDS"][..]),
            ("A_BANDX", &["A_BAND"]),
            ("A_BXND", &["A_BIND", "A_BAND"]),
            ("A_OTHRE", &["A_OTHER"]),
            ("A", &[]),
            ("OTHER", &["A_OTHER"]),
            (&"A_BIND".repeat(200_000), &[]),
        ] {
            assert_eq!(nearest(&known, name), near);
        }
    }

    #[test]
    fn other_unknown_names_are_one_warning() {
        let environment = [("AUTH_BIN", "1"), ("AUTH_BIND", "[::1]:1"), ("AUTHOR", "x")];
        let values = find(&["x"], &environment, "AUTH_COLOUR=red\nAPI_BIND=[::1]:2\nAUTHORS=x");
        let warning = values.expect("values").warning();
        let expected = "unknown settings are passed over: AUTH_BIN, AUTH_COLOUR";
        assert_eq!(warning.as_deref(), Some(expected));
    }
}
