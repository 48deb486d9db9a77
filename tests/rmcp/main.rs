//! The official Rust client (`rmcp`) through all that the everything server serves: `rmcp_everything legacy|modern`.
//!
//! What it sends and gets is compared as JSON: that is what goes over the wire.

#![expect(
    deprecated,
    reason = "sampling, roots and logging are, and are served all the same"
)]

mod user;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rmcp::RoleClient;
use rmcp::model::{CallToolResponse, CallToolResult, ProtocolVersion, SubscriptionFilter};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use user::Willing;

const LIMIT: Duration = Duration::from_secs(20);
const WATCHED: &str = "test://watched-resource";

/// Each tool that changes something, and what is heard of it.
const CHANGES: [(&str, &str); 3] = [
    (
        "test_trigger_tool_change",
        "notifications/tools/list_changed",
    ),
    (
        "test_trigger_prompt_change",
        "notifications/prompts/list_changed",
    ),
    (
        "test_trigger_resource_update",
        "notifications/resources/updated",
    ),
];

type Client = RunningService<RoleClient, Willing>;

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::var("MCP_URL").context("MCP_URL is not set")?;
    let (lifecycle, modern) = match std::env::args().nth(1).as_deref() {
        Some("legacy") => (ClientLifecycleMode::Initialize, false),
        Some("modern") => {
            let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
            (ClientLifecycleMode::Discover { preferred_versions }, true)
        }
        other => bail!("usage: rmcp_everything legacy|modern, not {other:?}"),
    };
    let transport = StreamableHttpClientTransport::with_client(
        reqwest::Client::new(),
        StreamableHttpClientTransportConfig::with_uri(url),
    );
    let (hear, mut heard) = unbounded_channel();
    let user = Willing {
        hear,
        asked: Arc::default(),
    };
    let asked = user.asked.clone();
    let mcp = user.serve_with_lifecycle(transport, lifecycle).await?;
    let version = mcp
        .peer_info()
        .map(|server| server.protocol_version.clone());
    ok("connect", format!("{version:?}"));

    tools(&mcp).await?;
    while_it_runs(&mcp, &mut heard, modern).await?;
    resources(&mcp).await?;
    prompts(&mcp).await?;
    questions(&mcp, &asked).await?;
    skills(&mcp).await?;
    if modern {
        tasks(&mcp).await?;
        changes_on_a_subscription(&mcp).await?;
    } else {
        changes_in_a_session(&mcp, &mut heard).await?;
    }

    let slow = timeout(
        Duration::from_millis(500),
        call(&mcp, "test_slow", json!({})),
    )
    .await;
    ensure!(slow.is_err(), "it was to take a minute: {slow:?}");
    says(&mcp, "test_simple_text", json!({}), "simple text").await?;
    ok("cancellation, and the connection lives on", "");
    mcp.cancel().await?;
    Ok(())
}

async fn tools(mcp: &Client) -> Result<()> {
    let tools = mcp.list_all_tools().await?;
    ensure!(tools.len() > 25, "{} tools", tools.len());
    ok("tools", tools.len());
    says(mcp, "test_simple_text", json!({}), "simple text").await?;
    for (tool, kinds) in [
        ("test_image_content", &["image"][..]),
        ("test_audio_content", &["audio"]),
        ("test_embedded_resource", &["resource"]),
        (
            "test_multiple_content_types",
            &["text", "image", "resource"],
        ),
    ] {
        let content = json(&call(mcp, tool, json!({})).await?.content)?;
        let got: Vec<&str> = content
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|c| c["type"].as_str())
            .collect();
        ensure!(got == kinds, "{tool}: {content}");
    }
    ensure!(call(mcp, "test_error_handling", json!({})).await?.is_error == Some(true));
    ok("results of all kinds", "");
    ensure!(call(mcp, "no_such_tool", json!({})).await.is_err());
    ok("an unknown tool is an error", "");
    Ok(())
}

