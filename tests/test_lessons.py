"""What others get wrong, and the tests that hold psauth to doing better; none of them may go without being missed."""

import ast
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent

LESSONS = {
    "a refresh is a request of its own: nothing of the caller's request gets into it": [
        "flow/test_renewing.py::test_a_caller_s_parameters_never_reach_the_token_endpoint",
        "auth/test_renewal.py::test_the_refresh_is_a_request_of_its_own_with_the_parameters_of_rfc_6749_only",
        "auth/test_renewal.py::test_the_callers_parameters_and_cookies_never_reach_the_token_endpoint",
    ],
    "the credential goes to the API's origin only, redirects and next links included": [
        "flow/test_leaving.py::test_other_addresses_redirects_and_next_links_get_nothing",
        "flow/test_leaving.py::test_changed_settings_never_carry_a_token_elsewhere",
        "faults/test_api_faults.py::test_a_redirect_elsewhere_carries_no_credential_there",
        "api/test_origin.py::test_the_credential_goes_nowhere_but_to_the_origin_of_the_api",
        "api/test_origin.py::test_a_redirect_elsewhere_is_refused_and_nothing_sent_there",
        "api/test_origin.py::test_a_next_link_is_followed_on_the_origin_and_asked_again_there_when_it_names_another",
    ],
    "a 401 is answered by one refresh and one retry": [
        "flow/test_renewing.py::test_after_a_401_one_refresh_and_one_retry",
        "flow/test_renewing.py::test_a_401_that_a_fresh_token_does_not_help_ends_in_a_login",
        "auth/test_renewal_in_time.py::test_a_second_401_needs_a_login_and_no_further_refresh",
    ],
    "what the token endpoint answered stands in the message, with its status": [
        "flow/test_refusals.py::test_the_token_endpoint_fails",
        "flow/test_renewing.py::test_the_token_endpoint_down_and_the_access_token_dead",
        "auth/test_exchange.py::test_an_exchange_that_brings_no_token_carries_status_and_error",
    ],
    "no secret in any log of any library at any level": [
        "flow/test_no_secret.py::test_no_secret_of_a_whole_session_is_anywhere",
        "test_secrets.py::test_the_listener_would_hear_a_secret_at_the_lowest_level",
    ],
    "every request ends in finite time": [
        "faults/test_lost_answers.py::test_a_token_endpoint_that_never_answers_is_left_after_its_timeout",
        "faults/test_api_faults.py::test_an_api_that_never_answers_is_left_after_its_timeout",
        "api/test_transport.py::test_every_request_ends_in_finite_time",
        "auth/test_discovery.py::test_discovery_follows_no_redirect_waits_finitely_and_sends_no_credential",
    ],
    "a granted scope that was not asked for is kept and shown, not an error": [
        "flow/test_connecting.py::test_the_granted_scope_is_kept_whatever_was_asked_for",
        "dashboard/test_pages.py::test_a_narrower_scope_than_asked_for_is_pointed_out",
        "vault/test_token.py::test_the_granted_scope_is_kept_as_the_server_wrote_it",
    ],
    "the state is always compared, and verifier and challenge belong together in every process": [
        "flow/test_refusals.py::test_a_callback_that_does_not_belong_consumes_nothing",
        "flow/test_refusals.py::test_the_first_of_two_logins_is_not_answered_by_the_second_ones_code",
        "flow/test_connecting.py::test_an_authorization_begun_in_one_process_is_finished_in_another",
        "auth/test_flow.py::test_the_challenge_is_the_hash_of_the_verifier_that_the_exchange_sends",
    ],
    "http for loopback only, decided for each address; the engine's process-wide switch is never thrown": [
        "auth/test_flow.py::test_a_loopback_server_is_asked_by_http_without_the_engines_switch",
        "auth/test_flow.py::test_nothing_of_the_flow_throws_the_engines_process_wide_switch",
        "test_imports.py::test_the_process_wide_switch_of_the_engine_is_never_thrown",
        "test_settings.py::test_an_address_that_a_secret_may_not_travel_to_is_refused_by_name",
    ],
    "eight threads with one expired token make one refresh": [
        "faults/test_many_at_once.py::test_eight_threads_one_expired_token_one_refresh_a_round",
        "auth/test_renewal_in_time.py::test_eight_threads_with_one_dead_token_make_one_refresh",
    ],
    "eight processes with one expired token make one refresh, and none is refused": [
        "faults/test_many_at_once.py::test_eight_processes_one_expired_token_one_refresh_a_round",
    ],
    "a refresh token that the answer leaves out is kept": [
        "flow/test_renewing.py::test_without_rotation_the_refresh_token_is_kept",
        "flow/test_renewing.py::test_a_scope_that_a_refresh_leaves_out_is_kept",
        "auth/test_renewal.py::test_an_answer_without_a_refresh_token_or_scope_keeps_the_old_ones",
    ],
    "no token in any repr, str, traceback or pickle": [
        "flow/test_no_secret.py::test_no_secret_of_a_whole_session_is_anywhere",
        "flow/test_no_secret.py::test_a_token_refuses_to_be_pickled_whatever_holds_it",
        "flow/test_no_secret.py::test_a_token_endpoint_that_repeats_what_it_was_sent",
        "flow/test_no_secret.py::test_an_api_that_repeats_the_credential",
        "vault/test_token.py::test_a_token_never_shows_itself",
        "test_secrets.py::test_what_is_frozen_in_a_pickle_holds_no_token",
    ],
    "a callback is refused without a state, with a parameter twice, unknown, spent, expired, foreign, of another issuer": [
        "flow/test_refusals.py::test_a_callback_that_does_not_belong_consumes_nothing",
        "flow/test_refusals.py::test_spent",
        "flow/test_refusals.py::test_expired_also_when_the_clock_was_set_back",
        "flow/test_refusals.py::test_a_foreign_browser_is_refused_and_the_own_one_goes_on",
        "auth/test_callback.py::test_a_parameter_given_twice_is_refused_whatever_its_values",
        "auth/test_refusals.py::test_a_wrong_callback_is_refused_by_its_own_class_and_the_right_one_still_works",
    ],
    "of many who consume one state one wins": [
        "faults/test_many_at_once.py::test_eight_threads_on_one_state_forty_rounds_one_winner",
        "faults/test_many_at_once.py::test_eight_processes_on_one_state_one_winner",
        "vault/test_pending.py::test_eight_threads_consume_one_state_once_forty_times",
    ],
    "a state is never a path": [
        "flow/test_refusals.py::test_a_callback_that_does_not_belong_consumes_nothing",
    ],
    "a stray request does not end a login; a timeout and Ctrl-C do": [
        "cli/test_login.py::test_strangers_do_not_end_a_login",
        "cli/test_login.py::test_login_nobody_answers",
        "cli/test_login.py::test_ctrl_c_ends_a_login_and_frees_the_port",
        "auth/test_receiver.py::test_whatever_else_comes_is_answered_and_ignored_and_then_the_right_one_wins",
        "auth/test_browser.py::test_ctrl_c_ends_the_wait_and_frees_the_port",
    ],
    "files are private from the first byte": [
        "vault/test_files.py::test_folder_and_files_are_private_whatever_the_umask",
        "vault/test_files.py::test_no_file_of_the_vault_is_ever_readable_by_others_not_even_for_a_moment",
        "vault/test_keys.py::test_a_private_file_is_private_from_its_first_byte",
    ],
    "a damaged vault says so, and nothing is deleted": [
        "vault/test_damage.py::test_a_damaged_vault_is_said_and_left_exactly_as_it_is",
        "vault/test_keys.py::test_a_damaged_key_file_is_said_and_left_alone",
    ],
    "only a key of 44 characters goes to the keyring; where there is none a private file, said once": [
        "vault/test_keys.py::test_a_new_key_goes_into_a_working_keyring_without_a_word_and_is_found_again",
        "vault/test_keys.py::test_without_a_keyring_the_key_lies_in_a_private_file_and_that_is_said_once",
        "vault/test_keys.py::test_a_keyring_that_fails_is_as_good_as_none",
    ],
    "what waits for a callback outlives the redirect; a callback used twice is a friendly page; the same tab": [
        "dashboard/test_pages.py::test_a_callback_in_the_query_is_finished_and_cleared",
        "browser/test_connect.py::test_a_reload_changes_nothing",
        "browser/test_connect.py::test_a_callback_that_was_used_before_says_so",
        "browser/test_connect.py::test_neither_code_nor_state_stays_in_the_history",
        "browser/test_connect.py::test_one_click_leads_through_consent_to_the_table",
    ],
    "a cache never shows one account's rows to another": [
        "dashboard/test_pages.py::test_another_connection_never_sees_the_cached_rows",
    ],
    "plain OAuth 2.0 without OpenID, and the refresh token is kept": [
        "flow/test_connecting.py::test_every_kind_of_client_connects_reads_and_refreshes",
        "flow/test_connecting.py::test_an_answer_may_leave_out_everything_but_the_token",
    ],
    "a process killed while it writes leaves the old or the new": [
        "faults/test_killed.py::test_writers_killed_one_after_another_leave_the_old_token_or_the_new",
    ],
    "a process killed in a refresh frees its lock, and the next one goes on": [
        "faults/test_killed.py::test_killed_in_the_middle_of_a_refresh",
        "vault/test_locks.py::test_the_system_frees_the_lock_of_a_process_that_dies",
    ],
    "an answer lost after rotation is asked for once more, then a login": [
        "faults/test_lost_answers.py::test_lost_after_rotation_asked_once_more_then_a_login",
        "faults/test_lost_answers.py::test_lost_twice_asks_for_a_login_and_remembers_no_end",
    ],
    "a full disk is found before the refresh token is spent": [
        "faults/test_killed.py::test_a_full_disk_is_found_before_the_refresh_token_is_spent",
        "vault/test_sqlite.py::test_a_full_disk_shows_before_the_refresh_token_is_spent",
    ],
    "a clock that jumps makes no loop and no lockout": [
        "flow/test_renewing.py::test_the_clock_jumps_back_and_forth_between_requests",
        "flow/test_refusals.py::test_expired_also_when_the_clock_was_set_back",
        "auth/test_renewal.py::test_a_clock_set_back_makes_no_refresh_loop_and_the_service_decides",
    ],
    "random callbacks raise authorization errors and consume nothing": [
        "auth/test_callback.py::test_anything_is_a_callback_or_an_authorization_error",
        "auth/test_random_callbacks.py::test_a_random_callback_is_an_authorization_error_and_consumes_nothing",
        "auth/test_random_callbacks.py::test_a_mutated_callback_is_an_authorization_error_and_consumes_nothing",
    ],
}


@cache
def functions_in(name):
    """The test functions of a file, without importing it."""
    tree = ast.parse((HERE / name).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_its_tests(lesson):
    assert LESSONS[lesson]
    for node in LESSONS[lesson]:
        name, _, function = node.partition("::")
        assert function in functions_in(name), f"{node} is gone: give this lesson another test before removing it"
