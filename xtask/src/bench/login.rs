//! Signing in as a browser does, to get the token that the measured requests carry.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::Bench;
use super::contender::{own, own_command};
use super::http::{self, Answer};

pub(super) const PASSWORD: &str = "correct horse battery staple";
const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Adds a user to the bench server's store, by its own command line.
pub(super) fn add_user(bench: &Bench<'_>, home: &Path, name: &str) -> Result<()> {
    let mut command = own_command(&own(bench, "bench-server"), home);
    let mut child = command
        .env("AUTH", "1")
        .args(["user", "add", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("stdin is piped")?;
    writeln!(stdin, "{PASSWORD}")?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "user add: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A login page that waits for its form.
pub(super) struct Waiting {
    cookie: String,
    form: String,
}

/// An access token for a user.
pub(super) fn sign_in(port: u16, user: &str) -> Result<String> {
    let client = register(port)?;
    let page = Waiting::open(port, &client)?;
    let answer = page.submit(port, user, "127.0.0.1")?;
    let location = answer.header("location").unwrap_or_default();
    let code = query(location, "code")
        .with_context(|| format!("no code: {} {:.500}", answer.status, answer.body))?;
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={}&client_id={}&code_verifier={VERIFIER}",
        encode(REDIRECT),
        encode(&client)
    );
    let answer = http::send(port, "POST", "/token", &[FORM], &form)?;
    let tokens: Value =
        serde_json::from_str(&answer.body).context("the token endpoint's answer")?;
    let token = tokens["access_token"].as_str();
    Ok(token
        .with_context(|| format!("no token: {tokens}"))?
        .to_owned())
}

/// The id of a fresh client.
pub(super) fn register(port: u16) -> Result<String> {
    let metadata = json!({
        "client_name": "bench",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
    });
    let json = ("Content-Type", "application/json");
    let answer = http::send(port, "POST", "/register", &[json], &metadata.to_string())?;
    let client: Value = serde_json::from_str(&answer.body).context("the registration's answer")?;
    let id = client["client_id"].as_str();
    Ok(id
        .with_context(|| format!("no client: {client}"))?
        .to_owned())
}

impl Waiting {
    /// Asks for authorization and opens the page that comes of it.
    pub(super) fn open(port: u16, client: &str) -> Result<Self> {
        let path = format!(
            "/authorize?response_type=code&client_id={}&redirect_uri={}&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&state=s&resource={}",
            encode(client),
            encode(REDIRECT),
            encode(&format!("http://127.0.0.1:{port}/mcp"))
        );
        let answer = http::send(port, "GET", &path, &[], "")?;
        let (Some(page), Some(cookie)) = (answer.header("location"), answer.header("set-cookie"))
        else {
            bail!("/authorize: {} {:.500}", answer.status, answer.body);
        };
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let path = page
            .strip_prefix(&format!("http://127.0.0.1:{port}"))
            .unwrap_or(page);
        let answer = http::send(port, "GET", path, &[("Cookie", &cookie)], "")?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(Self {
            cookie,
            form: hidden_fields(&answer.body),
        })
    }

    /// Sends name and password, as from this address.
    pub(super) fn submit(&self, port: u16, user: &str, address: &str) -> Result<Answer> {
        let origin = format!("http://127.0.0.1:{port}");
        let headers = [
            FORM,
            ("Cookie", self.cookie.as_str()),
            ("Origin", origin.as_str()),
            ("X-Forwarded-For", address),
        ];
        let body = format!(
            "{}username={}&password={}",
            self.form,
            encode(user),
            encode(PASSWORD)
        );
        http::send(port, "POST", "/login", &headers, &body)
    }
}

/// What a page's first form carries unseen, encoded and with a trailing `&` each; the second one denies.
fn hidden_fields(page: &str) -> String {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    let form = page.split("</form>").next().unwrap_or_default();
    form.split("<input")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| tag.contains("type=\"hidden\""))
        .filter_map(|tag| {
            let (name, value) = (attribute(tag, "name")?, attribute(tag, "value")?);
            Some(format!("{}={}&", encode(&name), encode(&value)))
        })
        .collect()
}

fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let found = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.map(str::to_owned)
}

/// Everything but letters, digits and `-._~` by its percent code.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hidden_fields_are_sent_back() {
        let page = r#"<form><input type="hidden" name="txn" value="a b"><input id="x" type="text" name="username"></form><form><input type="hidden" name="txn" value="again"></form>"#;
        assert_eq!(hidden_fields(page), "txn=a%20b&");
        assert_eq!(
            query("http://c.test/cb?state=s&code=C-1", "code").as_deref(),
            Some("C-1")
        );
    }
}
