//! Where values come from, and what is said about a wrong one.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use clap::ArgMatches;

use super::Setting;

/// What stands behind an environment variable; a parameter, so that tests need no process.
pub trait Environment {
    /// The variable's value; `Err` if it is not UTF-8.
    #[expect(clippy::result_unit_err, reason = "there is one way to fail, and its caller words it")]
    fn var(&self, name: &str) -> Result<Option<String>, ()>;
}

/// The process's own environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn var(&self, name: &str) -> Result<Option<String>, ()> {
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(()),
        }
    }
}

/// The variables of a `.env` file.
#[derive(Debug, Default)]
pub struct DotEnv(HashMap<String, String>);

impl DotEnv {
    /// Reads `path`; a missing file is an empty one.
    ///
    /// # Errors
    ///
    /// The file is there but can't be read. The message tells none of its content: it may hold
    /// secrets.
    pub fn read(path: &Path) -> Result<Self, SettingError> {
        let broken = || SettingError {
            line: format!(
                "{}: a line of it is not NAME=VALUE, or it can't be read",
                path.display()
            ),
        };
        match dotenvy::from_path_iter(path) {
            Ok(lines) => lines.collect::<Result<_, _>>().map(Self).map_err(|_| broken()),
            Err(error) if error.not_found() => Ok(Self::default()),
            Err(_) => Err(broken()),
        }
    }
}

impl<const N: usize> From<[(&str, &str); N]> for DotEnv {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Flag,
    /// In the environment.
    Environment,
    /// In the `.env` file.
    DotEnv,
    /// Nowhere: the default holds.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::Default => "default",
        })
    }
}

/// A setting that is wrong, in one line that names it and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}")]
pub struct SettingError {
    line: String,
}

impl SettingError {
    /// Says that `setting` is wrong because of `why`.
    pub fn new(setting: &Setting, why: impl fmt::Display) -> Self {
        Self {
            line: format!(
                "{} (--{}): {why}; it takes {}",
                setting.name,
                setting.flag(),
                setting.takes
            ),
        }
    }
}

/// The values of all settings of a service, as found, not yet parsed.
#[derive(Debug)]
pub struct Values(HashMap<&'static str, (String, Origin)>);

impl Values {
    /// Looks every one of `settings` up: flag, environment, `.env`, default.
    pub fn find(
        settings: &[Setting],
        flags: &ArgMatches,
        environment: &dyn Environment,
        dot_env: &DotEnv,
    ) -> Result<Self, SettingError> {
        let mut found = HashMap::new();
        for setting in settings {
            let flag = flags.try_get_one::<String>(setting.name).ok().flatten();
            let value = if let Some(value) = flag {
                Some((value.clone(), Origin::Flag))
            } else if let Some(value) = environment
                .var(setting.name)
                .map_err(|()| SettingError::new(setting, "the value is not UTF-8"))?
            {
                Some((value, Origin::Environment))
            } else if let Some(value) = dot_env.0.get(setting.name) {
                Some((value.clone(), Origin::DotEnv))
            } else {
                setting.default.map(|value| (value.to_owned(), Origin::Default))
            };
            if let Some(value) = value {
                found.insert(setting.name, value);
            }
        }
        Ok(Self(found))
    }

    /// The value as found and where, if there is any.
    pub fn raw(&self, setting: &Setting) -> Option<(&str, Origin)> {
        self.0.get(setting.name).map(|(value, origin)| (value.as_str(), *origin))
    }

    /// The parsed value of a setting that always has one.
    pub fn get<T>(
        &self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingError> {
        self.optional(setting, parse)?
            .ok_or_else(|| SettingError::new(setting, "a value is needed"))
    }

    /// The parsed value, or `None` if nothing, or only blanks, was given.
    pub fn optional<T>(
        &self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, SettingError> {
        let Some((value, _)) = self.raw(setting) else { return Ok(None) };
        if value.trim().is_empty() {
            return Ok(None);
        }
        parse(value).map(Some).map_err(|why| {
            if setting.sensitive {
                SettingError::new(setting, why)
            } else {
                SettingError::new(setting, format_args!("`{}` {why}", value.escape_debug()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::settings::host_port;

    const BIND: Setting = Setting {
        name: "AUTH_BIND",
        default: Some("127.0.0.1:8001"),
        takes: "HOST:PORT",
        help: "Where clients are served",
        sensitive: false,
    };

    struct Fixed(Option<&'static str>);

    impl Environment for Fixed {
        fn var(&self, _: &str) -> Result<Option<String>, ()> {
            Ok(self.0.map(str::to_owned))
        }
    }

    fn find(flags: &[&str], variable: Option<&'static str>, dot_env: &DotEnv) -> Values {
        let command = clap::Command::new("x").arg(BIND.arg()).subcommand(clap::Command::new("y"));
        let flags = command.try_get_matches_from(flags).expect("flags");
        Values::find(&[BIND], &flags, &Fixed(variable), dot_env).expect("values")
    }

    #[test]
    fn a_flag_beats_the_environment_beats_dot_env_beats_the_default() {
        let dot_env = DotEnv::from([("AUTH_BIND", "[::1]:3")]);
        let none = DotEnv::default();
        for (flags, variable, dot_env, expected) in [
            (&["x", "--bind", "[::1]:1"][..], Some("[::1]:2"), &dot_env, ("[::1]:1", Origin::Flag)),
            (
                &["x", "y", "--bind", "[::1]:1"],
                Some("[::1]:2"),
                &dot_env,
                ("[::1]:1", Origin::Flag),
            ),
            (&["x"], Some("[::1]:2"), &dot_env, ("[::1]:2", Origin::Environment)),
            (&["x"], None, &dot_env, ("[::1]:3", Origin::DotEnv)),
            (&["x"], None, &none, ("127.0.0.1:8001", Origin::Default)),
        ] {
            assert_eq!(find(flags, variable, dot_env).raw(&BIND), Some(expected));
        }
    }

    #[test]
    fn a_wrong_value_is_told_in_one_line_that_names_the_setting_and_what_it_takes() {
        let values = find(&["x"], Some("80\n01"), &DotEnv::default());
        let error = values.get(&BIND, host_port).expect_err("no address").to_string();
        assert!(error.starts_with("AUTH_BIND (--bind): `80\\n01` "), "{error}");
        assert!(error.ends_with("it takes HOST:PORT") && !error.contains('\n'), "{error}");
    }
}
