"""Settings of one installation: options of a command, environment, configuration file, defaults.

An option overrules the environment (COPROARCHIVE_*), that the file (coproarchive.toml), and that
the default. `load_settings` reads all of them; `Settings(...)` alone reads no file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from coproarchive.config_file import ConfigFile, SettingsError, read_config
from coproarchive.extract.base import Limits
from coproarchive.search.engines import ENGINES
from coproarchive.search.engines.seam import ServerOptions

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this machine, for itself alone."""
PREFIX = "COPROARCHIVE_"
_DEFAULT = Limits()


class Settings(BaseModel):
    """Each field is also an environment variable: COPROARCHIVE_ and its name in capitals.

    Folders are absolute, so that neither a reading process nor a change of folder loses them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)

    archive: Path = Field(default=Path("archive"), description="folder that holds the archive")
    index: Path = Field(
        default=Path("index"),
        description="folder for everything derived; can be deleted. Where only the archive is "
        'named: "index" beside a folder "archive", else its name and "-index"',
    )
    incoming: Path | None = Field(
        default=None,
        description="folder into which files are put that shall be added: the server makes drafts "
        "of them, `add --incoming` items; none where not set",
    )
    engine: str = Field(default="whoosh", description=f"search engine: {', '.join(ENGINES)}")
    opensearch_url: str = Field(
        default="",
        description="addresses of an OpenSearch cluster's nodes, commas between them; for the "
        "engine opensearch",
    )
    opensearch_user: str = Field(default="", description="user on the OpenSearch cluster")
    opensearch_password: str = Field(
        default="", description="the user's password on the OpenSearch cluster"
    )
    opensearch_api_key: str = Field(
        default="", description="API key for the OpenSearch cluster, instead of user and password"
    )
    opensearch_ca_file: Path | None = Field(
        default=None,
        description="certificate of the authority that the OpenSearch cluster's certificates "
        "are signed by; the system's authorities where not set",
    )
    opensearch_index: str = Field(
        default="coproarchive",
        pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$",
        description="what the names of this archive's indexes on the OpenSearch cluster begin "
        "with; every archive on a cluster needs another",
    )
    opensearch_shards: int = Field(
        default=1, ge=1, le=1024, description="shards of a new index on the OpenSearch cluster"
    )
    opensearch_replicas: int = Field(
        default=1,
        ge=0,
        le=10,
        description="copies of each shard beside the first; with 0, a lost node loses the index",
    )
    host: str = Field(default="127.0.0.1", description="address the page is served on")
    requests_at_once: int = Field(
        default=4,
        ge=1,
        description="searches that are answered at once, and as many pages, pictures and files; "
        "tables of results one by one",
    )
    requests_waiting: int = Field(
        default=200,
        ge=1,
        description="requests of each kind that wait for their turn; further ones are told to come "
        "back (503)",
    )
    upload_file_mb: int = Field(
        default=500, ge=1, description="largest file that the page takes, in megabytes"
    )
    upload_session_mb: int = Field(
        default=2000,
        ge=1,
        description="megabytes of files that may wait together on the page of adding",
    )
    upload_total_mb: int = Field(
        default=5000, ge=1, description="megabytes of files that may wait to be added in all"
    )
    allowed_hosts: str = Field(
        default="",
        description="names by which the page may be asked for, with commas between; others are "
        "refused. Where none is set nothing is refused, and links for a name that is not known to "
        "be ours are relative",
    )
    port: int = Field(default=8501, ge=1, le=65535, description="port the page is served on")
    password_hash: str | None = Field(
        default=None,
        description="argon2 hash of the archivist's password; made by `coproarchive password`",
    )
    password_file: Path | None = Field(
        default=None,
        description="file with that hash instead, made by `coproarchive password --file`; when it "
        "changes, everybody is signed out",
    )
    read_seconds: float = Field(
        default=_DEFAULT.seconds, gt=0, description="seconds that reading one file may take"
    )
    read_memory_mb: int = Field(
        default=_DEFAULT.memory // 1024**2,
        ge=256,
        description="megabytes a reading process may use",
    )
    file_size_mb: int = Field(
        default=_DEFAULT.file_size // 1024**2,
        ge=1,
        description="largest file that is read, in megabytes",
    )
    office: str = Field(
        default="",
        description="LibreOffice's soffice, which reads old formats and draws slides; "
        '"off" for none, found by itself where not set',
    )
    ocr: Literal["auto", "off"] = Field(
        default="auto",
        description="whether pictures of pages are read by machine where coproarchive[ocr] is "
        "installed",
    )
    count_empty: Literal["on", "off"] = Field(
        default="on",
        description="count the words of searches that found nothing, for the archive's keepers",
    )
    who: str = Field(
        default="",
        description="who changes records here, as the history says it; the account's name where "
        "not set",
    )
    workers: int = Field(default=0, ge=0, description="reading processes; 0 means one a core")
    pictures_ahead: Literal["on", "off"] = Field(
        default="on",
        description="whether `index` and the server draw pictures of slides before anybody asks, "
        "behind all other work and while 2 GB of the disk are free",
    )
    reindex: Literal["on", "off"] = Field(
        default="on",
        description="whether the server updates the index by itself when records changed",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="from which level on the server logs; debug may quote what readers typed",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="lines of the log: text for people, json for programs"
    )

    metrics: str = Field(
        default="",
        description="HOST:PORT on which Prometheus is told figures, never that of the page, as "
        "127.0.0.1:9108; none where not set",
    )

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Add what the environment sets; each archive has an index of its own."""
        variables = {name: os.environ.get(PREFIX + name.upper()) for name in cls.model_fields}
        values = {name: v for name, v in variables.items() if v is not None} | values
        if values.get("archive") and not values.get("index"):
            archive = Path(values["archive"])
            name = "index" if archive.name == "archive" else f"{archive.name}-index"
            return {**values, "index": archive.parent / name}
        return values

    @field_validator("archive", "index")
    @classmethod
    def _make_absolute(cls, folder: Path) -> Path:
        return folder.absolute()

    @field_validator("password_file", "incoming")
    @classmethod
    def _make_file_absolute(cls, file: Path | None) -> Path | None:
        return file.absolute() if file else None

    @model_validator(mode="after")
    def _has_one_password(self) -> Settings:
        if self.password_hash and self.password_file:
            raise ValueError("name password_hash or password_file, not both")
        return self

    @model_validator(mode="after")
    def _has_incoming_aside(self) -> Settings:
        places = (self.archive, self.index)
        if self.incoming and any(
            self.incoming.is_relative_to(p) or p.is_relative_to(self.incoming) for p in places
        ):
            raise ValueError("incoming must be a folder apart from those of archive and index")
        return self

    @field_validator("office")
    @classmethod
    def _make_office_absolute(cls, office: str) -> str:
        """Resolve a path; leave a bare name for the PATH to find."""
        return str(Path(office).absolute()) if Path(office).name != office else office

    @field_validator("engine")
    @classmethod
    def _is_in_the_table(cls, value: str) -> str:
        if value not in ENGINES:
            raise ValueError(f"must be one of: {', '.join(ENGINES)}")
        return value

    @field_validator("password_hash")
    @classmethod
    def _check_hash(cls, value: str | None) -> str | None:
        """Refuse what is no argon2 hash; argon2 is imported only where there is one."""
        if value:
            import argon2

            try:
                argon2.extract_parameters(value)
            except argon2.exceptions.InvalidHashError:
                raise ValueError(
                    "this is no argon2 hash. Put it in single quotes: a shell takes the $ in it "
                    "for its own"
                ) from None
        return value or None

    @field_validator("metrics")
    @classmethod
    def _is_a_place_to_listen(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if value and not (colon and host and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("must be HOST:PORT, as 127.0.0.1:9108")
        return value

    @model_validator(mode="after")
    def _has_metrics_aside(self) -> Settings:
        if self.metrics and self.metrics_place()[1] == self.port:
            raise ValueError("metrics must have another port than the page")
        return self

    def metrics_place(self) -> tuple[str, int]:
        """Return host and port of `metrics`, which is set."""
        host, _, port = self.metrics.rpartition(":")
        return host.strip("[]"), int(port)

    def hosts(self) -> tuple[str, ...]:
        """Return the names in allowed_hosts, in small letters."""
        names = (name.strip().lower().rstrip(".") for name in self.allowed_hosts.split(","))
        return tuple(filter(None, names))

    @property
    def is_public(self) -> bool:
        """Whether the page is served to more than this machine, itself or through a proxy."""
        return any(name not in LOOPBACK for name in (self.host, *self.hosts()))

    @property
    def server_options(self) -> ServerOptions:
        """What an engine on a server is told."""
        return ServerOptions(
            urls=tuple(url.strip() for url in self.opensearch_url.split(",") if url.strip()),
            user=self.opensearch_user,
            password=self.opensearch_password,
            api_key=self.opensearch_api_key,
            ca_file=self.opensearch_ca_file,
            index=self.opensearch_index,
            shards=self.opensearch_shards,
            replicas=self.opensearch_replicas,
        )

    def limits(self) -> Limits:
        """Return the limits that the extractors are given."""
        return Limits(
            seconds=self.read_seconds,
            memory=self.read_memory_mb * 1024**2,
            file_size=self.file_size_mb * 1024**2,
            unpacked_size=self.file_size_mb * 1024**2,
            workers=self.workers,
        )


SECRETS = frozenset({"password_hash", "opensearch_password", "opensearch_api_key"})
"""Settings whose values are shown to nobody."""


@dataclass(frozen=True)
class LoadedSettings:
    """Settings, and where each came from.

    Attributes:
        settings: the values.
        origins: name -> "option --port", "environment COPROARCHIVE_PORT",
            "coproarchive.toml, line 3" or "default".
        config: the configuration file, if there is one.
    """

    settings: Settings
    origins: Mapping[str, str]
    config: ConfigFile | None


def load_settings(
    options: Mapping[str, object] | None = None, config: Path | str | None = None
) -> LoadedSettings:
    """Read the settings from where they stand.

    Args:
        options: what a command or caller names; overrules everything else.
        config: the configuration file; where it is None that of COPROARCHIVE_CONFIG, else
            coproarchive.toml in the working folder, else none.

    Raises:
        SettingsError: a value is wrong, or the file is; each mistake is named with its place.
    """
    named = dict(options or {})
    file = read_config(config or os.environ.get(PREFIX + "CONFIG"), Settings.model_fields)
    origins: dict[str, str] = {}
    for name in Settings.model_fields:
        if name in named:
            origins[name] = f"option --{name.replace('_', '-')}"
        elif PREFIX + name.upper() in os.environ:
            origins[name] = f"environment {PREFIX}{name.upper()}"
        elif file and name in file.values:
            origins[name] = file.place_of(name)
            named[name] = file.values[name]
        else:
            origins[name] = "default"
    try:
        settings = Settings.model_validate(named)
    except ValidationError as error:
        mistakes = [
            f"{origins.get(str(e['loc'][0]), '') if e['loc'] else ''}: "
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SettingsError(
            "a setting is wrong.\n" + "\n".join(f"  {mistake}." for mistake in mistakes)
        ) from None
    return LoadedSettings(settings, origins, file)
