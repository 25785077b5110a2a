//! Settings, shown: what `check-config` prints, the documented `.env` file, the page of settings.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Serialize;

use super::{Origin, Setting, Values};

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The environment variable.
    pub name: &'static str,
    /// The value as found; null if there is none.
    pub value: Option<String>,
    /// Where it was found.
    pub origin: String,
}

/// Every one of `settings` as `values` has it. `shown` takes the secret out of a value that may
/// hold one.
pub fn rows(settings: &[Setting], values: &Values, shown: impl Fn(&str) -> String) -> Vec<Row> {
    let row = |setting: &Setting| {
        let found = values.raw(setting);
        let value = found.map(|(value, _)| {
            let value = if setting.sensitive { shown(value) } else { value.to_owned() };
            value.escape_debug().to_string()
        });
        let origin = found.map_or_else(|| "default".to_owned(), |(_, origin)| origin.to_string());
        Row { name: setting.name, value, origin }
    };
    settings.iter().map(row).collect()
}

/// The rows for people.
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["SETTING", "VALUE", "FROM"]);
    for row in rows {
        table.add_row([row.name, row.value.as_deref().unwrap_or("-"), &row.origin]);
    }
    table.trim_fmt()
}

/// A `.env` file that documents every one of `settings`: with its value, or, commented out, with
/// its default. `shown` takes the secret out of a value that may hold one.
pub fn env_file(settings: &[Setting], values: &Values, shown: impl Fn(&str) -> String) -> String {
    let lines = |setting: &Setting| {
        let given = values.raw(setting).filter(|(_, origin)| *origin != Origin::Default);
        let value = given.map(|(value, _)| {
            quoted(&if setting.sensitive { shown(value) } else { value.to_owned() })
        });
        setting.env_lines(value.as_deref())
    };
    settings.iter().map(lines).collect::<Vec<_>>().join("\n")
}

/// Every one of `settings` as a table in Markdown.
pub fn page(settings: &[Setting]) -> String {
    let head =
        "| setting | flag | default | takes | what it is for |\n| --- | --- | --- | --- | --- |\n";
    let row = |setting: &Setting| {
        let default = setting.default.map_or("none".to_owned(), |value| format!("`{value}`"));
        let Setting { name, takes, help, .. } = setting;
        let cells = [format!("`{name}`"), format!("`--{}`", setting.flag()), default];
        let cells = cells.into_iter().chain([(*takes).to_owned(), (*help).to_owned()]);
        // A bar would end the cell.
        let cells = cells.map(|cell| cell.replace('|', r"\|"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    head.to_owned() + &settings.iter().map(row).collect::<String>()
}

/// A value as a `.env` file must hold it to be read as it is.
fn quoted(value: &str) -> String {
    if value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/,@+-%[]".contains(c)) {
        return value.to_owned();
    }
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let escape = |c: char| match c {
        '\\' | '"' | '$' => format!("\\{c}"),
        c => c.to_string(),
    };
    format!("\"{}\"", value.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::super::DotEnv;
    use super::super::sources::Environment;
    use super::*;

    const NAME: Setting = Setting {
        name: "AUTH_NAME",
        default: Some("none"),
        takes: "a text",
        help: "What it is called",
        sensitive: false,
    };

    struct Fixed(Option<&'static str>);

    impl Environment for Fixed {
        fn var(&self, _: &str) -> Result<Option<String>, ()> {
            Ok(self.0.map(str::to_owned))
        }
    }

    fn values(variable: Option<&'static str>, dot_env: &DotEnv) -> Values {
        let flags = Command::new("x").get_matches_from(["x"]);
        Values::find(&[NAME], &flags, &Fixed(variable), dot_env).expect("values")
    }

    #[test]
    fn a_printed_env_file_is_read_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        for value in ["plain", "two words", "a#b", "$HOME", "it's", r#"it's "$x" \n"#, r"a\b"] {
            let printed =
                env_file(&[NAME], &values(Some(value), &DotEnv::default()), str::to_owned);
            std::fs::write(&path, &printed).expect("written");
            let read = values(None, &DotEnv::read(&path).expect("readable"));
            assert_eq!(read.raw(&NAME), Some((value, Origin::DotEnv)), "{printed}");
        }
    }

    #[test]
    fn a_default_is_commented_out() {
        let printed = env_file(&[NAME], &values(None, &DotEnv::default()), str::to_owned);
        assert_eq!(printed, "# What it is called. Takes a text.\n#AUTH_NAME=none\n");
    }

    #[test]
    fn a_page_has_a_row_for_each_setting_and_no_cell_ends_early() {
        let page = page(&[NAME, Setting { default: None, takes: "a | b", ..NAME }]);
        let rows: Vec<_> = page.lines().skip(2).collect();
        assert_eq!(rows[0], "| `AUTH_NAME` | `--name` | `none` | a text | What it is called |");
        assert_eq!(rows[1], r"| `AUTH_NAME` | `--name` | none | a \| b | What it is called |");
    }
}
