//! The floor: a bare actix-web handler that reads a body and answers a fixed one of the same size.
//!
//! `PORT=8101 WORKERS=1 BYTES=98 cargo run --release -p mcp-bench --bin floor`; `PARSE=1` parses the body as far as a
//! call's arguments, in one pass.

use actix_web::web::{self, Bytes, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Deserialize;

/// The envelope of a `tools/call`, down to the argument; the rest is skipped.
#[derive(Deserialize)]
struct Call {
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    arguments: Arguments,
}

#[derive(Deserialize)]
struct Arguments {
    subject: Option<String>,
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

/// Reads the argument, and throws it away.
fn parsed(body: &[u8]) -> bool {
    let subject = serde_json::from_slice::<Call>(body).map(|call| call.params.arguments.subject);
    std::hint::black_box(subject).is_ok()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = u16::try_from(number("PORT", 8101)).unwrap_or(8101);
    let body = Bytes::from(vec![b'x'; number("BYTES", 98)]);
    let parse = number("PARSE", 0) == 1;
    HttpServer::new(move || {
        let body = body.clone();
        App::new()
            // As much as ours takes.
            .app_data(PayloadConfig::new(4 * 1024 * 1024))
            .route(
                "/mcp",
                web::post().to(move |request: Bytes| {
                    let body = body.clone();
                    async move {
                        if parse && !parsed(&request) {
                            return HttpResponse::BadRequest().finish();
                        }
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
