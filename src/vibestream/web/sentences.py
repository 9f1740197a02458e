"""What an error says to a person, in their language: one sentence per stable code, with the error's facts in it.

An error's own message is English and safe to show; it stands where no sentence is written for its code, so that nobody
is left with a code. A test holds that every error a page can meet has its sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.web.localization import Language


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "to be translated where it is said"
    """Mark a message for extraction."""
    return message


SENTENCES: Final[Mapping[str, str]] = {
    # The edge
    "access.not_signed_in": N_("Sign in first."),
    "access.role_missing": N_("Your account may not do this."),
    "http.cross_site": N_("This came from another site. Open VibeStream and try again there."),
    "http.rate_limited": N_("Too many tries. Wait {retry_after_s} seconds and try again."),
    "http.body_too_large": N_("That is larger than this page takes."),
    "http.body_too_slow": N_("That took too long to arrive. Try again."),
    "http.unsupported_media_type": N_("The form did not arrive whole. Load the page again and repeat your change."),
    "http.invalid_input": N_("Something in the address or the form does not fit. Go back and try again."),
    "http.invalid_cursor": N_("The list has moved on. Begin at its top."),
    "http.nul_in_address": N_("There is nothing at this address."),
    "http.method_not_allowed": N_("There is nothing at this address."),
    "cpu.busy": N_("Too many people are at this right now. Try again in a moment."),
    "database.busy": N_("Too many people changed the same thing at once. Try again."),
    "database.unavailable": N_("Our database does not answer. Try again in a moment."),
    "database.unreachable": N_("Our database does not answer. Try again in a moment."),
    "storage.full": N_("We have run out of room. What you sent is safe; try again later."),
    "storage.unavailable": N_("Our storage does not answer. Try again in a moment."),
    "storage.missing": N_("There is nothing at this address."),
    "text.invalid": N_("This is empty, too long, or holds characters that cannot be shown."),
    # Policies of reward pools
    "allocation.own_policy": N_("Somebody else must approve what you propose."),
    "allocation.policy_decided": N_("This policy was decided about before."),
    "allocation.policy_exists": N_("Another policy begins on the same day."),
    "allocation.policy_too_soon": N_("A policy begins three days from today at the earliest. Propose it for later."),
    "allocation.policy_unknown": N_("There is no such policy."),
    "pools.day_missing": N_("Choose a day of the calendar."),
    "pools.epoch_too_large": N_("Too many listens counted on that day to try it on while you wait."),
    "allocation.unusable_sources": N_("Each source gives more than nothing, and all together no more than the budget."),
    "pool_sources.name_invalid": N_(
        "A source's name is 3 to 40 small letters, digits and hyphens, such as spring-sponsor."
    ),
    "pool_sources.top_up_invalid": N_("A top-up is a positive amount of points."),
    "pool_sources.top_up_unknown": N_("There is no such top-up."),
    "pool_sources.top_up_decided": N_("This top-up was decided about before."),
    "pool_sources.own_top_up": N_("Somebody else must approve what you propose."),
    "allocation.unusable_policy": N_("These figures contradict each other: look at shares, the boost and the times."),
    # Receipts and claims
    "receipts.commitment_taken": N_("This commitment is known already. Make a new secret."),
    "receipts.epoch_not_closed": N_("This day's receipts are not closed yet."),
    "receipts.epoch_not_over": N_("A day's receipts are closed when it is over."),
    "receipts.not_a_field_element": N_("This is not a commitment."),
    "receipts.tree_full": N_("This day's receipts are full."),
    "receipts.tree_not_kept": N_("This day's receipts are being put away. Ask again in some minutes."),
    "epochs.key_missing": N_("This installation cannot close a day's receipts yet."),
    "claims.invalid": N_("This is no proof of a receipt."),
    "claims.not_due": N_("Claims upon this day are not taken now."),
    "claims.recognisable": N_(
        "This claim hides among few, so it may be guessed whose it is. Say that you accept that, or leave it."
    ),
    "claims.refused": N_("The proof is of another thing than what is asked for."),
    "claims.signed_in": N_("Sign out before you claim: otherwise we would know who you are."),
    "claims.spent": N_("This receipt was claimed before."),
    # Perks
    "fandom.not_due": N_("Proofs of that day are not taken any more."),
    "fandom.perk_missing": N_("There is no such thing on offer."),
    "fandom.perks_exhausted": N_("You offer as many as there may be. Withdraw one first."),
    "fandom.proof_invalid": N_("This is no proof of a receipt."),
    "fandom.proof_refused": N_("The proof is of another thing than what is asked for."),
    "fandom.recognisable": N_("This proof hides among few. Say that you accept that, and prove again."),
    "fandom.signed_in": N_("A proof is sent without a session: otherwise we would know who you are."),
    "fandom.codes_invalid": N_("Write one code on each line, none twice: at most 1,000 codes of 120 letters."),
    "fandom.codes_exhausted": N_("Every code is given. There is nothing left to open."),
    "fandom.threshold_invalid": N_("Choose one of the lengths."),
    "claim_wallets.has_less": N_("This wallet holds less than that."),
    "claim_wallets.order_expired": N_("The order's time is over. Make it again."),
    "claim_wallets.order_invalid": N_("The wallet's key did not sign this order."),
    "claim_wallets.order_reused": N_("The order's number was used for another one. Make it again."),
    # Leaving
    "export.not_found": N_("There is no such copy of your data to fetch, or not any more."),
    "export.link_invalid": N_("This address is not good any more. Ask for another on the page of your data."),
    "export.key_missing": N_("Copies of data cannot be made here at the moment. Try again later."),
    "consent.text_changed": N_("The text has changed since you read it. Read it again, and say then."),
    "erasure.account_closed": N_("This account is being deleted. It cannot be entered any more."),
    "erasure.confirmation_wrong": N_("This is not the address of your account."),
    "leaving.money_left": N_("You still have something. Spend it, have it paid out, or give it up below."),
    "leaving.money_under_way": N_("Money of yours is still on its way. Wait until it has arrived, or call it off."),
    # Listens that are looked at
    "scoring.appealed_before": N_("You have appealed before; a person will read it."),
    "scoring.case_decided": N_("Somebody has decided about this before."),
    "scoring.case_not_found": N_("Nothing is being looked at here."),
    "scoring.own_case": N_("Whoever listened, or owns a song that was heard, does not decide."),
    "scoring.words_missing": N_("Say why, in 1 to 2,000 characters."),
    # Accounts
    "account.address_invalid": N_("This is not an e-mail address. Check it for typing errors."),
    "account.address_taken": N_(
        "This address has an account of its own by now. Sign in there, or use another address."
    ),
    "access.last_admin": N_("This is the last admin. Make another one first."),
    "account.locked": N_("This account is locked. We wrote to its address why; answer that message."),
    "account.lock_reason_unknown": N_("Choose one of the reasons."),
    "administration.person_unknown": N_("Nobody here has this id, handle or address. Each is compared whole."),
    "administration.own_account": N_("Nobody decides about their own account. Ask another admin."),
    "administration.no_admin": N_("Whoever decides, or had proposed it, is no admin any more."),
    "administration.same_admin": N_("You proposed this: another admin has to approve it."),
    "administration.role_unchanged": N_("That is how it stands already. Load the page again."),
    "administration.already_proposed": N_("A change of this role waits to be decided already."),
    "administration.not_proved": N_("Nobody has proved this account's address, so it gets no role."),
    "administration.lock_unchanged": N_("That is how it stands already. Load the page again."),
    "administration.proposal_over": N_("This does not wait any more: it was decided, or a week has passed."),
    "email_change.expired": N_("There is no code that this browser could show any more. Ask for another."),
    "email_change.unchanged": N_("This is your address already."),
    "email_change.undo_expired": N_("This code undoes nothing: it is mistyped, was used, or is older than a week."),
    "account.code_expired": N_(
        "There is no code that this browser could show any more. Ask for another, or sign up again."
    ),
    "account.code_wrong": N_("This is not the code from the newest message. Tries left: {tries_left}."),
    "account.codes_limited": N_("Enough codes were sent for now. Try again in {retry_after_s} seconds."),
    "account.missing": N_("There is no such account."),
    "account.sign_in_code_wrong": N_(
        "This code is wrong, or the address or the password was. Check the newest message or your authenticator app, or begin again."
    ),
    "account.sign_in_refused": N_(
        "The address or the password is wrong. If you signed up and did not enter the code, sign up again."
    ),
    "account.second_step_expired": N_("That took too long. Enter your address and your password once more."),
    "account.sign_in_slowed": N_(
        "Too many attempts. Try again in {retry_after_s} seconds, use a passkey, or a browser that you have used before."
    ),
    "account.wrong_password": N_("This is not your present password."),
    "password.breached": N_("This password was stolen somewhere and is in a list that attackers use. Choose another."),
    "password.common": N_("This password is among those that are tried first. Choose another."),
    "password.length": N_("Use {least} to {most} characters: four or five random words with spaces are a good way."),
    "password.personal": N_("This password is mostly your name, your address or ours. Choose another."),
    "password.short_alone": N_(
        "Your password is short because a second factor is asked for too. Choose one of 15 characters or more first."
    ),
    "access.proof_too_old": N_("Show that it is you, then do this again."),
    "factor.exists": N_("There is an authenticator app already. Remove it to set up another."),
    "factor.limited": N_("Too many wrong codes. Wait {retry_after_s} seconds, or use a recovery code."),
    "factor.missing": N_("Begin again to set up the app: this was not finished in time."),
    "factor.wrong": N_("This code is wrong or was used before. Wait for the app's next one, or use a recovery code."),
    "identity.address_not_proved": N_("Sign in, or make an account with a code that we mail; then connect it."),
    "identity.answer_refused": N_("What came back does not prove who you are. Try again."),
    "identity.declined": N_("You were not signed in: it was cancelled there."),
    "identity.full": N_("Ten accounts are connected already. Remove one first."),
    "identity.issuer_unavailable": N_("They do not answer. Try again later, or sign in another way."),
    "identity.last_way_in": N_("It is the only way into your account. Set a password or add a passkey first."),
    "identity.missing": N_("There is no such connected account."),
    "identity.nothing_waiting": N_("There is nothing to connect any more. Begin again."),
    "identity.provider_missing": N_("There is no such way to sign in here."),
    "identity.request_expired": N_("That took too long, or was answered already. Try again."),
    "identity.taken": N_("That account is connected with an account here already."),
    "wallet_link.address_malformed": N_("This is not the address of a wallet."),
    "wallet_link.chain_unavailable": N_("The chain does not answer. Try again in a moment."),
    "wallet_link.challenge_expired": N_("That took too long, or was answered already. Try again."),
    "wallet_link.full": N_("Five wallets are connected already. Remove one first."),
    "wallet_link.message_refused": N_("What the wallet signed is not what it was asked to sign here."),
    "wallet_link.missing": N_("There is no such wallet."),
    "wallet_link.signature_refused": N_("This is not a signature of that wallet."),
    "wallet_link.taken": N_("That wallet is connected with an account here already."),
    "passkey.copied": N_(
        "This passkey was stopped: its counter shows that there is a copy. Sign in by your password and make a new one."
    ),
    "passkey.exists": N_("This passkey is known already, or you have as many as there may be."),
    "passkey.expired": N_("That took too long, or was answered already. Try again."),
    "passkey.missing": N_("There is no such passkey."),
    "passkey.name_invalid": N_("A name has 1 to 60 characters."),
    "passkey.only": N_("This passkey is the only way into your account. Add another one first."),
    "passkey.refused": N_("This passkey is not one of an account here, or it was not confirmed. Try again."),
    "sealed.unknown": N_("Codes of your app cannot be checked now. Use a recovery code."),
    "recovery.expired": N_("There is no code that this browser could show any more. Ask for another."),
    "recovery.second_factor_wanted": N_("Enter a code of your authenticator app too, or one of your recovery codes."),
    "oauth.authorization_refused": N_("The app asked for something that cannot be granted."),
    "oauth.client_missing": N_("There is no such app."),
    "oauth.clients_limited": N_("You have as many apps as there may be. Delete one first."),
    "oauth.redirect_uri_invalid": N_("One of these addresses cannot be gone back to. See the hint."),
    "oauth.request_unusable": N_("The app that sent you here made a mistake. Go back to it and try again."),
    "oauth.expiry_invalid": N_("Choose after how many days it expires."),
    "oauth.token_missing": N_("There is no such token. It may have expired already."),
    "oauth.tokens_limited": N_("You have as many tokens as there may be. Revoke one first."),
    "oauth.user_code_unknown": N_(
        "No device waits with this code. Look at it again, or let the device show another one."
    ),
    "oauth.scopes_invalid": N_("Choose at least one."),
    "access.app_not_admitted": N_("No app can do this in your name. Open VibeStream in your browser."),
    "access.scope_missing": N_("The app was not allowed to do this."),
    "access.token_in_address": N_("There is a secret in the address. Open the page without it."),
    "access.token_refused": N_("The app may not do anything in your name any more."),
    "identity.another_account": N_("That is not the account there that yours is connected with. Nothing was done."),
    "identity.cannot_prove": N_(
        "That does not show that it is you. Show your password, your second factor or a passkey."
    ),
    "session.missing": N_("There is no such session; it may have ended already."),
    "session.overtaken": N_("While you were signing in, this account was signed out everywhere. Sign in once more."),
    "profile.artist_missing": N_("There is no such artist."),
    "profile.artists_exhausted": N_("Your account speaks for as many artists as it may."),
    "profile.handle_changes_limited": N_("This handle was changed too often. Try again in {retry_after_s} seconds."),
    "profile.handle_invalid": N_(
        "Use 3 to 30 characters: a to z, digits, and single dots, hyphens or underscores between; some words are reserved."
    ),
    "profile.handle_taken": N_("The handle {handle} is taken, or looks like one that is. Choose another."),
    "profile.link_invalid": N_("This is not a link that can be shown: write its address with https://."),
    "profile.owner_only": N_("Only the owner changes the name and the handle."),
    "label.artist_unknown": N_("There is no artist with this handle."),
    "label.on_roster": N_("This label and this artist work together already, or one has asked the other."),
    "label.relation_missing": N_(
        "There is nothing to answer or to end here. It may have been ended, or 30 days are over."
    ),
    "label.roster_full": N_("There are as many as allowed. End one first."),
    "label.unknown": N_("There is no label with this handle."),
    "team.code_unknown": N_("No invitation is good under this code. It may have been used, or a week is over."),
    "team.full": N_("The team is full. Take somebody out first, or wait until an invitation is over."),
    "team.in_team": N_("You are in this artist's team already."),
    "team.invited_before": N_("This invitation was made before, and its code shown once. Make another."),
    "team.member_missing": N_("There is no such member."),
    "report.limited": N_("You reported much today. Go on in {retry_after_s} seconds."),
    "report.nothing": N_("Nothing is reported here."),
    "report.nothing_open": N_("This was decided before. Load the page again."),
    "report.own": N_("It is yours, or you reported it: somebody else has to decide."),
    "report.reported_before": N_("You reported this before; a person looks at it."),
    "report.verdict_invalid": N_("This cannot be decided about it."),
    "verification.decided": N_("This was decided before, or withdrawn."),
    "verification.ground_invalid": N_("Choose a ground of the list that fits what you decide."),
    "verification.limited": N_("You asked several times lately. Ask again in {retry_after_s} seconds."),
    "verification.missing": N_("There is no such request."),
    "verification.own": N_("You speak for this artist: somebody else has to decide."),
    "verification.waits": N_("A request waits already, or the artist is verified."),
    "fan.follows_exhausted": N_("You follow as many as you may. Stop following somebody first."),
    "fan.missing": N_("There is nobody of this name to see."),
    "fan.no_page": N_("You have no page yet. Choose a handle for it first."),
    "fan.own_page": N_("This is you."),
    "fan.taste_invalid": N_("Use up to eight words or names, with commas between."),
    "profile.not_verified": N_("Verify your e-mail address first."),
    "profile.preference_invalid": N_("There is no such language or theme."),
    "notification.browser_missing": N_("There is no such browser."),
    "notification.subscription_invalid": N_(
        "Nothing can be sent to this browser: what it reported is not the address of a push service."
    ),
    "notification.hours_invalid": N_("Choose a time zone of the list, and two different times of day, or none."),
    "notification.link_invalid": N_("There is nothing at this address."),
    "notification.mandatory": N_(
        "This cannot be turned off: it is about your account's safety, or a record of your money."
    ),
    "notification.missing": N_("There is no such notification."),
    # Music
    "catalogue.already_published": N_("It is published already."),
    "catalogue.artist_missing": N_("There is no such artist."),
    "catalogue.artist_not_here_yet": N_("Your artist profile is being set up. Try again in a moment."),
    "catalogue.edit_conflict": N_("The release was changed meanwhile. Load it again and repeat your change."),
    "catalogue.held_by_operator": N_("An operator took this release down. Write to support to have it back."),
    "catalogue.invalid_credits": N_("There are too many credits."),
    "catalogue.invalid_genres": N_("Use up to five genres of plain words, with commas between."),
    "catalogue.invalid_isrc": N_(
        "This is not an ISRC: two letters, three letters or digits, two digits of the year, five digits."
    ),
    "catalogue.invalid_language": N_("This is not a language tag such as es, pt-BR or zxx (without words)."),
    "catalogue.invalid_upc": N_("This is not a UPC (12 digits) or EAN (13 digits); check the digits."),
    "catalogue.last_track": N_("It is the last public song of its release. Take the release down instead."),
    "catalogue.not_published": N_("It is not published."),
    "catalogue.not_ready_to_publish": N_("It cannot be published yet: see what is still to do."),
    "catalogue.order_incomplete": N_("The release was changed meanwhile. Load it again and repeat your change."),
    "picture.missing": N_("There is no such picture."),
    "picture.tries_exhausted": N_("You sent many pictures within an hour. Wait {retry_after_s} seconds."),
    "media.picture_refused.damaged": N_("The picture cannot be read to its end. Export it again."),
    "media.picture_refused.not_a_picture": N_("This is not a picture that we take. Choose JPEG, PNG or WebP."),
    "media.picture_refused.too_many_pixels": N_(
        "The picture has too many pixels: 50 million are enough for anything shown here."
    ),
    "media.picture_refused.too_small": N_("The picture is too small: at least 200 pixels on each side."),
    "media.picture_refused.too_small_for_banner": N_(
        "The picture is too small: at least 750 pixels wide and 250 high."
    ),
    "media.pictures_unreadable": N_("Pictures cannot be read on this server now. Try again later."),
    "catalogue.read_only": N_("You work for this artist as an analyst: you see the music and change nothing."),
    "catalogue.release_is_published": N_("The release is published: take it down to add or remove songs."),
    "catalogue.release_missing": N_("There is no such release."),
    "catalogue.release_was_published": N_(
        "The release was published once and cannot be deleted. Take it down instead."
    ),
    "catalogue.taken_down": N_("This was taken down."),
    "catalogue.title_needed": N_("A published release and its songs need a title."),
    "catalogue.too_many_tracks": N_("That is more songs than a release may have."),
    "catalogue.track_missing": N_("There is no such song."),
    "catalogue.track_was_published": N_("The song was published once and cannot be removed."),
    "catalogue.upload_missing": N_("One of the chosen files is not here any more. Choose again."),
    "media.sandbox_missing": N_("This server takes no files now, because it cannot read them safely."),
    "upload.already_stored": N_("This file was accepted and is kept. Take its song out of the release instead."),
    "upload.gone": N_("This upload has ended. Begin a new one."),
    "upload.missing": N_("There is no such upload."),
    "upload.no_artist": N_("Only artists, and editors in an artist's team, upload music."),
    "upload.no_room": N_("We have run out of room. What you sent is safe; try again later."),
    # Money of one's own
    "checkout.invalid_payment": N_("This cannot be paid: check the amount and the currency."),
    "checkout.key_reused": N_("This was asked for before in another way. Load the page again."),
    "checkout.method_not_kept": N_("That payment left no way to pay that could be used again. Pay here yourself."),
    "checkout.not_cancellable": N_("The money has come already, so it cannot be called off. You can have it refunded."),
    "checkout.not_refundable": N_("Nothing of this payment can be refunded as it stands."),
    "checkout.refund_exceeds_payment": N_("That is more than is left of the payment."),
    "checkout.unknown_payment": N_("There is no such payment."),
    "exchange.amount_too_large": N_("That is more than can be exchanged at once."),
    "exchange.amount_too_small": N_("That is too little to be worth anything in the other currency."),
    "exchange.invalid_rate": N_(
        "This could not be right: two different currencies, VIBE first and otherwise the one first in the alphabet; a rate "
        "such as 1.0842 above zero; an end after its beginning."
    ),
    "exchange.own_proposal": N_("You proposed this rate: somebody else of finance has to publish it."),
    "exchange.proposal_over": N_("This was proposed more than a day ago. Propose it again with today's rate."),
    "exchange.rate_backdated": N_("A rate begins now or later. Propose it again."),
    "exchange.rate_exists": N_("The pair has a rate from the same instant on. Load the page again to see it."),
    "exchange.unknown_proposal": N_("This is no proposal, or not a whole one. Ask for its address again."),
    "exchange.not_exchangeable": N_("These two cannot be exchanged. Points become US dollars, and are never bought."),
    "exchange.points_uncovered": N_("Points cannot be redeemed right now. Try again later."),
    "exchange.quote_expired": N_("This offer's time is over. Ask for a new one."),
    "exchange.rate_unavailable": N_("There is no rate between these two right now."),
    "exchange.redemption_limit": N_("You can redeem {left} more within these 24 hours."),
    "exchange.redemption_too_small": N_("Redeem at least {least} at once."),
    "exchange.reserve_too_small": N_("We do not have that much of the other currency right now. Try less."),
    "exchange.unknown_quote": N_("There is no such offer."),
    "form.amount_unreadable": N_("This is not an amount. Write it in digits, such as 12.50."),
    "form.method_unavailable": N_(
        "This cannot be paid so. Crypto pays USDC; cards and PayPal pay the other currencies."
    ),
    "form.payee_unknown": N_("One of the handles belongs to no artist here. Check its spelling."),
    "form.share_unreadable": N_(
        "Name everybody else once, each with a share above zero such as 12.5, together at most 100."
    ),
    "gateway.declined": N_("The payment service said no. Nothing was taken."),
    "gateway.outcome_unknown": N_(
        "The payment service's answer was lost. We find out what happened; do not try again yet."
    ),
    "gateway.unavailable": N_("The payment service cannot be reached right now. Try again in a while."),
    "gateway.unsupported_amount": N_("The payment service does not take this amount or currency."),
    "ledger.key_reused": N_("This was sent before with other figures. Load the page again and look what was done."),
    "ledger.insufficient_funds": N_("There is less in your wallet than that."),
    "money.amount_out_of_range": N_("That is more than can be written down here."),
    "money.unknown_currency": N_("Choose one of the currencies."),
    "payouts.above_available": N_("No more than {available} can be paid out."),
    "payouts.below_minimum": N_("The least that is paid out this way is {minimum}."),
    "payouts.destination_invalid": N_("PayPal pays to an e-mail address such as you@example.org."),
    "payouts.key_reused": N_("This form was sent before with something else in it. Load the page again."),
    "payouts.not_a_country": N_("A country is two letters, such as MX or ES."),
    "payouts.not_onboarded": N_("Open an account at Stripe first."),
    "payouts.not_payable": N_("Nothing can be paid out now. What is missing stands beside your balance."),
    "payouts.nothing_to_undo": N_("There is no change that still waits."),
    "payouts.own": N_("Nobody agrees to a payout of their own."),
    "payouts.unknown": N_("There is no such payout."),
    "payouts.wrong_state": N_("The payout has gone on; this can no longer be done."),
    "royalties.already_said": N_("That is settled for this month already."),
    "royalties.invalid_country": N_("A country is two letters, such as MX or ES."),
    "royalties.invalid_month": N_("A month is written as 2026-11."),
    "royalties.invalid_split": N_("The shares do not make one whole."),
    "royalties.month_is_closed": N_("The month is closed: what is decided now counts for later ones."),
    "royalties.no_statement": N_("There is no statement for this month."),
    "royalties.split_settled": N_("This split counts already or was withdrawn. Propose another one."),
    "royalties.unknown_split": N_("There is no such split."),
    "royalties.unknown_track": N_("There is no such song of yours."),
    "royalties.invalid_advance": N_("An advance is an amount above zero, with a reason of 1 to 500 characters."),
    "royalties.invalid_exclusion": N_("Name a listener, a song or both, and say why."),
    "royalties.invalid_policy": N_(
        "Nothing could be shared by such a policy: a cap lets at least one listen count, and a note of 1 to 500 characters "
        "says why it is made."
    ),
    "royalties.policy_moved": N_(
        "Somebody else made a policy meanwhile, or yours was sent twice. Read the latest first."
    ),
    "royalties.invalid_reason": N_("Say why, so that people can read it later."),
    "royalties.month_not_closed": N_("The month has no pool in this currency: close it first."),
    "royalties.month_not_over": N_("A month is closed when it is over."),
    "royalties.no_policy": N_("No policy is in force for the month."),
    "royalties.no_reversal_asked": N_("Nobody has asked for this run to be taken back."),
    "royalties.nothing_to_share": N_("Nothing was paid for the month in this currency, or nothing of it is shared."),
    "royalties.own_advance": N_("Nobody grants an advance to themselves."),
    "royalties.revenue_disagrees": N_("The subscribers' revenue is not what the ledger holds for the month."),
    "royalties.reversal_asked": N_("Somebody has asked for this run to be taken back already, or it is."),
    "royalties.same_person": N_("Somebody else has to agree to this."),
    "royalties.unknown_run": N_("There is no such run."),
    "subscriptions.already_in_family": N_("You share a subscription already."),
    "subscriptions.already_subscribed": N_("You have a subscription. Change that one instead."),
    "subscriptions.family_full": N_("All {seats} seats are taken, counting open invitations."),
    "subscriptions.invitation_missing": N_("This invitation cannot be used any more. Ask for another."),
    "subscriptions.member_missing": N_("This account does not share the subscription."),
    "subscriptions.missing": N_("You have no subscription."),
    "subscriptions.not_shared": N_("This subscription cannot be shared."),
    "subscriptions.not_sold": N_("This plan is not sold so."),
    "subscriptions.nothing_changes": N_("That is what you have."),
    "subscriptions.nothing_due": N_("Nothing is to be paid now."),
    "subscriptions.trial_used": N_("You have had your trial. Everybody has one."),
    "subscriptions.unknown_plan": N_("There is no such plan."),
    "subscriptions.wrong_state": N_("Your subscription does not stand so that this could be done."),
    "tips.artist_unknown": N_("This artist cannot be given tips yet. Try again in a moment."),
    "tips.key_reused": N_("This form was sent before with something else in it. Load the page again."),
    "tips.missing": N_("There is no such tip."),
    "tips.not_returnable": N_("This tip was never paid, or all of it went back."),
    "tips.out_of_bounds": N_("That is less or more than a tip may be."),
    "tips.to_oneself": N_("This artist is you."),
    "top_ups.missing": N_("There is no such payment in your wallet."),
    "top_ups.nothing_to_refund": N_("{refundable} {currency} of this payment can still be refunded from your wallet."),
    "top_ups.out_of_bounds": N_("That is less or more than one top-up may be."),
    "wallet.not_money": N_("Points pay for nothing that is priced in money."),
    "wallet.too_low": N_(
        "Your wallet holds {available} {currency} and this costs {price} {currency}. Top up, or pay another way."
    ),
    # Operations and the studio's own
    "dead_letters.nothing_chosen": N_("Choose at least one."),
    "ledger.unknown_transaction": N_("There is no such transaction."),
    "sandbox.message_missing": N_("There is no such message."),
    "studio.date_invalid": N_("This is not a date. Write it as year-month-day."),
    "studio.form_broken": N_("The form did not arrive whole. Load the page again and repeat your change."),
    # The finance console
    "webhooks.not_failed": N_(
        "It does not stand as failed any more: somebody had it tried again, or it came once more."
    ),
    "webhooks.unknown": N_("There is no such webhook; processed ones are forgotten after 400 days."),
    "finance.amount_unreadable": N_("Write an amount in {currency} such as 12.50, with at most {decimals} decimals."),
    "finance.day_unreadable": N_("Choose a day of the calendar, such as 2026-11-30."),
    "finance.no_such_version": N_("There is no version with this number. Choose one of the list."),
    "finance.number_unreadable": N_("Write a whole number from 0 to {most}, without separators."),
    "finance.person_unknown": N_("Nobody here has this address, handle or id. Check it for typing errors."),
    "finance.form_broken": N_("The form did not arrive whole. Load the page again and repeat your change."),
    "finance.reason_missing": N_("Say why, in words that the payee may read."),
    "fraud.already_voted": N_("You have spoken already. Somebody else has to agree."),
    "fraud.not_denied": N_("That is on no list any more. Load the page again to see what is."),
    "fraud.unusable_entry": N_(
        "Nothing could ever match this, or its end has passed. A country is two letters, a mail provider a domain such as "
        "example.org; choose an end in the future or none."
    ),
    "fraud.note_missing": N_("Say why."),
    "fraud.review_closed": N_("This review is closed: it was decided, or its time is over."),
    "fraud.reviewer_concerned": N_("This is your own money: somebody else has to decide."),
    "fraud.unknown_review": N_("There is no such review."),
    "ledger.unknown_account": N_("There is no such account."),
    "reconciliation.note_missing": N_("Say why in 1 to 1,000 characters."),
    "reconciliation.settled": N_("This difference is resolved; there is nothing more to say about it."),
    "reconciliation.unknown_finding": N_("There is no such difference."),
    "seal.missing": N_("There is no such seal."),
    "seal.not_yet": N_("The transaction is not sealed yet. Try again in half a minute."),
    "seal.tree_broken": N_("The sealed books do not fit any more: somebody changed the database. Run the audit."),
}


def say(code: str, message: str, facts: Mapping[str, object], spoken: Language) -> str:
    """Return the sentence of an error in a language; its English message when none is written for its code."""
    sentence = SENTENCES.get(f"{code}.{facts.get('reason')}") or SENTENCES.get(code)
    if sentence is None:
        return message
    try:
        return spoken.gettext(sentence).format_map(facts)
    except KeyError:
        return message


REFUSALS: Final[Mapping[str, str]] = {
    "empty": N_("The file is empty. Export it again and upload the new file."),
    "playlist": N_("This is a playlist, not sound. Upload the sound file that it points to."),
    "not_audio": N_("This is not a sound file we know. Upload FLAC, WAV, AIFF, MP3, M4A, Ogg Vorbis or Opus."),
    "unreadable": N_("The file's header cannot be read. Export it again from your audio program."),
    "codec": N_("The sound inside is compressed in a way we do not take. Export it as FLAC, WAV or AIFF."),
    "no_sound": N_("There is no sound in this file. Check the export and upload it again."),
    "too_short": N_("The sound is shorter than one second. Upload the whole piece."),
    "too_long": N_("The sound is longer than a track may be here. Split it into parts."),
    "too_much_sound": N_(
        "So much sound at this sample rate and number of channels is more than we decode. "
        "Export it in stereo at 96 kHz or less."
    ),
    "sample_rate": N_("The sample rate is outside 8 kHz to 192 kHz. Export it at 44.1, 48 or 96 kHz."),
    "channels": N_("The sound has more than eight channels. Export it in stereo, 5.1 or 7.1."),
    "truncated": N_("The file ends before the sound does: it was cut off. Export it again and upload the whole file."),
    "damaged": N_("Parts of the sound cannot be decoded. Export it again from your audio program."),
    "too_costly": N_(
        "Decoding this file takes far longer than sound of its length should. Export it again as FLAC or WAV."
    ),
}
"""Why a master cannot be used, by packaging's stable codes."""
FAILED: Final = N_("Something on our side went wrong. Your file is safe; ask for it to be prepared again.")
EXPIRED: Final = N_("It was not finished in time. Upload the file again.")


def refusal_of(reason: str | None, explanation: str, spoken: Language) -> str:
    """Return why an upload cannot be used, in a language; `explanation` as it is where it is not one of ours."""
    sentence = REFUSALS.get(reason or "") or next((known for known in (FAILED, EXPIRED) if known == explanation), None)
    return spoken.gettext(sentence) if sentence else explanation
