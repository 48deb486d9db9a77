"""The clients of Python through all that the everything server serves: `everything_walk.py mcp|fastmcp legacy|modern`.

The server is at `MCP_URL`, or is the program `MCP_COMMAND`, spoken to over stdio.
"""

import asyncio
import os
import sys
import warnings

import mcp_types as types

# The verbs of the older wire are marked as such.
warnings.filterwarnings("ignore", message=".* as of 2026-07-28")

URL = os.environ["MCP_URL"]
COMMAND = os.environ.get("MCP_COMMAND")
STDIO = ["serve", "--stdio"]
LIBRARY, ERA = sys.argv[1:]
# To pin the newer one would spare the clients the question what the server has.
MODE = "auto" if ERA == "modern" else "legacy"
asked: list[str] = []
logged: list[object] = []
heard: asyncio.Queue = asyncio.Queue()


def ok(step: str, detail: object = "") -> None:
    print(f"ok {step}{f': {detail}' if detail else ''}", flush=True)


def fill(schema: dict) -> dict:
    """What a willing user puts into a form."""

    def value(field: dict):
        if "default" in field:
            return field["default"]
        if "enum" in field:
            return field["enum"][0]
        for titled in ("oneOf", "anyOf"):
            if titled in field:
                return field[titled][0]["const"]
        if field.get("type") == "array":
            return [value(field["items"])]
        return {"boolean": True, "string": "Alice"}.get(field.get("type"), 0)

    return {name: value(field) for name, field in schema["properties"].items()}


def elicited(params) -> types.ElicitResult:
    if getattr(params, "mode", "form") == "url":
        asked.append("url")
        return types.ElicitResult(action="accept")
    asked.append("form")
    return types.ElicitResult(action="accept", content=fill(params.requested_schema))


def sampled() -> types.CreateMessageResult:
    asked.append("sampling")
    content = types.TextContent(type="text", text="Paris")
    return types.CreateMessageResult(role="assistant", model="none", content=content)


async def log(params) -> None:
    logged.append(params)


async def message(received) -> None:
    heard.put_nowait(received)


def official():
    from mcp import Client, StdioServerParameters

    server = StdioServerParameters(command=COMMAND, args=STDIO) if COMMAND else URL

    async def elicit(_context, params):
        return elicited(params)

    async def sample(_context, _params):
        return sampled()

    async def roots(_context):
        asked.append("roots")
        return types.ListRootsResult(roots=[types.Root(uri="file:///tmp", name="tmp")])

    return Client(
        server,
        mode=MODE,
        elicitation_callback=elicit,
        sampling_callback=sample,
        list_roots_callback=roots,
        logging_callback=log,
        log_level="debug" if ERA == "modern" else None,
        message_handler=message,
    )


def fastmcp():
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport
    from fastmcp.skills.client import SkillsClientExtension

    async def elicit(_message, _type, params, _context):
        return elicited(params)

    async def sample(_messages, _params, _context):
        return sampled()

    async def roots(_context):
        asked.append("roots")
        return ["file:///tmp"]

    return Client(
        StdioTransport(COMMAND, STDIO) if COMMAND else URL,
        mode=MODE,
        elicitation_handler=elicit,
        sampling_handler=sample,
        roots=roots,
        log_handler=log,
        message_handler=message,
        extensions=[SkillsClientExtension()],
    )


def listed(answer, field: str) -> list:
    """The official client answers with the result, FastMCP with what is in it."""
    return answer if isinstance(answer, list) else getattr(answer, field)


def text(result) -> str:
    assert not getattr(result, "is_error", False), result
    return "\n".join(block.text for block in result.content if block.type == "text")


