"""FastMCP as its documentation writes a server: stateless, answers as JSON, one process."""

import os
import random

from fastmcp import FastMCP

mcp = FastMCP("bench")


@mcp.tool
async def echo(message: str) -> str:
    """Repeat a message."""
    return message


@mcp.tool
async def roll_dice(sides: int = 6) -> str:
    """Roll an n-sided dice."""
    return f"rolled a {random.randint(1, sides)} (1–{sides})."


def trivial(name: str) -> None:
    async def tool(subject: str | None = None) -> str:
        """Do nothing, and say so."""
        return "nothing done"

    mcp.tool(tool, name=name)


for number in range(50):
    trivial(f"tool_{number:02}")

mcp.run(
    transport="http",
    host="127.0.0.1",
    port=int(os.environ.get("PORT", "8112")),
    stateless_http=True,
    json_response=True,
    show_banner=False,
    log_level="error",
    uvicorn_config={"access_log": False},
)
