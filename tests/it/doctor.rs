//! `doctor` against running servers, behind a proxy that spoils things in the ways that proxies do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};

use crate::support::{Setup, TestServer, Web};

/// What a proxy does with a request: passes it on, perhaps altered, or answers itself.
enum Way {
    On(String),
    Answer(String),
}

type OnRequest = fn(String) -> Way;
type OnAnswer = fn(String) -> String;

/// A proxy for as long as the test runs.
fn proxy(to: SocketAddr, listener: TcpListener, request: OnRequest, answer: OnAnswer) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A caller that goes away is the caller's business.
            let _ = pass(stream, to, request, answer);
        }
    });
}

fn pass(
    mut near: TcpStream,
    to: SocketAddr,
    request: OnRequest,
    answer: OnAnswer,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(near.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let answered = match request(head) {
        Way::Answer(text) => text,
        Way::On(head) => {
            let mut far = TcpStream::connect(to)?;
            let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
            far.write_all(head.as_bytes())?;
            far.write_all(&body)?;
            let mut text = String::new();
            far.read_to_string(&mut text)?;
            answer(text)
        }
    };
    near.write_all(answered.as_bytes())
}

/// A server behind a proxy, and the URL of both.
fn behind(request: OnRequest, answer: OnAnswer) -> (TestServer, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = Setup::new().var("PUBLIC_URL", &url).start();
    proxy(server.address(), listener, request, answer);
    (server, url)
}

fn doctor(binary: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary);
    for name in [
        "HOST",
        "PORT",
        "PUBLIC_URL",
        "DATABASE_URL",
        "TRUSTED_PROXIES",
    ] {
        command.env_remove(name);
    }
    command
        .current_dir(std::env::temp_dir())
        .envs(settings.iter().copied())
        .arg("doctor")
        .args(arguments)
        .output()
        .expect("runs")
}

/// The exit code, and what was said.
fn told(arguments: &[&str]) -> (i32, String) {
    read(&doctor(env!("CARGO_BIN_EXE_auth_server"), arguments, &[]))
}

fn read(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8(text).expect("UTF-8");
    (output.status.code().expect("an exit code"), text)
}

