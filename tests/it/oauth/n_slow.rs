//! Section N: clients that take their time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::flow::call;
use crate::support::{Flow, TestServer};

/// A request whose body is announced and does not come.
fn begin(server: &TestServer, path: &str, kind: &str, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("connected");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nAccept: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n{{",
        server.authority()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    stream
}

#[tokio::test]
async fn item_103_a_body_that_does_not_come_is_not_waited_for() {
    let server = TestServer::start();
    let mut flow = Flow::new(&server).await;
    let token = flow.tokens().await.access;
    let form = "application/x-www-form-urlencoded";
    let mut slow = Vec::new();
    for (path, kind) in [
        ("/mcp", "application/json"),
        ("/register", "application/json"),
        ("/token", form),
        ("/login", form),
        ("/account", form),
        ("/revoke", form),
    ] {
        for _ in 0..30 {
            slow.push((path, begin(&server, path, kind, &token)));
        }
    }
    // Meanwhile others are served.
    for _ in 0..20 {
        call(&server, &token, "whoami").await.expect(200);
    }
    let ended = tokio::task::spawn_blocking(move || {
        for (path, stream) in &mut slow {
            let mut answer = Vec::new();
            // The server may reset the connection after it answered; silence is what must not be.
            let read = stream.read_to_end(&mut answer);
            let silent = read.is_err_and(|e| {
                matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                )
            });
            let text = String::from_utf8_lossy(&answer).into_owned();
            assert!(
                !silent || text.contains("408"),
                "{path} is still open: {text}"
            );
            assert!(
                text.is_empty() || text.starts_with("HTTP/1.1 4"),
                "{path}: {text}"
            );
        }
    });
    ended.await.expect("all ended");
    call(&server, &token, "whoami").await.expect(200);
}
