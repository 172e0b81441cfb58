"""What `streamlit run app.py` gets: the pages, the routes beside them, and the guard in front of both."""

import streamlit as st

from psauth.dashboard.lifespan import lifespan
from psauth.dashboard.parts.problems import on_script_error
from psauth.dashboard.web.routes import middleware, routes

app = st.App(
    "psauth/dashboard/main.py",
    routes=routes(),
    middleware=middleware(),
    lifespan=lifespan,
    on_script_error=on_script_error,
)
