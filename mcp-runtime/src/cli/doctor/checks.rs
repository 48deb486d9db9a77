//! The checks, in the order in which a client meets what they look at.

use hyper::Method;
use serde_json::Value;

use super::Report;
use super::probe::{Probe, Reply, Trouble};
use crate::settings::PublicUrl;

/// A message that any server answers or refuses, whatever it offers.
const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// Seconds by which clocks may differ before tokens are in danger.
const CLOCK_TOLERANCE: i64 = 5;

/// Looks at everything; stops early only where nothing further can be seen.
pub(super) async fn all(probe: &Probe, url: &PublicUrl, report: &mut Report) {
    let here = Here { probe, url };
    if !url.is_https() && !url.is_loopback() {
        report.fail(
            "the URL is plain http: whoever is on the way reads passwords and tokens",
            "put a proxy that does TLS in front, and set PUBLIC_URL to its https:// address",
        );
    }
    if !here.reachable(report).await {
        return;
    }
    here.plain_http(report).await;
    let open = here.endpoint(report).await;
    if open {
        return;
    }
    if let Some(issuer) = here.resource_metadata(report).await {
        here.server_metadata(&issuer, report).await;
    }
    here.forwarded_host(report).await;
    here.pages(report).await;
}

struct Here<'a> {
    probe: &'a Probe,
    url: &'a PublicUrl,
}

