//! The running server, as a program changes it: what it serves, and what it tells of.

use std::sync::{Arc, OnceLock};

use super::events::{Bus, Event};
use crate::registry::{Catalogue, Items};
use crate::result::Error;

/// The running server: switches its items on and off, and says that a resource has changed.
///
/// A tool takes it by reference, as `&ServerHandle`; the rest of a program has it by
/// [`Server::handle`](crate::Server::handle). Only a server whose handle somebody takes tells its clients that its
/// lists may change (`listChanged`) and that resources can be followed (`subscribe`).
///
/// What is switched is switched in this process: with several replicas, do it on each.
///
/// ```
/// # use mcp_runtime::prelude::*;
/// # use mcp_runtime::ServerHandle;
/// /// What the thermometer says.
/// #[mcp_resource(uri = "home://thermometer", mime_type = "text/plain")]
/// async fn thermometer() -> String {
///     "21 °C".into()
/// }
///
/// /// Forget the thermometer.
/// #[mcp_tool]
/// async fn unplug(server: &ServerHandle) -> Result<(), Error> {
///     server.disable(tools![thermometer])
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mcp_runtime::Result<()> {
/// let server = mcp_server!("Home").only(tools![thermometer, unplug]).auth(Auth::none());
/// let handle = server.handle();
/// let mut client = server.test().await?;
/// handle.resource_updated("home://thermometer");
/// client.call("unplug", serde_json::json!({})).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServerHandle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    bus: Arc<Bus>,
    /// Known from the start of the server on.
    catalogue: OnceLock<Arc<Catalogue>>,
}

impl ServerHandle {
    /// Serves these items from now on, and tells clients that the lists have changed.
    ///
    /// # Errors
    /// One of them is none of this server's; then nothing is changed.
    pub fn enable(&self, items: Items) -> Result<(), Error> {
        self.turn(&items, true)
    }

    /// Serves these items no longer, until [`Self::enable`] brings them back; calls that run go on.
    ///
    /// # Errors
    /// One of them is none of this server's; then nothing is changed.
    pub fn disable(&self, items: Items) -> Result<(), Error> {
        self.turn(&items, false)
    }

    /// Whether all of these items are served now.
    pub fn is_enabled(&self, items: &Items) -> bool {
        let catalogue = self.0.catalogue.get();
        catalogue.is_some_and(|catalogue| items.0.iter().all(|item| catalogue.is_on(item)))
    }

    /// Tells those clients of this process that follow this resource that it has changed. Never waits. Where several
    /// processes serve one site, each must be told.
    pub fn resource_updated(&self, uri: &str) {
        self.0.bus.publish(&Event::Resource(uri.into()));
    }

    fn turn(&self, items: &Items, on: bool) -> Result<(), Error> {
        let Some(catalogue) = self.0.catalogue.get() else {
            return Err(Error::internal(
                "the server has not started: `Server::disabled` says what it does not serve at first",
            ));
        };
        let changed = catalogue.turn(&items.0, on).map_err(|item| {
            Error::internal(format!(
                "the {} `{}` ({}) is none of this server's items: add it by `.with(…)` or `.only(…)`",
                item.kind(),
                item.name(),
                item.place()
            ))
        })?;
        self.0.bus.publish_lists(changed);
        Ok(())
    }

    pub(super) fn bus(&self) -> &Arc<Bus> {
        &self.0.bus
    }

    pub(super) fn serves(&self, catalogue: Arc<Catalogue>) {
        // A second server would need a handle of its own; there is none, since a `Server` starts once.
        let _ = self.0.catalogue.set(catalogue);
    }
}
