//! The server that is measured: echo, `roll_dice` and 50 trivial tools.
//!
//! `PORT=8100 WORKERS=1 cargo run --release -p mcp-bench --bin bench-server`; `AUTH=1` puts the authorization
//! server in front.

use mcp_runtime::prelude::*;

/// Repeat a message.
#[mcp_tool]
async fn echo(message: String) -> String {
    message
}

/// Roll an n-sided dice.
#[mcp_tool]
async fn roll_dice(
    /// How many sides the dice has.
    #[arg(default = 6, range(2..=1_000_000))]
    sides: u32,
) -> String {
    format!("rolled a {} (1–{sides}).", rand::random_range(1..=sides))
}

macro_rules! trivial {
    ($($name:ident)*) => {$(
        /// Do nothing, and say so.
        #[mcp_tool]
        async fn $name(
            /// What to do nothing with.
            subject: Option<String>,
        ) -> &'static str {
            let _ = subject;
            "nothing done"
        }
    )*};
}

trivial! {
    tool_00 tool_01 tool_02 tool_03 tool_04 tool_05 tool_06 tool_07 tool_08 tool_09
    tool_10 tool_11 tool_12 tool_13 tool_14 tool_15 tool_16 tool_17 tool_18 tool_19
    tool_20 tool_21 tool_22 tool_23 tool_24 tool_25 tool_26 tool_27 tool_28 tool_29
    tool_30 tool_31 tool_32 tool_33 tool_34 tool_35 tool_36 tool_37 tool_38 tool_39
    tool_40 tool_41 tool_42 tool_43 tool_44 tool_45 tool_46 tool_47 tool_48 tool_49
}

#[actix_web::main]
async fn main() -> mcp_runtime::Result<()> {
    let auth = match std::env::var("AUTH").as_deref() {
        Ok("1") => Auth::embedded(),
        _ => Auth::none(),
    };
    mcp_server!("bench").auth(auth).run().await
}
