"""Hook of MkDocs (`make docs`): adds pages from outside docs/, references made from routes and docstrings, and Mermaid.

A reader of the site needs no Internet: the script that draws the diagrams is copied into the site, and a page that
would load something from elsewhere fails the build. Where that script is missing, since npm was not reached, diagrams
stand as they are written.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from signaling.app.api_table import GROUPS, MODELS, PREFIX, ROUTES
from signaling.http import openapi

ROOT = Path(__file__).parents[1]
OUTSIDE = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
PACKAGES = ("mediaserver", "scheduler", "signaling", "loadtest")
MERMAID = ROOT / "web/node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"
MERMAID_URI = "assets/javascripts/mermaid.js"
LOADED_FROM_ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload|icon)\b[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the decisions in the navigation."""
    decisions = [f"decisions/{file.name}" for file in sorted((ROOT / "docs/decisions").glob("*.md"))]
    decisions.sort(key=lambda path: (not path.endswith("README.md"), path))
    (contributors,) = (part["Contributors"] for part in config.nav or [] if "Contributors" in part)
    contributors[:] = [{"Decisions": decisions} if page == {"Decisions": []} else page for page in contributors]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not files below docs/, and the script that draws diagrams where npm has brought it."""
    if MERMAID.exists():
        files.append(File.generated(config, MERMAID_URI, abs_src_path=str(MERMAID)))
    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    files.append(File.generated(config, "reference/rest.md", content="\n".join(_rest())))
    for package in PACKAGES:
        files.append(File.generated(config, f"reference/{package}.md", content="\n".join(_package(package))))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Let links lead to pages of the site; files that are none of its pages are named without a link."""
    up = "../" * page.file.src_uri.count("/")
    outside = page.file.src_uri in OUTSIDE.values()

    def linked(match: re.Match[str]) -> str:
        text, path, anchor = match[1], match[2], match[3] or ""
        above = outside or path.startswith(up + "../")
        inside = path.removeprefix(up + "../")
        if not above:
            return match[0]
        if inside in OUTSIDE:
            return f"[{text}]({up}{OUTSIDE[inside]}{anchor})"
        return f"[{text}]({inside.removeprefix('docs/')}{anchor})" if inside.startswith("docs/") else text

    return re.sub(r"(?<!!)\[([^\]]+)\]\(((?!https?:|mailto:|#)[^)#\s]+)(#[^)]*)?\)", linked, markdown)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Give pages with diagrams our copy of Mermaid, which the theme then takes instead of one from a CDN.

    Without it the theme does not see that they are diagrams. Raises PluginError for a page that would load a script,
    style or picture from another server.
    """
    if elsewhere := LOADED_FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {elsewhere[0]}")
    if 'class="mermaid"' not in output:
        return output
    if not MERMAID.exists():
        return output.replace('class="mermaid"', 'class="diagram"')
    return output.replace("</head>", f'<script src="{get_relative_url(MERMAID_URI, page.url)}"></script></head>', 1)


def _rest() -> Iterator[str]:
    """Yield the REST reference, call by call in the groups of the route table."""
    document = openapi.document(PREFIX, ROUTES, MODELS)
    yield f"# REST reference\n\nMade from the table that serves the API; paths are below `{PREFIX}`.\n"
    for group, routes in GROUPS.items():
        yield f"## {group.replace('_', ' ').capitalize()}\n"
        for route in routes:
            path = openapi.public_path(route.path)
            yield from _operation(route.method, path, document["paths"][path][route.method.lower()])
    yield "## Models\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"### {name}\n"
        yield _escaped(schema.get("description", "")) + "\n"
        for field, field_schema in schema.get("properties", {}).items():
            yield f"- `{field}`: {_type(field_schema)}{'' if field in schema.get('required', []) else ' (optional)'}"
        yield ""


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    """Yield the reference of one REST call: parameters, body, responses and problems."""
    yield f"### {method} {path}\n"
    yield _escaped(operation.get("summary", "")) + ".\n"
    for parameter in operation.get("parameters", []):
        yield f"- {parameter['in']} `{parameter['name']}`: {_type(parameter['schema'])}"
    if body := operation.get("requestBody"):
        yield f"- body: {_content(body)}"
    problems = [status for status in operation["responses"] if status >= "400"]
    for status in sorted({*operation["responses"]} - {*problems}):
        response = operation["responses"][status]
        yield f"- {status}: {_content(response) or _escaped(response.get('description', ''))}"
    yield f"- problems: {', '.join(problems) or 'none'}"
    yield ""


def _content(body: dict[str, Any]) -> str:
    """Return the types, or media types, of a request or response body."""
    return ", ".join(
        _type(each["schema"]) if "schema" in each else kind for kind, each in body.get("content", {}).items()
    )


def _type(schema: dict[str, Any]) -> str:
    """Return a schema in few words, with links to models."""
    if reference := schema.get("$ref"):
        name = reference.rsplit("/", 1)[1]
        return f"[{name.rsplit('__', 1)[-1]}](#{name.lower()})"
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return " or ".join(_type(each) for each in schema[keyword])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def _package(package: str) -> Iterator[str]:
    """Yield the reference of a package: its modules, their classes and functions, in the words of their docstrings."""
    yield f"# Package {package}\n"
    for file in sorted((ROOT / package).rglob("*.py")):
        module = ast.parse(file.read_text("utf-8"))
        text = ast.get_docstring(module)
        if text is None or "versions" in file.parts:
            continue
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield f"## `{name}`\n\n{_escaped(text)}\n"
        for node in module.body:
            yield from _definition(node)
        yield ""


def _definition(node: ast.stmt, indent: str = "") -> Iterator[str]:
    """Yield a public class with its methods, or a public function, each with the first paragraph of its docstring."""
    if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
        return
    first = (ast.get_docstring(node) or "").split("\n\n")[0]
    if isinstance(node, ast.ClassDef):
        yield f"{indent}- class `{node.name}`: {_escaped(' '.join(first.split()))}"
        for member in node.body:
            yield from _definition(member, indent + "    ")
    else:
        arguments = ", ".join(each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
        yield f"{indent}- `{node.name}({arguments})`: {_escaped(' '.join(first.split()))}"


def _escaped(text: str) -> str:
    """Return text of a docstring as Markdown: roles become code, nothing in it is markup."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    parts = text.split("`")
    parts[::2] = [re.sub(r"([<>\[\]*_#])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
