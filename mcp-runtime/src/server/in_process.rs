//! What runs a server without a port of its own in the world: tests, one client on a pipe, the developer's page.

use std::sync::Arc;

use super::{Server, state_error};
use crate::extract::User;
use crate::settings::SettingsError;
#[cfg(feature = "cli")]
use crate::transport::http;
use crate::transport::testing::TestClient;

impl Server {
    /// A client in this process, for tests. State is built; nobody signs in: see [`TestClient::as_user`].
    ///
    /// # Errors
    /// Why it cannot start, in one sentence that says what to do.
    pub async fn test(self) -> Result<TestClient, SettingsError> {
        let dispatcher = Arc::new(self.into_dispatcher()?);
        dispatcher.providers.warm().await.map_err(state_error)?;
        Ok(TestClient::connect(dispatcher, None))
    }

    /// Serves the developer's page on a port of this machine (0 takes a free one); `ready` gets its address.
    #[cfg(feature = "cli")]
    pub(crate) async fn serve_dev(
        self,
        port: u16,
        ready: impl FnOnce(&str),
    ) -> Result<(), SettingsError> {
        let dispatcher = Arc::new(self.into_dispatcher()?);
        dispatcher.providers.warm().await.map_err(state_error)?;
        http::serve_dev(dispatcher, port, ready).await
    }

    /// Serves one client over stdin and stdout, as this user.
    ///
    /// # Errors
    /// Why it cannot start, or a broken pipe.
    pub async fn serve_stdio(self, user: Option<User>) -> Result<(), SettingsError> {
        let dispatcher = Arc::new(self.into_dispatcher()?);
        dispatcher.providers.warm().await.map_err(state_error)?;
        let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
        let served =
            crate::transport::stdio::serve(dispatcher.clone(), user.map(Arc::new), input, output)
                .await;
        dispatcher.stop().await;
        served.map_err(|e| SettingsError::new(format!("stdin or stdout broke: {e}")))
    }
}
