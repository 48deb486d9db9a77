//! A complete MCP client, from a bare URL to an answered tool call, on the official `rmcp` crate.
//!
//! Start a server in one terminal and this client in another:
//!
//! ```text
//! cargo run -p example
//! cargo run -p example --example connect_with_client
//! ```
//!
//! It walks the six steps that every host (an editor, a chat application) takes on "Connect", and prints each
//! as it passes: discover, register, authorize, sign in, token, call. Sign in as alice / password123.
//!
//! ```text
//! connect_with_client [URL] [--print-url]
//!
//! URL          the server's endpoint, http://127.0.0.1:8000/mcp by default
//! --print-url  print the login page's address and leave the opening to you
//! BROWSER      (environment) the program that opens the login page, instead of the system's own
//! ```

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationCallback, AuthorizationManager};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The longest request line and headers of a redirect that we are ready to read, in bytes.
const MAX_REQUEST: u64 = 16 * 1024;

const USAGE: &str = "Usage: connect_with_client [URL] [--print-url]";

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let url = options.url.as_str();

    // 1. Who guards this endpoint? Its 401 names the resource metadata (RFC 9728), and that the authorization
    //    server's own metadata (RFC 8414).
    let mut oauth = AuthorizationManager::new(url).await?;
    let server = oauth.resolve_metadata().await;
    let server = server.with_context(|| format!("no answer from {url}: is the server running?"))?;
    ensure!(
        server.source.is_discovered(),
        "no metadata at {url}: is it an MCP endpoint?"
    );
    let issuer = server.metadata.issuer.clone().unwrap_or_default();
    oauth.set_metadata(server.metadata);
    println!("[1/6] discover: {issuer} signs users in for {url}");

    // 2. Introduce ourselves (RFC 7591). The redirect goes to a port of our own, on this machine only.
    let redirect = TcpListener::bind("127.0.0.1:0").await?;
    let redirect_uri = format!("http://{}/callback", redirect.local_addr()?);
    let scopes = oauth.select_initial_scopes(&[]).await;
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let client = oauth
        .register_client("connect_with_client", &redirect_uri, &scopes)
        .await?;
    println!("[2/6] register: we are client {}", client.client_id);

    // 3. Ask for permission: an address for the user's browser, with a PKCE challenge (RFC 7636) of which only we
    //    know the answer.
    let login_page = oauth.get_authorization_url(&scopes).await?;
    println!("[3/6] authorize: asking for the scopes {scopes:?}");

    // 4. The user signs in, in the browser. The password never comes near this program.
    options.show(&login_page);
    let callback = wait_for_redirect(&redirect, &redirect_uri).await?;
    println!("[4/6] sign in: the browser came back with a code");

    // 5. The code and the PKCE verifier buy a short-lived access token and a refresh token. `state` and `iss`
    //    are checked on the way: they prove that the answer is to our question, and from our server (RFC 9207).
    oauth
        .exchange_code_for_token_with_issuer(
            &callback.code,
            &callback.csrf_token,
            callback.issuer.as_deref(),
        )
        .await?;
    println!("[5/6] token: an access token, renewed in the background from now on");

    // 6. Call the tools as that user.
    let http = AuthClient::new(reqwest::Client::new(), oauth);
    let config = StreamableHttpClientTransportConfig::with_uri(url);
    let mcp = ().serve(StreamableHttpClientTransport::with_client(http, config)).await?;
    let tools = mcp.list_all_tools().await?;
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    println!("[6/6] call: the server offers {}", names.join(", "));

    for tool in ["roll_dice", "greeting_card"] {
        let request = CallToolRequestParams::new(tool).with_arguments(JsonObject::new());
        let result = mcp.call_tool(request).await?;
        let text = result.content.iter().filter_map(|block| block.as_text());
        for text in text {
            println!("      {tool}: {}", text.text);
        }
        ensure!(result.is_error != Some(true), "{tool} failed");
    }
    mcp.cancel().await?;
    Ok(())
}

/// What the command line and the environment ask for.
struct Options {
    url: String,
    browser: Option<String>,
}

impl Options {
    fn parse(args: impl Iterator<Item = String>) -> Result<Self> {
        let system = match std::env::consts::OS {
            "macos" => "open",
            "windows" => "explorer",
            _ => "xdg-open",
        };
        let chosen = std::env::var("BROWSER")
            .ok()
            .filter(|program| !program.is_empty());
        let mut options = Self {
            url: "http://127.0.0.1:8000/mcp".into(),
            browser: Some(chosen.unwrap_or_else(|| system.into())),
        };
        for arg in args {
            match arg.as_str() {
                "--print-url" => options.browser = None,
                "--help" | "-h" => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                url if url.starts_with("http://") => options.url = arg,
                url if url.starts_with("https://") => bail!(
                    "this example is built without TLS: add the feature `reqwest` to its `rmcp` dependency"
                ),
                _ => bail!("`{arg}` is not understood. {USAGE}"),
            }
        }
        Ok(options)
    }

    /// Opens the login page, or says where it is: on a machine without a browser that is all one needs.
    fn show(&self, page: &str) {
        println!("\n      Sign in (alice / password123) at\n      {page}\n");
        if let Some(browser) = &self.browser {
            let opened = Command::new(browser)
                .arg(page)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            if opened.is_err() {
                println!("      No browser opens by itself here: follow the address by hand.\n");
            }
        }
    }
}

/// Serves the redirect address until the browser comes with an answer.
async fn wait_for_redirect(
    listener: &TcpListener,
    redirect_uri: &str,
) -> Result<AuthorizationCallback> {
    loop {
        let (mut browser, _) = listener.accept().await?;
        // Browsers ask for an icon too, and open connections that they never use.
        let Some(query) = read_callback(&mut browser).await else {
            continue;
        };
        let answer = AuthorizationCallback::from_redirect_url(&format!("{redirect_uri}?{query}"));
        let page = match &answer {
            Ok(_) => "Signed in. You can close this tab and go back to the terminal.",
            Err(_) => "Not signed in: the terminal says why.",
        };
        let _ = browser
            .write_all(
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{page}",
                    page.len()
                )
                .as_bytes(),
            )
            .await;
        return answer.with_context(|| format!("the login page answered \"{query}\""));
    }
}

/// The query of a `GET /callback?…`, or nothing for any other request.
async fn read_callback(browser: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut reader = browser.take(MAX_REQUEST);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if reader.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    let request = String::from_utf8(request).ok()?;
    let target = request.strip_prefix("GET /callback?")?.split(' ').next()?;
    Some(target.to_owned())
}
