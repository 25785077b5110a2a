//! The settings of the log: its levels and its format.

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// The target of the spans around requests. They are always enabled: a filter selects lines, and
/// each line has its request.
pub(super) const SPAN_TARGET: &str = "request";

/// The directives before those of the setting, which can replace them. The HTTP libraries log what
/// clients send, also at `error`; the server library logs its threads at `info`.
const LIBRARIES: &str = "actix_http=off,actix_multipart=off,actix_router=off,actix_web=warn,\
    actix_cors=warn,actix_server=warn";

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object.
    Json,
}

/// The levels of the log: a level, or a list of directives such as `info,auth_http=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// Parses a filter.
    ///
    /// # Errors
    ///
    /// A directive is malformed, or it is a single word that is no level. `tracing-subscriber` reads
    /// such a word as a part of the program, so a typing error would end all other lines.
    pub fn parse(text: &str) -> Result<Self, String> {
        let directives: Vec<_> = text.split(',').map(str::trim).collect();
        for directive in &directives {
            let is_level = directive.parse::<LevelFilter>().is_ok() && !directive.is_empty();
            if !is_level && !directive.contains(['=', '[']) {
                return Err("has a part that is no level and no TARGET=LEVEL".into());
            }
        }
        let text = directives.join(",");
        EnvFilter::builder().parse(&text).map_err(|_| "has a part that is no TARGET=LEVEL")?;
        Ok(Self(text))
    }

    /// Returns the filter of the subscriber.
    pub(super) fn directives(&self) -> EnvFilter {
        EnvFilter::new(format!("{LIBRARIES},{},{SPAN_TARGET}=error", self.0))
    }
}

/// Both settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The levels.
    pub filter: LogFilter,
    /// The form of a line.
    pub format: LogFormat,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_is_a_level_or_a_list_of_directives() {
        for good in ["info", "WARN", "off", "debug,hyper=warn", "auth_http=debug", "info, a::b=off"]
        {
            assert!(LogFilter::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["inof", "verbose", "", ",", "info,", "info,hyper", "auth_http=loud", "=", "a=b=c"]
        {
            assert!(LogFilter::parse(bad).is_err(), "{bad}");
        }
    }
}
