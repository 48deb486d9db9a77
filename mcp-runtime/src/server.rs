//! The composition root: takes items, state, authorization and settings, and makes a running server of them.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use serde_json::Value;

use crate::auth::{Auth, Site};
use crate::descriptor::Item;
use crate::dispatch::{Dispatcher, ServerInfo};
use crate::extract::{Context, Providers, User};
use crate::registry::{Catalogue, Items};
use crate::result::Error;
use crate::settings::{PublicUrl, Settings, SettingsError};
use crate::transport::http::{self, Endpoint, HttpDoorman};
use crate::transport::testing::TestClient;

/// How long a tool may take unless it says otherwise.
const TOOL_TIMEOUT: Duration = Duration::from_secs(300);
/// How long running calls may go on after a signal to stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// The package that builds a server; [`mcp_server!`](crate::mcp_server) fills it in.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// `CARGO_PKG_NAME`
    pub name: &'static str,
    /// `CARGO_PKG_VERSION`
    pub version: &'static str,
    /// `CARGO_MANIFEST_DIR`
    pub directory: &'static str,
}

/// A server in the making: `mcp_server!("Acme").state(|| async { Db::open() }).run().await`.
///
/// It serves every annotated item of its package, unless [`Server::only`] says which.
#[must_use = "a server does nothing until `run`, `serve`, `start` or `build`"]
pub struct Server {
    package: Package,
    info: ServerInfo,
    only: Option<Vec<Item>>,
    further: Vec<Item>,
    providers: Providers,
    auth: Option<Auth>,
    settings: Option<Settings>,
    tool_timeout: Duration,
}

/// A server that serves the annotated items of the package in which this is written.
#[macro_export]
macro_rules! mcp_server {
    ($name:expr) => {
        $crate::Server::new(
            $name,
            $crate::Package {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                directory: env!("CARGO_MANIFEST_DIR"),
            },
        )
    };
}

impl Server {
    /// A server under this name; [`mcp_server!`](crate::mcp_server) knows the package.
    pub fn new(name: impl Into<String>, package: Package) -> Self {
        Self {
            package,
            info: ServerInfo::new(name.into(), package.version.into()),
            only: None,
            further: Vec::new(),
            providers: Providers::default(),
            auth: None,
            settings: None,
            tool_timeout: TOOL_TIMEOUT,
        }
    }

    /// Serves these items and no others of its package.
    pub fn only(mut self, items: Items) -> Self {
        self.only = Some(items.0);
        self
    }

    /// Serves these items too: a library's, for example.
    pub fn with(mut self, items: Items) -> Self {
        self.further.extend(items.0);
        self
    }