/// Progress and log messages.
async fn while_it_runs(
    mcp: &Client,
    heard: &mut UnboundedReceiver<Value>,
    modern: bool,
) -> Result<()> {
    call(mcp, "test_tool_with_progress", json!({})).await?;
    for expected in [0.0, 50.0, 100.0] {
        let progress = hear(heard, "notifications/progress").await?;
        ensure!(progress["progress"] == expected, "{progress}");
    }
    ok("progress", "0 50 100");

    let mut params = json!({"name": "test_tool_with_logging", "arguments": {}});
    if modern {
        params["_meta"] = json!({"io.modelcontextprotocol/logLevel": "debug"});
    } else {
        mcp.set_level(params_of(json!({"level": "debug"}))?).await?;
    }
    mcp.call_tool(params_of(params)?).await?;
    for _ in 0..3 {
        hear(heard, "notifications/message").await?;
    }
    ok("logging", "3 messages");
    Ok(())
}

async fn resources(mcp: &Client) -> Result<()> {
    let listed = json(&mcp.list_all_resources().await?)?.to_string();
    ensure!(listed.contains("test://static-text"), "{listed}");
    for (uri, field, part) in [
        ("test://static-text", "text", "static text"),
        ("test://static-binary", "blob", ""),
        ("test://template/123/data", "text", "123"),
    ] {
        let read = json(&mcp.read_resource(params_of(json!({"uri": uri}))?).await?)?;
        let content = read["contents"][0][field]
            .as_str()
            .with_context(|| read.to_string())?;
        ensure!(content.contains(part), "{uri}: {content}");
    }
    let templates = json(&mcp.list_all_resource_templates().await?)?;
    ensure!(
        templates[0]["uriTemplate"] == "test://template/{id}/data",
        "{templates}"
    );
    ensure!(
        mcp.read_resource(params_of(json!({"uri": "test://no/such"}))?)
            .await
            .is_err()
    );
    ok("resources and templates", "");
    Ok(())
}

async fn prompts(mcp: &Client) -> Result<()> {
    ensure!(mcp.list_all_prompts().await?.len() >= 4);
    let asked =
        json!({"name": "test_prompt_with_arguments", "arguments": {"arg1": "one", "arg2": "two"}});
    let prompt = json(&mcp.get_prompt(params_of(asked)?).await?)?;
    ensure!(
        prompt["messages"][0]["content"]["text"]
            .as_str()
            .is_some_and(|t| t.contains("one")),
        "{prompt}"
    );
    ok("prompts", "");
    let values = mcp
        .complete_prompt_simple("test_prompt_with_arguments", "arg1", "t")
        .await?;
    ensure!(!values.is_empty());
    ok("completion", values.join(" "));
    Ok(())
}

/// What a tool asks while it runs.
async fn questions(mcp: &Client, asked: &Mutex<Vec<&str>>) -> Result<()> {
    says(
        mcp,
        "test_input_required_result_elicitation",
        json!({}),
        "Hello, Alice!",
    )
    .await?;
    says(
        mcp,
        "test_elicitation_sep1034_defaults",
        json!({}),
        "John Doe",
    )
    .await?;
    says(mcp, "test_elicitation_sep1330_enums", json!({}), "option1").await?;
    ok("elicitation by a form", "");
    says(mcp, "test_elicitation_url", json!({}), "went").await?;
    ok("elicitation by a url", "");
    says(mcp, "test_sampling", json!({"prompt": "Capital?"}), "Paris").await?;
    ok("sampling", "");
    says(
        mcp,
        "test_input_required_result_list_roots",
        json!({}),
        "1 roots",
    )
    .await?;
    ok("roots", "");
    says(
        mcp,
        "test_input_required_result_multi_round",
        json!({}),
        "Alice",
    )
    .await?;
    says(
        mcp,
        "test_input_required_result_multiple_inputs",
        json!({}),
        "Alice Paris 1",
    )
    .await?;
    ok(
        "several questions",
        asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join(" "),
    );
    Ok(())
}

async fn skills(mcp: &Client) -> Result<()> {
    const SKILL: &str = "skill://conformance-skill/SKILL.md";
    let skills = json(&mcp.list_all_skills().await?)?;
    ensure!(skills[0]["uri"] == SKILL, "{skills}");
    let skill = json(&mcp.get_skill(params_of(json!({"uri": SKILL}))?).await?)?;
    ensure!(skill.to_string().contains("sha256"), "{skill}");
    let directory = json!({"uri": "skill://conformance-skill"});
    let children = json(&mcp.read_resource_directory(params_of(directory)?).await?)?;
    ensure!(children.to_string().contains(SKILL), "{children}");
    ok("skills", SKILL);
    Ok(())
}

