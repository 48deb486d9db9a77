//! rmcp at its best: the router is built once, answers are JSON, no sessions, hyper without axum, one thread.

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use peer_rmcp::{Echo, RollDice, Trivial, bench_tools, listener};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

#[derive(Clone)]
struct Bench {
    tool_router: Arc<ToolRouter<Self>>,
}

bench_tools! { #[tool_router] Bench }

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Bench {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let bench = Bench {
        tool_router: Arc::new(Bench::tool_router()),
    };
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(bench.clone()), sessions, config);
    let service = TowerToHyperService::new(service);
    let listener = listener().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            // A client that breaks off is no error of the server's.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