async def walk(client) -> None:
    is_fastmcp = LIBRARY == "fastmcp"

    async def call(name: str, arguments: dict | None = None, **options):
        if is_fastmcp:
            options.setdefault("raise_on_error", False)
        return await client.call_tool(name, arguments or {}, **options)

    async def kinds(name: str) -> list[str]:
        return [block.type for block in (await call(name)).content]

    assert (client.protocol_version == "2026-07-28") == (ERA == "modern"), client.protocol_version
    ok("connect", client.protocol_version)
    names = [tool.name for tool in listed(await client.list_tools(), "tools")]
    assert len(names) > 25, names
    ok("tools", len(names))
    assert "simple text" in text(await call("test_simple_text"))
    assert await kinds("test_image_content") == ["image"]
    assert await kinds("test_audio_content") == ["audio"]
    assert await kinds("test_embedded_resource") == ["resource"]
    assert await kinds("test_multiple_content_types") == ["text", "image", "resource"]
    assert (await call("test_error_handling")).is_error
    ok("results of all kinds")

    done: list[float] = []

    async def progress(now: float, _total: float | None, _message: str | None) -> None:
        done.append(now)

    key = "progress_handler" if is_fastmcp else "progress_callback"
    await call("test_tool_with_progress", **{key: progress})
    assert done == [0, 50, 100], done
    ok("progress", done)

    if ERA == "legacy":
        await client.set_logging_level("debug")
    await call("test_tool_with_logging")
    assert len(logged) == 3, logged
    ok("logging", f"{len(logged)} messages")

    uris = [str(resource.uri) for resource in listed(await client.list_resources(), "resources")]
    assert "test://static-text" in uris, uris
    for uri, part in [("test://static-text", "static text"), ("test://template/123/data", "123")]:
        contents = listed(await client.read_resource(uri), "contents")
        assert part in contents[0].text, contents
    assert listed(await client.read_resource("test://static-binary"), "contents")[0].blob
    templates = listed(await client.list_resource_templates(), "resource_templates")
    assert str(templates[0].uri_template) == "test://template/{id}/data"
    ok("resources and templates", " ".join(uris))

    prompts = [prompt.name for prompt in listed(await client.list_prompts(), "prompts")]
    prompt = await client.get_prompt("test_prompt_with_arguments", {"arg1": "one", "arg2": "two"})
    assert "one" in prompt.messages[0].content.text
    ok("prompts", " ".join(prompts))
    reference = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
    completion = await client.complete(reference, {"name": "arg1", "value": "t"})
    values = getattr(completion, "completion", completion).values
    assert values
    ok("completion", values)

    assert "Hello, Alice!" in text(await call("test_input_required_result_elicitation"))
    assert "John Doe" in text(await call("test_elicitation_sep1034_defaults"))
    assert "option1" in text(await call("test_elicitation_sep1330_enums"))
    ok("elicitation by a form")
    assert "went" in text(await call("test_elicitation_url"))
    ok("elicitation by a url")
    assert "Paris" in text(await call("test_sampling", {"prompt": "Capital?"}))
    ok("sampling")
    assert "1 roots" in text(await call("test_input_required_result_list_roots"))
    ok("roots")
    assert "Alice" in text(await call("test_input_required_result_multi_round"))
    assert "Alice Paris 1" in text(await call("test_input_required_result_multiple_inputs"))
    ok("several questions", " ".join(asked))

    if is_fastmcp and ERA == "modern":
        skills = await client.list_skills()
        assert [skill.uri for skill in skills] == ["skill://conformance-skill/SKILL.md"], skills
        skill = await client.get_skill("skill://conformance-skill/SKILL.md")
        assert len(skill.resources) == 3, skill
        ok("skills", skill.frontmatter.name)
    if is_fastmcp and ERA == "legacy":
        # It has no verb for a subscription, but hears that lists change.
        await changes_legacy(call, ["test_trigger_tool_change", "test_trigger_prompt_change"])
    elif ERA == "modern" and not is_fastmcp:
        await changes_modern(client, call)
    elif not is_fastmcp:
        await client.subscribe_resource("test://watched-resource")
        await changes_legacy(call, list(CHANGES))
        await client.unsubscribe_resource("test://watched-resource")

    try:
        await asyncio.wait_for(call("test_slow"), 0.5)
    except TimeoutError:
        pass
    else:
        raise AssertionError("it was to take a minute")
    assert "simple text" in text(await call("test_simple_text"))
    ok("cancellation, and the connection lives on")


CHANGES = {
    "test_trigger_tool_change": "notifications/tools/list_changed",
    "test_trigger_prompt_change": "notifications/prompts/list_changed",
    "test_trigger_resource_update": "notifications/resources/updated",
}


async def changes_legacy(call, tools: list[str]) -> None:
    for tool in tools:
        await call(tool)
        while (await asyncio.wait_for(heard.get(), 20)).method != CHANGES[tool]:
            pass
        ok(CHANGES[tool])


async def changes_modern(client, call) -> None:
    async with client.listen(
        tools_list_changed=True,
        prompts_list_changed=True,
        resource_subscriptions=["test://watched-resource"],
    ) as stream:
        events = aiter(stream)
        for tool, name in CHANGES.items():
            await call(tool)
            event = await asyncio.wait_for(anext(events), 20)
            ok(name, type(event).__name__)


async def main() -> None:
    async with official() if LIBRARY == "mcp" else fastmcp() as client:
        await walk(client)


asyncio.run(asyncio.wait_for(main(), timeout=120))
