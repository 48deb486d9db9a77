//! What the example serves: dice and a card with their views, a prompt and a resource.

use mcp_runtime::prelude::*;

/// Roll an n-sided dice and return the result.
#[mcp_tool(
    title = "Roll dice",
    read_only,
    destructive = false,
    open_world = false,
    locked
)]
async fn roll_dice(
    /// How many sides the dice has.
    #[arg(default = 6, range(2..=1_000_000))]
    sides: u32,
    user: &User,
) -> String {
    format!(
        "{} rolled a {} (1–{sides}).",
        user.name(),
        rand::random_range(1..=sides)
    )
}

/// The card that the host renders in the chat.
#[mcp_ui_resource(uri = "ui://acme/greeting-card", prefers_border = true, bridge = true)]
const GREETING_CARD: &str = include_str!("../ui/greeting_card.html");

/// What the card shows.
#[mcp_type]
struct Greeting {
    /// Who is greeted.
    username: String,
    /// What the card says.
    message: String,
}

/// Greet the signed-in user with a small interactive card.
#[mcp_tool(title = "Greeting card", read_only, destructive = false, open_world = false, locked, ui = GREETING_CARD)]
async fn greeting_card(
    /// What the card says.
    #[arg(default = "Welcome to the Acme MCP server.")]
    message: String,
    user: &User,
) -> UiResult<Greeting> {
    let text = format!("Showed a greeting card to {}.", user.name());
    let greeting = Greeting {
        username: user.name().into(),
        message,
    };
    UiResult::new(greeting).text(text).embed(Embed::Fallback)
}

/// A chart of many rolls.
#[mcp_ui_resource(
    uri = "ui://acme/dice-dashboard",
    prefers_border = true,
    bridge = true,
    versioned
)]
const DICE_DASHBOARD: &str = include_str!("../ui/dice_dashboard.html");

/// What the dashboard shows.
#[mcp_type]
struct Rolls {
    /// Who rolled.
    username: String,
    /// How many dice were rolled at once.
    dice: u32,
    /// How often each sum came.
    counts: Vec<Count>,
}

/// How often a sum came.
#[mcp_type]
struct Count {
    sum: u32,
    count: u32,
}

/// Roll some dice many times, and show the sums in an interactive chart.
#[mcp_tool(title = "Dice dashboard", read_only, destructive = false, open_world = false, ui = DICE_DASHBOARD)]
async fn dice_dashboard(
    /// How many six-sided dice to roll at once.
    #[arg(default = 2, range(1..=5))]
    dice: u32,
    /// How often to roll them.
    #[arg(default = 100, range(1..=10_000))]
    rolls: u32,
    user: &User,
) -> UiResult<Rolls> {
    let rolled = roll_many(dice, rolls, user).await;
    let most = rolled.0.counts.iter().max_by_key(|c| c.count);
    let text = format!(
        "{} rolled {dice} dice {rolls} times; the sum {} came most often.",
        user.name(),
        most.map_or(0, |c| c.sum)
    );
    UiResult::new(rolled.0).text(text)
}

/// Roll more dice for the dashboard. The model does not see this tool; the buttons of the view call it.
#[mcp_tool(
    title = "Roll more dice",
    read_only,
    destructive = false,
    open_world = false,
    visibility(app)
)]
async fn roll_many(
    /// How many six-sided dice to roll at once.
    #[arg(range(1..=5))]
    dice: u32,
    /// How often to roll them.
    #[arg(range(1..=10_000))]
    rolls: u32,
    user: &User,
) -> Json<Rolls> {
    let mut counts: Vec<Count> = (dice..=dice * 6)
        .map(|sum| Count { sum, count: 0 })
        .collect();
    for _ in 0..rolls {
        let above_least: u32 = (0..dice).map(|_| rand::random_range(0..6)).sum();
        counts[above_least as usize].count += 1;
    }
    Json(Rolls {
        username: user.name().into(),
        dice,
        counts,
    })
}

/// Ask for a game of dice against the assistant.
#[mcp_prompt(title = "Play dice")]
async fn play_dice(
    /// How many rounds to play.
    #[arg(default = 3, range(1..=10))]
    rounds: u32,
) -> String {
    format!(
        "Let us play {rounds} rounds of dice. In each, call roll_dice once for me and once for \
         yourself; the higher roll wins. Keep the score, and greet the winner with greeting_card."
    )
}

/// The rules of the dice game.
#[mcp_resource(uri = "acme://rules", title = "Rules", mime_type = "text/markdown")]
async fn rules() -> &'static str {
    "# Dice\n\nBoth roll once a round. The higher number wins the round; equal numbers are rolled again.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_what_the_lock_file_says() {
        mcp_runtime::testing::assert_contract!();
    }

    #[tokio::test]
    async fn a_roll_names_the_user_and_stays_in_its_range() {
        let text = roll_dice(2, &User::named("alice")).await;
        assert!(
            ["alice rolled a 1 (1–2).", "alice rolled a 2 (1–2)."].contains(&text.as_str()),
            "{text}"
        );
    }

    #[tokio::test]
    async fn the_card_shows_the_name_and_the_message_and_nothing_else() {
        let card = greeting_card("Hi.".into(), &User::named("bob")).await;
        assert_eq!(card.model_text(), Some("Showed a greeting card to bob."));
        let Greeting { username, message } = card.value();
        assert_eq!((username.as_str(), message.as_str()), ("bob", "Hi."));
    }

    #[tokio::test]
    async fn the_dashboard_counts_every_roll_once() {
        let rolled = dice_dashboard(2, 500, &User::named("alice")).await;
        let counts = &rolled.value().counts;
        let sums: Vec<u32> = counts.iter().map(|c| c.sum).collect();
        assert_eq!(sums, (2..=12).collect::<Vec<_>>());
        assert_eq!(counts.iter().map(|c| c.count).sum::<u32>(), 500);
    }

    #[tokio::test]
    async fn a_server_of_these_tools_answers_a_client() -> mcp_runtime::Result<()> {
        let server = mcp_server!("Acme").only(tools![roll_dice, greeting_card, GREETING_CARD]);
        let mut client = server.test().await?.as_user("alice");
        let answer = client
            .call("roll_dice", serde_json::json!({ "sides": 1 }))
            .await;
        let answer = answer.expect("a result");
        assert!(answer.is_error() && answer.text().contains("$.sides: must be at least 2"));
        Ok(())
    }
}
