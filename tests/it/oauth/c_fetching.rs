//! Section C: what the server does on the way out. The URL is a stranger's.

use std::io::Read;
use std::time::Duration;

use mcp_runtime::auth::{Auth, Outbound};
use serde_json::json;

use crate::support::{APP, Canned, Flow, Names, Reply, Setup, TestServer, WEB, Web};

fn server(outbound: Outbound) -> TestServer {
    TestServer::with(|auth| auth.outbound(outbound))
}

async fn sign_in(server: &TestServer, id: &str) -> Reply {
    let mut flow = Flow::named(server, id, WEB);
    flow.sign_in("alice", "password123").await
}

fn document(id: &str) -> String {
    json!({ "client_id": id, "client_name": "Test App", "redirect_uris": [WEB] }).to_string()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn item_20_a_name_that_leads_inside_is_not_dialled() {
    let web = Web::start();
    let id = web.url("/c.json");
    web.put("/c.json", Canned::of(200, &[JSON], &document(&id)));
    for inside in [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.168.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "fd00:ec2::254",
        "64:ff9b::7f00:1",
    ] {
        let names = Names::of(&[&[inside]]);
        let server = server(web.distrusted(&names));
        sign_in(&server, &id).await.expect_local_error();
        assert_eq!(names.asked(), [APP], "{inside}");
    }
    assert_eq!(web.connections(), 0);
    // With leave to go there, the same document is read.
    let server = server(web.outbound(&Names::local()));
    assert!(sign_in(&server, &id).await.answer("code").is_some());
}

#[tokio::test]
async fn item_21_literals_need_no_resolver_and_get_no_connection() {
    let web = Web::start();
    let names = Names::local();
    let server = server(web.distrusted(&names));
    let port = web.address.port();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ] {
        let id = format!("https://{host}:{port}/c.json");
        let mut flow = Flow::named(&server, &id, WEB);
        let request = flow.request();
        let reply = flow.authorize(&request).await;
        // Odd notations are no identifiers; the others are found out after the login.
        if reply.status != 400 {
            sign_in(&server, &id).await.expect_local_error();
        }
    }
    assert_eq!(names.asked(), Vec::<String>::new());
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn item_21_what_was_judged_is_what_is_dialled() {
    let web = Web::start();
    let id = web.url("/c.json");
    // The first answer is public, and nothing listens there; a second look would lead inside.
    let names = Names::of(&[&["192.0.0.0"], &["127.0.0.1"]]);
    let rebinding = server(web.distrusted(&names));
    sign_in(&rebinding, &id).await.expect_local_error();
    assert_eq!(names.asked().len(), 1, "one look-up");

    let mixed = Names::of(&[&["127.0.0.1", "10.0.0.1"]]);
    let spoilt = server(web.outbound(&mixed));
    sign_in(&spoilt, &id).await.expect_local_error();
    assert_eq!(web.connections(), 0, "one bad address spoils the answer");
}

#[tokio::test]
async fn item_22_no_redirect_is_followed() {
    let (web, other) = (Web::start(), Web::start());
    let id = web.url("/c.json");
    let to = other.url("/c.json");
    other.put("/c.json", Canned::of(200, &[JSON], &document(&id)));
    let server = server(web.outbound(&Names::local()));
    for status in [301, 302, 303, 307, 308] {
        web.put(
            "/c.json",
            Canned::of(status, &[JSON, ("location", &to)], "{}"),
        );
        sign_in(&server, &id).await.expect_local_error();
    }
    assert_eq!((web.connections(), other.connections()), (5, 0));
}

#[tokio::test]
async fn item_22_a_fetch_carries_no_cookie_and_no_credential() {
    let web = Web::start();
    let id = web.url("/c.json");
    web.put(
        "/c.json",
        Canned::of(200, &[JSON, ("set-cookie", "a=b")], &document(&id)),
    );
    let server = server(web.outbound(&Names::local()));
    assert!(sign_in(&server, &id).await.answer("code").is_some());
    server.clock.advance(Duration::from_secs(600));
    assert!(sign_in(&server, &id).await.answer("code").is_some());
    let requests = web.requests();
    assert_eq!(requests.len(), 2);
    for head in requests {
        let head = head.to_ascii_lowercase();
        for name in ["cookie:", "authorization:", "referer:", "origin:"] {
            assert!(!head.contains(name), "{head}");
        }
    }
}

/// An HTTP proxy that keeps what it is asked, and opens nothing.
fn proxy() -> (String, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!(
        "http://user:secret@{}",
        listener.local_addr().expect("an address")
    );
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut head = [0; 512];
        let n = stream.read(&mut head).expect("a request");
        String::from_utf8_lossy(&head[..n]).into_owned()
    });
    (url, thread)
}

