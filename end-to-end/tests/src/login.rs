//! The start-up warning of an issuer with log-in errors that reveal existing accounts.

use support::pair::Pair;

#[test]
fn start_warns_once_of_distinct_login_errors() {
    let warnings = |errors| {
        let mut pair = Pair::prepare();
        pair.set("AUTH_LOGIN_ERRORS", errors);
        pair.auth.start();
        // The end of the process writes the remaining lines.
        pair.auth.stop();
        pair.auth.log().lines().filter(|line| line.contains("AUTH_LOGIN_ERRORS")).count()
    };
    assert_eq!((warnings("distinct"), warnings("uniform")), (1, 0));
}
