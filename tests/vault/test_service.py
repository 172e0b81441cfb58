"""Service: what is stored of it, what follows the machine, and what a copy of it leaves behind."""

import json
import pickle
from dataclasses import asdict

import pytest

from psauth.exceptions import SettingsError
from psauth.secret import Secret
from psauth.settings import API_KEY_API_URL
from psauth.vault.service import Service, of_this_machine


def test_an_api_key_is_used_at_the_address_of_the_settings_or_the_usual_one(settings):
    here = settings.with_(total_time="7", answer_size="3", system_certificates="no")
    at = Service.for_api_key(here)
    assert asdict(at) == {
        **asdict(Service(api_url="https://api.example/v1")),
        "system_certificates": False,
        "total_seconds": 7.0,
        "answer_bytes": 3_000_000,
    }
    assert Service.for_api_key(settings.with_(api_url="")).api_url == API_KEY_API_URL


def test_an_api_key_of_the_environment_is_not_for_an_address_of_a_file(settings, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("PSAUTH_API_URL=https://elsewhere.example/v1\n")
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    with pytest.raises(SettingsError, match=r"elsewhere\.example|PSAUTH_API_URL"):
        Service.for_api_key(type(settings)())


def test_what_is_stored_follows_the_connection_and_the_rest_the_machine(service, settings):
    kept = json.loads(service.to_json())
    assert kept == {
        name: value
        for name, value in asdict(service).items()
        if name not in ("system_certificates", "total_seconds", "answer_bytes")
    }
    machine = of_this_machine(settings.with_(total_time="9"))
    again = Service.from_json(service.to_json(), **machine)
    assert (again, again.total_seconds) == (service, 9.0)
    assert isinstance(again.client_secret, Secret)
    assert isinstance(service.to_json(), Secret)


def test_a_pickled_service_leaves_its_secret_behind(service):
    copy = pickle.loads(pickle.dumps(service))
    assert copy == service.without_secret()
    assert copy.client_secret == ""
    assert asdict(copy) == asdict(service.without_secret())
    assert service.host == "api.example"
