"""The stand-ins of payment gateways that `vibestream up` runs, for commands in another terminal."""

from __future__ import annotations

from vibestream.platform.config import Settings, load_settings


def beside_stand_ins(settings: Settings) -> Settings:
    """Return the settings with the keys and address of the stand-ins that were started last on the same data.

    They come back as they are in production, where a real gateway's keys are set, and where no stand-in was ever started.
    Whether one answers now is for whoever asks it to find out.
    """
    real = (settings.stripe_secret_key, settings.paypal_client_id, settings.coinbase_api_key_id)
    if not settings.sandboxed or any(real):
        return settings
    from vibestream.sandbox.gateways.keys import folder_of, load_or_make

    folder = folder_of(settings.data_dir)
    if not (folder / "port").exists():
        return settings
    given = load_or_make(folder).environment(f"http://127.0.0.1:{(folder / 'port').read_text().strip()}")
    overrides = {name.removeprefix("VIBESTREAM_").lower(): value for name, value in given.items()}
    return load_settings(**settings.model_dump(exclude_unset=True) | overrides)
