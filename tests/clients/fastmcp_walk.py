"""FastMCP's client, end to end: its own OAuth, its own token store, our form-driver as its browser."""

import asyncio
import os
import re
import shlex
import time
import warnings

MCP_URL = os.environ["MCP_URL"]
# `webbrowser` honours BROWSER. The "&" matters: FastMCP opens its callback port only after the browser.
os.environ["BROWSER"] = f"{shlex.quote(os.environ['SIGN_IN'])} %s &"

import httpx2  # noqa: E402
from fastmcp import Client  # noqa: E402
from fastmcp.client.auth import OAuth  # noqa: E402
from fastmcp.client.transports import StreamableHttpTransport  # noqa: E402

warnings.filterwarnings("ignore", message="Using in-memory token storage")


def ok(step: str, detail: str = "") -> None:
    print(f"ok {step}{': ' + detail if detail else ''}", flush=True)


async def refused_without_token() -> None:
    # The client says only "Server returned an error response": the status is seen underneath it.
    statuses: list[int] = []

    async def note(response: httpx2.Response) -> None:
        statuses.append(response.status_code)

    def http(**options: object) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(event_hooks={"response": [note]}, **options)

    try:
        async with Client(StreamableHttpTransport(MCP_URL, httpx_client_factory=http)) as client:
            await client.list_tools()
    except Exception as error:  # noqa: BLE001: which class it is, is FastMCP's affair
        assert statuses and set(statuses) == {401}, statuses
        ok("refused without a token", f"401, {error}")
    else:
        raise AssertionError("a client without a token was let in")


async def call(client: Client, tool: str, **arguments: object):
    result = await client.call_tool(tool, arguments)
    return result, "\n".join(block.text for block in result.content if block.type == "text")


async def main() -> None:
    await refused_without_token()

    oauth = OAuth(client_name="FastMCP client", callback_timeout=60)
    async with Client(MCP_URL, auth=oauth) as client:
        context = oauth.context
        ok("discover", str(context.oauth_metadata.issuer))
        ok("register", context.client_info.client_id)
        ok("sign in")
        first = context.current_tokens
        assert first.refresh_token, "a refresh token comes with the access token"
        ok("token", f"expires in {first.expires_in} s")

        names = [tool.name for tool in await client.list_tools()]
        assert {"roll_dice", "greeting_card"} <= set(names), names
        ok("list", ", ".join(names))

        _, text = await call(client, "roll_dice")
        assert re.fullmatch(r"alice rolled a \d+ \(1–6\)\.", text), text
        ok("call roll_dice", text)

        card, text = await call(client, "greeting_card")
        assert "alice" in text, text
        assert card.structured_content["username"] == "alice", card.structured_content
        ok("call greeting_card", text)

        client_id = context.client_info.client_id
        context.token_expiry_time = time.time() - 1
        _, text = await call(client, "roll_dice", sides=20)
        assert "alice" in text, text
        second = context.current_tokens
        assert second.refresh_token != first.refresh_token, "the refresh token rotates"
        assert context.client_info.client_id == client_id, "the client stays registered"
        ok("refresh", "a new access token and a new refresh token")


asyncio.run(asyncio.wait_for(main(), timeout=120))
