//! flymcprust as its README writes a server.

use flymcprust::prelude::*;

/// Repeat a message.
#[tool]
async fn echo(message: String) -> String {
    message
}

/// Roll an n-sided dice.
///
/// # Arguments
/// * `sides` - How many sides the dice has.
#[tool]
async fn roll_dice(sides: Option<u32>) -> String {
    let sides = sides.unwrap_or(6);
    format!("rolled a {} (1–{sides}).", sides / 2)
}

macro_rules! trivial {
    ($($name:ident)*) => {
        $(
            /// Do nothing, and say so.
            ///
            /// # Arguments
            /// * `subject` - What to do nothing with.
            #[tool]
            async fn $name(subject: Option<String>) -> String {
                let _ = subject;
                "nothing done".into()
            }
        )*

        #[tokio::main(flavor = "current_thread")]
        async fn main() -> Result<(), Box<dyn std::error::Error>> {
            let port = std::env::var("PORT").unwrap_or_else(|_| "8111".into());
            let server = Server::builder("bench", "0.0.0").tool::<echo>().tool::<roll_dice>();
            server$(.tool::<$name>())*.build()?.serve_http(format!("127.0.0.1:{port}")).await?;
            Ok(())
        }
    };
}

trivial! {
    tool_00 tool_01 tool_02 tool_03 tool_04 tool_05 tool_06 tool_07 tool_08 tool_09
    tool_10 tool_11 tool_12 tool_13 tool_14 tool_15 tool_16 tool_17 tool_18 tool_19
    tool_20 tool_21 tool_22 tool_23 tool_24 tool_25 tool_26 tool_27 tool_28 tool_29
    tool_30 tool_31 tool_32 tool_33 tool_34 tool_35 tool_36 tool_37 tool_38 tool_39
    tool_40 tool_41 tool_42 tool_43 tool_44 tool_45 tool_46 tool_47 tool_48 tool_49
}
