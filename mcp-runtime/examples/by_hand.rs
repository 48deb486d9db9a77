//! What the macros write, written by hand: a tool needs nothing but public types.
//!
//! `cargo run -p mcp-runtime --example by_hand -- call add '{"a": 2, "b": 3}'`

use mcp_runtime::descriptor::{BoxFuture, Item, Param, Place, ToolDescriptor};
use mcp_runtime::{Auth, Call, Error, IntoToolResult, Items, ToolResult, mcp_server};

/// The function, as a user writes it.
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

static A: Param = Param::of::<i64>("a").describe("The first number.");
static B: Param = Param::of::<i64>("b")
    .describe("The second number; 1 if left out.")
    .default_json("1");

static ADD: ToolDescriptor = ToolDescriptor::new(
    "add",
    "Add two numbers.",
    call,
    Place::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_MANIFEST_DIR"),
        file!(),
        line!(),
        column!(),
    ),
)
.read_only(true)
.params(&[&A, &B])
.output(<i64 as IntoToolResult>::output_schema);

fn call(call: Call<'_>) -> BoxFuture<'_, Result<ToolResult, Error>> {
    Box::pin(async move {
        let (a, (b, ())) = call.parse::<(i64, (i64, ()))>(&[&A, &B])?;
        add(call.or_absent::<i64>(a)?, b.unwrap_or(1))
            .await
            .into_tool_result()
    })
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    mcp_server!("By hand")
        .only(Items::of(&[Item::Tool(&ADD)]))
        .auth(Auth::none())
        .run()
        .await
}
