//! `check-config`: the values in effect, the documented `.env` file, the page of settings.

use clap::Args;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Serialize;
use url::Url;

use super::values::Value;
use super::{Origin, Values};
use crate::failure::Failure;
use crate::output;

/// The arguments of `check-config`.
#[derive(Debug, Args)]
pub struct CheckConfig {
    /// Print JSON
    #[arg(long, conflicts_with_all = ["env", "markdown"])]
    json: bool,
    /// Print a documented .env file; settings at their default are commented out
    #[arg(long, conflicts_with = "markdown")]
    env: bool,
    /// Print the page of settings in Markdown: defaults, not values
    #[arg(long)]
    markdown: bool,
}

impl CheckConfig {
    /// Prints `values`, which are parsed and valid.
    pub fn run(&self, values: &Values) -> Result<(), Failure> {
        let rows = || values.settings.iter().map(Row::of);
        if self.markdown {
            return output::line(page(values).trim_end());
        }
        if self.env {
            return output::line(env_file(values).trim_end());
        }
        if self.json {
            return output::json(&rows().collect::<Vec<_>>());
        }
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(["SETTING", "VALUE", "FROM"]);
        table.add_rows(rows().map(|row| [row.name, row.value.unwrap_or("-".into()), row.origin]));
        output::line(&table.trim_fmt())
    }
}

/// The effective value of a setting.
#[derive(Serialize)]
struct Row {
    name: String,
    /// Null if there is no value.
    value: Option<String>,
    origin: String,
}

impl Row {
    fn of(value: &Value) -> Self {
        let shown = |text| without_password(text).escape_debug().to_string();
        Self {
            name: value.name().to_owned(),
            value: (value.given().is_some() || value.origin != Origin::Default)
                .then(|| shown(&value.text)),
            origin: value.origin.to_string(),
        }
    }
}

/// Returns a text with `***` for the password of a URL.
pub(super) fn without_password(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            // A URL with a password accepts another one.
            let _ = url.set_password(Some("***"));
            url.into()
        }
        _ => text.to_owned(),
    }
}

/// Returns a `.env` file that documents each setting, with its value or, as a comment, its default.
fn env_file(values: &Values) -> String {
    let lines = |value: &Value| {
        let (name, help, takes) = (value.name(), help(value), value.takes());
        let assignment = match value.origin {
            Origin::Default => format!("#{name}={}", value.text),
            _ => format!("{name}={}", quoted(&without_password(&value.text))),
        };
        format!("# {help}. Takes {takes}.\n{assignment}\n")
    };
    values.settings.iter().map(lines).collect::<Vec<_>>().join("\n")
}

/// Returns the settings as a table in Markdown.
fn page(values: &Values) -> String {
    let head =
        "| setting | flag | default | takes | what it is for |\n| --- | --- | --- | --- | --- |\n";
    let row = |value: &Value| {
        let default = value.default().map_or("none".to_owned(), |default| format!("`{default}`"));
        let (name, flag, takes) = (value.name(), value.flag(), value.takes().to_owned());
        let cells = [format!("`{name}`"), format!("`--{flag}`"), default, takes, help(value)];
        // A bar would end the cell.
        format!("| {} |\n", cells.map(|cell| cell.replace('|', r"\|")).join(" | "))
    };
    head.to_owned() + &values.settings.iter().map(row).collect::<String>()
}

fn help(value: &Value) -> String {
    value.arg.get_help().map(ToString::to_string).unwrap_or_default()
}

/// Returns a value in the form of a `.env` file.
fn quoted(value: &str) -> String {
    if value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/,@+-%[]".contains(c)) {
        return value.to_owned();
    }
    let quote = if value.contains('\'') { '"' } else { '\'' };
    format!("{quote}{value}{quote}")
}

#[cfg(test)]
mod tests {
    use clap::{ArgMatches, Command};

    use super::*;
    use crate::cli::with_settings;
    use crate::settings::{DotEnv, text};

    #[derive(Args)]
    struct Settings {
        /// The name
        #[arg(id = "AUTH_NAME", value_name = "a | b", default_value = "none",
            value_parser = text)]
        _name: String,
    }

    fn flags(given: &[&str]) -> ArgMatches {
        with_settings::<Settings>(Command::new("x")).get_matches_from([&["x"], given].concat())
    }

    fn values(given: &[&str], dot_env: &str) -> Values {
        let (flags, dot_env) = (flags(given), DotEnv::parse(dot_env));
        Values::find::<Settings>(&flags, &[].into(), &dot_env).expect("values")
    }

    #[test]
    fn printed_env_file_is_read_as_it_was() {
        for value in
            ["plain", "two words", "a#b", "a #b", "$HOME", "it's", r#"it's "$x" \n"#, r"a\b"]
        {
            let printed = env_file(&values(&["--name", value], ""));
            assert_eq!(values(&[], &printed).settings[0].text, value, "{printed}");
        }
    }

    #[test]
    fn default_is_commented_out() {
        assert_eq!(env_file(&values(&[], "")), "# The name. Takes a | b.\n#AUTH_NAME=none\n");
    }

    #[test]
    fn page_has_a_row_for_each_setting_and_no_cell_ends_early() {
        let page = page(&values(&[], ""));
        let rows: Vec<_> = page.lines().skip(2).collect();
        assert_eq!(rows, [r"| `AUTH_NAME` | `--name` | `none` | a \| b | The name |"]);
    }

    #[test]
    fn password_is_never_shown() {
        for (url, expected) in [
            ("postgres://u:s3@cret@db:5432/auth", "postgres://u:***@db:5432/auth"),
            ("postgres://u@db/auth", "postgres://u@db/auth"),
            ("sqlite://data/a:b@c.db", "sqlite://data/a:b@c.db"),
        ] {
            let values = values(&[], &format!("AUTH_NAME={url}"));
            assert_eq!(Row::of(&values.settings[0]).value.as_deref(), Some(expected));
        }
    }
}
