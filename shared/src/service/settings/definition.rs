//! What a setting is called, takes and means.

use clap::Arg;

/// One setting of a service.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The environment variable, such as `AUTH_BIND`. The flag is derived from it: `--bind`.
    pub name: &'static str,
    /// The value if none is given; `None` if the setting is off without one.
    pub default: Option<&'static str>,
    /// The form of a value, such as `HOST:PORT`.
    pub takes: &'static str,
    /// What it is for, in one sentence without a full stop.
    pub help: &'static str,
    /// Whether a value may hold a secret and is never shown.
    pub sensitive: bool,
}

impl Setting {
    /// A setting whose values are no secrets.
    pub const fn new(
        name: &'static str,
        default: Option<&'static str>,
        takes: &'static str,
        help: &'static str,
    ) -> Self {
        Self { name, default, takes, help, sensitive: false }
    }

    /// The flag without its dashes: the name after the service's prefix.
    pub fn flag(&self) -> String {
        let (_, rest) = self.name.split_once('_').unwrap_or(("", self.name));
        rest.to_ascii_lowercase().replace('_', "-")
    }

    /// The command-line argument of this setting, accepted before and after a subcommand.
    pub fn arg(&self) -> Arg {
        let default = self.default.unwrap_or("none");
        // Only a placeholder such as `HOST:PORT` reads well behind a flag.
        let (value_name, takes) = match self.takes {
            form if form.contains(' ') || form.contains(char::is_lowercase) => {
                ("VALUE", format!("; takes {form}"))
            }
            form => (form, String::new()),
        };
        Arg::new(self.name)
            .long(self.flag())
            .value_name(value_name)
            .help(format!("{}{takes} [env: {}] [default: {default}]", self.help, self.name))
            .help_heading("Settings")
            .allow_hyphen_values(true)
            .next_line_help(true)
            .global(true)
    }

    /// The setting as lines of a `.env` file: its meaning, and `value` or, commented out, the
    /// default.
    pub fn env_lines(&self, value: Option<&str>) -> String {
        let assignment = match value {
            Some(value) => format!("{}={value}", self.name),
            None => format!("#{}={}", self.name, self.default.unwrap_or_default()),
        };
        format!("# {}. Takes {}.\n{assignment}\n", self.help, self.takes)
    }
}