    /// The version to show, in place of the package's.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.info.version = version.into();
        self
    }

    /// The name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.info.title = Some(title.into());
        self
    }

    /// What a model should know of the server as a whole.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.info.instructions = Some(instructions.into());
        self
    }

    /// Advertises an extension of one's own, such as `com.example/search`, with its settings (a JSON object).
    pub fn extension(mut self, name: impl Into<String>, settings: Value) -> Self {
        self.info.extensions.insert(name.into(), settings);
        self
    }

    /// State that tools take by reference, built once when the server starts.
    ///
    /// ```no_run
    /// # use mcp_runtime::prelude::*;
    /// struct Db;
    /// /// Counts the books.
    /// #[mcp_tool]
    /// async fn count_books(db: &Db) -> u32 { 42 }
    ///
    /// # async fn run() -> mcp_runtime::Result<()> {
    /// mcp_server!("Library").state(|| async { Db }).run().await
    /// # }
    /// ```
    pub fn state<T, F, Fut>(self, init: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        self.try_state(move || {
            let state = init();
            async move { Ok(state.await) }
        })
    }

    /// State whose making can fail; then the server does not start, and says why.
    pub fn try_state<T, F, Fut>(mut self, init: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.providers.state(init);
        self
    }

    /// A value that is there already, a trait object too: `.share::<dyn Store>(Arc::new(store))`.
    pub fn share<T: ?Sized + Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.providers.share(value);
        self
    }

    /// A value that is made for each call that takes it by reference, at most once a call.
    pub fn provide<T, F, Fut>(mut self, make: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.providers.per_call(make);
        self
    }

    /// Who may call: [`Auth::embedded`] by default, [`Auth::none`] for everyone.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// These settings in place of the environment's.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// How long a tool may take unless it says otherwise; 300 s by default.
    pub fn tool_timeout(mut self, limit: Duration) -> Self {
        self.tool_timeout = limit;
        self
    }

    /// Does what the command line says: `serve` by default, `--help` lists the rest.
    ///
    /// Without the feature `cli` it serves. A start-up error is shown in one sentence, and the process exits with 2.
    ///
    /// # Errors
    /// The server broke while it ran.
    pub async fn run(self) -> Result<(), Error> {
        #[cfg(feature = "cli")]
        {
            crate::cli::run(self).await
        }
        #[cfg(not(feature = "cli"))]
        {
            match self.serve().await {
                Err(error) => {
                    eprintln!("error: {error}");
                    std::process::exit(2)
                }
                Ok(()) => Ok(()),
            }
        }
    }

    /// Serves over HTTP until a signal stops it.
    ///
    /// # Errors
    /// Why it cannot start, in one sentence that says what to do.
    pub async fn serve(self) -> Result<(), SettingsError> {
        let running = self.start().await?;
        running.banner();
        running.wait().await
    }

    /// Starts to serve over HTTP in the background.
    ///
    /// # Errors
    /// Why it cannot start, in one sentence that says what to do.
    pub async fn start(self) -> Result<Running, SettingsError> {
        let settings = match &self.settings {
            Some(settings) => settings.clone(),
            None => Settings::from_env()?,
        };
        let listeners = bind(&settings)?;
        let port = listeners
            .first()
            .and_then(|l| l.local_addr().ok())
            .map_or(settings.port, |a| a.port());
        let mount = self
            .settings(settings.clone())
            .mount_at(port, &settings)
            .await?;
        let app = mount.clone();
        let mut server = HttpServer::new(move || App::new().configure(|cfg| app.configure(cfg)))
            // Without this, actix runs a call to its end though its client has left.
            .h1_allow_half_closed(false)
            .shutdown_timeout(SHUTDOWN_SECONDS);
        if let Some(workers) = settings.workers {
            server = server.workers(workers);
        }
        for listener in listeners {
            server = server.listen(listener).map_err(|e| {
                SettingsError::new(format!("the port {port} cannot be served: {e}"))
            })?;
        }
        let server = server.run();
        let handle = server.handle();
        let task = actix_web::rt::spawn(server);
        Ok(Running {
            mount,
            handle,
            task,
        })
    }

    /// Builds the server for mounting into an `actix_web::App` of one's own; settings are read as by `serve`.
    ///
    /// # Errors
    /// Why it cannot start, in one sentence that says what to do.
    pub async fn build(self) -> Result<Mount, SettingsError> {
        let settings = match &self.settings {
            Some(settings) => settings.clone(),
            None => Settings::from_env()?,
        };
        let port = settings.port;
        self.mount_at(port, &settings).await
    }

    async fn mount_at(mut self, port: u16, settings: &Settings) -> Result<Mount, SettingsError> {
        let url = settings.public_url_at(port)?;
        let auth = match self.auth.take() {
            Some(auth) => auth,
            None => default_auth()?,
        };
        let site = Site::of(url.clone(), &self.info.name, settings);
        let dispatcher = Arc::new(self.into_dispatcher()?);
        let guard = auth
            .start(&site, settings, dispatcher.catalogue.scopes())
            .await?;
        dispatcher.providers.warm().await.map_err(state_error)?;
        let doorman = HttpDoorman::new(&site, settings, port);
        let path = format!("{}{}", url.path(), site.endpoint);
        let endpoint_url = url.join(&site.endpoint);
        let notes = guard.banner_lines();
        let endpoint = Arc::new(Endpoint::new(dispatcher.clone(), guard, doorman, path));
        Ok(Mount {
            url,
            endpoint_url,
            dispatcher,
            endpoint,
            notes,
        })
    }

    pub(crate) fn into_dispatcher(self) -> Result<Dispatcher, SettingsError> {
        let items = self.items()?;
        let catalogue = Catalogue::build(&items, &self.providers)?;
        Ok(Dispatcher::new(
            catalogue,
            Arc::new(self.providers),
            self.info,
            self.tool_timeout,
            &rand::random(),
        ))
    }

    fn items(&self) -> Result<Vec<Item>, SettingsError> {
        let mut items = match &self.only {
            Some(items) => items.clone(),
            None => Items::of_package(self.package.name).0,
        };
        items.extend(&self.further);
        if items.is_empty() {
            return Err(SettingsError::new(format!(
                "this server has nothing to serve: no item of the package `{}` is linked in. If they stand in a \
                 library, its own or another's, name it in main.rs: `use your_crate as _;`, and take a dependency's \
                 items by `.with(your_crate::tools())`",
                self.package.name
            )));
        }
        Ok(items)
    }

    pub(crate) fn package(&self) -> Package {
        self.package
    }

    pub(crate) fn name(&self) -> &str {
        &self.info.name
    }

    pub(crate) fn take_auth(&mut self) -> Result<Auth, SettingsError> {
        match self.auth.take() {
            Some(auth) => Ok(auth),
            None => default_auth(),
        }
    }

    pub(crate) fn known_settings(&self) -> Result<Settings, SettingsError> {
        match &self.settings {
            Some(settings) => Ok(settings.clone()),
            None => Settings::from_env(),
        }
    }

    /// A client in this process, for tests. State is built; nobody signs in: see [`TestClient::as_user`].
    ///
    /// # Errors
    /// Why it cannot start, in one sentence that says what to do.
    pub async fn test(self) -> Result<TestClient, SettingsError> {
        let dispatcher = Arc::new(self.into_dispatcher()?);
        dispatcher.providers.warm().await.map_err(state_error)?;
        Ok(TestClient::connect(dispatcher, None))
    }

    /// Serves one client over stdin and stdout, as this user.
    ///
    /// # Errors
    /// Why it cannot start, or a broken pipe.
    pub async fn serve_stdio(self, user: Option<User>) -> Result<(), Error> {
        let dispatcher = Arc::new(self.into_dispatcher()?);
        dispatcher.providers.warm().await?;
        let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
        crate::transport::stdio::serve(dispatcher, user.map(Arc::new), input, output).await?;
        Ok(())
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

fn state_error(error: Error) -> SettingsError {
    SettingsError::new(format!("the server's state cannot be built: {error}"))
}

#[cfg(feature = "auth")]
fn default_auth() -> Result<Auth, SettingsError> {
    Ok(Auth::embedded())
}

#[cfg(not(feature = "auth"))]
fn default_auth() -> Result<Auth, SettingsError> {
    Err(SettingsError::new(
        "this build has no authorization server (the feature `auth` is off): say `.auth(Auth::none())` to serve everyone",
    ))
}

/// Binds the address, or says in one sentence why not.
fn bind(settings: &Settings) -> Result<Vec<TcpListener>, SettingsError> {
    use std::io::ErrorKind;
    let (host, port) = (settings.host.as_str(), settings.port);
    let listener = TcpListener::bind((host, port)).map_err(|error| {
        SettingsError::new(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "port {port} of {host} is in use: stop the program that has it, or set PORT to another (0 takes a free one)"
            ),
            ErrorKind::PermissionDenied => {
                format!("port {port} needs more rights than this process has: set PORT to 1024 or above")
            }
            _ => format!("{host}:{port} cannot be bound ({error}): set HOST to an address of this machine"),
        })
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|e| SettingsError::new(format!("{host}:{port} cannot be served: {e}")))?;
    Ok(vec![listener])
}

