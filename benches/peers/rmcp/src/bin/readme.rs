//! rmcp as its README writes a server: `#[tool_router(server_handler)]`, the default configuration, axum.

use peer_rmcp::{Echo, RollDice, Trivial, bench_tools, listener};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{tool, tool_router};

#[derive(Clone)]
struct Bench;

bench_tools! { #[tool_router(server_handler)] Bench }

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let service = StreamableHttpService::new(
        || Ok(Bench),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    axum::serve(listener().await?, router).await
}
