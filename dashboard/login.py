"""The form that asks for the token, in the asked language."""

import html
from collections.abc import Mapping
from typing import Final

from aiohttp import web

FORM: Final = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · TechHub</title>
<link rel="stylesheet" href="/static/page.css">
</head>
<body>
<main class="login">
<h1>{title}</h1>
{problem}
<form method="post">
<label for="token">{label}</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>{button}</button>
</form>
</main>
</body>
</html>
"""


def form(words: Mapping[str, str], language: str, *, wrong: bool = False) -> web.Response:
    problem = f'<p role="alert" class="problem">{html.escape(words["login.wrong"])}</p>' if wrong else ""
    text = FORM.format(
        language=language,
        title=html.escape(words["login.title"]),
        label=html.escape(words["login.label"]),
        button=html.escape(words["login.button"]),
        problem=problem,
    )
    return web.Response(text=text, status=401 if wrong else 200, content_type="text/html", charset="utf-8")
