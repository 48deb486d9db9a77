//! Starts real servers in this process, each on a port and a thread of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use mcp_runtime::auth::{Auth, Clock};
use mcp_runtime::settings::SettingsError;
use mcp_runtime::{Items, Settings, mcp_server};
use tokio::sync::oneshot;

use super::{Browser, Database, Door, File};

/// What a server is to be like.
#[derive(Debug)]
pub(crate) struct Setup {
    auth: Auth,
    clock: Clock,
    vars: Vec<(String, String)>,
    items: Items,
}

impl Setup {
    /// Loopback, a store in memory, the users alice and bob, the scopes `read` (base) and `dice:roll`.
    pub(crate) fn new() -> Self {
        Self::without_users().auth(|auth| {
            auth.demo_user("alice", "password123")
                .demo_user("bob", "hunter2")
        })
    }

    pub(crate) fn without_users() -> Self {
        let clock = Clock::manual();
        let auth = Auth::embedded()
            .scope("read", "Read your profile")
            .scope("dice:roll", "Roll dice for you")
            .clock(clock.clone());
        let vars = [("HOST", "127.0.0.1"), ("WORKERS", "2")];
        let vars = vars.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        let items = super::tools::tools();
        Self {
            auth,
            clock,
            vars,
            items,
        }
    }

    pub(crate) fn auth(mut self, change: impl FnOnce(Auth) -> Auth) -> Self {
        self.auth = change(self.auth);
        self
    }

    /// Serves these instead.
    pub(crate) fn serve(mut self, items: Items) -> Self {
        self.items = items;
        self
    }

    /// A server that takes the tokens of an outside issuer.
    pub(crate) fn of_issuer(issuer: &str) -> Self {
        let setup = Self::new();
        let auth = Auth::jwt(issuer).clock(setup.clock.clone());
        setup.auth(|_| auth)
    }

    /// A setting of the environment.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.retain(|(n, _)| n != name);
        self.vars.push((name.into(), value.into()));
        self
    }

    pub(crate) fn on(self, database: &Database) -> Self {
        self.var("DATABASE_URL", &database.url())
    }

    pub(crate) fn on_file(self, file: &File) -> Self {
        self.var("DATABASE_URL", &file.url())
    }

    /// Another server's name and clock: its replica, if it has the same store.
    pub(crate) fn replica_of(self, server: &TestServer) -> Self {
        self.clock(server.clock.clone())
            .var("PUBLIC_URL", &server.base)
    }

    /// Another clock.
    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock.clone();
        self.auth(|auth| auth.clock(clock))
    }

    #[track_caller]
    pub(crate) fn expect_no_start(self) -> String {
        match self.try_start() {
            Ok(server) => panic!("{} started", server.base),
            Err(error) => error.to_string(),
        }
    }

    pub(crate) fn start(self) -> TestServer {
        self.try_start().unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_start(self) -> Result<TestServer, SettingsError> {
        // A public URL of another name hides the port that was bound, so the test chooses it.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let mut setup = self.var("PORT", &address.port().to_string());
        let mut database = None;
        if setup.vars.iter().all(|(name, _)| name != "DATABASE_URL") {
            database = Database::of_no_interest();
            let memory = || "sqlite::memory:".to_owned();
            let url = database.as_ref().map_or_else(memory, Database::url);
            setup = setup.var("DATABASE_URL", &url);
        }
        let Self {
            auth,
            clock,
            vars,
            items,
        } = setup;
        let find = |name: &str| vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let settings = Settings::from_vars(find)?;

        let (started, wait) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = mcp_server!("Test Server")
                    .only(items)
                    .auth(auth)
                    .settings(settings);
                match server.start().await {
                    Err(error) => drop(started.send(Err(error))),
                    Ok(running) => {
                        drop(started.send(Ok(running.base_url())));
                        let _ = stopped.await;
                        running.stop().await;
                    }
                }
            });
        });
        let base = wait
            .recv_timeout(Duration::from_secs(60))
            .expect("an outcome")?;
        let door = Door::new(address, base);
        Ok(TestServer {
            door,
            clock,
            stop: Some(stop),
            thread: Some(thread),
            _database: database,
        })
    }
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct TestServer {
    door: Door,
    pub(crate) clock: Clock,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Dropped when the server is gone.
    _database: Option<Database>,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Setup::new().start()
    }

    pub(crate) fn with(change: impl FnOnce(Auth) -> Auth) -> Self {
        Setup::new().auth(change).start()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.door.clone())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.door.address
    }

    /// The resource identifier, the `aud` of tokens.
    pub(crate) fn resource(&self) -> String {
        self.url("/mcp")
    }
}

impl Deref for TestServer {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A test that failed must not hang on a server that does not stop.
            if !std::thread::panicking() {
                let _ = thread.join();
            }
        }
    }
}
