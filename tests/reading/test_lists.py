"""Lists: pages walked to their end and no further, whatever their links say."""

import pytest
from pandas.testing import assert_frame_equal

from psauth.api.pages import PAGES_WITHOUT_NEWS
from psauth.exceptions import ApiError
from psauth.reading.endpoints import WORKFLOWS
from psauth.reading.frames import frame
from tests.answers import BASE, page, queries


def test_pages_are_followed_by_the_link_called_next_to_the_end(ps, requests_mock):
    ids = [f"w{n}" for n in range(45)]
    pages = [
        page("workflows", *ids[:20], next_=f"{BASE}/workflows?_=c1&name=x"),
        page("workflows", *ids[20:40], next_=f"{BASE}/workflows?_=c2&name=x"),
        page("workflows", *ids[40:]),
    ]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows(name="x")["workflow_id"].tolist() == ids
    assert queries(requests_mock) == [[("name", "x")], [("_", "c1"), ("name", "x")], [("_", "c2"), ("name", "x")]]


def test_two_empty_pages_in_a_row_end_the_walk_although_they_have_a_next_link(ps, requests_mock):
    empty = [page("workflows", next_="?_=c2"), page("workflows", next_="?_=c3")]
    requests_mock.get(f"{BASE}/workflows", [page("workflows", "w1", next_="?_=c1"), *empty, page("workflows", "never")])
    assert ps.workflows()["workflow_id"].tolist() == ["w1"]
    assert requests_mock.call_count == 3


def test_one_empty_page_in_the_middle_ends_nothing(ps, requests_mock):
    pages = [page("workflows", "w1", next_="?_=c1"), page("workflows", next_="?_=c2"), page("workflows", "w2")]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w1", "w2"]


def test_a_next_link_that_comes_again_ends_the_walk(ps, requests_mock):
    pages = [page("workflows", f"w{n}", next_="?_=same") for n in range(9)]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w0", "w1"]
    assert requests_mock.call_count == 2


@pytest.mark.parametrize(
    "back", ["?name=x", f"{BASE}/workflows?name=x", "https://elsewhere.example/v1/workflows?name=x"]
)
def test_a_link_back_to_the_first_page_asks_nothing_twice(ps, requests_mock, back):
    pages = [page("workflows", "w1", next_="?_=c&name=x"), page("workflows", "w2", next_=back)]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows(name="x")["workflow_id"].tolist() == ["w1", "w2"]
    assert requests_mock.call_count == 2


def test_one_page_under_two_addresses_is_asked_for_once(ps, requests_mock):
    pages = [
        page("workflows", "w1", next_=f"{BASE}/workflows?_=c&name=x"),
        page("workflows", "w2", next_="https://elsewhere.example/v1/workflows?name=x&_=c"),
    ]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows(name="x")["workflow_id"].tolist() == ["w1", "w2"]
    assert requests_mock.call_count == 2


def test_pages_that_bring_nothing_new_end_in_an_error_not_in_an_endless_walk(ps, requests_mock):
    count = iter(range(10_000))
    requests_mock.get(f"{BASE}/workflows", json=lambda *_: page("workflows", "w1", next_=f"?_={next(count)}")["json"])
    with pytest.raises(ApiError, match="does not end"):
        ps.workflows()
    assert requests_mock.call_count == PAGES_WITHOUT_NEWS + 1


def test_a_next_link_to_another_host_is_asked_at_the_configured_one_with_its_query(ps, requests_mock):
    elsewhere = "https://api.process.st/v9/workflows?_=c1&archived=true"
    pages = [page("workflows", "w1", next_=elsewhere), page("workflows", "w2")]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w1", "w2"]
    assert {(r.hostname, r.path) for r in requests_mock.request_history} == {("api.example", "/v1/workflows")}
    assert queries(requests_mock)[1] == [("_", "c1"), ("archived", "true")]


def test_a_record_that_comes_twice_is_kept_once_where_it_came_first(ps, requests_mock):
    pages = [page("workflows", "w1", "w2", next_="?_=c1"), page("workflows", "w2", "w3", "w3")]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w1", "w2", "w3"]


def test_records_without_an_id_cannot_be_told_apart_and_are_all_kept(ps, requests_mock):
    requests_mock.get(f"{BASE}/users", **page("users", {"email": "a@example.com"}, {"email": "a@example.com"}))
    assert len(ps.users()) == 2


def test_an_empty_list_is_an_empty_frame(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflows", **page("workflows"))
    assert_frame_equal(ps.workflows(), frame([], WORKFLOWS))


@pytest.mark.parametrize("links", [None, [], "next", [None, 7, {"name": "next"}, {"name": "next", "href": None}]])
def test_odd_links_are_no_next_link(ps, requests_mock, links):
    requests_mock.get(f"{BASE}/workflows", json={"workflows": [{"id": "w1"}], "links": links})
    assert len(ps.workflows()) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], "/v1/workflows answered 200 with JSON that is no object"),
        ({"records": []}, "answered records where 'workflows' was expected"),
        ({"workflows": {"id": 1}}, "not a list of records"),
        ({"workflows": ["w1"]}, "not a list of records"),
    ],
)
def test_an_answer_that_is_no_page_is_an_api_error(ps, requests_mock, answer, said):
    requests_mock.get(f"{BASE}/workflows", json=answer)
    with pytest.raises(ApiError, match=said):
        ps.workflows()
