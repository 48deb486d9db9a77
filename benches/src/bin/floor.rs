//! The floor: a bare actix-web handler that reads a body and answers a fixed one of the same size.
//!
//! `PORT=8101 WORKERS=1 BYTES=98 cargo run --release -p mcp-bench --bin floor`

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = u16::try_from(number("PORT", 8101)).unwrap_or(8101);
    let body = Bytes::from(vec![b'x'; number("BYTES", 98)]);
    HttpServer::new(move || {
        let body = body.clone();
        App::new().route(
            "/mcp",
            web::post().to(move |_request: Bytes| {
                let body = body.clone();
                async move {
                    HttpResponse::Ok()
                        .content_type("application/json")
                        .body(body)
                }
            }),
        )
    })
    .workers(number("WORKERS", 1))
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
