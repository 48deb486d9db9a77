//! A server whose list changes at a call, and a bare stream beside it, to see what many open streams cost.
//!
//! `PORT=8102 WORKERS=1 cargo run --release -p mcp-bench --bin stream-server`; `BARE=1` is the floor: each `POST /mcp`
//! opens an actix-web stream of events that never comes to its second one.

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use mcp_runtime::prelude::*;
use mcp_runtime::{ServerHandle, tools};

/// Repeat a message.
#[mcp_tool]
async fn echo(message: String) -> String {
    message
}

/// A tool that comes and goes.
#[mcp_tool]
async fn extra() -> &'static str {
    "there"
}

/// Take `extra` away, or bring it back.
#[mcp_tool]
async fn flip(server: &ServerHandle) -> Result<(), Error> {
    match server.is_enabled(&tools![extra]) {
        true => server.disable(tools![extra]),
        false => server.enable(tools![extra]),
    }
}

async fn bare_stream(_: Bytes) -> HttpResponse {
    let events = futures_util::stream::once(async { Ok(Bytes::from_static(b"data: {}\n\n")) });
    let rest = futures_util::stream::pending::<Result<Bytes, actix_web::Error>>();
    let events = futures_util::StreamExt::chain(events, rest);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(events)
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    if std::env::var("BARE").as_deref() != Ok("1") {
        return mcp_server!("streams").auth(Auth::none()).run().await;
    }
    let port = std::env::var("PORT")
        .ok()
        .and_then(|port| port.parse().ok());
    HttpServer::new(|| App::new().route("/mcp", web::post().to(bare_stream)))
        .workers(1)
        .bind(("127.0.0.1", port.unwrap_or(8102)))?
        .run()
        .await?;
    Ok(())
}