async fn tasks(mcp: &Client) -> Result<()> {
    let long = json!({"name": "slow_compute", "arguments": {"seconds": 0.5, "label": "walk"}});
    let CallToolResponse::Task(task) = mcp.call_tool_once(params_of(long)?).await? else {
        bail!("no task")
    };
    let id = json(&task)?["taskId"].clone();
    let poll = async {
        loop {
            let task = json(&mcp.get_task(params_of(json!({"taskId": id}))?).await?)?;
            if task["status"] != "working" {
                break anyhow::Ok(task);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let done = timeout(LIMIT, poll).await??;
    ensure!(
        done["status"] == "completed" && done["result"].to_string().contains("walk: computed"),
        "{done}"
    );
    ok("a task", &id);

    let long = json!({"name": "slow_compute", "arguments": {"seconds": 100.0}});
    let CallToolResponse::Task(task) = mcp.call_tool_once(params_of(long)?).await? else {
        bail!("no task")
    };
    let id = json!({"taskId": json(&task)?["taskId"]});
    mcp.cancel_task(params_of(id.clone())?).await?;
    let task = json(&mcp.get_task(params_of(id)?).await?)?;
    ensure!(task["status"] == "cancelled", "{task}");
    ok("a task that is cancelled", "");
    Ok(())
}

async fn changes_in_a_session(mcp: &Client, heard: &mut UnboundedReceiver<Value>) -> Result<()> {
    mcp.subscribe(params_of(json!({"uri": WATCHED}))?).await?;
    for (tool, change) in CHANGES {
        call(mcp, tool, json!({})).await?;
        hear(heard, change).await?;
        ok(change, "");
    }
    mcp.unsubscribe(params_of(json!({"uri": WATCHED}))?).await?;
    Ok(())
}

async fn changes_on_a_subscription(mcp: &Client) -> Result<()> {
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = Some(true);
    filter.prompts_list_changed = Some(true);
    filter.resource_subscriptions = Some(vec![WATCHED.into()]);
    let mut stream = mcp.listen(filter.clone()).await?;
    ensure!(
        *stream.acknowledged() == filter,
        "{:?}",
        stream.acknowledged()
    );
    for (tool, change) in CHANGES {
        call(mcp, tool, json!({})).await?;
        let message = timeout(LIMIT, stream.next())
            .await??
            .context("the stream ended")?;
        ensure!(json(&message)?["method"] == change, "{message:?}");
        ok(change, "");
    }
    stream.cancel().await?;
    Ok(())
}

async fn call(mcp: &Client, tool: &str, arguments: Value) -> Result<CallToolResult> {
    let params = params_of(json!({"name": tool, "arguments": arguments}))?;
    Ok(mcp.call_tool(params).await?)
}

/// Calls a tool and looks for this in its text.
async fn says(mcp: &Client, tool: &str, arguments: Value, part: &str) -> Result<()> {
    let result = call(mcp, tool, arguments).await?;
    let said = json(&result.content)?.to_string();
    ensure!(
        result.is_error != Some(true) && said.contains(part),
        "{tool}: {said}"
    );
    Ok(())
}

/// The next notification, which must be this.
async fn hear(heard: &mut UnboundedReceiver<Value>, method: &str) -> Result<Value> {
    let message = timeout(LIMIT, heard.recv())
        .await
        .with_context(|| format!("no {method}"))?;
    let message = message.context("the client is gone")?;
    ensure!(message["method"] == method, "not {method}: {message}");
    Ok(message)
}

fn json(value: &impl Serialize) -> Result<Value> {
    Ok(serde_json::to_value(value)?)
}

fn params_of<P: DeserializeOwned>(params: Value) -> Result<P> {
    Ok(serde_json::from_value(params)?)
}

fn ok(step: &str, detail: impl std::fmt::Display) {
    println!(
        "{}",
        format!("ok {step}: {detail}").trim_end_matches([' ', ':'])
    );
}
