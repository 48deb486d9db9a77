//! The running authorization server: what every step of the flow needs.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use super::audit::audit;
#[cfg(feature = "fetch")]
use super::client_document::Documents;
use super::clients::Client;
use super::clock::SharedClock;
use super::config::{Config, LONGEST_ACCESS_TOKEN};
use super::dpop::Nonces;
#[cfg(feature = "fetch")]
use super::fetch::Fetcher;
use super::gate::Gate;
use super::hashing::Hasher;
use super::keys::{self, KeySet};
use super::scope::Scopes;
use super::secret::DeriveKey;
use super::throttle::Lines;
#[cfg(feature = "fetch")]
use super::upstream::Upstream;
use super::{Site, clock, demo, preregistered, user_store};
use crate::settings::{Proxies, Settings, SettingsError};
use crate::store::{Millis, Retention, Store, StoreError};

/// How often revocations and keys of other processes are looked for.
const POLL: Duration = Duration::from_secs(5);

/// How often what has expired is swept up, by one of the servers on a store.
const SWEEP: Duration = Duration::from_secs(60);

/// What was revoked so long before the last look is looked for once more: the transaction may have taken its time.
const OVERLAP: i64 = 60_000;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The embedded authorization server and the resource server in front of the endpoint.
pub(crate) struct Server {
    pub(crate) site: Site,
    /// The issuer identifier, byte-equal wherever it stands.
    pub(crate) issuer: String,
    /// The resource identifier, the `aud` of every token.
    pub(crate) resource: String,
    pub(crate) config: Config,
    pub(crate) scopes: Scopes,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) derive: DeriveKey,
    pub(crate) hasher: Hasher,
    pub(crate) lines: Lines,
    pub(crate) gate: Gate,
    pub(super) clock: Arc<SharedClock>,
    /// Those of the configuration.
    pub(crate) clients: Vec<Client>,
    /// What others published; `None` where nothing can be fetched.
    #[cfg(feature = "fetch")]
    pub(crate) documents: Option<Documents>,
    /// Who may say from where a request came.
    pub(crate) proxies: Proxies,
    /// Where users sign in, if that is not here.
    #[cfg(feature = "fetch")]
    pub(crate) upstream: Option<Upstream>,
    keys: RwLock<Arc<KeySet>>,
    looked_at: AtomicI64,
    banner: Vec<String>,
}

impl Server {
    /// Prepares keys and demo users in the store.
    ///
    /// # Errors
    /// A setting that cannot be used, or the store's trouble, in one sentence.
    pub(crate) async fn start(
        config: Config,
        site: &Site,
        settings: &Settings,
        store: Arc<dyn Store>,
        extra_scopes: Vec<String>,
    ) -> Result<Arc<Self>, SettingsError> {
        config.check()?;
        let scopes = Scopes::new(&config.scopes, &config.implied, extra_scopes)?;
        let clients = preregistered::read(&config)?;
        #[cfg(feature = "fetch")]
        let fetcher = Fetcher::new(&config.outbound)?;
        #[cfg(feature = "fetch")]
        let upstream = (config.provider.clone())
            .map(|provider| Upstream::new(provider, fetcher.clone(), config.clock.clone()))
            .transpose()?;
        keys::install_backend();
        let trouble = |e: StoreError| {
            SettingsError::new(format!(
                "the server cannot start because {e}: check DATABASE_URL and the database behind it"
            ))
        };
        let clock = SharedClock::of(config.clock.clone(), &*store).await;
        let clock = Arc::new(clock.map_err(trouble)?);
        #[cfg(feature = "fetch")]
        let documents =
            fetcher.map(|fetcher| Documents::new(fetcher, store.clone(), clock.clone()));
        let now = clock.now();
        KeySet::bootstrap(&*store, now).await.map_err(trouble)?;
        let keys = KeySet::load(&*store, now).await.map_err(trouble)?;
        let derive = keys::derive_key(&*store, now).await.map_err(trouble)?;
        let mut server = Self {
            issuer: site.url.to_string(),
            resource: site.resource(),
            gate: Gate::new(site, scopes.base()),
            site: site.clone(),
            scopes,
            derive,
            hasher: Hasher::new(settings.password_peppers.clone()),
            proxies: settings.trusted_proxies.clone(),
            lines: Lines::default(),
            clock,
            clients,
            #[cfg(feature = "fetch")]
            documents,
            #[cfg(feature = "fetch")]
            upstream,
            keys: RwLock::new(Arc::new(keys)),
            looked_at: AtomicI64::new(0),
            banner: vec![
                "auth    embedded OAuth 2.1 server with a sign-in page".into(),
                format!("account {}", site.url.join("/account")),
                format!("store   {}", store.place()),
            ],
            store,
            config,
        };
        #[cfg(feature = "fetch")]
        if server.documents.is_none() {
            let text = "no certificate authorities were found (install ca-certificates): clients \
                        named by a URL are unknown here";
            tracing::warn!("{text}");
            server.banner.push(format!("warning {text}"));
        }
        if !site.url.is_https() && !site.url.is_loopback() {
            tracing::warn!(url = %site.url, "ALLOW_INSECURE_HTTP: passwords and tokens travel unencrypted");
            server.banner.push(
                "warning plain http (ALLOW_INSECURE_HTTP): passwords and tokens travel unencrypted"
                    .into(),
            );
        }
        if server.config.users.is_none() {
            let forgotten = user_store::forget_outsiders(&server).await;
            forgotten.map_err(trouble)?;
            let said = demo::settle(&server).await?;
            server.banner.extend(said);
        } else {
            server.banner.push("users   the application's own".into());
        }
        server.look_around().await.map_err(trouble)?;
        Ok(Arc::new(server))
    }

