//! Bodies over the limit on real connections. Tests inside the crate cover media types, malformed
//! bodies and the limits (`auth-service/http/src/tests/bodies.rs`).

use std::time::Duration;

use serde_json::json;
use support::connection::exchange;
use support::pair::Pair;
use support::user::User;

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn body_over_sixteen_kib_is_refused_before_it_is_read() {
    let mut pair = Pair::prepare();
    pair.auth.start();
    let user = User::new("Ada");
    let padded = |length: usize| {
        let body = json!({"name": user.name, "email": user.email, "password": user.password});
        format!("{body}{}", " ".repeat(length - body.to_string().len()))
    };
    let fields = [("name", "n"), ("email", "e"), ("password", &*"p".repeat(17_000))];
    pair.auth.post("/signup").multipart(&fields).send().problem(413);
    let head = "POST /signup HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                content-type: application/json\r\n";
    // A too large `content-length` alone is refused; waiting for the body would end with 408.
    let promised = format!("{head}content-length: 1000000000\r\n\r\n{{");
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(4));
    // A client that sends everything before it reads still gets the answer, and no reset.
    let sent = [head, "content-length: 1000000\r\n\r\n", &" ".repeat(1_000_000)].concat();
    for request in [promised, chunked, sent] {
        let answer = exchange(pair.auth.address(), request.as_bytes(), PATIENCE);
        assert_eq!(answer.statuses(), [413], "{answer:?}");
    }

    let at_most = pair.auth.post("/signup").body("application/json", padded(16 * 1_024));
    at_most.send().expect(201);
}
