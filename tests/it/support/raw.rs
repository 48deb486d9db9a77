//! Requests that no decent client sends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::Door;

/// Sends these bytes and reads until the server closes or falls silent; the status and all that came.
pub(crate) fn raw(door: &Door, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(door.address).expect("connected");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    stream.write_all(request).expect("sent");
    let mut answer = Vec::new();
    // The server may reset the connection after it answered.
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    (status, text)
}