    /// The present, as the store has it.
    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Whether nobody but this machine reaches the server, as far as its settings say.
    pub(crate) fn is_private(&self) -> bool {
        self.site.loopback_bind && self.site.url.is_loopback()
    }

    /// Until when a revocation made now must be remembered.
    pub(crate) fn denied_until(&self) -> Millis {
        self.now() + clock::millis(LONGEST_ACCESS_TOKEN) + 60_000
    }

    /// The keys as they were last seen.
    pub(crate) fn keys(&self) -> Arc<KeySet> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether nobody came with this name before, here or at another replica, within so many seconds.
    pub(crate) async fn first_time(&self, name: &str, seconds: i64) -> Result<bool, StoreError> {
        let name = super::secret::digest(&format!("once {name}"));
        let (count, _) = self
            .store
            .bump_counter(&name, 1, seconds * 1000, self.now())
            .await?;
        Ok(count == 1)
    }

    /// The nonces that clients' proofs must have, where they must.
    pub(crate) fn nonces(&self) -> Option<Nonces<'_>> {
        self.config.dpop_nonces.then_some(Nonces(&self.derive))
    }

    /// The nonce for a client's next proof.
    pub(crate) fn proof_nonce(&self) -> Option<String> {
        Some(self.nonces()?.now(self.now()))
    }

    /// The name of the provider at which users sign in, if that is not here.
    pub(crate) fn provider(&self) -> Option<String> {
        #[cfg(feature = "fetch")]
        return self.upstream.as_ref().map(Upstream::name);
        #[cfg(not(feature = "fetch"))]
        None
    }

    /// Ends a grant, here at once and elsewhere within a poll.
    pub(crate) async fn revoke_grant(&self, id: &str) -> Result<bool, StoreError> {
        let revoked = self
            .store
            .revoke_grant(id, self.now(), self.denied_until())
            .await?;
        self.gate.deny(id, self.denied_until());
        Ok(revoked)
    }

    /// Whether a user may still do what they signed in for, as whoever keeps or judges this server's users says; if not,
    /// all that ends.
    pub(crate) async fn still_has(&self, id: &str) -> Result<bool, StoreError> {
        if let Some(users) = &self.config.users {
            return users.still_has(self, id).await;
        }
        #[cfg(feature = "fetch")]
        if let Some(upstream) = &self.upstream {
            return upstream.still_has(self, id).await;
        }
        Ok(true)
    }

    /// Ends all sessions and grants of a user, here at once and elsewhere within a poll.
    pub(crate) async fn end_user(&self, id: &str) -> Result<(), StoreError> {
        let (now, until) = (self.now(), self.denied_until());
        let grants = self.store.list_grants(Some(id), now).await?;
        self.store.end_everything(id, now, until).await?;
        for line in grants {
            self.gate.deny(&line.grant.id, until);
        }
        Ok(())
    }

    /// The lines of the start banner.
    pub(crate) fn banner_lines(&self) -> Vec<String> {
        self.banner.clone()
    }

    /// Takes over what other processes changed: revocations and keys.
    pub(crate) async fn look_around(&self) -> Result<(), StoreError> {
        self.clock.set(&*self.store).await?;
        let now = self.now();
        let since = self.looked_at.load(Ordering::Relaxed) - OVERLAP;
        let news = self.store.revocations(since, now).await?;
        self.gate.deny_all(news, now);
        self.looked_at.store(now, Ordering::Relaxed);
        let fresh = KeySet::load(&*self.store, now).await?;
        if !fresh.same_as(&self.keys()) {
            audit!(info, "keys changed", newest = fresh.newest());
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
            // A token of a dropped key must not live on in the cache.
            self.gate.forget_tokens();
        }
        Ok(())
    }

    /// Deletes what nothing can use any more.
    pub(crate) async fn sweep(&self) -> Result<u64, StoreError> {
        let now = self.now();
        let limits = Retention {
            now,
            unused_clients_before: now - DAY,
            idle_clients_before: now - 90 * DAY,
            ended_before: now - DAY,
        };
        // Batches keep each transaction short; all of them together keep up with whoever fills the tables.
        let mut gone = 0;
        loop {
            match self.store.collect_expired(limits, 500).await? {
                0 => return Ok(gone),
                batch => gone += batch,
            }
        }
    }

    /// Looks around and sweeps until the server is dropped.
    pub(crate) fn keep_house(self: &Arc<Self>) {
        let server: Weak<Self> = Arc::downgrade(self);
        let store = self.store.clone();
        tokio::spawn(async move {
            let mut failing = HashSet::new();
            let mut swept: Option<Instant> = None;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    () = store.changed() => {}
                }
                let Some(server) = server.upgrade() else {
                    return;
                };
                let looked = server.look_around().await;
                report(&mut failing, "look for revocations", looked);
                if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                    swept = Some(Instant::now());
                    report(&mut failing, "sweep", server.sweep_in_turn().await);
                }
            }
        });
    }

    /// Sweeps unless another server on the store did so a moment ago.
    async fn sweep_in_turn(&self) -> Result<(), StoreError> {
        let pause = clock::millis(SWEEP) / 2;
        let (turn, _) = self
            .store
            .bump_counter("sweep", 1, pause, self.now())
            .await?;
        if turn == 1 {
            self.sweep().await?;
        }
        Ok(())
    }
}

/// Logs the first failure of a row only: a store that is away for an hour is one event.
fn report(failing: &mut HashSet<&'static str>, what: &'static str, done: Result<(), StoreError>) {
    match done {
        Ok(()) => {
            failing.remove(what);
        }
        Err(error) => {
            if failing.insert(what) {
                tracing::error!(%error, "cannot {what}; trying on");
            }
        }
    }
}
