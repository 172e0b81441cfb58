"""Pages: a list walked to its end and no further, each record once; and what is no page is said by its address."""

from types import SimpleNamespace

import pytest

from psauth.api.pages import PAGES_WITHOUT_NEWS, one_of, unique, walk
from psauth.exceptions import ApiError
from psauth.masks import Masks

BASE = "https://api.example/v1"


def service(*pages, after=None):
    """A transport whose answers are these pages, in turn; then `after` for ever."""
    asked = []

    def get(address, query=None, *, pace=None):
        asked.append((address, query))
        return pages[len(asked) - 1] if len(asked) <= len(pages) else after(len(asked))

    return SimpleNamespace(
        get=get,
        asked=asked,
        if_wrong="set another address",
        masks=Masks("access-1-Kd93"),
        origin=SimpleNamespace(
            address=lambda path: f"{BASE}{path}", next_page=lambda asked, href: (asked, [("_", href)])
        ),
    )


def page(*ids, after=None, key="users"):
    links = [] if after is None else [{"name": "next", "rel": "Users", "href": after}]
    return {key: [{"id": i} for i in ids], "links": [{"name": "self", "href": "x"}, "odd", *links]}


def walked(transport, *, list_key="users", key=("id",)):
    pages = walk(transport, "/users", {"a": None, "b": 1}, list_key=list_key, key=key)
    return [record.get("id") for page in pages for record in page]


def test_a_list_is_walked_to_its_end_with_the_query_on_the_first_page_alone():
    transport = service(page(1, 2, after="c1"), page(3, after="c2"), page(4))
    assert walked(transport) == [1, 2, 3, 4]
    assert [query for _, query in transport.asked] == [{"b": 1}, [("_", "c1")], [("_", "c2")]]


EMPTY_OR_NOT = {
    # pages as they come: their records, and where their `next` link leads; how many are asked for, and what is read
    "no link": ([([1], None)], 1, [1]),
    "no link on an empty list": ([([], None)], 1, []),
    "a link followed before": ([([1], "c1"), ([9], "c1")], 2, [1, 9]),
    "an empty page without a link": ([([1], "c1"), ([], None)], 2, [1]),
    "an empty page that links to itself": ([([1], "c1"), ([], "c1")], 2, [1]),
    "an empty page in the middle": ([([1], "c1"), ([], "c2"), ([3], None)], 3, [1, 3]),
    "an empty page at the beginning": ([([], "c1"), ([2], None)], 2, [2]),
    "two empty pages in a row": ([([1], "c1"), ([], "c2"), ([], "c3"), ([9], None)], 3, [1]),
    "two empty pages, not in a row": ([([1], "c1"), ([], "c2"), ([3], "c3"), ([], "c4"), ([5], None)], 5, [1, 3, 5]),
    "only known records, which are no empty page": (
        [([1, 2], "c1"), ([2], "c2"), ([1], "c3"), ([2, 1], "c4"), ([5], None)], 5, [1, 2, 5]
    ),
    "an empty page between pages of known records": (
        [([1], "c1"), ([1], "c2"), ([], "c3"), ([1], "c4"), ([2], None)], 5, [1, 2]
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", EMPTY_OR_NOT)
def test_where_a_list_ends(how):
    pages, asked, read = EMPTY_OR_NOT[how]
    transport = service(*(page(*ids, after=after) for ids, after in pages))
    assert walked(transport) == read
    assert len(transport.asked) == asked


def test_a_record_that_comes_twice_is_kept_once_and_one_without_an_id_always():
    assert walked(service(page(1, 2, None, after="c1"), page(2, 3, None))) == [1, 2, None, 3, None]


def test_ids_that_repeat_in_each_run_are_told_apart_by_both():
    records = [{"id": "t", "workflowRunId": run} for run in ("r1", "r2", "r1")]
    assert unique(records, ("workflowRunId", "id")) == records[:2]


def test_a_list_that_never_ends_is_an_error():
    transport = service(after=lambda n: page(1, after=f"c{n}"))
    with pytest.raises(ApiError, match="/v1/users does not end"):
        walked(transport)
    assert len(transport.asked) == PAGES_WITHOUT_NEWS + 1


ODD = {"a list": [], "a text": "x", "nothing": None, "another key": {"people": []}, "no list": {"users": {"id": 1}},
       "no records": {"users": ["x"]}}  # fmt: skip


@pytest.mark.parametrize("how", ODD)
def test_what_is_no_page_is_said_by_its_address(how):
    with pytest.raises(ApiError, match="/v1/users answered"):
        walked(service(ODD[how]))


def test_an_object_of_something_else_may_come_from_a_wrong_address():
    with pytest.raises(
        ApiError, match=r"status where 'users' was expected\. If .*/users is a wrong address, set another"
    ):
        walked(service({"status": "ok"}))


def test_the_only_list_is_found_without_its_key():
    assert walked(service(page(1, key="anything")), list_key=None) == [1]
    with pytest.raises(ApiError, match=r"is no list: .*Use ps\.get"):
        walked(service({"a": [], "b": []}), list_key=None)


def test_one_record_stands_under_its_key():
    assert one_of(service({"data": {"id": 1}, "links": []}), "/work/tasks/x", list_key="data") == {"id": 1}


@pytest.mark.parametrize("odd", [None, [], {}, {"data": []}, {"data": None}])
def test_an_answer_without_a_record_is_said_by_its_address(odd):
    with pytest.raises(ApiError, match="/v1/work/tasks/x answered no record"):
        one_of(service(odd), "/work/tasks/x", list_key="data")


def test_what_a_page_repeats_of_the_credential_is_hidden():
    with pytest.raises(ApiError, match="answered .*\\*\\*\\*") as caught:
        walked(service({"Bearer access-1-Kd93": 1}))
    assert "access-1-" not in str(caught.value)


@pytest.mark.parametrize("after", ["/users?_=access-1-Kd93", "/users?_=%61ccess-1-Kd", "/access-1-Kd93/users"])
def test_a_next_page_whose_address_holds_the_credential_is_not_asked_for(after):
    transport = service(page(1, after=after))
    with pytest.raises(ApiError, match="holds the credential") as caught:
        walked(transport)
    assert "access-1-" not in str(caught.value)
    assert len(transport.asked) == 1
