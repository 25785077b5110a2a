//! The change feed and the directory snapshot, as read by a custom guard.

use std::time::{Duration, Instant};

use serde_json::Value;
use support::client::Client;
use support::pair::Pair;
use support::poll;
use support::user::User;

/// A waiting reader gets an answer within a second of a change; the limit is five times that, for
/// busy machines. It is far below the 25 s after which every wait ends.
const SOON: Duration = Duration::from_secs(5);

/// A reader of the feed.
struct Reader {
    pair: Pair,
    token: String,
}

impl Reader {
    fn start() -> Self {
        let mut pair = Pair::prepare();
        pair.auth.start();
        let token = Client::of_the_guard(&pair.auth).token(&pair.auth);
        Self { pair, token }
    }

    fn get(&self, path: &str) -> Value {
        self.pair.auth.get(path).bearer(&self.token).send().expect(200).json()
    }

    fn position(&self) -> u64 {
        self.get("/directory/users")["position"].as_u64().expect("a position")
    }

    fn page(&self, after: u64, wait: u64) -> Value {
        self.get(&format!("/feed?after={after}&wait={wait}"))
    }

    fn command(&self, arguments: &[&str]) {
        self.pair.auth.command(arguments).done();
    }
}

#[test]
fn long_poll_ends_on_changes_of_server_and_commands() {
    let reader = Reader::start();
    let woken = |change: &(dyn Fn() + Sync)| {
        let after = reader.position();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let page = reader.page(after, 25);
                (page, Instant::now())
            });
            poll::throughout(
                "nothing happens, nothing is answered",
                Duration::from_millis(300),
                || !waiting.is_finished(),
            );
            change();
            let changed = Instant::now();
            let (page, answered) = waiting.join().expect("an answer");
            assert!(!page["events"].as_array().expect("events").is_empty());
            answered.saturating_duration_since(changed)
        })
    };
    let by_server = woken(&|| drop(User::signed_up(&reader.pair.auth, "Ada")));
    assert!(by_server < SOON, "{by_server:?}");
    let by_command = woken(&|| reader.command(&["keys", "generate"]));
    assert!(by_command < SOON, "{by_command:?}");
}