fn canned(status: &str, headers: &str, body: &str) -> Way {
    Way::Answer(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

/// Whether a request is for a path that starts so.
fn is_for(head: &str, path: &str) -> bool {
    head.split(' ').nth(1).is_some_and(|p| p.starts_with(path))
}

fn without(text: &str, header: &str) -> String {
    let keep = |line: &&str| !line.to_ascii_lowercase().starts_with(&format!("{header}:"));
    text.split_inclusive("\r\n").filter(keep).collect()
}

#[test]
fn a_good_deployment_is_told_to_be_one() {
    let (_server, url) = behind(Way::On, |answer| answer);
    let (code, text) = told(&[&url]);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("FAIL") && !text.contains("warn"), "{text}");
    for what in [
        "/health",
        "asks for a token",
        "Authorization header",
        "resource metadata",
        "authorization server's metadata",
        "keys are there",
        "clocks agree",
        "sign-in page",
    ] {
        assert!(text.contains(what), "{what}: {text}");
    }
}

#[test]
fn every_fault_is_named_with_its_remedy() {
    let faults: &[(&str, OnRequest, OnAnswer, &[&str])] = &[
        (
            "the proxy sends its own Host",
            |head| {
                let host = head
                    .lines()
                    .find(|l| l.to_ascii_lowercase().starts_with("host:"));
                Way::On(head.replace(host.expect("a host"), "host: backend:8000"))
            },
            |answer| answer,
            &["FAIL", "Host", "PUBLIC_URL=http://127.0.0.1"],
        ),
        (
            "well-known paths are not passed on",
            |head| match is_for(&head, "/.well-known/") {
                true => canned("404 Not Found", "", "<h1>404</h1>"),
                false => Way::On(head),
            },
            |answer| answer,
            &["FAIL", "/.well-known/", "RFC 9728"],
        ),
        (
            "well-known paths are another's pages",
            |head| match is_for(&head, "/.well-known/") {
                true => canned("200 OK", "content-type: text/html\r\n", "<html></html>"),
                false => Way::On(head),
            },
            |answer| answer,
            &["FAIL", "is no JSON", "something else answers"],
        ),
        (
            "/mcp is redirected",
            |head| match is_for(&head, "/mcp ") || head.starts_with("POST /mcp ") {
                true => canned("308 Permanent Redirect", "location: /mcp/\r\n", ""),
                false => Way::On(head),
            },
            |answer| answer,
            &["FAIL", "redirects to /mcp/", "without a redirect"],
        ),
        (
            "the challenge is dropped",
            Way::On,
            |answer| without(&answer, "www-authenticate"),
            &["FAIL", "without WWW-Authenticate"],
        ),
        (
            "the credential is dropped",
            |head| Way::On(without(&head, "authorization")),
            |answer| answer,
            &["FAIL", "the Authorization header does not reach"],
        ),
        (
            "the server is down",
            |_| canned("502 Bad Gateway", "", "bad gateway"),
            |answer| answer,
            &["FAIL", "502", "HOST and PORT"],
        ),
        (
            "a header of the caller's is believed",
            |head| match head.to_ascii_lowercase().contains("x-forwarded-host") {
                true => canned(
                    "200 OK",
                    "content-type: application/json\r\n",
                    r#"{"resource":"https://doctor.invalid/mcp"}"#,
                ),
                false => Way::On(head),
            },
            |answer| answer,
            &["FAIL", "X-Forwarded-Host"],
        ),
        (
            "CORS headers are added twice",
            Way::On,
            |answer| answer.replacen("\r\n", "\r\naccess-control-allow-origin: *\r\n", 1),
            &["warn", "Access-Control-Allow-Origin twice"],
        ),
        (
            "the clock is wrong",
            Way::On,
            |answer| {
                let answer = without(&answer, "date");
                answer.replacen("\r\n", "\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 1)
            },
            &["warn", "behind", "NTP"],
        ),
        (
            "the pages lose their headers",
            Way::On,
            |answer| {
                without(
                    &without(&answer, "x-frame-options"),
                    "content-security-policy",
                )
            },
            &["warn", "x-frame-options", "content-security-policy"],
        ),
    ];
    for (what, request, answer, words) in faults {
        let (_server, url) = behind(*request, *answer);
        let (code, text) = told(&[&url]);
        for word in *words {
            assert!(text.contains(word), "{what}: no `{word}` in\n{text}");
        }
        assert_eq!(code, i32::from(words[0] == "FAIL"), "{what}\n{text}");
        assert!(text.contains("-> "), "{what}: what to do?\n{text}");
    }
}

#[test]
fn ports_names_and_certificates_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = closed.local_addr().expect("an address").port();
    drop(closed);
    let (code, text) = told(&[&format!("http://127.0.0.1:{port}")]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("nothing answers") && text.contains("firewall"),
        "{text}"
    );

    let (code, text) = told(&["https://no-such-name.invalid"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("has no address") && text.contains("DNS"),
        "{text}"
    );

    let server = TestServer::start();
    let (code, text) = told(&[&format!("https://{}", server.address())]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("does not speak TLS"), "{text}");

    let web = Web::start();
    let (code, text) = told(&[&format!("https://{}", web.address)]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("certificate") && text.contains("--ca"),
        "{text}"
    );

    // Before the DNS knows the name, with an authority that is not everyone's.
    let address = web.address.to_string();
    let (code, text) = told(&["https://elsewhere.example", "--connect", &address]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("certificate of elsewhere.example"), "{text}");
}

#[test]
fn plain_http_under_a_public_name_is_a_fault() {
    let server = TestServer::start();
    let address = server.address().to_string();
    let (code, text) = told(&["http://mcp.example.com", "--connect", &address]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("plain http") && text.contains("TLS"),
        "{text}"
    );
}

#[test]
fn without_a_url_it_looks_at_the_settings() {
    let (_server, url) = behind(Way::On, |answer| answer);
    let binary = env!("CARGO_BIN_EXE_auth_server");
    let (code, text) = read(&doctor(binary, &[], &[("PUBLIC_URL", &url)]));
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with(&url), "{text}");
    let (code, text) = read(&doctor(binary, &["not a url"], &[]));
    assert_eq!(code, 2, "{text}");
    let settings = [("PUBLIC_URL", "https://no-such-name.invalid")];
    let (code, text) = read(&doctor(binary, &[], &settings));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("TRUSTED_PROXIES"), "{text}");
}

#[test]
fn an_open_server_is_told_to_be_open() {
    let server = Setup::new()
        .auth(|_| mcp_runtime::auth::Auth::none())
        .start();
    let (code, text) = told(&[&server.base]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("whoever reaches this URL may call"), "{text}");
}
