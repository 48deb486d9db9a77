//! Skills (SEP-2640): what is served of a directory, and what is refused at start-up.

use std::fs;
use std::path::{Path, PathBuf};

use mcp_runtime::prelude::*;
use mcp_runtime::testing::TestClient;
use mcp_runtime::{Server, Skills};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A tool beside the skills.
#[mcp_tool]
async fn beside() {}

/// A directory of its own, removed when dropped.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("mcp-skills-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).expect("a directory");
        Self(root.canonicalize().expect("it is there"))
    }

    fn with(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        fs::write(file, content).expect("a file");
        self
    }

    fn skill(self, path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let text = format!("---\nname: {name}\ndescription: What {name} does.\n---\n# {name}\n");
        self.with(&format!("{path}/SKILL.md"), text)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn server(skills: impl Into<Skills>) -> Server {
    mcp_server!("skills").only(tools![beside]).skills(skills)
}

async fn client(tree: &Tree) -> TestClient {
    server(tree.path()).test().await.expect("starts")
}

async fn why(skills: impl Into<Skills>) -> String {
    let refused = server(skills).test().await;
    refused.expect_err("does not start").to_string()
}

fn uris(list: &Value) -> Vec<&str> {
    let entries = list.as_array().into_iter().flatten();
    entries.filter_map(|entry| entry["uri"].as_str()).collect()
}

/// A tree with nesting, a prefix, bytes, a name to escape, and things that are no part of any skill.
fn tree(name: &str) -> Tree {
    Tree::new(name)
        .skill("git-workflow")
        .with("git-workflow/references/a b.md", "# Spaces\n")
        .with("git-workflow/assets/logo.png", b"\x89PNG\xff\xfe")
        .with("git-workflow/.env", "SECRET=1")
        .with("git-workflow/.git/config", "[core]")
        .skill("acme/billing/refunds")
        .skill("acme/billing/refunds/inner")
        .with("README.md", "no part of a skill")
        .with("acme/notes.txt", "nor this")
}

#[tokio::test]
async fn a_directory_is_listed_with_frontmatter_digests_and_sizes() {
    let tree = tree("list");
    let mut client = client(&tree).await;
    let list = client
        .request("skills/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(
        (&list["resultType"], &list["cacheScope"]),
        (&json!("complete"), &json!("public"))
    );
    assert!(list["ttlMs"].is_u64());
    assert_eq!(
        uris(&list["skills"]),
        [
            "skill://acme/billing/refunds/SKILL.md",
            "skill://acme/billing/refunds/inner/SKILL.md",
            "skill://git-workflow/SKILL.md",
        ]
    );
    let entry = &list["skills"][2];
    assert_eq!(
        entry["frontmatter"],
        json!({ "name": "git-workflow", "description": "What git-workflow does." })
    );
    assert_eq!(
        uris(&entry["resources"]),
        [
            "skill://git-workflow/SKILL.md",
            "skill://git-workflow/assets/logo.png",
            "skill://git-workflow/references/a%20b.md",
        ],
        "complete, and without hidden files"
    );
    for resource in entry["resources"].as_array().expect("files") {
        let path = resource["uri"].as_str().expect("a uri");
        let path = path.trim_start_matches("skill://").replace("%20", " ");
        let bytes = fs::read(tree.path().join(path)).expect("the file");
        let digest = Sha256::digest(&bytes);
        let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(resource["digest"], format!("sha256:{hex}"));
        assert_eq!(resource["size"], bytes.len());
    }
    assert_eq!(
        uris(&list["skills"][0]["resources"]),
        [
            "skill://acme/billing/refunds/SKILL.md",
            "skill://acme/billing/refunds/inner/SKILL.md",
        ],
        "a nested skill's files are its outer one's too"
    );
    // `skills/get` says the same of each.
    for entry in list["skills"].as_array().expect("skills") {
        let got = client
            .request("skills/get", json!({ "uri": entry["uri"] }))
            .await
            .expect("an entry");
        assert_eq!(&got["skill"], entry);
        assert!(got["ttlMs"].is_u64() && got["nextCursor"].is_null());
    }
}

#[tokio::test]
async fn files_are_resources_with_their_own_names_and_media_types() {
    let tree = tree("resources");
    let mut client = client(&tree).await;
    let list = client
        .request("resources/list", json!({}))
        .await
        .expect("a list");
    let files = list["resources"].as_array().expect("resources");
    assert_eq!(files.len(), 5);
    let find = |uri: &str| {
        let found = files.iter().find(|file| file["uri"] == uri);
        found.unwrap_or_else(|| panic!("{uri} in {list}")).clone()
    };
    let skill = find("skill://git-workflow/SKILL.md");
    assert_eq!(
        (&skill["name"], &skill["description"], &skill["mimeType"]),
        (
            &json!("git-workflow"),
            &json!("What git-workflow does."),
            &json!("text/markdown")
        )
    );
    assert_eq!(
        find("skill://git-workflow/assets/logo.png")["mimeType"],
        "image/png"
    );

    let read = |uri: &str| json!({ "uri": uri });
    let text = client
        .request("resources/read", read("skill://git-workflow/SKILL.md"))
        .await
        .expect("the file");
    assert_eq!(
        text["contents"],
        json!([{
            "uri": "skill://git-workflow/SKILL.md", "mimeType": "text/markdown",
            "text": "---\nname: git-workflow\ndescription: What git-workflow does.\n---\n# git-workflow\n"
        }])
    );
    let bytes = client
        .request(
            "resources/read",
            read("skill://git-workflow/assets/logo.png"),
        )
        .await
        .expect("the file");
    assert_eq!(bytes["contents"][0]["blob"], "iVBOR//+");
    // A client that joins a relative path as it stands finds the file, under its right uri.
    for uri in [
        "skill://git-workflow/references/a%20b.md",
        "skill://git-workflow/references/a b.md",
    ] {
        let spaces = client
            .request("resources/read", read(uri))
            .await
            .expect(uri);
        assert_eq!(
            (
                &spaces["contents"][0]["uri"],
                &spaces["contents"][0]["text"]
            ),
            (
                &json!("skill://git-workflow/references/a%20b.md"),
                &json!("# Spaces\n")
            )
        );
    }
}

#[tokio::test]
async fn nothing_but_the_files_of_skills_can_be_read() {
    let tree = tree("traversal");
    let mut client = client(&tree).await;
    for uri in [
        "skill://README.md",
        "skill://acme/notes.txt",
        "skill://git-workflow/.env",
        "skill://git-workflow/.git/config",
        "skill://git-workflow",
        "skill://git-workflow/",
        "skill://git-workflow/../README.md",
        "skill://git-workflow/%2e%2e/README.md",
        "skill://git-workflow/..%2fREADME.md",
        "skill://git-workflow/references/../SKILL.md",
        "skill://git-workflow//SKILL.md",
        "skill://git-workflow/skill.md",
        "skill:///etc/passwd",
        "skill:////etc/passwd",
        "skill://git-workflow/SKILL.md/../../../etc/passwd",
        "skill://git-workflow/SKILL.md\0",
        "file:///etc/passwd",
        "SKILL.md",
        "",
    ] {
        for method in ["resources/read", "skills/get"] {
            let refused = client.request(method, json!({ "uri": uri })).await;
            assert_eq!(refused.expect_err(uri).code, -32602, "{method} {uri}");
        }
    }
    let refused = client.request("skills/get", json!({})).await;
    assert_eq!(refused.expect_err("no uri").code, -32602);
}

#[tokio::test]
async fn directories_show_their_children_level_by_level() {
    let tree = tree("directories");
    let mut client = client(&tree).await;
    for (uri, children) in [
        ("skill://acme", vec!["skill://acme/billing"]),
        (
            "skill://acme/billing/",
            vec!["skill://acme/billing/refunds"],
        ),
        (
            "skill://acme/billing/refunds",
            vec![
                "skill://acme/billing/refunds/SKILL.md",
                "skill://acme/billing/refunds/inner",
            ],
        ),
        (
            "skill://git-workflow",
            vec![
                "skill://git-workflow/SKILL.md",
                "skill://git-workflow/assets",
                "skill://git-workflow/references",
            ],
        ),
    ] {
        let read = client
            .request("resources/directory/read", json!({ "uri": uri }))
            .await
            .expect(uri);
        assert_eq!(uris(&read["resources"]), children, "{uri}");
        for child in read["resources"].as_array().expect("children") {
            let name = child["uri"].as_str().and_then(|uri| uri.rsplit('/').next());
            let is_file = name.is_some_and(|name| name.contains('.'));
            assert_eq!(child["mimeType"] == "inode/directory", !is_file, "{child}");
            assert!(child["name"].is_string(), "{child}");
        }
    }
    for uri in [
        "skill://",
        "skill://git-workflow/SKILL.md",
        "skill://nobody",
        "/etc",
    ] {
        let refused = client
            .request("resources/directory/read", json!({ "uri": uri }))
            .await;
        assert_eq!(refused.expect_err(uri).code, -32602, "{uri}");
    }
    let foreign = json!({ "uri": "skill://acme", "cursor": "x" });
    let refused = client.request("resources/directory/read", foreign).await;
    assert_eq!(refused.expect_err("a cursor of nobody's").code, -32602);
}

#[tokio::test]
async fn the_extension_is_declared_where_there_are_skills_and_only_there() {
    let discover = async |server: Server| {
        let mut client = server.test().await.expect("starts");
        let found = client.request("server/discover", json!({})).await;
        let list = client.request("skills/list", json!({})).await;
        (
            found.expect("a result")["capabilities"].clone(),
            list.map_err(|e| e.code),
        )
    };
    let tree = Tree::new("declared").skill("one");
    let (capabilities, list) = discover(server(tree.path())).await;
    assert_eq!(
        capabilities["extensions"],
        json!({ "io.modelcontextprotocol/skills": { "directoryRead": true } })
    );
    assert_eq!(
        (&capabilities["resources"].is_object(), list.is_ok()),
        (&true, true)
    );
    let (capabilities, list) = discover(mcp_server!("none").only(tools![beside])).await;
    assert!(capabilities["extensions"].is_null(), "{capabilities}");
    assert_eq!(list, Err(-32601));
    // Skills alone are something to serve.
    let alone = mcp_server!("alone")
        .only(mcp_runtime::Items::of(&[]))
        .skills(tree.path());
    assert!(discover(alone).await.1.is_ok());
}

#[tokio::test]
async fn the_older_wire_has_the_methods_without_the_newer_fields() {
    let tree = Tree::new("legacy").skill("one");
    let mut client = client(&tree).await;
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}});
    let mut exchange = async |message: Value| -> Value {
        client.send_raw(&message.to_string()).await.expect("sent");
        serde_json::from_str(&client.receive_raw().await.expect("a line")).expect("json")
    };
    let hello = exchange(hello).await;
    assert!(
        hello["result"]["capabilities"]["extensions"]["io.modelcontextprotocol/skills"].is_object()
    );
    for (id, method, uri) in [
        (1, "skills/list", Value::Null),
        (2, "skills/get", json!("skill://one/SKILL.md")),
        (3, "resources/directory/read", json!("skill://one")),
    ] {
        let params = if uri.is_null() {
            json!({})
        } else {
            json!({ "uri": uri })
        };
        let answer =
            exchange(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
                .await;
        let result = answer["result"]
            .as_object()
            .unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(result.len(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_directory_that_is_one_skill_goes_by_its_own_name() {
    let tree = Tree::new("single")
        .skill("only")
        .with("only/more.md", "more");
    let mut client = server(tree.path().join("only"))
        .test()
        .await
        .expect("starts");
    let list = client
        .request("skills/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(
        uris(&list["skills"][0]["resources"]),
        ["skill://only/SKILL.md", "skill://only/more.md"]
    );
}

#[tokio::test]
async fn skills_can_come_from_several_places_and_from_memory() {
    let tree = Tree::new("several").skill("one");
    let two = "---\nname: two\ndescription: The second.\n---\n";
    let both = || server(tree.path()).skills(Skills::files([("team/two/SKILL.md", two)]));
    let mut client = both().test().await.expect("starts");
    let list = client
        .request("skills/list", json!({}))
        .await
        .expect("a list");
    assert_eq!(
        uris(&list["skills"]),
        ["skill://one/SKILL.md", "skill://team/two/SKILL.md"]
    );
    let refused = both()
        .skills(tree.path())
        .test()
        .await
        .expect_err("twice")
        .to_string();
    assert!(
        refused.contains("one/SKILL.md is served twice"),
        "{refused}"
    );
    for path in [
        "SKILL.md",
        "../two/SKILL.md",
        "/two/SKILL.md",
        "a//two/SKILL.md",
    ] {
        let refused = why(Skills::files([(path, two)])).await;
        assert!(refused.contains("directory"), "{path}: {refused}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_skill_is_said_with_its_file() {
    let good = "---\nname: a\ndescription: d\n---\n";
    for (name, tree, expected) in [
        (
            "frontmatter",
            Tree::new("frontmatter").with("a/SKILL.md", "# No fields\n"),
            "a/SKILL.md: it must begin with frontmatter",
        ),
        (
            "yaml",
            Tree::new("yaml").with("a/SKILL.md", "---\nname: a\ndescription: b: c\n---\n"),
            "a/SKILL.md: line 3:",
        ),
        (
            "nameless",
            Tree::new("nameless").with("a/SKILL.md", "---\ndescription: d\n---\n"),
            "a/SKILL.md: its frontmatter lacks a `name`",
        ),
        (
            "directory",
            Tree::new("directory").with("b/SKILL.md", good),
            "b/SKILL.md: the name `a` must be that of its directory, `b`",
        ),
        (
            "binary",
            Tree::new("binary").with("a/SKILL.md", b"---\nname: \xff\n"),
            "a/SKILL.md: it is not UTF-8",
        ),
        (
            "case",
            Tree::new("case").with("a/skill.md", good),
            "a/skill.md must be called `SKILL.md`",
        ),
        ("empty", Tree::new("empty"), "there is no skill in"),
    ] {
        let reason = why(tree.path()).await;
        assert!(reason.contains(expected), "{name}: {reason}");
        let root = tree.path().display().to_string();
        assert!(reason.contains(&root), "{name}: {reason}");
    }
    let both = Tree::new("both")
        .with("a/SKILL.md", "")
        .with("b/SKILL.md", good);
    let reason = why(both.path()).await;
    assert_eq!(reason.lines().count(), 2, "all at once: {reason}");
    let reason = why("no/such/directory").await;
    assert!(
        reason.contains("`no/such/directory`") && reason.contains("working directory"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_skill_beyond_the_limits_of_hosts_is_refused_before_it_is_read() {
    let mut tree = Tree::new("many").skill("a");
    for n in 0..511 {
        tree = tree.with(&format!("a/files/{n}"), "");
    }
    assert!(server(tree.path()).test().await.is_ok(), "512 are fine");
    let tree = tree.with("a/files/one-more", "");
    let reason = why(tree.path()).await;
    assert!(reason.contains("/a has 513 files"), "{reason}");

    let tree = Tree::new("large").skill("a");
    let file = fs::File::create(tree.path().join("a/large")).expect("a file");
    file.set_len(16 * 1024 * 1024).expect("sparse");
    let reason = why(tree.path()).await;
    assert!(
        reason.contains("/a has 16777") && reason.contains("16 MiB"),
        "{reason}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn links_may_lead_anywhere_inside_and_nowhere_outside() {
    use std::os::unix::fs::symlink;

    let outside = Tree::new("outside").with("secret.md", "secret");
    let tree = || {
        Tree::new("links")
            .skill("a")
            .with("shared/guide.md", "guide")
    };
    let inside = tree();
    symlink(
        inside.path().join("shared/guide.md"),
        inside.path().join("a/guide.md"),
    )
    .expect("linked");
    symlink("../shared", inside.path().join("a/shared")).expect("linked");
    let mut client = client(&inside).await;
    for uri in ["skill://a/guide.md", "skill://a/shared/guide.md"] {
        let read = client
            .request("resources/read", json!({ "uri": uri }))
            .await;
        assert_eq!(read.expect(uri)["contents"][0]["text"], "guide");
    }

    type Link<'t> = (&'t str, PathBuf, &'t str);
    let links: [Link<'_>; 4] = [
        (
            "a/file.md",
            outside.path().join("secret.md"),
            "outside of the directory",
        ),
        (
            "a/dir",
            outside.path().to_path_buf(),
            "outside of the directory",
        ),
        (
            "a/loop",
            PathBuf::from(".."),
            "links to a directory above itself",
        ),
        ("a/broken", PathBuf::from("nowhere"), "cannot be read"),
    ];
    for (link, target, expected) in links {
        let tree = tree();
        symlink(target, tree.path().join(link)).expect("linked");
        let reason = why(tree.path()).await;
        assert!(
            reason.contains(link) && reason.contains(expected),
            "{link}: {reason}"
        );
    }
}