#[tokio::test]
async fn item_22_an_explicit_proxy_is_the_only_way_out() {
    let web = Web::start();
    let id = web.url("/c.json");
    web.put("/c.json", Canned::of(200, &[JSON], &document(&id)));
    let (url, asked) = proxy();
    let outbound = web.outbound(&Names::local());
    let through = Setup::new()
        .auth(|auth| auth.outbound(outbound))
        .var("EGRESS_PROXY", &url)
        .start();
    sign_in(&through, &id).await.expect_local_error();
    let head = asked.join().expect("a request");
    let authority = format!("CONNECT {APP}:{} HTTP/1.1", web.address.port());
    assert!(head.starts_with(&authority), "{head}");
    assert!(
        head.contains("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="),
        "{head}"
    );

    // Closed by now: there is no other way.
    sign_in(&through, &id).await.expect_local_error();
    assert_eq!(web.connections(), 0);
    let said = Setup::new()
        .var("EGRESS_PROXY", "ftp://user:hunter2@x")
        .expect_no_start();
    assert!(
        said.contains("EGRESS_PROXY") && !said.contains("hunter2"),
        "{said}"
    );
}

#[tokio::test]
async fn item_23_fetches_are_bounded_in_size_time_and_kind() {
    let web = Web::start();
    let server = server(web.outbound(&Names::local()));
    let id = web.url("/c.json");
    let good = document(&id);
    let padded = |to: usize| format!("{good}{}", " ".repeat(to - good.len()));
    let chunked = |body: &str| {
        let body = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        Canned::raw(
            200,
            &[JSON],
            "transfer-encoding: chunked\r\n",
            body.as_bytes(),
        )
    };
    for (what, answer) in [
        ("declared", Canned::of(200, &[JSON], &padded(5121))),
        ("streamed", chunked(&padded(5121))),
        (
            "compressed",
            Canned::of(200, &[JSON, ("content-encoding", "gzip")], &good),
        ),
        (
            "html",
            Canned::of(200, &[("content-type", "text/html")], &good),
        ),
        ("untyped", Canned::of(200, &[], &good)),
        ("created", Canned::of(201, &[JSON], &good)),
        ("not modified", Canned::of(304, &[JSON], "")),
        (
            "cut off",
            Canned::raw(200, &[JSON], "content-length: 4000\r\n", good.as_bytes()),
        ),
        (
            "not UTF-8",
            Canned::raw(200, &[JSON], "content-length: 2\r\n", b"\"\xff"),
        ),
    ] {
        web.put("/c.json", answer);
        let reply = sign_in(&server, &id).await;
        assert_eq!(reply.status, 400, "{what}");
    }
    // No answer, half an answer: the deadline ends both, and it is one for the whole exchange.
    let stalled = Canned::raw(200, &[JSON], "content-length: 4000\r\n", good.as_bytes());
    web.put("/c.json", stalled.that_stalls());
    let reply = tokio::time::timeout(Duration::from_secs(30), sign_in(&server, &id));
    reply.await.expect("an answer").expect_local_error();
    for answer in [
        Canned::of(200, &[JSON], &padded(5120)),
        chunked(&padded(5120)),
        Canned::of(
            200,
            &[("content-type", "application/client+json; charset=utf-8")],
            &good,
        ),
    ] {
        web.put("/c.json", answer);
        server.clock.advance(Duration::from_secs(600));
        assert!(sign_in(&server, &id).await.answer("code").is_some());
    }
}

#[tokio::test]
async fn item_23_a_certificate_of_nobody_we_know_is_refused() {
    let (web, other) = (Web::start(), Web::start());
    let id = web.url("/c.json");
    web.put("/c.json", Canned::of(200, &[JSON], &document(&id)));
    let stranger = server(other.outbound(&Names::local()));
    sign_in(&stranger, &id).await.expect_local_error();
    let wrong_name = server(web.outbound(&Names::local()));
    let id = web.url_at("unknown.test", "/c.json");
    sign_in(&wrong_name, &id).await.expect_local_error();
    assert_eq!(web.requests().len(), 0);
}

#[test]
fn settings_of_the_way_out_are_checked_at_the_start() {
    let refused = |outbound: Outbound| {
        let auth = |_| Auth::embedded().outbound(outbound);
        Setup::new().auth(auth).expect_no_start()
    };
    assert!(refused(Outbound::new().allow_network("10.0.0.0/33")).contains("10.0.0.0/33"));
    assert!(refused(Outbound::new().trust("no certificate")).contains("PEM"));
    assert!(refused(Outbound::new().proxy("proxy:3128")).contains("proxy"));
}
