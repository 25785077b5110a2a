//! Settings, shown: what `check-config` prints, and the documented `.env` file.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Serialize;

use super::{Setting, Values};

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

/// A `.env` file that documents every one of `settings`, each at its default.
pub fn env_file(settings: &[Setting]) -> String {
    settings.iter().map(|setting| setting.env_lines(None)).collect::<Vec<_>>().join("\n")
}
