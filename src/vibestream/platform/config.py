"""Every setting of the product: one frozen object, read once in the composition root and handed down.

A variable's name is `VIBESTREAM_` and the field's name in capitals, except the two that have names of their own in every
deployment (`DATABASE_URL`, `DATABASE_OWNER_URL`). Values come from the environment, then from files in the folder that
`VIBESTREAM_SECRETS_DIR` names, one per setting and called like its variable. There is no default for a secret: on a laptop `secret_key` is made once and
kept in the data folder; in production it must be given.
"""

from __future__ import annotations

import contextlib
import enum
import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AliasChoices, AnyHttpUrl, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.database import as_app_role, is_address
from vibestream.platform.login_issuers import LoginIssuer, listed, problems_of, secret_named
from vibestream.platform.payment_settings import PaymentSettings

_SECRET_LENGTH: Final = 32
_WARM_UP_DAYS: Final = 3
_ED25519: Final = re.compile(r"[A-Za-z0-9_-]{43}=?")


class SettingsInvalid(InvalidInput):
    """The settings contradict each other or are malformed; the message names each variable."""

    code = "settings.invalid"


class Environment(enum.StrEnum):
    """Where it runs. Sandbox stand-ins load in development and test only."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class SandboxRule(enum.StrEnum):
    """What to do when the sandbox for media programs cannot be had."""

    REQUIRE = "require"
    """Refuse uploads."""
    PREFER = "prefer"
    """Warn loudly and rely on resource limits alone."""


Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(PaymentSettings):
    """Every setting, validated. Field descriptions are the reference documentation."""

    model_config = SettingsConfigDict(
        env_prefix="VIBESTREAM_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        secrets_dir=os.environ.get("VIBESTREAM_SECRETS_DIR"),
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="Where it runs: development, test or production."
    )
    data_dir: Path = Field(
        Path("data"), description="Folder for whatever is kept on this machine: embedded database, objects, local mail."
    )
    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: Port = Field(8000, description="Port that the web server listens on.")
    public_url: AnyHttpUrl | None = Field(
        None, description="Address that people type; default http://localhost:PORT. Production requires https."
    )
    log_format: str = Field(
        "console", pattern="^(console|json)$", description="Log lines for people (console) or for machines (json)."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Lowest level that is logged.")

    database_url: str | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL that the application uses; unset: an embedded one in the data folder.",
    )
    database_owner_url: str | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_OWNER_URL", "database_owner_url"),
        description="The same database as the role that owns the tables, for migrations. Production requires it to be "
        "another login than DATABASE_URL; elsewhere it may be left out.",
    )
    postgres_bin: Path | None = Field(
        None,
        description="Folder of PostgreSQL programs for the embedded database; unset: the wheel's, else the system's.",
    )
    database_pool_size: int = Field(10, ge=2, le=200, description="Most database connections per process.")

    secret_key: SecretStr | None = Field(
        None,
        description="At least 32 characters of randomness; signs delivery URLs, cursors and codes. Made and kept in the "
        "data folder outside production.",
    )

    accepted_secret_keys: SecretStr | None = Field(
        None,
        description="Further secret keys, comma-separated, whose signatures on delivery addresses are believed: the next "
        "one before it becomes VIBESTREAM_SECRET_KEY, the last one for eight hours after.",
    )

    password_breach_url: str | None = Field(
        None,
        pattern="^https?://[^\\s]+$",
        description="Where stolen passwords are looked up by five digits of their hash, such as the address that ends in "
        "`/range` of Have I Been Pwned; unset: not over the network.",
    )
    password_breach_file: Path | None = Field(
        None,
        description="File of stolen passwords' SHA-1 hashes in order, a line `hash:count` each: looked at where no address "
        "is set, or while it does not answer.",
    )

    login_issuers: Annotated[tuple[LoginIssuer, ...], NoDecode] = Field(
        (),
        description="Issuers that people may sign in with, as a JSON list: each names a preset (oidc, google, apple, github, "
        "discord), our client_id there, and the secret by the variable or file that holds it; oidc also name, title, issuer.",
    )

    wallet_chain_id: int = Field(
        1,
        ge=1,
        lt=2**53,
        description="Chain (EIP-155) whose wallets people may connect with their accounts; 1 is Ethereum.",
    )
    wallet_rpc_url: SecretStr | None = Field(
        None, description="JSON-RPC address of a node of that chain, asked whether a contract signed (EIP-1271)."
    )

    ledger_seal_key: SecretStr | None = Field(
        None,
        description="Private Ed25519 key, 32 bytes in base64url, that seals of the ledger are signed with. Production "
        "requires it where the worker runs; a web server can do with the public keys. Made and kept in the data folder "
        "elsewhere.",
    )
    ledger_seal_public_keys: str = Field(
        "",
        description="Comma-separated public Ed25519 keys, each 32 bytes in base64url, whose seals are believed beside those "
        "of the present key: the earlier ones, for ever.",
    )

    epoch_key: SecretStr | None = Field(
        None,
        description="Private Ed25519 key, 32 bytes in base64url, that roots of closed epochs are signed with, and nothing else. "
        "Production closes no epoch without one. Made and kept in the data folder elsewhere.",
    )
    export_key: SecretStr | None = Field(
        None,
        description="Private Ed25519 key, 32 bytes in base64url, that copies of people's data are signed with, and nothing else. "
        "Production makes no copies without one. Made and kept in the data folder elsewhere.",
    )
    export_public_keys: str = Field(
        "",
        description="Comma-separated public Ed25519 keys, each 32 bytes in base64url, that copies of data were signed with "
        "earlier; a web server that is not given the private key needs the present one here.",
    )
    export_keep_days: int = Field(
        7, ge=1, le=30, description="Days for which its owner can fetch a copy of their data; then it is deleted."
    )
    claim_keys: Path | None = Field(
        None,
        description="Folder of the keys that claims are proved and verified with, as `vibestream ceremony install` writes it. "
        "The DEV keys that come with the code otherwise, which production refuses.",
    )
    claim_window_days: int = Field(
        90,
        ge=1,
        le=3_650,
        description="Days for which claims upon a closed epoch are taken; then what is left goes back.",
    )
    claim_anonymity_floor: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Summaries of a tier below which a claim hides among few: the server pays it only when it says that this is accepted, and the page asks first.",
    )
    claim_delay_s: int = Field(
        3_600,
        ge=0,
        le=86_400,
        description="Most seconds that a browser waits, by chance, before it sends a claim; few of them tell who sends it.",
    )

    object_store: str = Field(
        "local",
        pattern="^(local|s3)$",
        description="Where objects are kept: a local folder or an S3-compatible service.",
    )
    s3_bucket: str | None = Field(None, description="Bucket for objects; required when the object store is s3.")
    s3_endpoint: str | None = Field(None, description="Address of an S3-compatible service; unset: the provider's own.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key_id: str | None = Field(None, description="Access key; unset: the machine's own credentials.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")

    smtp_host: str | None = Field(
        None,
        description="SMTP server for mail; unset outside production: the sandbox's, whose mail a local page shows.",
    )
    smtp_port: Port = Field(587, description="Port of the SMTP server.")
    smtp_tls: str = Field(
        "starttls", pattern="^(none|starttls|tls)$", description="Encryption to the SMTP server: none, starttls or tls."
    )
    smtp_user: str | None = Field(None, description="User name at the SMTP server.")
    smtp_password: SecretStr | None = Field(None, description="Password at the SMTP server.")
    bounce_mailbox: SecretStr | None = Field(
        None,
        description="Where mail comes back to, as `pop3s://user:password@host`; unset: it is not read. It is a secret.",
    )
    mail_from: str = Field(
        "VibeStream <no-reply@vibestream.localhost>", description="Sender of mail; production requires your own domain."
    )

    media_cdn: bool = Field(
        default=False,
        description="Whether a CDN in front of /media/ answers repeated requests itself. Then segments served are not "
        "counted as evidence of a listen, because most of them are not seen here.",
    )
    media_accel: str | None = Field(
        None,
        pattern="^/[a-z0-9_/-]+/$",
        description="Internal location of an nginx in front, such as /objects/, that shows the object folder: media is then "
        "sent by nginx (X-Accel-Redirect). Unset: sent by this server. Needs the local object store.",
    )

    ffmpeg: Path | None = Field(
        None, description="The ffmpeg program; unset: the one that the imageio-ffmpeg wheel brings."
    )
    media_sandbox: SandboxRule = Field(
        SandboxRule.PREFER,
        description="When bubblewrap cannot run: prefer (warn, resource limits only) or require (refuse uploads).",
    )
    packaging_slots: int = Field(1, ge=1, le=64, description="Masters that one worker packages at the same time.")
    max_upload_bytes: int = Field(2 * 1024**3, ge=1024, description="Largest master that is accepted, in bytes.")
    max_track_minutes: int = Field(180, ge=1, le=24 * 60, description="Longest master that is accepted, in minutes.")
    upload_expiry_hours: int = Field(24, ge=1, description="Hours after which an unfinished upload is dropped.")
    uploads_dir: Path | None = Field(
        None,
        description="Folder for unfinished uploads; unset: uploads in the data folder. Every web server and worker must see "
        "the same one: with several machines, a shared file system with flock.",
    )
    max_unfinished_uploads: int = Field(
        100, ge=1, description="Unfinished uploads that one artist may have at the same time."
    )
    disk_reserve_bytes: int = Field(
        256 * 1024**2,
        ge=0,
        description="Room that uploads leave free on their disk, for the database and everything else on it.",
    )

    reward_budget_vibe: int = Field(10_000, ge=0, description="Whole VIBE that a day's listening may earn in all.")
    reward_per_listen_vibe_minor: int = Field(
        10_000,
        ge=0,
        description="Minor units of VIBE (ten-thousandths) that one accepted listen earns while the budget lasts.",
    )
    reward_warm_up_days: int | None = Field(
        None,
        ge=0,
        le=30,
        description="Days for which an account is new while no policy of pools says so: what it hears is paid when they are "
        "over. Unset: 3 in production, else none.",
    )
    exchange_quote_s: int = Field(60, ge=5, le=3600, description="Seconds for which a quote of an exchange stands.")
    redeem_least_vibe: int = Field(100, ge=1, description="Whole VIBE that are redeemed for money at once at least.")
    redeem_daily_vibe: int = Field(
        10_000, ge=0, description="Whole VIBE that one person redeems within 24 hours at most."
    )
    points_cover_bp: int = Field(
        10_000,
        ge=0,
        le=20_000,
        description="Basis points of what the VIBE that people hold is worth for which money is set aside; 10000 is all.",
    )
    trusted_proxies: str = Field(
        "", description="Comma-separated networks whose X-Forwarded-For is believed, counted from the right."
    )
    event_retention_days: int = Field(
        7, ge=1, le=365, description="Days for which settled events are kept; a new consumer starts with the oldest."
    )
    erasure_wait_days: int = Field(
        14, ge=0, le=60, description="Days between the wish to be deleted and its being done; signing in cancels it."
    )
    erasure_grace_s: int = Field(
        120,
        ge=0,
        le=3600,
        description="Seconds that requests and events under way are given to end before and after somebody is erased.",
    )
    alert_urls: SecretStr | None = Field(
        None,
        description="Where operators are told that something is wrong: addresses of apprise, parted by white space, such as "
        "`slack://...`, `mailto://...`, `jsons://...`; unset: nobody is told. They are secrets.",
    )
    alert_again_h: int = Field(
        6, ge=1, le=168, description="Hours after which operators are told again of what is still wrong."
    )
    push_on_loopback: bool = Field(
        default=False,
        description="Whether a push service on this machine is believed, such as the sandbox's. Not in production.",
    )
    sandbox_gateways_port: Port | None = Field(
        None,
        description="Loopback port of the stand-ins of the payment gateways; `vibestream up` chooses one. Not in production.",
    )
    sandbox_definitions: Path | None = Field(
        None,
        description="Folder of the providers' own definitions (paypal-openapi), which the stand-ins then check requests by; "
        "unset: by definitions of their own.",
    )
    metrics_port: Port | None = Field(
        None,
        description="Port for Prometheus metrics on the loopback address; unset: /metrics of the web server, "
        "for operators only.",
    )
    worker_metrics_port: Port | None = Field(
        None,
        description="Port for the worker's own Prometheus metrics on the loopback address; unset: none are served.",
    )

    @field_validator("login_issuers", mode="before")
    @classmethod
    def _issuers(cls, given: object) -> object:
        return listed(given)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [
            f"VIBESTREAM_LOGIN_ISSUERS: {one}"
            for one in problems_of(self.login_issuers, production=self.environment is Environment.PRODUCTION)
        ]
        if self.object_store == "s3" and not self.s3_bucket:
            problems.append("VIBESTREAM_S3_BUCKET: the s3 object store needs a bucket")
        if self.object_store == "s3" and self.media_accel:
            problems.append("VIBESTREAM_MEDIA_ACCEL: nginx can show the local object store only")
        if any(len(key) < _SECRET_LENGTH for key in self.further_secrets):
            problems.append(f"VIBESTREAM_ACCEPTED_SECRET_KEYS: at least {_SECRET_LENGTH} characters each")
        sealing = self.ledger_seal_key.get_secret_value() if self.ledger_seal_key else None
        for name, key in [("KEY", sealing), *(("PUBLIC_KEYS", key) for key in self.seal_public_keys)]:
            if key is not None and not _ED25519.fullmatch(key):
                problems.append(f"VIBESTREAM_LEDGER_SEAL_{name}: a key is 32 bytes in base64url, 43 characters")
        problems += self._export_problems()
        problems += self._address_problems()
        if self.secret_key and len(self.secret_key.get_secret_value()) < _SECRET_LENGTH:
            problems.append(f"VIBESTREAM_SECRET_KEY: at least {_SECRET_LENGTH} characters")
        problems += self.half_configured()
        if self.environment is Environment.PRODUCTION:
            problems += self._production_problems()
        if problems:
            raise ValueError("\n- ".join(problems))
        return self

    def _export_problems(self) -> list[str]:
        given = self.export_key.get_secret_value() if self.export_key else None
        keys = [("KEY", given), *(("PUBLIC_KEYS", key) for key in self.earlier_export_keys)]
        return [
            f"VIBESTREAM_EXPORT_{name}: a key is 32 bytes in base64url, 43 characters"
            for name, key in keys
            if key is not None and not _ED25519.fullmatch(key)
        ]

    def _address_problems(self) -> list[str]:
        """Name the addresses of databases that are none; what stands in them is not said, as it may hold a password."""
        given = {"DATABASE_URL": self.database_url, "DATABASE_OWNER_URL": self.database_owner_url}
        return [
            f"{name}: this is no address of a PostgreSQL; one is written as postgresql://user:password@host:5432/database"
            for name, dsn in given.items()
            if dsn is not None and not is_address(dsn)
        ]

    def _production_problems(self) -> list[str]:
        checks = {
            "VIBESTREAM_SECRET_KEY: production needs one": self.secret_key is None,
            "VIBESTREAM_LEDGER_SEAL_KEY: production needs one; a web server can do with VIBESTREAM_LEDGER_SEAL_PUBLIC_KEYS": (
                self.ledger_seal_key is None and not self.seal_public_keys
            ),
            "DATABASE_URL: production needs a PostgreSQL of its own": self.database_url is None,
            "DATABASE_OWNER_URL: production needs another login than DATABASE_URL for the role that owns the tables": (
                self.database_owner_url in (None, self.database_url)
            ),
            "VIBESTREAM_PUBLIC_URL: production needs an https address": (
                self.public_url is None or self.public_url.scheme != "https"
            ),
            "VIBESTREAM_SMTP_HOST: production needs an SMTP server": self.smtp_host is None,
            "VIBESTREAM_MAIL_FROM: production needs a sender of your own domain": "localhost" in self.mail_from,
        }
        checks["VIBESTREAM_PUSH_ON_LOOPBACK: production pushes to nobody on this machine"] = self.push_on_loopback
        return [*(problem for problem, found in checks.items() if found), *self.stand_ins()]

    @property
    def sandboxed(self) -> bool:
        """Whether stand-ins of outside parties may load, which every page then says."""
        return self.environment is not Environment.PRODUCTION

    @property
    def base_url(self) -> str:
        """The address that people type, without a slash at its end."""
        return str(self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def warm_up_days(self) -> int:
        """For how many days an account is new, where no policy of pools says it."""
        if self.reward_warm_up_days is not None:
            return self.reward_warm_up_days
        return _WARM_UP_DAYS if self.environment is Environment.PRODUCTION else 0

    @property
    def owner_dsn(self) -> str | None:
        """The connection string of the role that owns the tables; None while the embedded database is not up."""
        return self.database_owner_url or self.database_url

    @property
    def app_dsn(self) -> str | None:
        """The connection string that the application works with, always as its own role."""
        if self.database_url is None:
            return None
        same_login = self.database_owner_url in (None, self.database_url)
        return as_app_role(self.database_url) if same_login else self.database_url

    @property
    def further_secrets(self) -> tuple[bytes, ...]:
        """The secrets beside `signing_key` whose signatures on delivery addresses are believed."""
        listed = "" if self.accepted_secret_keys is None else self.accepted_secret_keys.get_secret_value()
        return tuple(key.strip().encode() for key in listed.split(",") if key.strip())

    @property
    def seal_public_keys(self) -> tuple[str, ...]:
        """The public keys, as text, whose seals are believed beside those of the present key."""
        return tuple(key.strip() for key in self.ledger_seal_public_keys.split(",") if key.strip())

    @property
    def earlier_export_keys(self) -> tuple[str, ...]:
        """The public keys, as text, whose copies of data are believed beside those of the present key."""
        return tuple(key.strip() for key in self.export_public_keys.split(",") if key.strip())

    def login_secret(self, issuer: LoginIssuer) -> str:
        """Return our secret at an issuer; empty for a public client."""
        return secret_named(issuer.secret) or ""

    def signing_key(self) -> bytes:
        """Return the key that delivery URLs, cursors and codes are signed with; made once outside production."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        return self._made_once("secret_key")

    def sealing_key(self) -> str | None:
        """Return the private key, as text, that seals are signed with; made once outside production, None without one."""
        if self.ledger_seal_key is not None:
            return self.ledger_seal_key.get_secret_value()
        if self.environment is Environment.PRODUCTION:
            return None
        return self._made_once("ledger_seal_key").decode()

    def epoch_signing_key(self) -> str | None:
        """Return the private key, as text, that epochs are signed with; made once outside production, None without one."""
        if self.epoch_key is not None:
            return self.epoch_key.get_secret_value()
        if self.environment is Environment.PRODUCTION:
            return None
        return self._made_once("epoch_key").decode()

    def export_signing_key(self) -> str | None:
        """Return the private key, as text, that exports are signed with; made once outside production, None without one."""
        if self.export_key is not None:
            return self.export_key.get_secret_value()
        if self.environment is Environment.PRODUCTION:
            return None
        return self._made_once("export_key").decode()

    def _made_once(self, name: str) -> bytes:
        kept = self.data_dir / name
        if not kept.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            draft = kept.with_name(f"{name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(_SECRET_LENGTH))
            with contextlib.suppress(FileExistsError):
                os.link(draft, kept)  # whichever process is first wins; the others read what it wrote
            draft.unlink()
        return kept.read_bytes()


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment, with overrides by field name.

    Raises:
        SettingsInvalid: names every variable that is wrong and what would be right.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # validated by the model
    except ValidationError as error:
        lines = (f"{_variable(item['loc'])}{item['msg'].removeprefix('Value error, ')}" for item in error.errors())
        raise SettingsInvalid("\n- ".join(["Settings are wrong:", *lines])) from None


def variable_name(field: str) -> str:
    """Return the environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"VIBESTREAM_{field.upper()}"


def _variable(location: tuple[int | str, ...]) -> str:
    if not location:
        return ""
    name = str(location[0])
    return f"{variable_name(name) if name in Settings.model_fields else name}: "
