"""The command line: every command of `curate.commands` under one name."""

from __future__ import annotations

import os

import click

from curate import __version__
from curate.commands import (
    answered,
    auditing,
    benchmark,
    browsing,
    crawling,
    evaluating,
    exporting,
    files,
    fluency,
    judging,
    looking,
    mixing,
    running,
    store,
    tokenizer,
    training,
    tuning,
    versions,
    weighing,
)
from curate.commands.ending import CODES

# OpenMP's threads would spin while they wait; on shared cores that doubled the time of a training step (docs/log.md).
# Read when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=CODES)
@click.version_option(__version__, prog_name="curate")
def main() -> None:
    """Raw pages, files and dialogues of one trade into published, audited, ratio-controlled dataset versions.

    \b
    A first look:       curate demo
    Your own data:      curate init FOLDER
                        curate plan RECIPE; curate run RECIPE --sample 0.01 --out DIR; curate run RECIPE --out DIR
    What is in data:    curate audit DIR|VERSION|FOLDER --out AUDIT
    Look at a run:      curate funnel DIR; curate sample DIR --reason R; curate why DIR ID
    Who loses what:     curate funnel DIR --by kind; curate quality DIR
    Other thresholds:   curate tune DIR RECIPE --set quality.threshold=0.6
    One stage, a file:  curate apply normalize FILE --out DIR
    Copies, some files: curate dedup FILE... --out DIR
    A crawl:            curate first-look train DOCUMENTS --crawl PAGES --out FILE
    A judge:            curate classifier train --label good=FILE --label bad=FILE --out DIR
    Benchmarks:         curate benchmark list FOLDER; curate benchmark report DIR FOLDER --out OUT
    A tokenizer:        curate tokenizer train FILES --out DIR; curate tokenizer report TOKENIZER FILES
    A mix of runs:      curate mix DIR --tokenizer MODEL --domain-share 0.12 --out MIX
    A model:            curate train DIR/mix --model FOLDER --out OUT --explain
    Other trainers:     curate export DIR --to llama-factory --model NAME --out OUT
    A version:          curate publish DIR --store STORE --as 1.0.0; curate checkout STORE/NAME@1.0.0 FOLDER
                        curate verify STORE; curate diff A B; curate similar VERSION FILE
    """


judging.classifier.add_command(answered.labels)
for command in (
    *(running.run_command, running.plan, running.init, running.demo),
    auditing.audit,
    browsing.browse,
    *(looking.why, looking.funnel, looking.sample, tuning.tune, weighing.quality),
    *(files.apply, files.dedup),
    benchmark.benchmark,
    judging.classifier,
    fluency.fluency,
    crawling.first_look,
    tokenizer.tokenizer,
    mixing.mix,
    exporting.export,
    training.train_command,
    evaluating.eval_command,
    *(store.publish, store.versions, store.show, store.verify, store.checkout, store.tag, store.gc, store.push),
    *(versions.similar, versions.signatures, versions.withdraw, versions.diff),
):
    main.add_command(command)
