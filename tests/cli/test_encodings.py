"""Terminals that cannot show every character: no command dies of a dash or a name, whatever the encoding."""

import re
import subprocess

import pytest

import psauth
from psauth import Vault
from psauth.words import fitting
from tests.cli.processes import CONSENTS, POSIX, free_port, interrupt, is_app, line_with, program
from tests.flow.parts import PYTHON, environment, wait_until

pytestmark = pytest.mark.slow

NAME = "Ærø – Łódź → 株式会社 “Ü” 😀"
ENCODINGS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "cp932": {"PYTHONIOENCODING": "cp932"},
    "cp437": {"PYTHONIOENCODING": "cp437:strict"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "LC_ALL=C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}
CODEC = {name: "ascii" if name == "LC_ALL=C" else name for name in ENCODINGS}
AWKWARD = "acct-Ü–→"


@pytest.fixture(scope="module")
def box():
    with psauth.Sandbox(runs=5) as box:
        yield box


@pytest.fixture
def env_of(box, tmp_path):
    """The environment of a terminal with an encoding, settings of the sandbox in it, and a home of its own."""

    def env_of(encoding, **more):
        settings = box.settings.with_(home=str(tmp_path / "home"))
        return environment(settings, **ENCODINGS[encoding], **more)

    return env_of


@pytest.fixture
def named(box, tmp_path):
    """Connections with a label and an account that few terminals can show, one of them ended for a reason like that."""
    settings = box.settings.with_(home=str(tmp_path / "home"))
    vault = Vault.open(settings)
    for account in ("default", AWKWARD):
        vault.name(psauth.login(account, settings=settings), NAME)
    vault.end(vault.read(AWKWARD), f"the service says {NAME}")


def run(*words, env, codes=(0, 1, 3)):
    """Everything that a command says, decoded by the terminal's own encoding."""
    done = subprocess.run([PYTHON, "-m", "psauth", *words], env=env, capture_output=True, timeout=60, check=False)
    codec = CODEC[next(name for name, changes in ENCODINGS.items() if changes.items() <= env.items())]
    out, err = done.stdout.decode(codec), done.stderr.decode(codec)
    assert done.returncode in codes, err
    assert "Traceback" not in err, err
    assert "UnicodeEncodeError" not in err, err
    return out + err


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_status_and_psauth_alone(env_of, named, encoding):
    env = env_of(encoding)
    for words in ((), ("status",), ("status", "--offline"), ("status", "--json"), ("--help",), ("login", "--help")):
        said = run(*words, env=env)
        assert said
        if words == ("status",):
            assert fitting(NAME, CODEC[encoding]) in said
    assert "Aero - Lodz ->" not in run("status", env=env_of("utf-8"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_errors_and_wrong_usage(env_of, encoding, tmp_path):
    env = env_of(encoding)
    run("logout", "--account", AWKWARD, env=env, codes=(2, 3))
    run("status", env={**env, "PSAUTH_API_URL": f"http://{NAME}"}, codes=(1,))
    run("status", env={**env, "PSAUTH_SCOPE": NAME}, codes=(3,))
    run(
        "status",
        env={**env, "PSAUTH_HOME": str(tmp_path / NAME), "PSAUTH_SECRET_KEY": "", "PYTHONWARNINGS": "default"},
        codes=(3,),
    )
    run(NAME, env=env, codes=(2,))
    run("login", "--timeout", NAME, env=env, codes=(2,))
    run("sandbox", "--port", "0", "--state", f"/dev/null/{NAME}/state.json", env=env, codes=(1,))


@POSIX
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_login_and_logout(env_of, box, browser, encoding):
    env = env_of(encoding, BROWSER=browser(*CONSENTS))
    # With LC_ALL=C such a name does not come through whole, and is refused.
    account = "plain" if encoding == "LC_ALL=C" else AWKWARD
    assert "Connected" in run("login", "--account", account, env=env, codes=(0,))
    assert "revoked" in run("logout", "--account", account, env=env, codes=(0,))
    said = run("login", "--timeout", "0.2", env={**env, "BROWSER": browser("pass")}, codes=(3,))
    assert "Nobody answered" in said


@pytest.mark.parametrize("encoding", ["cp437", "cp932", "ascii"])
def test_a_refusal_in_the_words_of_the_service(env_of, box, browser, encoding):
    box.knobs.fault(
        "/oauth/token", "body", status=400, body='{"error": "invalid_grant", "error_description": "→ – Łódź"}'
    )
    env = env_of(encoding, BROWSER=browser(*CONSENTS))
    assert "did not accept the code" in run("login", env=env, codes=(1,))


@POSIX
@pytest.mark.parametrize("encoding", ["cp437", "ascii"])
def test_sandbox(env_of, encoding):
    with program("sandbox", "--port", "0", "--runs", "5", env=env_of(encoding)) as sandbox:
        line_with(sandbox, "Ctrl-C stops it")
        code, _, err = interrupt(sandbox)
    assert (code, err.strip()) == (130, "Stopped.")


@POSIX
@pytest.mark.parametrize("encoding", ["cp437", "ascii"])
def test_app(env_of, encoding):
    port = free_port()
    env = env_of(encoding, PYTHONWARNINGS="default", PSAUTH_AWKWARD="–→")
    with program("app", "--port", str(port), env=env) as app:
        line_with(app, f"http://localhost:{port}", seconds=60)
        wait_until(lambda: is_app(port), seconds=60, why="the app")
        code, _, err = interrupt(app, seconds=30)
    assert code == 130
    assert "Traceback" not in err


SCRIPT = """
import psauth, tests.flow.parts
settings = psauth.Settings()
try:
    psauth.login("Ü–→", settings=settings, paste=True)
except psauth.LoginRequired as error:
    print(ascii(str(error)))
from psauth.auth.browser import _say
_say({name!r})
from psauth.reading import fetch
fetch.SHOWN_AFTER = 0
with psauth.connect(interactive=False) as ps:
    print(len(ps.tasks(runs=ps.runs())) > 0)
print("done")
"""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_script_of_ones_own_with_a_login_and_a_progress_bar(env_of, named, encoding, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("{name!r}", ascii(NAME)), "utf-8")
    done = subprocess.run([PYTHON, script], env=env_of(encoding), capture_output=True, timeout=60, check=False)
    assert done.stdout.decode(CODEC[encoding]).rstrip().endswith("done"), done.stderr
    assert b"Traceback" not in done.stderr
    assert b"%|" in done.stderr, "there was a bar"


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("a – b", "cp437", "a - b"),
        ("a – b", "cp1252", "a – b"),
        ("→", "cp1252", "->"),
        ("Łódź", "cp1252", "Lódz"),
        ("Ünal 株", "ascii", "Unal ?"),
        ("株", "cp932", "株"),
        ("“x” … ’", "ascii", '"x" ... \''),
        ("\ud800", "utf-8", "?"),
        ("ﬁ", "ascii", "fi"),
        ("ok–", "no-such-encoding", "ok-"),
        ("ü–", None, "ü–"),
    ],
)
def test_a_text_is_written_plainer_only_where_it_must_be(text, encoding, shown):
    assert fitting(text, encoding) == shown
    assert re.fullmatch(r"[^\ud800-\udfff]*", shown)
