//! What both idioms share: the arguments, and a macro that writes the 52 methods into an impl block.

use std::net::Ipv4Addr;

use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub struct Echo {
    pub message: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub struct RollDice {
    /// How many sides the dice has.
    #[serde(default = "six")]
    #[schemars(range(min = 2, max = 1_000_000))]
    pub sides: u32,
}

fn six() -> u32 {
    6
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub struct Trivial {
    /// What to do nothing with.
    pub subject: Option<String>,
}

/// Writes the impl block of `$ty` under the attribute `$router`.
#[macro_export]
macro_rules! tools {
    ($(#[$router:meta])* $ty:ty: $($name:ident)*) => {
        $(#[$router])*
        impl $ty {
            #[tool(description = "Repeat a message.")]
            async fn echo(&self, Parameters(Echo { message }): Parameters<Echo>) -> String {
                message
            }

            #[tool(description = "Roll an n-sided dice.")]
            async fn roll_dice(&self, Parameters(RollDice { sides }): Parameters<RollDice>) -> String {
                format!("rolled a {} (1–{sides}).", sides / 2)
            }

            $(
                #[tool(description = "Do nothing, and say so.")]
                async fn $name(&self, Parameters(Trivial { subject }): Parameters<Trivial>) -> String {
                    let _ = subject;
                    "nothing done".into()
                }
            )*
        }
    };
}

/// `tools!` with the fifty names.
#[macro_export]
macro_rules! bench_tools {
    ($(#[$router:meta])* $ty:ty) => {
        $crate::tools! {
            $(#[$router])* $ty:
            tool_00 tool_01 tool_02 tool_03 tool_04 tool_05 tool_06 tool_07 tool_08 tool_09
            tool_10 tool_11 tool_12 tool_13 tool_14 tool_15 tool_16 tool_17 tool_18 tool_19
            tool_20 tool_21 tool_22 tool_23 tool_24 tool_25 tool_26 tool_27 tool_28 tool_29
            tool_30 tool_31 tool_32 tool_33 tool_34 tool_35 tool_36 tool_37 tool_38 tool_39
            tool_40 tool_41 tool_42 tool_43 tool_44 tool_45 tool_46 tool_47 tool_48 tool_49
        }
    };
}

/// The address that the environment names.
pub async fn listener() -> std::io::Result<TcpListener> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok());
    TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(8110))).await
}
