//! The composition root: takes items, state, authorization and settings, and makes a running server of them.

mod in_process;

use std::future::Future;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::auth::{Auth, Needs, Site};
#[cfg(feature = "contract")]
use crate::contract::{Head, Identity, Places, Surface};
use crate::descriptor::Item;
use crate::dispatch::{Dispatcher, ServerHandle, ServerInfo, TaskOptions};
use crate::extract::{Context, Providers};
use crate::registry::{Catalogue, Items, SkillSet, Skills};
use crate::result::Error;
use crate::settings::{Settings, SettingsError};
use crate::transport::http::{self, Mount, Running};

/// How long a tool may take unless it says otherwise.
const TOOL_TIMEOUT: Duration = Duration::from_secs(300);

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
    skills: Vec<Skills>,
    disabled: Vec<Item>,
    page_size: Option<NonZeroUsize>,
    handle: ServerHandle,
    /// Whether somebody outside the items holds the handle.
    handle_taken: AtomicBool,
    providers: Providers,
    auth: Option<Auth>,
    settings: Option<Settings>,
    tool_timeout: Duration,
    tasks: TaskOptions,
    flat_ui_key: bool,
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
            skills: Vec::new(),
            disabled: Vec::new(),
            page_size: None,
            handle: ServerHandle::default(),
            handle_taken: AtomicBool::new(false),
            providers: Providers::default(),
            auth: None,
            settings: None,
            tool_timeout: TOOL_TIMEOUT,
            tasks: TaskOptions::default(),
            flat_ui_key: true,
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

    /// Serves [Agent Skills](https://agentskills.io) too: `.skills("skills")` takes every directory with a
    /// `SKILL.md` below that one. See [`Skills`].
    ///
    /// The files become resources under `skill://`; `skills/list` and `skills/get` describe them with their digests
    /// (SEP-2640, `io.modelcontextprotocol/skills`). A skill that a client could not load is a start-up error.
    pub fn skills(mut self, skills: impl Into<Skills>) -> Self {
        self.skills.push(skills.into());
        self
    }

    /// Has these items wait, unlisted and not served, until [`ServerHandle::enable`] switches them on.
    pub fn disabled(mut self, items: Items) -> Self {
        self.disabled.extend(items.0);
        self
    }

    /// Splits lists into pages of so many entries. Without it a list is one page, which is one copy of bytes that
    /// were written before; a client reads both.
    pub fn page_size(mut self, entries: NonZeroUsize) -> Self {
        self.page_size = Some(entries);
        self
    }

    /// The running server, for what changes its items or resources from outside a call.
    pub fn handle(&self) -> ServerHandle {
        self.handle_taken.store(true, Ordering::Relaxed);
        self.handle.clone()
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

    /// Advertises an extension of one's own, such as `com.example/search`, with its settings: a JSON object, empty if
    /// it has none. It stands in `capabilities.extensions` on every revision of the protocol (SEP-2133).
    ///
    /// A name without a prefix, or settings that are no object, stop the server at its start.
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

    /// How the tools with `#[mcp_tool(task = "…")]` keep their tasks.
    pub fn tasks(mut self, options: TaskOptions) -> Self {
        self.tasks = options;
        self
    }

    /// Whether a tool with a view names it under `_meta["ui/resourceUri"]` too, as hosts from before the stable MCP Apps
    /// (2026-01-26) read it, beside `_meta.ui.resourceUri`. It does unless told otherwise.
    pub fn flat_ui_key(mut self, on: bool) -> Self {
        self.flat_ui_key = on;
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
        let (listener, port) = http::bind(&settings)?;
        let mount = self
            .settings(settings.clone())
            .mount_at(port, &settings, settings.binds_loopback())
            .await?;
        mount.listen(listener, settings.workers)
    }

    /// Builds the server for mounting into an `actix_web::App` of one's own; settings are read as by `serve`.
    ///
    /// Where that `App` is bound is not known here, so the server takes it that others can reach it: demo users get
    /// random passwords, as under a public URL.
    ///
    /// # Errors
    /// Why it cannot start, in one sentence that says what to do.
    pub async fn build(self) -> Result<Mount, SettingsError> {
        let settings = match &self.settings {
            Some(settings) => settings.clone(),
            None => Settings::from_env()?,
        };
        let port = settings.port;
        self.mount_at(port, &settings, false).await
    }

    async fn mount_at(
        mut self,
        port: u16,
        settings: &Settings,
        loopback_bind: bool,
    ) -> Result<Mount, SettingsError> {
        let url = settings.public_url_at(port)?;
        let auth = match self.auth.take() {
            Some(auth) => auth,
            None => default_auth()?,
        };
        let site = Site {
            loopback_bind,
            ..Site::of(url, &self.info.name, settings)
        };
        let mut dispatcher = self.into_dispatcher()?;
        let needs = Needs {
            scopes: dispatcher.catalogue.scopes(),
            records: dispatcher.catalogue.has_tasks(),
        };
        let guard = auth.start(&site, settings, needs).await?;
        if let Some(shared) = guard.shared() {
            dispatcher.join(&shared);
        }
        let dispatcher = Arc::new(dispatcher);
        dispatcher.providers.warm().await.map_err(state_error)?;
        Ok(Mount::new(&site, settings, port, dispatcher, guard))
    }

    pub(crate) fn into_dispatcher(mut self) -> Result<Dispatcher, SettingsError> {
        self.info.check_extensions()?;
        let items = self.items()?;
        let skills = std::mem::take(&mut self.skills);
        let skills = SkillSet::load(skills, Path::new(self.package.directory))
            .map_err(|problems| SettingsError::new(problems.join("\n")))?;
        self.providers.share(Arc::new(self.handle.clone()));
        let mut catalogue = Catalogue::build(&items, &self.providers, skills, self.flat_ui_key)?;
        if let Some(entries) = self.page_size {
            catalogue = catalogue.in_pages_of(entries.get());
        }
        self.tasks.check(&catalogue)?;
        catalogue.turn(&self.disabled, false).map_err(|item| {
            SettingsError::new(format!(
                "the {} `{}` ({}) is disabled, but is none of this server's items: add it by `.with(…)`, or leave it out",
                item.kind(),
                item.name(),
                item.place()
            ))
        })?;
        self.info.changes =
            self.handle_taken.into_inner() || items.iter().any(|item| item.takes::<ServerHandle>());
        Ok(Dispatcher::new(
            catalogue,
            self.handle,
            Arc::new(self.providers),
            self.info,
            self.tool_timeout,
            self.tasks,
        ))
    }

    /// What it offers, for its contract, with the places of its items.
    #[cfg(feature = "contract")]
    pub(crate) fn surface(self) -> Result<(Surface, Places), SettingsError> {
        // What is switched off at first is promised all the same.
        let whole = Self {
            disabled: Vec::new(),
            ..self
        };
        let dispatcher = whole.into_dispatcher()?;
        let info = dispatcher.info();
        let identity = Identity {
            head: Some(Head {
                name: info.name.clone(),
                version: info.version.clone(),
            }),
            capabilities: Some(info.capabilities().clone()),
        };
        Surface::of(&dispatcher.catalogue, identity).map_err(|e| SettingsError::new(e.0))
    }

    /// The directory of the package that defines its items: where the lock file is.
    #[cfg(feature = "contract")]
    pub(crate) fn contract_directory(&self) -> &'static str {
        let items = self.items().unwrap_or_default();
        let mut places = items.iter().map(Item::place);
        match places.next() {
            Some(first)
                if places.all(|p| p.package != self.package.name)
                    && first.package != self.package.name =>
            {
                first.directory
            }
            _ => self.package.directory,
        }
    }

    pub(crate) fn items(&self) -> Result<Vec<Item>, SettingsError> {
        let mut items = match &self.only {
            Some(items) => items.clone(),
            None => Items::of_package(self.package.name).0,
        };
        items.extend(&self.further);
        if items.is_empty() && self.skills.is_empty() {
            return Err(SettingsError::new(format!(
                "this server has nothing to serve: no item of the package `{}` is linked in. If they stand in a \
                 library, its own or another's, name it in main.rs: `use your_crate as _;`, and take a dependency's \
                 items by `.with(your_crate::tools())`",
                self.package.name
            )));
        }
        Ok(items)
    }

    #[cfg(feature = "cli")]
    pub(crate) fn package(&self) -> Package {
        self.package
    }

    #[cfg(feature = "cli")]
    pub(crate) fn name(&self) -> &str {
        &self.info.name
    }

    #[cfg(all(feature = "auth", feature = "cli"))]
    pub(crate) fn take_auth(&mut self) -> Result<Auth, SettingsError> {
        match self.auth.take() {
            Some(auth) => Ok(auth),
            None => default_auth(),
        }
    }

    #[cfg(all(feature = "auth", feature = "cli"))]
    pub(crate) fn known_settings(&self) -> Result<Settings, SettingsError> {
        match &self.settings {
            Some(settings) => Ok(settings.clone()),
            None => Settings::from_env(),
        }
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
