//! Tests with an issuer that is down or breaks the contract, a full disk and a wrong clock.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use signet_contract::events::{Change, Event, FeedPage};
use signet_guard::GuardConfig;
use signet_verifier::Refusal;

use super::setup::{ANN, LAPTOP, PHONE, REVOKED, Setup, Shifted, refusal, until};

const UNAVAILABLE: Option<Refusal> = Some(Refusal::Unavailable { retry_after: 1 });

#[actix_web::test]
async fn outage_refuses_no_request_and_later_changes_apply_at_once() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let phone = setup.user(ANN, PHONE, &["user"]);
    setup.issuer.go_down().await;
    until("noticed", || guard.status().feed.last_error.is_some()).await;
    assert_eq!(refusal(&guard, &phone).await, None);
    assert!(guard.status().ready());
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    setup.issuer.come_back().await;
    let back = Instant::now();
    setup.caught_up(&guard).await;
    assert!(back.elapsed() < Duration::from_secs(10), "{:?}", back.elapsed());
    assert_eq!(refusal(&guard, &phone).await, REVOKED);
    assert_eq!(guard.status().feed.last_error, None);
}

#[actix_web::test]
async fn guard_restarted_during_an_outage_serves_from_its_replica() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let phone = setup.user(ANN, PHONE, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    setup.caught_up(&guard).await;
    guard.stop().await;
    setup.issuer.go_down().await;
    let began = Instant::now();
    let again = setup.guard().await;
    until("it serves", || again.status().serving).await;
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(refusal(&again, &phone).await, REVOKED);
    assert_eq!(refusal(&again, &setup.user(ANN, LAPTOP, &["user"])).await, None);
}

#[actix_web::test]
async fn a_fresh_guard_waits_for_the_issuer() {
    let setup = Setup::new();
    setup.issuer.go_down().await;
    let guard = setup.guard().await;
    let token = setup.user(ANN, PHONE, &["user"]);
    until("it has tried", || guard.status().feed.last_error.is_some()).await;
    assert_eq!(refusal(&guard, &token).await, UNAVAILABLE);
    setup.issuer.come_back().await;
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &token).await, None);
}

#[actix_web::test]
async fn guard_serves_only_after_it_caught_up_with_a_reachable_issuer() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    guard.stop().await;
    let phone = setup.user(ANN, PHONE, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    let again = setup.guard().await;
    // However early the request is, the token is never admitted.
    loop {
        let judged = refusal(&again, &phone).await;
        if judged == REVOKED {
            break;
        }
        assert_eq!(judged, UNAVAILABLE);
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn guard_starts_to_serve_within_a_second_of_its_secret_file() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    guard.stop().await;
    std::fs::remove_file(&setup.secret_file).expect("removed");
    let again = setup.guard().await;
    let told = || again.status().feed.last_error.unwrap_or_default();
    until("told", || told().contains("secret")).await;
    assert!(!told().contains('/'), "a path is told: {}", told());
    assert!(!again.status().serving, "the issuer is there, but can't be asked");
    // As an editor of Windows saves it.
    std::fs::write(&setup.secret_file, "\u{feff}correct\r\n").expect("written");
    let written = Instant::now();
    setup.caught_up(&again).await;
    assert!(written.elapsed() < Duration::from_secs(5));
}

#[actix_web::test]
async fn replaced_client_secret_is_read_again() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    setup.issuer.with(|state| state.secret = "other".into());
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    let told = || guard.status().feed.last_error.unwrap_or_default();
    until("refused", || told().contains("invalid_client")).await;
    assert!(!told().contains("correct"), "no secret is told");
    std::fs::write(&setup.secret_file, "other").expect("written");
    setup.caught_up(&guard).await;
}

