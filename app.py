"""What `streamlit run app.py` gets: the pages, the routes beside them, and the guard in front of both."""

import streamlit as st

from psauth.dashboard.parts.problems import on_script_error
from psauth.dashboard.web.routes import middleware, routes
from psauth.dashboard.web.start import announced

app = st.App(
    "psauth/dashboard/main.py",
    routes=routes(),
    middleware=middleware(),
    lifespan=announced,
    on_script_error=on_script_error,
)