/// A server that can be mounted into an `actix_web::App`; cheap to clone.
///
/// ```no_run
/// # use mcp_runtime::prelude::*;
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mcp = mcp_server!("Acme").auth(Auth::none()).build().await?;
/// actix_web::HttpServer::new(move || {
///     let mcp = mcp.clone();
///     // Mount it last: it answers for every path that no earlier route took.
///     actix_web::App::new().configure(move |cfg| mcp.configure(cfg))
/// })
/// // Without this, actix runs a call to its end though its client has left.
/// .h1_allow_half_closed(false)
/// .bind(("127.0.0.1", 8000))?
/// .run()
/// .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Mount {
    url: PublicUrl,
    endpoint_url: String,
    dispatcher: Arc<Dispatcher>,
    endpoint: Arc<Endpoint>,
    notes: Vec<String>,
}

impl Mount {
    /// Adds the endpoint, the authorization server's routes and `/health` to an app.
    pub fn configure(&self, cfg: &mut ServiceConfig) {
        http::configure(&self.endpoint, cfg);
    }

    /// The URL that clients are given.
    pub fn url(&self) -> String {
        self.endpoint_url.clone()
    }
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mount")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// A server that runs.
pub struct Running {
    mount: Mount,
    handle: ServerHandle,
    task: actix_web::rt::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// The URL that clients are given.
    pub fn url(&self) -> String {
        self.mount.url()
    }

    /// The base URL, without the endpoint's path.
    pub fn base_url(&self) -> String {
        self.mount.url.to_string()
    }

    /// Stops it: running calls get some seconds to end.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }

    /// Waits until a signal stops it.
    ///
    /// # Errors
    /// The server broke.
    pub async fn wait(self) -> Result<(), SettingsError> {
        match self.task.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SettingsError::new(format!("the server broke: {error}"))),
            Err(error) => Err(SettingsError::new(format!("the server broke: {error}"))),
        }
    }

    /// Says on stderr where it is, what it serves and what to do next.
    fn banner(&self) {
        let info = self.mount.dispatcher.info();
        let catalogue = &self.mount.dispatcher.catalogue;
        let counts = [
            (catalogue.tool_list.len(), "tool"),
            (
                catalogue.resource_list.len() + catalogue.template_list.len(),
                "resource",
            ),
            (catalogue.prompt_list.len(), "prompt"),
        ];
        let serves: Vec<String> = counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}{}", if *n == 1 { "" } else { "s" }))
            .collect();
        eprintln!("\n  {} {}\n", info.name, info.version);
        eprintln!("  {:<8}{}", "url", self.url());
        eprintln!("  {:<8}{}", "serves", serves.join(", "));
        self.mount
            .notes
            .iter()
            .for_each(|note| eprintln!("  {note}"));
        eprintln!(
            "  {:<8}add the url to an MCP client; Ctrl-C stops the server\n",
            "next"
        );
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
