"""The HTML of the consent page and of its two dead ends; self-contained, light and dark, narrow and wide."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from psauth.sandbox.company.people import Person
from psauth.sandbox.knobs import SHORT_HOUR

_STYLE = """
:root{color-scheme:light dark;--ground:#f4f3f0;--card:#fff;--ink:#1f2328;--soft:#5c636b;--line:#e0ded9;--go:#2457d6;
--go-ink:#fff;--wash:#f7f7fb}
@media (prefers-color-scheme:dark){:root{--ground:#15171a;--card:#1e2125;--ink:#e9eaec;--soft:#a2a9b1;--line:#343940;
--go:#7ea2ff;--go-ink:#0f1630;--wash:#262a30}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;
gap:1rem;padding:1.5rem 1rem;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{width:100%;max-width:27rem;background:var(--card);border:1px solid var(--line);border-radius:16px;padding:2rem}
.marks{display:flex;align-items:center;gap:.6rem;color:var(--soft);margin-bottom:1.25rem}
.mark{width:2.5rem;height:2.5rem;border-radius:11px;display:grid;place-items:center;font-weight:650;
background:var(--wash);border:1px solid var(--line);color:var(--ink)}
.mark.us{background:var(--go);border-color:var(--go);color:var(--go-ink)}
h1{font-size:1.3rem;line-height:1.3;margin:0 0 .35rem;font-weight:650;text-wrap:balance}
p{margin:0 0 1rem;color:var(--soft)}
ul{list-style:none;margin:0 0 1.25rem;padding:0;border:1px solid var(--line);border-radius:12px}
li{padding:.75rem 1rem;display:flex;gap:.7rem}li+li{border-top:1px solid var(--line)}
.may li::before{content:"✓";color:var(--go);font-weight:700}
li b{display:block;font-weight:600}li small{color:var(--soft);font-size:.9rem}
label,.label{display:block;font-weight:600;font-size:.9rem;margin:0 0 .35rem;color:inherit}
select{width:100%;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:.6rem .7rem;margin-bottom:1.25rem}
.choice{display:flex;gap:.75rem}
button{flex:1;font:inherit;font-weight:600;padding:.7rem 1rem;border-radius:10px;border:1px solid var(--line);
background:transparent;color:inherit;cursor:pointer}
button.go{background:var(--go);border-color:var(--go);color:var(--go-ink)}
button:hover{filter:brightness(1.06)}
button:focus-visible,select:focus-visible,a:focus-visible{outline:3px solid var(--go);outline-offset:2px}
.back{font-size:.875rem;margin:1.25rem 0 0;overflow-wrap:anywhere}
a.step{display:inline-block;color:var(--go);font-weight:600}
footer{font-size:.85rem;color:var(--soft);text-align:center}
code{font:.9em ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
@media (max-width:26rem){main{padding:1.5rem 1.25rem}}
"""
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_MEANING = {
    "read": ("See your work", "workflows, runs, tasks, form answers, people and data sets"),
    "write": ("Change your work", "start runs, complete tasks and fill in forms in your name"),
}


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}"
        "<footer>Sandbox: invented data, nothing leaves this machine.</footer></body></html>"
    )


def consent(
    *, client: str, organization: str, people: Iterable[Person], scopes: Iterable[str], back_to: str, ticket: str
) -> str:
    """The page that asks; its form posts `request`, `person` and `decision` beside where it was shown."""
    rows = "".join(f"<li><span><b>{t}</b><small>{m}</small></span></li>" for t, m in (_MEANING[s] for s in scopes))
    choices = "".join(
        f'<option value="{escape(p.id)}" data-email="{escape(p.email)}">{escape(p.name)}</option>' for p in people
    )
    name = escape(client)
    return _page(
        f"Allow {client}?",
        f"""<main>
<div class="marks" aria-hidden="true"><span class="mark">{escape(client[:1])}</span>→<span class="mark us">{escape(organization[:1])}</span></div>
<h1>{name} wants to use your Process Street account</h1>
<p>Organisation: <strong>{escape(organization)}</strong></p>
<form method="post" action="authorize" autocomplete="off">
<input type="hidden" name="request" value="{escape(ticket)}">
<label for="person">Signed in as</label><select id="person" name="person">{choices}</select>
<p class="label">It will be able to</p><ul class="may">{rows}</ul>
<div class="choice"><button name="decision" value="deny">Deny</button>
<button class="go" name="decision" value="allow">Allow</button></div>
</form>
<p class="back">Afterwards you go back to <code>{escape(back_to)}</code></p>
</main>""",
    )


def dead_end(title: str, text: str, *, step: str = "", href: str = "") -> str:
    """A page that says what happened and offers one next step: a link, or a sentence where there is no address."""
    next_step = f"<strong>{escape(step)}</strong>"
    if href:
        next_step = f'<a class="step" href="{escape(href)}">{escape(step)}</a>'
    return _page(title, f"<main><h1>{escape(title)}</h1><p>{escape(text)}</p>{next_step}</main>")


def record(title: str, about: str, rows: Iterable[tuple[str, str]]) -> str:
    """What the App link of a workflow or run leads to: its name and its tasks, each with a remark."""
    shown = "".join(f"<li><span><b>{escape(t)}</b><small>{escape(remark)}</small></span></li>" for t, remark in rows)
    return _page(title, f"<main><h1>{escape(title)}</h1><p>{escape(about)}</p><ul>{shown}</ul></main>")


def front(organization: str, address: str, *, budget: int, window: float) -> str:
    """What somebody sees who opens the sandbox's own address; it answers `budget` requests in `window` seconds."""
    rows = "".join(
        f"<li><span><b>{title}</b><small><code>{escape(address)}{path}</code></small></span></li>"
        for title, path in (
            ("API", "/v1"),
            ("OAuth", "/oauth/authorize"),
            ("Metadata", "/.well-known/oauth-authorization-server"),
        )
    )
    about = f"An invented company, to try psauth on. It answers {budget:,} requests every {window:g} seconds"
    about += ": its hour lasts a minute." if window == SHORT_HOUR else "."
    return _page(
        "Process Street sandbox",
        f"<main><h1>{escape(organization)}</h1><p>{about}</p><ul>{rows}</ul></main>",
    )
