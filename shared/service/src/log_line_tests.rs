//! Lines of the log, as text and as JSON.

use std::sync::{Arc, Mutex};

use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// Returns the lines that `log` writes, without their times.
fn lines(format: LogFormat, log: impl FnOnce()) -> Vec<String> {
    let written = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&written);
    let write = move |line: &str| sink.lock().expect("a lock").push_str(line);
    let layer = LineLayer { format, colours: false, write };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
    let written = written.lock().expect("a lock");
    written.lines().map(str::to_owned).collect()
}

fn text(log: impl FnOnce()) -> String {
    let lines = lines(LogFormat::Text, log);
    let [line] = &lines[..] else { panic!("one line: {lines:?}") };
    let (time, rest) = line.split_once(' ').expect("a time");
    assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
    rest.to_owned()
}

fn json(log: impl FnOnce()) -> Map<String, Value> {
    let lines = lines(LogFormat::Json, log);
    let [line] = &lines[..] else { panic!("one line: {lines:?}") };
    let mut object: Map<String, Value> = serde_json::from_str(line).expect("an object");
    let time = object.shift_remove("timestamp").expect("a time");
    let time = time.as_str().expect("a text").to_owned();
    OffsetDateTime::parse(&time, &time::format_description::well_known::Rfc3339).expect("RFC 3339");
    object
}

#[test]
fn text_line_quotes_values_that_are_not_one_word() {
    let line = text(|| {
        tracing::info!(outcome = "ok", why = "a b", empty = "", pair = "a=b", n = 3, "log-in");
    });
    assert_eq!(line, r#" INFO log-in outcome=ok why="a b" empty="" pair="a=b" n=3"#);
}

#[test]
fn json_line_is_one_flat_object() {
    let object = json(|| tracing::warn!(n = -3, big = 7_u64, yes = true, "a \"message\""));
    let expected = serde_json::json!({
        "level": "WARN", "message": "a \"message\"", "n": -3, "big": 7, "yes": true,
    });
    assert_eq!(Value::from(object), expected);
}

#[test]
fn fields_of_the_spans_around_a_line_follow_its_own() {
    let log = || {
        let outer = tracing::error_span!("request", request_id = "r-1", trace_id = "t-1");
        let _outer = outer.enter();
        let inner = tracing::info_span!("step", part = "inner", later = tracing::field::Empty);
        inner.record("later", 5);
        inner.in_scope(|| tracing::info!(own = 1, "done"));
    };
    assert_eq!(text(log), " INFO done own=1 part=inner later=5 request_id=r-1 trace_id=t-1");
    let object = json(log);
    assert_eq!((&object["request_id"], &object["trace_id"]), (&"r-1".into(), &"t-1".into()));
}

#[test]
fn field_never_replaces_another_one_in_json() {
    let object = json(|| {
        let _span = tracing::error_span!("request", request_id = "right").entered();
        tracing::info!(level = "forged", timestamp = "forged", request_id = "own", "m");
    });
    assert_eq!(object["level"], "INFO");
    assert_eq!(object["request_id"], "own");
}

#[test]
fn value_is_cut_at_200_bytes_whatever_its_type() {
    let long = "é".repeat(20_000);
    let error = std::io::Error::other(long.clone());
    let write = || {
        let _span = tracing::error_span!("request", around = &*long).entered();
        let error: &(dyn Error + 'static) = &error;
        tracing::info!(as_str = &*long, display = %long, debug = ?long, error, "m");
    };
    let object = json(write);
    for name in ["as_str", "display", "debug", "error", "around"] {
        let value = object[name].as_str().expect("a text");
        assert!(value.len() <= 200 && value.len() > 190 && value.ends_with('…'), "{name}: {value}");
    }
    assert!(text(write).len() < 1_200);
    let fits = "x".repeat(200);
    assert_eq!(json(|| tracing::info!(fits, "m"))["fits"], *fits);
}

#[test]
fn message_is_cut_and_a_backtrace_is_whole() {
    let long = "x".repeat(30_000);
    let object = json(|| tracing::info!({ BACKTRACE } = &*long, "{long}"));
    assert_eq!(object[BACKTRACE].as_str().map(str::len), Some(30_000));
    assert_eq!(object["message"].as_str().map(str::len), Some(2_000));
}

#[test]
fn control_characters_stay_within_a_line() {
    let evil = "a\r\n2030-01-01T00:00:00Z  INFO forged \u{1b}[2J\u{9b}2J\u{7f}\u{202e}";
    let log = || tracing::info!(field = evil, display = %evil, "{evil}");
    let visible = |line: &str| !line.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\r', '\n']);
    assert!(visible(&text(log)), "{}", text(log));
    let lines = lines(LogFormat::Json, log);
    assert!(lines.len() == 1 && visible(&lines[0]), "{lines:?}");
    assert_eq!(json(log)["field"], evil);
}

#[test]
fn line_of_the_crate_log_has_no_source_fields() {
    let fields = json(|| tracing::info!(log.file = "x.rs", log.line = 3, "m"));
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["level", "message"]);
}
