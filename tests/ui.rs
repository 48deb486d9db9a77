//! What the macros refuse, and in which words; and what they must let through.
//!
//! Each file under `ui/*/fail` is one mistake, named by it, with the compiler's answer beside it: exactly one error, at
//! the user's own token. After a deliberate change of the words, `TRYBUILD=overwrite cargo test --test ui` rewrites them.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/*/pass/*.rs");
    cases.compile_fail("ui/*/fail/*.rs");
}