#[actix_web::test]
async fn malformed_feed_answer_is_refused_completely() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    // The guard's position at the first invalid answer.
    let held = setup.position() + 1;
    let event = |seq: u64, sid: &str| {
        let at = "2026-01-02T03:04:05Z";
        format!(
            r#"{{"seq":{seq},"at":"{at}","type":"session.revoked","sid":"{sid}","public_id":"{ANN}"}}"#
        )
    };
    let (first, bad) = (event(held + 1, &PHONE.to_string()), event(held + 2, "no-uuid"));
    let gap = event(held + 2, &PHONE.to_string());
    setup.issuer.with(|state| {
        state.lies = vec![
            format!(r#"{{"events":[{gap}],"next":{},"oldest":1}}"#, held + 2),
            format!(r#"{{"events":[{first},{bad}],"next":{},"oldest":1}}"#, held + 2),
            format!(r#"{{"events":[{first}],"next":{}"#, held + 1),
            "x".repeat(17 * 1024 * 1024),
        ];
    });
    // Ends the call that is held open; the next answers are invalid.
    let laptop = setup.user(ANN, LAPTOP, &["user"]);
    setup.issuer.tell(Change::SessionRevoked { sid: LAPTOP, public_id: ANN });
    until("told", || setup.issuer.with(|state| state.lies.is_empty())).await;
    until("refused", || guard.status().feed.last_error.is_some()).await;
    assert!(guard.status().feed.position <= Some(held), "nothing of them");
    setup.caught_up(&guard).await;
    assert_eq!(refusal(&guard, &setup.user(ANN, PHONE, &["user"])).await, None, "nothing of them");
    assert_eq!(refusal(&guard, &laptop).await, REVOKED);
}

#[actix_web::test]
async fn logout_counts_on_a_full_disk_and_is_stored_later() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    let phone = setup.user(ANN, PHONE, &["user"]);
    setup.store.full(true);
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    until("told", || guard.status().feed.last_error.is_some()).await;
    let told = guard.status().feed.last_error;
    assert_eq!(told.as_deref(), Some("the store can't be written"), "what the store says of it");
    assert_eq!(refusal(&guard, &phone).await, REVOKED);
    assert!(guard.status().feed.position < Some(setup.position()));
    setup.store.full(false);
    setup.caught_up(&guard).await;
}

#[actix_web::test]
async fn held_state_is_trusted_until_the_staleness_limit() {
    let mut setup = Setup::new();
    let clock = Arc::new(Shifted(AtomicI64::new(0)));
    setup.clock = Arc::clone(&clock) as _;
    let guard = setup.serving().await;
    setup.issuer.with(|state| state.feed_status = Some(StatusCode::BAD_GATEWAY));
    setup.issuer.go_down().await;
    until("noticed", || guard.status().feed.last_error.is_some()).await;
    clock.by(23 * 3_600);
    assert_eq!(refusal(&guard, &setup.user(ANN, PHONE, &["user"])).await, None);
    clock.by(25 * 3_600);
    assert_eq!(refusal(&guard, &setup.user(ANN, PHONE, &["user"])).await, UNAVAILABLE);
    let status = guard.status();
    assert!(!status.serving && !status.keys.trusted && !status.feed.trusted);
    guard.stop().await;
    let again = setup.guard().await;
    until("it has tried", || again.status().feed.last_error.is_some()).await;
    assert_eq!(refusal(&again, &setup.user(ANN, PHONE, &["user"])).await, UNAVAILABLE);
    clock.by(0);
    setup.issuer.with(|state| state.feed_status = None);
    setup.issuer.come_back().await;
    setup.caught_up(&again).await;
}

#[actix_web::test]
async fn guard_past_the_staleness_limit_serves_only_after_it_caught_up() {
    let mut setup = Setup::new();
    let clock = Arc::new(Shifted(AtomicI64::new(0)));
    setup.clock = Arc::clone(&clock) as _;
    setup.serving().await.stop().await;
    // Changes of a day ago fill a page and more, and the issuer fails after the first page.
    let at = setup.clock.now();
    let first = setup.position() + 1;
    let events: Vec<_> = (first..first + 1_000)
        .map(|seq| {
            let sid = uuid::Uuid::from_u128(seq.into());
            Event { seq, at, change: Change::SessionRevoked { sid, public_id: ANN } }
        })
        .collect();
    let page = FeedPage { next: first + 999, oldest: 1, events };
    clock.by(25 * 3_600);
    setup.issuer.with(|state| {
        state.lies = vec![String::new(); 1_000];
        state.lies.push(serde_json::to_string(&page).expect("JSON"));
    });
    let guard = setup.guard().await;
    until("it lost the issuer", || guard.status().feed.last_error.is_some()).await;
    assert_eq!(guard.status().feed.position, Some(page.next));
    until("it holds keys", || guard.status().keys.trusted).await;
    let status = guard.status();
    assert!(!status.feed.trusted && !status.serving, "{:?}", status.feed);
}

#[actix_web::test]
async fn guard_with_a_hanging_issuer_serves_within_two_seconds() {
    let setup = Setup::new();
    setup.serving().await.stop().await;
    // It accepts connections, as the system does for a stopped process, and sends nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = silent.local_addr().expect("its address");
    let auth_url = format!("http://{address}").parse().expect("an address");
    let began = Instant::now();
    let guard = setup.guard_with(GuardConfig { auth_url, ..setup.config() }).await;
    until("it serves", || guard.status().serving).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(refusal(&guard, &setup.user(ANN, PHONE, &["user"])).await, None);
}

#[actix_web::test]
async fn a_guard_catches_up_within_a_second_of_the_end_of_a_proxy_s_502() {
    let setup = Setup::new();
    let guard = setup.serving().await;
    setup.issuer.with(|state| state.feed_status = Some(StatusCode::BAD_GATEWAY));
    // Ends the call that is held open.
    setup.issuer.tell(Change::SessionRevoked { sid: PHONE, public_id: ANN });
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    setup.issuer.with(|state| state.feed_status = None);
    let back = Instant::now();
    setup.caught_up(&guard).await;
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
}
