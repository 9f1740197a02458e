"""What errors say to people: every error that a page can meet has its sentence, and its facts fit in."""

from __future__ import annotations

import importlib
import pkgutil

import vibestream
from vibestream.kernel.errors import VibeStreamError
from vibestream.web.localization import language
from vibestream.web.sentences import REFUSALS, SENTENCES, refusal_of, say

NOT_FOR_PAGES = {
    # Told to programs: by the JSON API, by tus, by media addresses, by players, by gateways.
    "analytics.listen_unknown",
    *("listening.not_found", "listening.track_not_playable", "delivery.link_expired", "delivery.link_forged"),
    *("delivery.not_playable_yet", "delivery.file_missing", "delivery.not_the_owner", "delivery.withdrawn"),
    *("http.idempotency_key_missing", "http.idempotency_key_reused", "http.request_in_progress"),
    *("upload.malformed_header", "upload.not_offset_stream", "upload.version_unsupported", "upload.beyond_end"),
    *("upload.elsewhere", "upload.empty", "upload.too_large", "upload.too_many_unfinished", "upload.wrong_offset"),
    *("upload.checksum_mismatch", "upload.locked", "upload.sender_silent", "upload.lost"),
    # Met by jobs, flows and operators at a terminal, never by a request for a page.
    *(
        "ceremony.already_begun",
        "ceremony.forged",
        "ceremony.left_out",
        "ceremony.no_ceremony",
        "ceremony.not_a_beacon",
    ),
    *("ceremony.not_a_name", "ceremony.not_an_attestation", "ceremony.not_finished", "ceremony.not_its_turn"),
    *("ceremony.other_circuit", "ceremony.something_there", "ceremony.step_failed", "ceremony.taken_turn"),
    *(
        "ceremony.tools_missing",
        "pools.epoch_not_open",
        "listen_to_reward.not_paid",
        "settle_payments.not_settled",
        "access.unknown_role",
        "administration.admin_exists",
        "events.unreadable",
    ),
    *("events.unheard_version", "jobs.unknown", "mail.malformed", "mail.refused", "mail.unavailable"),
    *("media.output_too_large", "media.malformed_stream", "media.program_missing", "storage.differs"),
    *("storage.invalid_key", "packaging.refused", "packaging.machine_fault", "packaging.take_spoilt"),
    *("packaging.no_such_asset", "packaging.overtaken", "saga.unknown", "saga.not_sent", "saga.refused"),
    *("export.invalid", "export.signer_unknown", "signing.key_malformed"),
    *("saga.not_yet", "erasure.cancelled", "erasure.step_stuck"),
    *("settings.invalid", "settings.invalid_proxies", "postgres.not_found", "postgres.did_not_start"),
    *("database.schema_behind", "sandbox.refused", "web.bundle_missing", "media.picture_refused"),
    # Finance's own, at the JSON API or a terminal; defects that checkout refuses before they are recorded.
    *("checkout.impossible_transition", "checkout.not_this_payment", "checkout.stream_moved"),
    *("checkout.unreadable_history", "gateway.webhook_refused", "delivery.quality_not_included"),
    *("exchange.invalid_expiry", "exchange.invalid_source"),
    *("royalties.statement_invalid", "royalties.statement_malformed"),
    *("royalties.invalid_usage", "subscriptions.not_a_month"),
    *("fraud.model_library_missing", "fraud.model_mismatch", "fraud.model_unusable", "fraud.no_such_model"),
    *("fraud.policy_changed", "fraud.too_few_frauds"),
    *("scoring.model_unusable", "scoring.too_few_examples", "scoring.unusable_policy"),
    *("fraud.unusable_facts", "fraud.unusable_policy", "seal.key_missing", "seal.key_unknown"),
    *("seal.leaf_malformed", "seal.proof_invalid", "seal.proof_malformed", "seal.signature_invalid"),
    *("webhooks.no_such_endpoint", "webhooks.refused"),
    # Postings that only a defect makes.
    *("ledger.invalid_hold", "ledger.not_guarded", "ledger.account_currency_mismatch", "ledger.already_reversed"),
    *("ledger.balance_out_of_range", "ledger.capture_exceeds_hold", "ledger.hold_expired", "ledger.hold_resolved"),
    *("ledger.invalid_posting", "ledger.reversal_of_reversal"),
    *("ledger.unbalanced_posting", "ledger.unknown_hold", "ledger.invalid_reward"),
    *("money.currency_mismatch", "money.unable_to_allocate"),
    *("oauth.invalid_client", "oauth.invalid_grant", "oauth.invalid_request", "oauth.invalid_scope", "oauth.refused"),
    *("oauth.replayed", "oauth.unsupported_grant_type", "oauth.unauthorized_client", "oauth.access_denied"),
    *("oauth.authorization_pending", "oauth.slow_down", "oauth.device_code_expired"),
    "time.invalid_period",
}


WITHOUT_PAGES = ("claims.", "receipts.")
"""Capabilities of which no page shows anything yet, by how their codes begin."""


def test_every_error_that_a_page_can_meet_has_its_sentence():
    codes = {
        error.code
        for error in _errors()
        if error.__module__ != "vibestream.kernel.errors" and not error.__module__.startswith("vibestream.cli")
        if not error.code.startswith(WITHOUT_PAGES)
    }

    assert codes - set(SENTENCES) - NOT_FOR_PAGES == set()
    assert NOT_FOR_PAGES - codes == set()


def test_facts_stand_in_the_sentence_in_both_languages():
    facts = {"retry_after_s": 30}

    english = say("http.rate_limited", "Too many requests.", facts, language("en"))
    assert english == "Too many tries. Wait 30 seconds and try again."
    assert "30 segundos" in say("http.rate_limited", "Too many requests.", facts, language("es"))


def test_a_reason_has_a_sentence_of_its_own():
    said = say("media.picture_refused", "…", {"reason": "too_small"}, language("en"))

    assert said == "The picture is too small: at least 200 pixels on each side."


def test_an_error_without_a_sentence_or_without_its_facts_says_its_own_message():
    assert say("upload.locked", "Another request sends to it.", {}, language("es")) == "Another request sends to it."
    assert say("http.rate_limited", "Too many requests.", {}, language("es")) == "Too many requests."


def test_every_reason_for_which_packaging_refuses_a_master_is_said_in_spanish():
    from vibestream.contexts.music.packaging.service import Reason

    assert set(REFUSALS) == {reason.value for reason in Reason}
    for reason in Reason:
        assert refusal_of(reason.value, "", language("es")) != REFUSALS[reason.value]


def _errors() -> set[type[VibeStreamError]]:
    for module in pkgutil.walk_packages(vibestream.__path__, "vibestream."):
        if not module.name.startswith("vibestream.cli") and not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    found: set[type[VibeStreamError]] = set()
    waiting = [VibeStreamError]
    while waiting:
        for error in waiting.pop().__subclasses__():
            if error not in found and error.__module__.startswith("vibestream."):
                found.add(error)
                waiting.append(error)
    return found
