//! The endpoint as a part of an `actix_web::App`: ours, or a user's own.

use std::sync::Arc;

use actix_web::web::ServiceConfig;

use super::site::Doorman;
use super::{Endpoint, configure};
use crate::auth::{Guard, Site};
use crate::dispatch::Dispatcher;
use crate::settings::{PublicUrl, Settings};

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
    base: PublicUrl,
    url: String,
    endpoint: Arc<Endpoint>,
    /// What the start banner says of the authorization.
    notes: Vec<String>,
}

impl Mount {
    pub(crate) fn new(
        site: &Site,
        settings: &Settings,
        port: u16,
        dispatcher: Arc<Dispatcher>,
        guard: Guard,
    ) -> Self {
        let doorman = Doorman::new(site, settings, port);
        let path = format!("{}{}", site.url.path(), site.endpoint);
        let notes = guard.banner_lines();
        let endpoint = Arc::new(Endpoint::new(dispatcher, guard, doorman, path));
        Self {
            base: site.url.clone(),
            url: site.url.join(&site.endpoint),
            endpoint,
            notes,
        }
    }

    /// Adds the endpoint, the authorization server's routes and `/health` to an app.
    pub fn configure(&self, cfg: &mut ServiceConfig) {
        configure(&self.endpoint, cfg);
    }

    /// Ends every open subscription in order: call it before you stop an app of your own, which would wait for them.
    pub fn close(&self) {
        self.endpoint.dispatcher.close();
    }

    /// The base URL, without the endpoint's path.
    pub fn base_url(&self) -> String {
        self.base.to_string()
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn dispatcher(&self) -> &Dispatcher {
        &self.endpoint.dispatcher
    }

    /// The URL that clients are given.
    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mount")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
