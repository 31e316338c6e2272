# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw message to clean text: what every later step works on.

A message reaches us through kubelets, log lines, JSON and terminals, each of which quotes, wraps, prefixes or
cuts it. Nothing here decides anything; every function is linear in the length of its input.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.patterns import compiled

ANALYSED = 8_000
"""Characters that are looked at; of longer texts the first and the last half of that."""

EVENT_LIMIT = 1024
"""Kubernetes cuts the text of an event there (kubelet and API validation)."""

_ANSI = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
_ESCAPED = r"\\+([\"'`/])"
_ESCAPED_BREAK = r"\\+(?:[nrt]|u00(?:0[9adAD]))"
_ESCAPED_HTML = r"\\+u00(3[cCeE]|26|27|22)"
_HTML_CHARACTER = {"3c": "<", "3e": ">", "26": "&", "27": "'", "22": '"'}
_WINDOWS_PATH = r"\b[A-Za-z]:\\"

# Text that clients add as advice; its words ("no credentials", "unknown CA") say nothing about the case.
# A literal that must occur, and the pattern that is then taken out.
_ADVICE = (
    (", this may be because", r", this may be because there are no credentials on this request\."),
    (
        "--insecure-registry",
        r"If this private registry supports only HTTP or HTTPS with an unknown CA .*?ca\.crt",
    ),
    ("by authenticating and upgrading", r"You may increase the limit by authenticating and upgrading"),
)
_LOGGED = (r'(?s)(?:\s|^)(?:err|error)="((?:[^"\\]|\\.)*)', r'(?s)(?:\s|^)msg="((?:[^"\\]|\\.)*)')
_LOGGED_IMAGE = r'\simage="([^"\s\\]+)"'
_FIELD_PATH = r"^\s*spec\.\w+\{[^}]*\}:?\s+"
_RPC = r"(?i)rpc error:? code = (\w+)\s+(?:desc = |(?=\())"
_RPC_NUMBERS = {
    "1": "canceled",
    "2": "unknown",
    "4": "deadlineexceeded",
    "5": "notfound",
    "14": "unavailable",
}
_CUT_SIGNS = ("...", "…", "[truncated]", "<truncated>")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message made readable. ``code``: the outermost gRPC status code that says more than Unknown, in lower
    case. ``cut``: the end of the message is, or may be, missing. ``logged_image``: ``image="…"`` of a log line.
    """

    text: str
    code: str | None = None
    cut: bool = False
    logged_image: str | None = None


def prepare(message: str) -> Prepared:
    """``message`` without its wrapping."""
    cut = _is_cut(message)
    raw, shortened = _shorten(message)
    if "\x1b" in raw:
        raw = compiled(_ANSI).sub("", raw)
    image = None
    if '="' in raw:
        image = compiled(_LOGGED_IMAGE).search(raw)
        raw = _log_line(raw)
    if "{" in raw[:300]:
        raw = compiled(_FIELD_PATH).sub("", raw)
    text = clean(raw)
    for literal, pattern in _ADVICE:
        if literal in text:
            text = compiled(pattern).sub(" ", text)
    text, code = _without_status(text)
    return Prepared(text, code, cut and not shortened, image[1] if image else None)


def clean(text: str) -> str:
    """``text`` on one line, without terminal escapes, control or invisible characters, quotes unescaped."""
    if "\x1b" in text:
        text = compiled(_ANSI).sub("", text)
    if "\\" in text:
        if not compiled(_WINDOWS_PATH).search(text):
            text = compiled(_ESCAPED_BREAK).sub(" ", text)
        text = compiled(_ESCAPED_HTML).sub(lambda match: _HTML_CHARACTER[match[1].lower()], text)
        text = compiled(_ESCAPED).sub(r"\1", text)
    if not text.isprintable():
        # Controls, characters without a shape or that turn the writing direction, lone surrogates.
        text = "".join(character if character.isprintable() else " " for character in text)
    return _one_space(text)


def _one_space(text: str) -> str:
    return (compiled(" {2,}").sub(" ", text) if "  " in text else text).strip()


def _without_status(text: str) -> tuple[str, str | None]:
    """``text`` without ``rpc error: code = C desc =``, and the first C that is not Unknown."""
    if "rpc error" not in text:
        return text, None
    codes = (match[1].lower() for match in compiled(_RPC).finditer(text))
    named = (_RPC_NUMBERS.get(code, code) for code in codes)
    code = next((code for code in named if code != "unknown"), None)
    return _one_space(compiled(_RPC).sub("", text)), code


def _shorten(message: str) -> tuple[str, bool]:
    if len(message) <= ANALYSED:
        return message, False
    half = ANALYSED // 2
    return f"{message[:half]} … {message[-half:]}", True


def _is_cut(message: str) -> bool:
    if message[-20:].rstrip().endswith(_CUT_SIGNS):
        return True
    if len(message) > EVENT_LIMIT:
        return False
    # The limit counts bytes in some writers and characters in others.
    return len(message.encode("utf-8", "replace")) >= EVENT_LIMIT - 4


def _log_line(text: str) -> str:
    """The error of a klog or logfmt line, or ``text`` itself where it is none."""
    for pattern in _LOGGED:
        match = compiled(pattern).search(text)
        if match and match[1].strip():
            # What stands in front stays: "Failed to pull image" err="…".
            return f"{text[: match.start()]}: {match[1]}"
    return text
