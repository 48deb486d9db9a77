//! The official Rust client (`rmcp`), end to end, on both wires: `rmcp_walk legacy|modern`.
//!
//! `MCP_URL` names the endpoint, `SIGN_IN` the program that plays the user and the browser.

use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientConfig, JsonObject, ProtocolVersion,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationCallback, AuthorizationManager};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::var("MCP_URL").context("MCP_URL is not set")?;
    let lifecycle = match std::env::args().nth(1).as_deref() {
        Some("legacy") => ClientLifecycleMode::Initialize,
        Some("modern") => ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        },
        other => bail!("usage: rmcp_walk legacy|modern, not {other:?}"),
    };
    refused_without_token(&url, lifecycle.clone()).await?;

    let manager = sign_in(&url).await?;
    let http = AuthClient::new(reqwest::Client::new(), manager);
    let oauth = http.auth_manager.clone();
    let config = StreamableHttpClientTransportConfig::with_uri(url);
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let mcp = ClientConfig::default()
        .serve_with_lifecycle(transport, lifecycle)
        .await?;
    ok(
        "connect",
        &format!(
            "{:?}",
            mcp.peer_info()
                .map(|server| server.protocol_version.clone())
        ),
    );

    let tools = mcp.list_all_tools().await?;
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    ensure!(
        names.contains(&"roll_dice") && names.contains(&"greeting_card"),
        "{names:?}"
    );
    ok("list", &names.join(", "));

    let dice = text(&mcp.call_tool(call("roll_dice")).await?)?;
    ensure!(
        dice.starts_with("alice rolled a ") && dice.ends_with(" (1–6)."),
        "{dice}"
    );
    ok("call roll_dice", &dice);

    let card = mcp.call_tool(call("greeting_card")).await?;
    let shown = text(&card)?;
    let named = card
        .structured_content
        .as_ref()
        .and_then(|c| c.get("username")?.as_str());
    ensure!(
        shown.contains("alice") && named == Some("alice"),
        "{card:?}"
    );
    ok("call greeting_card", &shown);

    let before = oauth.lock().await.get_credentials().await?;
    oauth.lock().await.refresh_token().await?;
    let after = oauth.lock().await.get_credentials().await?;
    ensure!(before.0 == after.0, "the client stays registered");
    let (before, after) = (before.1.context("tokens")?, after.1.context("tokens")?);
    let secret = |tokens| serde_json::to_value(tokens).map(|t| t["refresh_token"].clone());
    let (before, after) = (secret(before)?, secret(after)?);
    ensure!(
        before.is_string() && before != after,
        "the refresh token rotates"
    );
    let dice = text(&mcp.call_tool(call("roll_dice")).await?)?;
    ok("refresh", &dice);
    mcp.cancel().await?;
    Ok(())
}

async fn refused_without_token(url: &str, lifecycle: ClientLifecycleMode) -> Result<()> {
    let transport = StreamableHttpClientTransport::with_client(
        reqwest::Client::new(),
        StreamableHttpClientTransportConfig::with_uri(url),
    );
    let Err(error) = ClientConfig::default()
        .serve_with_lifecycle(transport, lifecycle)
        .await
    else {
        bail!("a client without a token was let in");
    };
    let report = format!("{error:?}");
    ensure!(
        report.contains("AuthRequired") && report.contains("resource_metadata="),
        "{report}"
    );
    ok(
        "refused without a token",
        "401 with a challenge that names the metadata",
    );
    Ok(())
}

async fn sign_in(url: &str) -> Result<AuthorizationManager> {
    let mut oauth = AuthorizationManager::new(url).await?;
    let server = oauth.resolve_metadata().await?;
    ensure!(
        server.source.is_discovered(),
        "discovery fell back to guessing"
    );
    ok(
        "discover",
        server.metadata.issuer.as_deref().unwrap_or_default(),
    );
    oauth.set_metadata(server.metadata);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
    let scopes = oauth.select_initial_scopes(&[]).await;
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let client = oauth
        .register_client("rmcp walk", &redirect_uri, &scopes)
        .await?;
    ok("register", &client.client_id);

    let page = oauth.get_authorization_url(&scopes).await?;
    let program = std::env::var("SIGN_IN").context("SIGN_IN is not set")?;
    let mut browser = Command::new(program).arg(page).spawn()?;
    let (mut stream, _) =
        tokio::time::timeout(std::time::Duration::from_secs(60), listener.accept()).await??;
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).await?;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        .await?;
    drop(stream);
    ensure!(browser.wait()?.success(), "the form-driver failed");
    let target = line.split(' ').nth(1).context("a request line")?;
    let base = redirect_uri.trim_end_matches("/callback");
    let answer = AuthorizationCallback::from_redirect_url(&format!("{base}{target}"))?;
    ensure!(
        answer.issuer.is_some(),
        "the redirect carries `iss` (RFC 9207)"
    );
    ok("sign in", "code, state and iss came back");

    oauth
        .exchange_code_for_token_with_issuer(
            &answer.code,
            &answer.csrf_token,
            answer.issuer.as_deref(),
        )
        .await?;
    ok("token", "");
    Ok(oauth)
}

fn call(tool: &'static str) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(JsonObject::new())
}

fn text(result: &CallToolResult) -> Result<String> {
    ensure!(result.is_error != Some(true), "{result:?}");
    let blocks: Vec<&str> = result
        .content
        .iter()
        .filter_map(|block| block.as_text())
        .map(|t| &*t.text)
        .collect();
    Ok(blocks.join("\n"))
}

fn ok(step: &str, detail: &str) {
    println!("ok {step}: {detail}");
}
