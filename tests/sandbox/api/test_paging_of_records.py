"""The App links of records lead to pages of the sandbox itself."""

import requests


def _app_link(record):
    return next(link["href"] for link in record["links"] if link["type"] == "App")


def test_a_workflow_and_a_run_can_be_opened_in_the_browser(box):
    headers = {"X-API-Key": box.api_key}
    for path, key in (("/workflows", "workflows"), ("/workflow-runs/list", "data")):
        record = requests.get(box.api_url + path, headers=headers, timeout=10).json()[key][0]
        assert _app_link(record).startswith(box.url + "/app/")
        page = requests.get(_app_link(record), timeout=10)
        assert page.status_code == 200
        assert record["name"].split()[0] in page.text


def test_an_unknown_record_has_no_page(box):
    assert requests.get(box.url + "/app/workflows/nothing", timeout=10).status_code == 404
    assert requests.get(box.url + "/app/runs/nothing", timeout=10).status_code == 404