impl Here<'_> {
    async fn get(&self, url: &str) -> Result<Reply, Trouble> {
        self.probe.send(Method::GET, url, &[], "").await
    }

    /// The well-known URL of a document about a path of ours (RFC 8414 §3.1, RFC 9728 §3.1).
    fn well_known(&self, document: &str, path: &str) -> String {
        let prefix = self.url.path();
        format!("{}/.well-known/{document}{prefix}{path}", self.url.origin())
    }

    /// Name, port, certificate, and whether it is our server that answers.
    async fn reachable(&self, report: &mut Report) -> bool {
        let health = format!("{}/health", self.url.origin());
        let reply = match self.get(&health).await {
            Ok(reply) => reply,
            Err(trouble) => {
                unreachable(&trouble, self.url, report);
                return false;
            }
        };
        report.ok(match self.url.is_https() {
            true => "the name, the port and the certificate are good",
            false => "the name and the port are good",
        });
        clock(&reply, report);
        match reply.status {
            200 if reply.body.trim() == "ok" => {
                report.ok("the server answers at /health");
                true
            }
            502..=504 => {
                report.fail(
                    &format!(
                        "the proxy answers {}: it does not reach the server",
                        reply.status
                    ),
                    "start the server, and let the proxy pass on to its HOST and PORT",
                );
                false
            }
            // A proxy may keep /health to itself.
            _ => {
                report.warn(
                    &format!("/health is answered by {} and not by this server's `ok`", reply.status),
                    "pass every path on to the server, or look at what else listens under this name",
                );
                true
            }
        }
    }

    /// Whether plain http leads to https, where https is at its usual port.
    async fn plain_http(&self, report: &mut Report) {
        if !self.url.is_https() || self.url.authority().contains(':') {
            return;
        }
        let plain = format!("http://{}/health", self.url.authority());
        if let Ok(reply) = self.get(&plain).await
            && !reply.header("location").starts_with("https://")
        {
            report.warn(
                "plain http is answered without a redirect to https",
                "let the proxy answer port 80 by a redirect to https, or not at all",
            );
        }
    }

    /// `/mcp` without a token, with a bad one, and with a slash behind. Returns whether anyone may call.
    async fn endpoint(&self, report: &mut Report) -> bool {
        let endpoint = self.url.join("/mcp");
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        let bad = [
            headers[0],
            headers[1],
            ("authorization", "Bearer a-token-that-is-none"),
        ];
        let post = async |url: &str, headers: &[(&str, &str)]| {
            self.probe.send(Method::POST, url, headers, PING).await
        };
        let reply = match post(&endpoint, &headers).await {
            Ok(reply) => reply,
            Err(trouble) => {
                unreachable(&trouble, self.url, report);
                return false;
            }
        };
        let challenge = reply.header("www-authenticate");
        let metadata = self.well_known("oauth-protected-resource", "/mcp");
        match reply.status {
            401 if challenge.contains(&format!("resource_metadata=\"{metadata}\"")) => {
                report.ok("/mcp asks for a token, and says where to get one");
            }
            401 if challenge.is_empty() => report.fail(
                "/mcp answers 401 without WWW-Authenticate: clients do not learn where to sign in",
                "let the proxy pass WWW-Authenticate on, and answer no 401 of its own",
            ),
            401 => report.fail(
                &format!("/mcp sends clients elsewhere than to {metadata}: {challenge}"),
                &format!("set PUBLIC_URL={}", self.url),
            ),
            421 => report.fail(
                "/mcp answers that the server goes by another name",
                &format!(
                    "set PUBLIC_URL={}, and let the proxy pass the Host header on as it came (nginx: \
                     `proxy_set_header Host $host;`)",
                    self.url
                ),
            ),
            300..=399 => report.fail(
                &format!("/mcp redirects to {}: a client's message gets lost", reply.header("location")),
                "let the proxy pass /mcp on without a redirect, or give clients the URL that it leads to",
            ),
            // An answer of the protocol's own, or a complaint about our message, without a look at who we are.
            200 | 400 if reply.json().is_some_and(|json| json["jsonrpc"] == "2.0") => {
                report.warn(
                    "/mcp answers without a token: whoever reaches this URL may call every tool",
                    "give the server `Auth::embedded()`, unless that is what you want",
                );
                return true;
            }
            502..=504 => report.fail(
                &format!("/mcp is answered by {}: the proxy does not reach the server", reply.status),
                "start the server, and let the proxy pass on to its HOST and PORT",
            ),
            status => report.fail(
                &format!("/mcp is answered by {status}, not by this server"),
                "let the proxy pass POST /mcp on to the server; look at its access rules",
            ),
        }
        if reply.status != 401 {
            return false;
        }
        match post(&endpoint, &bad).await {
            Ok(reply) if reply.header("www-authenticate").contains("invalid_token") => {
                report.ok("the Authorization header reaches the server");
            }
            Ok(_) => report.fail(
                "a bad token is answered as none: the Authorization header does not reach the server",
                "let the proxy pass Authorization on, and check no password of its own on /mcp",
            ),
            Err(trouble) => unreachable(&trouble, self.url, report),
        }
        if let Ok(reply) = post(&format!("{endpoint}/"), &headers).await
            && reply.status != 401
        {
            report.warn(
                &format!("/mcp/ is answered by {}, unlike /mcp", reply.status),
                "let the proxy pass both on without a redirect",
            );
        }
        false
    }

    /// The first document that a client reads; the issuer that it names.
    async fn resource_metadata(&self, report: &mut Report) -> Option<String> {
        let url = self.well_known("oauth-protected-resource", "/mcp");
        let json = self.document(&url, report).await?;
        let resource = self.url.join("/mcp");
        if json["resource"] != resource.as_str() {
            report.fail(
                &format!(
                    "{url} is about {}, and not about {resource}",
                    json["resource"]
                ),
                &format!("set PUBLIC_URL={}", self.url),
            );
            return None;
        }
        report.ok("the resource metadata is there");
        let issuer = json["authorization_servers"][0].as_str();
        if issuer.is_none() {
            report.fail(
                "the resource metadata names no authorization server",
                "see that no proxy rewrites it",
            );
        }
        issuer.map(ToOwned::to_owned)
    }

    async fn server_metadata(&self, issuer: &str, report: &mut Report) {
        if issuer != self.url.to_string() {
            report.ok(&format!(
                "users sign in elsewhere, at {}: not looked at",
                issuer.escape_debug()
            ));
            return;
        }
        let url = self.well_known("oauth-authorization-server", "");
        let Some(json) = self.document(&url, report).await else {
            return;
        };
        if json["issuer"] != issuer {
            report.fail(
                &format!(
                    "{url} is about the issuer {}, and not about {issuer}",
                    json["issuer"]
                ),
                &format!("set PUBLIC_URL={}", self.url),
            );
            return;
        }
        report.ok("the authorization server's metadata is there");
        let Some(keys) = json["jwks_uri"].as_str() else {
            report.fail(
                "the metadata names no keys",
                "see that no proxy rewrites it",
            );
            return;
        };
        if let Some(keys) = self.document(keys, report).await {
            match keys["keys"].as_array().is_some_and(|keys| !keys.is_empty()) {
                true => report.ok("the keys are there"),
                false => report.fail("the key set is empty", "see that no proxy rewrites it"),
            }
        }
    }

    /// A JSON document that everyone may read.
    async fn document(&self, url: &str, report: &mut Report) -> Option<Value> {
        let reply = match self.get(url).await {
            Ok(reply) => reply,
            Err(trouble) => {
                unreachable(&trouble, self.url, report);
                return None;
            }
        };
        let what = |reply: &Reply| format!("{url} is answered by {}", reply.status);
        match (reply.status, reply.json()) {
            (200, Some(json)) => {
                if reply.all("access-control-allow-origin").len() > 1 {
                    report.warn(
                        &format!(
                            "{url} carries Access-Control-Allow-Origin twice: browsers refuse that"
                        ),
                        "let the proxy add no CORS headers: the server sends its own",
                    );
                }
                Some(json)
            }
            (200, None) => {
                report.fail(
                    &format!("{url} is no JSON: something else answers there"),
                    "let the proxy pass /.well-known/ and every other path on to the server, before it serves \
                     pages of its own",
                );
                None
            }
            (300..=399, _) => {
                report.fail(
                    &format!(
                        "{}: a redirect to {}",
                        what(&reply),
                        reply.header("location")
                    ),
                    "let the proxy pass it on without a redirect",
                );
                None
            }
            (421, _) => {
                report.fail(
                    &what(&reply),
                    &format!(
                        "set PUBLIC_URL={}, and let the proxy pass the Host header on as it came (nginx: \
                         `proxy_set_header Host $host;`)",
                        self.url
                    ),
                );
                None
            }
            _ => {
                report.fail(
                    &what(&reply),
                    "let the proxy pass /.well-known/ on to the server: RFC 8414 and RFC 9728 put it at the root of \
                     the host",
                );
                None
            }
        }
    }

    /// Whether a header that anyone can send changes what others read.
    async fn forwarded_host(&self, report: &mut Report) {
        let url = self.well_known("oauth-protected-resource", "/mcp");
        let headers = [
            ("x-forwarded-host", "doctor.invalid"),
            ("forwarded", "host=doctor.invalid"),
        ];
        let Ok(reply) = self.probe.send(Method::GET, &url, &headers, "").await else {
            return;
        };
        let told = reply
            .headers
            .values()
            .any(|v| v.as_bytes().ends_with(b"doctor.invalid"));
        if told || reply.body.contains("doctor.invalid") {
            report.fail(
                "a caller's X-Forwarded-Host ends up in the metadata, and so leads others astray",
                "see which proxy rewrites answers by it, and switch that off",
            );
        } else {
            report.ok("forwarded headers of a caller's change nothing");
        }
    }

    /// The pages on which people type passwords.
    async fn pages(&self, report: &mut Report) {
        let Ok(reply) = self.get(&self.url.join("/login")).await else {
            return;
        };
        if reply.status == 404 {
            return;
        }
        let mut good = true;
        for (name, of) in [
            ("content-security-policy", "frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
        ] {
            let values = reply.all(name);
            if !values.iter().any(|value| value.contains(of)) {
                good = false;
                report.warn(
                    &format!("the sign-in page arrives without `{name}: {of}`"),
                    "let the proxy pass the server's headers on as they are",
                );
            }
        }
        let plain = self.url.is_https() && reply.header("strict-transport-security").is_empty();
        if plain {
            good = false;
            report.warn(
                "the sign-in page arrives without Strict-Transport-Security",
                "let the proxy pass the server's headers on as they are",
            );
        }
        if !reply.header("age").is_empty() {
            good = false;
            report.warn(
                "the sign-in page came out of a cache",
                "let the proxy or the CDN cache nothing that says `no-store`",
            );
        }
        if good {
            report.ok("the sign-in page arrives with its headers");
        }
    }
}

