"""Object storage: the tables at an address like s3://bucket/folder, shown against a local server of S3."""

import subprocess
import sys

import boto3
import pytest

import psauth
from psauth.exceptions import MirrorError, SettingsError
from psauth.mirror import publish as publishing
from psauth.mirror.place import Identity, Place
from psauth.mirror.publish import folder_of, publish
from psauth.mirror.tables import Mirror
from tests.mirror.published.invented import LATER, an_answer

SECRET = "very-secret-77-Kd93"
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def bucket(monkeypatch):
    """An empty bucket on a server of its own; the environment has what it needs."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for name, value in {
            "ACCESS_KEY_ID": "AKIATEST",
            "SECRET_ACCESS_KEY": SECRET,
            "REGION": "us-east-1",
            "ENDPOINT_URL": url,
            "ALLOW_HTTP": "true",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        client.create_bucket(Bucket="company")
        client.kill = server.kill
        yield client
        client.close()
        server.kill()


@pytest.fixture
def remote(bucket, settings, place):
    return folder_of(settings.with_(publish="s3://company/psauth/"), place)


def keys(bucket, ending):
    listed = bucket.list_objects_v2(Bucket="company").get("Contents", [])
    return [each["Key"] for each in listed if each["Key"].endswith(ending)]


def test_tables_are_published_there_and_read_from_there(store, place, remote, bucket, monkeypatch, logs):
    publish(store, remote)
    assert not place.tables.exists()
    mirror = Mirror.open(store, remote)
    assert mirror.sql("select count(*) as n from tasks join runs using (run_id)")["n"][0] == 12
    assert mirror.tasks.filter(mirror.tasks.status == "Completed").to_pandas()["status"].dtype.name == "category"
    store.write_runs([an_answer(0, "2026-01", at=LATER, name="Another")])
    monkeypatch.setattr(publishing, "GRACE", -1.0)
    publish(store, remote)
    assert len([key for key in keys(bucket, ".parquet") if "/tasks/" in key]) == 4, "one is pinned"
    assert "Another" not in set(mirror.tasks.to_pandas()["name"])
    assert "Another" in set(Mirror.open(store, remote).tasks.to_pandas()["name"])
    shown = logs.text() + "".join(path.read_text("utf-8") for path in (place.folder / "readers").glob("*.json"))
    assert SECRET not in shown


def test_what_is_missing_there_is_published_again(store, remote, bucket):
    publish(store, remote)
    for key in keys(bucket, ".parquet")[::7] + keys(bucket, ".json")[:1]:
        bucket.delete_object(Bucket="company", Key=key)
    mirror = Mirror.open(store, remote)
    assert [len(mirror[name].to_pandas()) for name in mirror] == list(mirror.counts().values())


def test_storage_that_does_not_answer_is_one_sentence(store, remote, bucket):
    publish(store, remote)
    bucket.kill()
    with pytest.raises(MirrorError, match=r"s3://company/psauth/\S+ cannot be reached \(.*AWS_ENDPOINT_URL") as raised:
        Mirror.open(store, remote)
    assert SECRET not in str(raised.value)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("address", ["s3://key:secret-93@company/x", "s3://company/x?key=secret-93", "s3:///x"])
def test_an_address_with_a_secret_or_without_a_bucket_is_refused(address):
    with pytest.raises(SettingsError, match=r"PSAUTH_PUBLISH.*Expected one like s3://bucket/folder") as raised:
        psauth.Settings(publish=address, env_file=None)
    assert "secret-93" not in str(raised.value)


def test_a_file_that_holds_no_credential_sends_no_data_elsewhere(place, tmp_path):
    (tmp_path / ".env").write_text("PSAUTH_PUBLISH=s3://strangers/bucket\n")
    with pytest.raises(SettingsError, match=r"s3://strangers/bucket comes from .*\.env.*export PSAUTH_PUBLISH"):
        folder_of(psauth.Settings(), place)
    (tmp_path / ".env").write_text("PSAUTH_PUBLISH=s3://company/x\nPSAUTH_API_KEY=k\n")
    assert folder_of(psauth.Settings(), place).url == f"s3://company/x/{place.folder.name}"
    (tmp_path / ".env").write_text(f"PSAUTH_PUBLISH={tmp_path}/shared\n")
    assert folder_of(psauth.Settings(), place).url == f"{tmp_path}/shared/{place.folder.name}"


def test_the_home_folder_of_nobody_is_no_place_to_publish_in(settings, place):
    with pytest.raises(SettingsError, match=r"PSAUTH_PUBLISH is '~no-such-person/x', in a home folder that nobody has"):
        folder_of(settings.with_(publish="~no-such-person/x"), place)


def test_connections_that_publish_at_one_address_have_a_folder_each(settings, place):
    other = Place.of(settings, Identity("http://localhost:1/api", "sandbox"))
    shared = settings.with_(publish="s3://company/x")
    assert folder_of(shared, place).url != folder_of(shared, other).url


@pytest.mark.parametrize("setting", ["publish", "mirror"])
def test_a_path_that_the_tables_would_not_be_found_at_is_refused(settings, tmp_path, setting):
    settings = settings.with_(**{setting: str(tmp_path / "a%20b")})
    place = Place.of(settings, Identity("https://api.example/v1", "default"))
    with pytest.raises(SettingsError, match=rf"a%20b.*takes %20 .*PSAUTH_{setting.upper()}=/another/path"):
        folder_of(settings, place)
