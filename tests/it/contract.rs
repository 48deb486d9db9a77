//! The lock file and `schema`, as a user runs them: a process, its exit code, its output.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mcp_runtime::prelude::*;
use serde_json::{Value, json};

/// A directory of its own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("mcp-contract-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).expect("a directory");
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    /// Runs `schema` here.
    fn schema(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_everything_server"))
            .arg("schema")
            .args(arguments)
            .current_dir(&self.0)
            .output();
        Ran(output.expect("runs"))
    }

    /// The lock file of the server, with changes.
    fn lock(&self, change: impl FnOnce(&mut Value)) -> PathBuf {
        let mut lock: Value = serde_json::from_str(&self.schema(&[]).out()).expect("JSON");
        change(&mut lock);
        self.write("mcp.lock.json", &lock.to_string());
        self.path("mcp.lock.json")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Ran(Output);

impl Ran {
    fn code(&self) -> i32 {
        self.0.status.code().expect("an exit code")
    }

    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// The first tool of a lock with an input.
fn tool(lock: &mut Value) -> &mut Value {
    let tools = lock["tools"].as_array_mut().expect("tools");
    let tool = tools
        .iter_mut()
        .find(|t| t["descriptor"]["inputSchema"]["properties"] != json!({}));
    &mut tool.expect("a tool with an input")["descriptor"]
}

fn server_name(path: &Path) -> String {
    let lock: Value = serde_json::from_slice(&std::fs::read(path).expect("a lock")).expect("JSON");
    lock["server"]["name"].as_str().expect("a name").to_owned()
}

#[test]
fn what_is_written_is_checked_from_any_directory_and_is_the_same_every_time() {
    let scratch = Scratch::new("written");
    let written = scratch.schema(&["--write", "--lock", "mcp.lock.json"]);
    assert_eq!(written.code(), 0, "{}", written.err());
    let text = std::fs::read_to_string(scratch.path("mcp.lock.json")).expect("written");
    assert_eq!(text, scratch.schema(&[]).out());
    assert_eq!(scratch.schema(&["--check"]).code(), 0);
    let elsewhere = Scratch::new("elsewhere");
    let lock = scratch.path("mcp.lock.json");
    let lock = lock.to_str().expect("a path");
    assert_eq!(elsewhere.schema(&["--check", "--lock", lock]).code(), 0);
    assert!(
        !text.contains(env!("CARGO_MANIFEST_DIR")),
        "no absolute path"
    );
    // White space and the order of keys are no drift.
    let again: Value = serde_json::from_str(&text).expect("JSON");
    scratch.write("mcp.lock.json", &again.to_string());
    assert_eq!(scratch.schema(&["--check"]).code(), 0);
}

#[test]
fn the_exit_code_tells_drift_from_a_break() {
    let scratch = Scratch::new("codes");
    scratch.lock(|lock| tool(lock)["description"] = "It was described otherwise.".into());
    let drift = scratch.schema(&["--check"]);
    assert_eq!(
        (drift.code(), drift.err().contains("schema --write")),
        (1, true),
        "{}",
        drift.out()
    );
    let lock = scratch.lock(|lock| {
        tool(lock)["inputSchema"]["properties"]["was_here"] = json!({"type": "string"})
    });
    let broken = scratch.schema(&["--check"]);
    assert_eq!(broken.code(), 2, "{}", broken.out());
    // A release that says so lets it pass; the lock is still to be written.
    scratch.lock(|lock| {
        lock["server"]["version"] = "0.0.1".into();
        tool(lock)["inputSchema"]["properties"]["was_here"] = json!({"type": "string"});
    });
    assert_eq!(scratch.schema(&["--check"]).code(), 1);
    assert_eq!(
        scratch
            .schema(&["--diff", lock.to_str().expect("a path")])
            .code(),
        0
    );
}

#[test]
fn a_waiver_lets_a_break_pass() {
    let scratch = Scratch::new("waived");
    let mut name = String::new();
    scratch.lock(|lock| {
        let tool = tool(lock);
        name = tool["name"].as_str().expect("a name").to_owned();
        tool["inputSchema"]["properties"]["was_here"] = json!({"type": "string"});
    });
    let mut diff: Value =
        serde_json::from_str(&scratch.schema(&["--check", "--format", "json"]).out())
            .expect("JSON");
    let change = diff["changes"][0].take();
    let waiver = json!({"rule": change["rule"], "item": format!("tools/{name}"), "reason": "Nobody used it.", "expires": "2999-12-31"});
    scratch.write("mcp.policy.json", &json!({"waivers": [waiver]}).to_string());
    let waived = scratch.schema(&["--check"]);
    assert_eq!(
        (
            waived.code(),
            waived.out().contains("waived: Nobody used it.")
        ),
        (1, true),
        "{}",
        waived.out()
    );
    for (waivers, word) in [
        (json!([{"rule": 7}]), "mcp.policy.json"),
        (
            json!([{"rule": 68, "item": "tools/a", "reason": "r", "expires": "2999-12-31"}]),
            "from 1 to 67",
        ),
    ] {
        scratch.write(
            "mcp.policy.json",
            &json!({ "waivers": waivers }).to_string(),
        );
        let bad = scratch.schema(&["--check"]);
        assert_eq!(
            (bad.code(), bad.err().contains(word)),
            (4, true),
            "{}",
            bad.err()
        );
    }
}

#[test]
fn the_json_of_a_diff_has_its_documented_form() {
    let scratch = Scratch::new("json");
    let list = |properties: Value, required: Value| json!({"tools": [{"name": "roll_dice", "inputSchema": {"type": "object", "properties": properties, "required": required}}]});
    scratch.write("old.json", &list(json!({}), json!([])).to_string());
    scratch.write(
        "new.json",
        &list(json!({"sides": {"type": "integer"}}), json!(["sides"])).to_string(),
    );
    let ran = scratch.schema(&["--diff", "old.json", "new.json", "--format", "json"]);
    assert_eq!(ran.code(), 2);
    let mut diff: Value = serde_json::from_str(&ran.out()).expect("JSON");
    for text in ["message", "hint"] {
        assert!(
            diff["changes"][0][text]
                .take()
                .as_str()
                .is_some_and(|t| !t.is_empty())
        );
    }
    assert_eq!(
        diff,
        json!({
            "severity": "breaking", "requiredBump": "major",
            "changes": [{
                "rule": 7, "severity": "breaking", "item": "tools/roll_dice",
                "path": "/inputSchema/properties/sides", "message": null, "hint": null
            }]
        })
    );
    let same = scratch.schema(&["--diff", "old.json", "old.json", "--format", "json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&same.out()).expect("JSON"),
        json!({"severity": "none", "requiredBump": "none", "changes": []})
    );
}

#[test]
fn other_formats_are_markdown_and_sarif() {
    let scratch = Scratch::new("formats");
    scratch.lock(|lock| {
        tool(lock)["inputSchema"]["properties"]["was_here"] = json!({"type": "string"})
    });
    let markdown = scratch.schema(&["--check", "--format", "markdown"]).out();
    assert!(
        markdown.starts_with("### MCP contract") && markdown.contains("| 🔴 breaking |"),
        "{markdown}"
    );
    let sarif: Value =
        serde_json::from_str(&scratch.schema(&["--check", "--format", "sarif"]).out())
            .expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    let file = place["artifactLocation"]["uri"].as_str().expect("a file");
    assert!(
        file.starts_with("tests/src/bin/everything_server/"),
        "at the function: {file}"
    );
    assert!(
        place["region"]["startLine"]
            .as_u64()
            .is_some_and(|line| line > 1)
    );
    let lint = scratch.schema(&[
        "--lint",
        "--profile",
        "directory,cursor",
        "--format",
        "json",
    ]);
    let lint: Value = serde_json::from_str(&lint.out()).expect("JSON");
    assert!(lint["errors"].is_u64() && lint["findings"].is_array());
}

#[test]
fn what_cannot_be_done_exits_4_and_says_what_to_do() {
    let scratch = Scratch::new("cannot");
    for (lock, words) in [
        ("{", "no JSON"),
        ("[1]", "no descriptor"),
        ("{\"lockVersion\": 99}", "update this one"),
        ("{\"lockVersion\": 1}", "schema --write"),
    ] {
        scratch.write("mcp.lock.json", lock);
        let ran = scratch.schema(&["--check"]);
        assert_eq!(ran.code(), 4, "{lock}");
        assert!(
            ran.err().contains(words) && ran.err().contains("mcp.lock.json"),
            "{lock}: {}",
            ran.err()
        );
    }
    scratch.write("mcp.lock.json", "{\"lockVersion\": 99}");
    let ran = scratch.schema(&["--write"]);
    assert_eq!(
        (ran.code(), ran.err().contains("update this one")),
        (4, true),
        "what a newer one wrote is not written over: {}",
        ran.err()
    );
    let lock = scratch.lock(|lock| lock["server"]["name"] = "Another".into());
    for action in ["--check", "--write"] {
        let ran = scratch.schema(&[action]);
        assert_eq!(
            (ran.code(), ran.err().contains("`Another`")),
            (4, true),
            "{action}: {}",
            ran.err()
        );
    }
    assert_eq!(
        server_name(&lock),
        "Another",
        "another's lock is not written over"
    );
    for arguments in [
        vec!["--check", "--lock", "missing.json"],
        vec!["--diff", "missing.json"],
        vec!["--check", "--write"],
        vec!["--profile", "gemini"],
        vec!["--check", "--profile", "gemini"],
        vec!["--lint", "--profile", "nobody"],
        vec!["--format", "sarif"],
        vec!["--diff"],
        vec!["--bogus"],
    ] {
        let ran = scratch.schema(&arguments);
        assert_eq!(ran.code(), 4, "{arguments:?}: {}", ran.err());
        assert!(
            ran.err().starts_with("error: "),
            "{arguments:?}: {}",
            ran.err()
        );
    }
    assert_eq!(scratch.schema(&["--help"]).code(), 0);
}

/// Is called otherwise now.
#[mcp_tool(name = "contract.new", aliases("contract.old"))]
async fn renamed() -> &'static str {
    "here"
}

/// Has the name that another had.
#[mcp_tool(name = "contract.old")]
async fn successor() {}

#[tokio::test]
async fn a_former_name_still_works_and_is_not_listed() {
    let mut client = mcp_server!("alias")
        .only(tools![renamed])
        .test()
        .await
        .expect("starts");
    for name in ["contract.new", "contract.old"] {
        assert_eq!(
            client.call(name, json!({})).await.expect("a result").text(),
            "here"
        );
    }
    let list = client
        .request("tools/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(list["tools"].as_array().map(Vec::len), Some(1));
    let clash = mcp_server!("alias")
        .only(tools![renamed, successor])
        .test()
        .await;
    let why = clash.expect_err("two lead to one name").to_string();
    assert!(
        why.contains("`contract.old`") && why.contains("remove the alias"),
        "{why}"
    );
}

#[test]
fn a_schema_reads_no_settings() {
    let scratch = Scratch::new("settings");
    scratch.write(".env", "PORT=none\nRUST_LOG=[\nDATABASE_URL=nonsense");
    let ran = scratch.schema(&[]);
    assert_eq!((ran.code(), ran.err()), (0, String::new()));
}
