"""The `[authority]` table of the centre's settings: the signed key ring, and the centre's own two keys."""

from pathlib import Path

from link.hosting.settings import Settings, SettingsError
from link.sealing.keyfile import Key, KeyFileError, open_key, read_phrase


class AuthoritySettings(Settings):
    """Paths are relative to the settings file. The key files have mode 0600 and kind `centre`.

    They may stand open, so that the centre starts by itself; `pass_phrase` names the file of their pass-phrase where
    they do not.
    """

    ring: Path
    runner_key: Path
    config_key: Path
    pass_phrase: Path | None = None

    def below(self, home: Path) -> "AuthoritySettings":
        """The same with absolute paths."""
        places = {name: home / getattr(self, name) for name in ("ring", "runner_key", "config_key")}
        phrase = home / self.pass_phrase if self.pass_phrase else None
        return self.model_copy(update={**places, "pass_phrase": phrase})

    def open_keys(self) -> tuple[Key, Key]:
        """The runner key and the config key. SettingsError."""
        try:
            phrase = read_phrase(self.pass_phrase) if self.pass_phrase is not None else ""
            runner = open_key(self.runner_key, phrase, "centre")
            config = open_key(self.config_key, phrase, "centre")
        except KeyFileError as error:
            raise SettingsError(f"[authority] {error}") from None
        for key, use in ((runner, "runner"), (config, "config")):
            if key.head.use != use:
                name = f"[authority] {use}_key"
                raise SettingsError(f"{name}: this key is for {key.head.use}; make one with --use {use}")
        return runner, config
