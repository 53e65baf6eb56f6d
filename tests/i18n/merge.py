"""`python -m tests.i18n.merge de new.json`: put translations into a catalogue, in the English file's order; with
`--missing` it prints what is missing or outdated instead. Never here: what is demanded of a translation (the tests)."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from tests.i18n.catalogues import NAMES, SOURCE, entries, merged, path_of, spelled


def missing(language: str) -> dict[str, dict[str, object]]:
    """What has no translation, or one of an older English sentence: with the English words and their hints."""
    known = entries(language)
    return {
        id_: {
            "english": list(english.forms) if english.plural else english.forms[0],
            "hints": list(english.hints),
        }
        for id_, english in entries(SOURCE).items()
        if id_ not in known or known[id_].source != english.forms
    }


def typeset(language: str, said: str | list[str]) -> list[str]:
    """The forms, with the spaces that French keeps before high punctuation made unbreakable."""
    forms = [said] if isinstance(said, str) else said
    if language != "fr":
        return forms
    spaced = [re.sub(r" ([:;!?»])(?=[\s*]|$)", "\u00a0\\1", form) for form in forms]
    return [form.replace("« ", "«\u00a0").replace(" »", "\u00a0»") for form in spaced]


def main() -> int:
    """Merge, or tell what is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.i18n.merge", description=__doc__)
    parser.add_argument("language", choices=sorted(NAMES))
    parser.add_argument(
        "files", nargs="*", type=Path, help="JSON: an id's sentence, or the list of its plural forms"
    )
    parser.add_argument("--missing", action="store_true", help="print what is missing or outdated, as JSON")
    asked = parser.parse_args()
    if asked.missing:
        print(json.dumps(missing(asked.language), ensure_ascii=False, indent=1))  # noqa: T201  # its output
        return 0
    given: dict[str, str | list[str]] = {}
    for file in asked.files:
        given |= json.loads(file.read_text(encoding="utf-8"))
    fresh = {id_: typeset(asked.language, said) for id_, said in given.items()}
    unknown = sorted(set(fresh) - set(entries(SOURCE)))
    if unknown:
        print(f"English has no such ids, so they are left out: {', '.join(unknown)}", file=sys.stderr)  # noqa: T201  # as above
    target = path_of(asked.language)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(spelled(asked.language, merged(asked.language, fresh)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
