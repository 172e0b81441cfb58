"""Looks: what the views need beyond the theme, where Streamlit has no setting for it."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

STYLE: Final = """<style>
/* Streamlit's own sign that a script runs would blink at every look at a read under way, and its Stop is not ours. */
[data-testid=stStatusWidget] { display: none }
/* The table has the window: little room around it, and as high as its rows, or as what is left of the screen. */
[data-testid=stMainBlockContainer] { padding: 4.25rem clamp(1rem, 3vw, 3rem) 1.5rem; }
[data-testid=stMainBlockContainer]:has(.st-key-table) { height: 100dvh }
[data-testid=stMainBlockContainer]:has(.st-key-table) > [data-testid=stVerticalBlock] { height: 100% }
[data-testid=stLayoutWrapper]:has(> .st-key-table) { flex: 0 1 auto; min-height: 15rem }
.st-key-search { max-width: 26rem }
/* Streamlit makes a link of every e-mail address; in a line of facts it would be too pale to read; so would a name in code. */
[data-testid=stCaptionContainer] :is(a, code) { color: inherit }
/* One line each, whatever stands in it, so that the table below never moves. */
.st-key-lead { min-height: 2.25rem }
.st-key-waiting { min-height: 4.5rem }
/* Who goes by the keyboard sees where they are; Streamlit shows that on most of its buttons only. */
a:focus-visible, [data-testid=stBaseButton-elementToolbar]:focus-visible {
  outline: 3px solid #7ea3f7 !important; outline-offset: -1px;
}
/* The line in the menu for a view that has none of its own. */
[data-psauth-lit] { background: rgba(151, 166, 195, .25) !important }
[data-psauth-lit] p { font-weight: 600 }
/* Words of others come as code, so that nothing in them is Markdown; they look like the words around them. */
em code {
  font: inherit !important; color: inherit !important; background: none !important; padding: 0 !important;
  white-space: pre-wrap !important; overflow-wrap: anywhere; unicode-bidi: isolate;
}
em:has(> code, > strong > code) { font-style: normal }
:is(.st-key-glance, .st-key-called) em code { font-weight: 600 !important }
/* The accent is too weak for words on its own pale ground. */
[data-variant=pills][aria-checked=true], [data-variant=pills][aria-checked=true] p { color: light-dark(#2450b8, #a9c2ff) !important }
/* A picture is as wide as it was drawn, or as its window. */
[data-testid=stVegaLiteChart] svg { max-width: 100%; height: auto }
/* Links to a heading of a page that is one screen. */
[data-testid=stHeaderActionElements] { display: none }
/* After Disconnect there is nothing in it; Streamlit would keep the empty place for some seconds, and then jump. */
[data-testid=stSidebar]:not(:has([data-testid=stSidebarNav])) { display: none }
/* When the app was stopped or started anew, Streamlit's words are for the author of a script. */
[role=dialog] div:has(> [data-testid=stErrorCodeBlock]) > * { display: none }
[role=dialog] div:has(> [data-testid=stErrorCodeBlock])::before {
  content: "The app does not answer this page. If it was stopped, start it again as it was started, at the same port. \
Then open the address that it says: this page goes on by itself.";
}
</style>"""

# Streamlit closes the menu on telephones only; in a narrow window it lies over the view just the same. And it takes the
# choices of one view along to the next: it looks for them in the address, which therefore names none at that moment.
MENU: Final = """<script>
document.body.onclick = (event) => {
  if (innerWidth < 768 && event.target.closest("[data-testid=stSidebarNavLink]"))
    document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
};
if (!document.psauthLeavesChoices) {
  document.psauthLeavesChoices = true;
  document.addEventListener("click", (event) => {
    if (!location.search || !event.target.closest("[data-testid=stSidebarNavLink], [data-testid=stPageLink] a")) return;
    const address = location.href;
    history.replaceState(history.state, "", location.pathname);
    setTimeout(() => history.replaceState(history.state, "", address));
  }, true);
}
document.querySelectorAll("[data-psauth-lit]").forEach((link) => {
  link.removeAttribute("data-psauth-lit");
  link.removeAttribute("aria-current");
});
document.querySelectorAll("[data-testid=stSidebarNavLink]").forEach((link) => {
  if ("%s" && link.pathname === "/%s") {
    link.setAttribute("data-psauth-lit", "");
    link.setAttribute("aria-current", "page");
  }
});
</script>"""


def show() -> None:
    """For every view."""
    st.html(STYLE)


def middle() -> DeltaGenerator:
    """The column in which views without a menu stand, so that one follows another without a jump."""
    return st.columns([1, 6, 1])[1]


def show_menu(*, lit: str | None = None) -> None:
    """For views with a menu, inside the sidebar; `lit` is the view shown as open for one that has no line in it."""
    st.html(MENU % (lit or "", lit or ""), unsafe_allow_javascript=True)
