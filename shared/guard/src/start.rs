//! The start of a guard: from stored data to running tasks.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;
use tokio::time::Instant;

use super::feed::{FeedView, Reader, Writer};
use super::freshness::Stamp;
use super::issuer_client::IssuerClient;
use super::keys::{HttpSource, KeyCache, Owner};
use super::pace::Pace;
use super::refusals::Tally;
use super::revocations::Revocations;
use super::self_check::SelfCheck;
use super::stop::Stop;
use super::transport::{Skew, Transport};
use super::{Guard, GuardConfig, GuardError, GuardStore, Inner, StoreError, address};
use signet_contract::clock::Clock;
use signet_verifier::{Verdicts, parse_key_set};

/// The number of verified tokens that are remembered, at about half a kilobyte each.
const VERDICTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(50_000 - 1);

impl Guard {
    /// Starts the guard's tasks on the current tokio runtime and returns at once. Until the issuer
    /// answers or is unreachable, [`admit`](Self::admit) returns [`Refusal::Unavailable`].
    ///
    /// # Errors
    ///
    /// If the address can't be used or the store can't be read.
    pub async fn start(
        config: GuardConfig,
        store: Arc<dyn GuardStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GuardError> {
        address::check(&config.auth_url, &config.allow_http)?;
        let loading = Arc::clone(&store);
        let held = tokio::task::spawn_blocking(move || loading.load()).await;
        let held = held.map_err(StoreError::new)??;

        let longest_life = config.max_token_life.saturating_add(config.leeway);
        let mut revocations = Revocations::new(longest_life);
        let now = Instant::now();
        let forget: Vec<_> =
            held.revocations.iter().flat_map(|event| revocations.apply(event, now)).collect();
        let saved = held.keys.and_then(|saved| match parse_key_set(saved.text.as_bytes()) {
            Ok(set) => Some((set.keys, saved.etag, Stamp::noted(saved.fetched_at, &*clock))),
            Err(error) => {
                tracing::warn!(%error, "the stored key set is damaged; the guard fetches a new one");
                None
            }
        });
        let (parsed, etag, fetched) = match saved {
            Some((parsed, etag, fetched)) => (parsed, etag, Some(fetched)),
            None => (Vec::new(), None, None),
        };
        let keys = KeyCache::new(parsed, fetched, revocations.kids());
        let contact = held.feed_contact.map(|contact| Stamp::noted(contact, &*clock));
        let feed = FeedView::new(held.position, contact);
        let transport = Transport::new(Arc::clone(&clock))?;
        let directory = store.has_directory().then(|| Arc::clone(&store));
        let skew = transport.skew();
        let inner = Inner::new(&config, clock, directory, keys, feed, revocations, skew);
        let inner = Arc::new(inner);

        let pace = Pace::of(config.max_staleness);
        let owner = Owner::new(
            Arc::clone(&inner.keys),
            HttpSource::new(transport.clone(), &config.auth_url),
            Arc::clone(&store),
            Arc::clone(&inner.clock),
            etag,
            pace,
        );
        let writer = Writer::new(
            store,
            Arc::clone(&inner.clock),
            Arc::clone(&inner.keys),
            Arc::clone(&inner.verdicts),
            Arc::clone(&inner.revocations),
            forget,
            pace,
        );
        let client = Arc::new(IssuerClient::new(transport, &config, Arc::clone(&inner.check)));
        let reader = Reader::new(
            Arc::clone(&client),
            Arc::clone(&inner.keys),
            Arc::clone(&inner.feed),
            Arc::clone(&inner.clock),
            held.instance,
            writer,
            pace,
        );
        let stop = || Stop::of(&inner.stop);
        let check = Arc::clone(&inner.check).run(client, Arc::downgrade(&inner), stop());
        let tasks = vec![
            tokio::spawn(owner.run(stop())),
            tokio::spawn(reader.run(stop())),
            tokio::spawn(check),
        ];
        *inner.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
        Ok(Self { inner, rules: Arc::default() })
    }
}

impl Inner {
    /// Creates the state of a guard that holds this data, without tasks.
    pub(super) fn new(
        config: &GuardConfig,
        clock: Arc<dyn Clock>,
        directory: Option<Arc<dyn GuardStore>>,
        keys: KeyCache,
        feed: FeedView,
        revocations: Revocations,
        skew: Skew,
    ) -> Self {
        let profile = config.profile();
        let keys = Arc::new(keys);
        let check = SelfCheck::new(profile.clone(), config.leeway, Arc::clone(&keys), skew.clone());
        Self {
            profile,
            max_staleness: config.max_staleness,
            clock,
            directory,
            keys,
            verdicts: Arc::new(Verdicts::new(VERDICTS)),
            revocations: Arc::new(RwLock::new(revocations)),
            feed: Arc::new(feed),
            skew,
            check: Arc::new(check),
            tally: Tally::default(),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
        }
    }
}