fn clock(reply: &Reply, report: &mut Report) {
    match reply.ahead {
        // The answer took a moment, and the header counts whole seconds.
        Some(ahead) if ahead.abs() > CLOCK_TOLERANCE => report.warn(
            &format!(
                "the clock there is {} s {} of the one here",
                ahead.abs(),
                if ahead > 0 { "ahead" } else { "behind" }
            ),
            "let both machines keep time by NTP: codes live for a minute",
        ),
        Some(_) => report.ok("the clocks agree"),
        None => {}
    }
}

fn unreachable(trouble: &Trouble, url: &PublicUrl, report: &mut Report) {
    let place = url.authority();
    match trouble {
        Trouble::Name(why) => report.fail(
            &format!("{place} has no address ({why})"),
            "make a DNS record for the name, or look before it is there by `--connect ADDRESS:PORT`",
        ),
        Trouble::Connect(why) => report.fail(
            &format!("nothing answers at {place} ({why})"),
            "start the server or its proxy, and open the port in the firewall",
        ),
        Trouble::Certificate(why) => report.fail(
            &format!("the certificate of {place} is not accepted: {why}"),
            "give the proxy a certificate for this name from an authority that everyone trusts, with its chain; \
             `--ca FILE` trusts one of your own",
        ),
        Trouble::NoTls(why) => report.fail(
            &format!("{place} does not speak TLS ({why})"),
            "the server itself speaks plain http: put a proxy that does TLS in front, or name its port",
        ),
        Trouble::Http(why) => report.fail(
            &format!("{place} does not speak HTTP ({why})"),
            "look at what listens there; an https port needs an https:// URL",
        ),
        Trouble::Slow => report.fail(
            &format!("{place} does not answer within 10 s"),
            "look at whether the server is overloaded, or a firewall drops what is sent",
        ),
    }
}
