//! What the macros refuse, and in which words; and what they must let through.
//!
//! Each file under `ui/*/fail` is one mistake, named by it, with the compiler's answer beside it: one error, at the
//! user's own token. After a deliberate change of the words, `TRYBUILD=overwrite cargo test -p mcp-tests --test ui`
//! rewrites them.
//!
//! The files under `ui/*/pass` are modules of this test: so their warnings count, clippy reads them, and `trybuild`,
//! with nothing but mistakes to look at, checks them all at once.

#[path = "ui/tool/pass/every_argument.rs"]
pub mod every_argument;
#[path = "ui/prompt/pass/every_prompt.rs"]
pub mod every_prompt;
#[path = "ui/resource/pass/every_resource.rs"]
pub mod every_resource;
#[path = "ui/ui_resource/pass/every_view.rs"]
pub mod every_view;
#[path = "ui/tool/pass/everything_provided.rs"]
pub mod everything_provided;
#[path = "ui/tool/pass/example.rs"]
pub mod example;
#[path = "ui/tool/pass/in_modules_and_macros.rs"]
pub mod in_modules_and_macros;

/// Pages too large to be kept here.
fn write_large_pages() -> std::io::Result<()> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ui");
    std::fs::create_dir_all(&dir)?;
    for (name, bytes) in [("large_view", 1_100_000), ("too_large", 5_100_000)] {
        let page = format!("<!doctype html><title>Card</title>{}", " ".repeat(bytes));
        std::fs::write(dir.join(name).with_extension("html"), page)?;
    }
    Ok(())
}

#[test]
fn mistakes_are_told_in_these_words() {
    write_large_pages().expect("target can be written");
    trybuild::TestCases::new().compile_fail("ui/*/fail/*.rs");
}

#[test]
fn what_is_annotated_stays_what_it_was() {
    every_argument::main();
    every_prompt::main();
    every_resource::main();
    example::main();
    in_modules_and_macros::main();
}
