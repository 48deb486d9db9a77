//! The programs whose builds are timed.

use std::fmt::Write as _;

use anyhow::Result;

use crate::many_tools;
use crate::project::{Project, manifest, our_dependencies};
use crate::workspace::Workspace;

/// A server of ours with one tool.
const OURS: &str = "\
use mcp_runtime::prelude::*;

/// Repeat a message.
#[mcp_tool]
async fn echo(
    /// What to repeat.
    message: String,
) -> String {
    message
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    mcp_server!(\"One tool\").auth(Auth::none()).run().await
}
";

/// The same on rmcp, as its README has it.
const RMCP: &str = "\
use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{schemars, tool, tool_router};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Echo {
    /// What to repeat.
    message: String,
}

#[derive(Clone)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    #[tool(description = \"Repeat a message.\")]
    async fn echo(&self, Parameters(Echo { message }): Parameters<Echo>) -> String {
        message
    }
}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> std::io::Result<()> {
    let service = StreamableHttpService::new(
        || Ok(Server),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let router = axum::Router::new().nest_service(\"/mcp\", service);
    axum::serve(tokio::net::TcpListener::bind(\"127.0.0.1:8000\").await?, router).await
}
";

const RMCP_DEPENDENCIES: &str = "\
axum = { version = \"0.8.9\", default-features = false, features = [\"http1\", \"tokio\"] }
rmcp = { version = \"=3.11.0\", features = [\"server\", \"macros\", \"transport-streamable-http-server\"] }
serde = { version = \"1\", features = [\"derive\"] }
tokio = { version = \"1\", features = [\"macros\", \"net\", \"rt\"] }
";

/// The bare frame, with what ours is built with.
const ACTIX_DEPENDENCIES: &str = "\
actix-web = { version = \"4\", default-features = false, features = [\"macros\"] }
serde = { version = \"1\", features = [\"derive\"] }
";

/// One tool, and of the runtime these features.
pub(super) fn ours(workspace: &Workspace, name: &str, features: &[&str]) -> Result<Project> {
    let manifest = manifest("one-tool", &our_dependencies(workspace, features), "");
    let files = [("Cargo.toml", &*manifest), ("src/main.rs", OURS)];
    Project::write(workspace, name, "Cargo.lock", &files)
}

/// One tool on rmcp.
pub(super) fn rmcp(workspace: &Workspace) -> Result<Project> {
    let manifest = manifest("one-tool", RMCP_DEPENDENCIES, "");
    let files = [("Cargo.toml", &*manifest), ("src/main.rs", RMCP)];
    let lock = "benches/peers/rmcp/Cargo.lock";
    Project::write(workspace, "compile/rmcp", lock, &files)
}

/// An application of actix-web with handlers that take what the tools of [`many_tools`] take.
pub(super) fn actix(workspace: &Workspace, handlers: usize) -> Result<Project> {
    let manifest = manifest("handlers", ACTIX_DEPENDENCIES, many_tools::PROFILES);
    let files = [
        ("Cargo.toml", &*manifest),
        ("src/main.rs", ACTIX_MAIN),
        ("src/types.rs", ACTIX_TYPES),
        ("src/handlers.rs", &*source(handlers)),
    ];
    Project::write(workspace, "compile/actix", "Cargo.lock", &files)
}

const ACTIX_MAIN: &str = "\
mod handlers;
mod types;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    actix_web::HttpServer::new(|| actix_web::App::new().configure(handlers::configure))
        .bind((\"127.0.0.1\", 8000))?
        .run()
        .await
}
";

const ACTIX_TYPES: &str = "\
use serde::{Deserialize, Serialize};

/// A place on the map.
#[derive(Debug, Serialize, Deserialize)]
pub struct Place {
    /// Its name, as people call it.
    pub name: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}
";

/// Handlers of three kinds in turn, with three arguments each.
fn source(handlers: usize) -> String {
    let mut out = String::from(
        "use actix_web::web::{Json, ServiceConfig};\nuse actix_web::post;\nuse serde::Deserialize;\n\n\
         use crate::types::*;\n",
    );
    for i in 0..handlers {
        let (arguments, result, body) = match i % 3 {
            0 => (
                "    /// How far to look.\n    radius: u32,\n    /// What to look for.\n    query: String,\n    \
                 /// Whether to look in closed places too.\n    #[serde(default)]\n    closed: bool,\n",
                "String",
                "format!(\"{} {} {}\", args.query, args.radius, args.closed)",
            ),
            1 => (
                "    /// Where to begin.\n    from: Place,\n    /// Where to end.\n    to: Option<Place>,\n    \
                 /// How many at most.\n    limit: usize,\n",
                "Json<Vec<Place>>",
                "Json([Some(args.from), args.to].into_iter().flatten().take(args.limit).collect())",
            ),
            _ => (
                "    /// The names to look up.\n    names: Vec<String>,\n    /// The language of the answer.\n    \
                 language: Option<String>,\n    /// How many at most.\n    limit: u8,\n",
                "Json<Vec<String>>",
                "let _ = args.language;\n    Json(args.names.into_iter().take(args.limit.into()).collect())",
            ),
        };
        let _ = write!(
            out,
            "\n/// What is called number {i}, for those who plan a journey.\n#[derive(Debug, Deserialize)]\nstruct Args{i:03} \
             {{\n{arguments}}}\n\n/// Does it, and says how it went.\n#[post(\"/tool_{i:03}\")]\nasync fn tool_{i:03}(args: \
             Json<Args{i:03}>) -> {result} {{\n    let args = args.into_inner();\n    {body}\n}}\n"
        );
    }
    out += "\npub fn configure(config: &mut ServiceConfig) {\n";
    for i in 0..handlers {
        let _ = writeln!(out, "    config.service(tool_{i:03});");
    }
    out + "}\n"
}
