"""What each command may be asked, and its help, which fits a screen of 80 by 24."""

import json
import sys
from argparse import SUPPRESS, Action, ArgumentParser, RawDescriptionHelpFormatter
from functools import partial
from typing import Any, NoReturn

EPILOG = """\
exit code: 0 done, 1 no result, 2 bad input, 3 some runs failed, 130 interrupted
begin with: isoflop init, then isoflop run study.toml"""


class _Version(Action):
    def __call__(self, parser: ArgumentParser, *_: Any, **__: Any) -> None:
        from importlib.metadata import version  # noqa: PLC0415 – a tenth of a second that other commands do not pay

        print(f"isoflop {version('isoflop')}")
        parser.exit()


class _Parser(ArgumentParser):
    """Whose refusals are JSON too, for programs that ask for it."""

    def error(self, message: str) -> NoReturn:
        if "--json" in sys.argv:
            print(json.dumps({"schema": 1, "error": "BadInput", "problems": [message]}))
        super().error(message)


def parser() -> ArgumentParser:
    """The parser of the whole command line."""
    top = _Parser(
        prog="isoflop",
        description="Train a ladder of small models, fit scaling laws to it, plan the big run.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    command = partial(_command, commands)

    init = command("init", "write a commented study to begin from")
    init.add_argument("path", metavar="PATH", nargs="?", default="study.toml", help="file to write (study.toml)")
    init.add_argument("--force", action="store_true", help="replace a file that is there")

    run = command("run", "train a study, forecast a larger run, train that one, write the report")
    run.description = "The same command again trains nothing that is finished; after Ctrl-C or a kill it goes on."
    run.add_argument("study", metavar="STUDY", help="a study file; `isoflop init` writes one")
    run.add_argument("--out", metavar="DIR", help="folder of records and report (runs/NAME, after the file)")
    run.add_argument("--dry-run", action="store_true", help="only show the runs, their FLOPs and time")

    status = command("status", "how far a study is")
    status.add_argument("folder", metavar="DIR", help="the folder of `isoflop run --out`")

    report = command("report", "write a study's report.html anew, however far it is")
    report.add_argument("folder", metavar="DIR", help="the folder of `isoflop run --out`")

    _fit(command("fit", "fit laws to a table of runs, with intervals and doubts"))

    laws = command("laws", "every law with its constants, sources and units; or one law")
    laws.add_argument("law", metavar="LAW", nargs="?", help="a law or a set of constants: chinchilla, kaplan_2020")

    _predict(command("predict", "what a law says at one point, and how far it was fitted"))

    why = command("why", "where laws disagree, and why")
    why.description = "Kaplan's exponent against Chinchilla's, step by step; published rules side by side."
    questions = ("kaplan-vs-chinchilla", "learning-rate", "batch")
    why.add_argument("question", metavar="QUESTION", choices=questions, help=", ".join(questions))
    why.add_argument("--flops", metavar="C", help="kaplan-vs-chinchilla: the budget (1e21)")
    why.add_argument("--n-params", metavar="N", help="of the rules: parameters (1e9)")
    why.add_argument("--tokens", metavar="D", help="of the rules: tokens (20e9)")

    _plan(command("plan", "from a budget, an aim and limits to a run one can start"))
    _models(command("models", "known public models, and how far each was from compute-optimal"))
    return top


PLAN = """\
Split compute between size and tokens, and say what the run takes.

budgets, of which the smallest binds:
  --flops C                 1e22, 10ZFLOP, 115PF-days
  --dollars M               100000, $2M; --price P: dollars an hour of one GPU
  --gpus N --days T         of --gpu NAME (h100); --devices FILE.toml adds yours
aims and limits:
  --loss L                  reach this loss, nats/token, at least cost
  --n-params N --tokens D   fixed; given both, that run is judged
  --unique-tokens U         what is beyond them repeats, and is worth less
  --inference-tokens T      served over its life; --output-tokens: generated
  --one-gpu                 one GPU holds it; --tokens-per-second R: so fast
  --finetune HOW            full, lora or continued: --n-params on --tokens
  --epochs E                passes over the unique tokens, or the corpus
by and with:
  --fit FILE | --law SET    a fit.json, or published constants
  --mfu X --context T --vocab V      share of the peak; tokens; ids
  --shape F|[F:]LxW[xFF]    family llama or gpt2; or layers x width, fixed
  --compare --html FILE --json --extrapolate (past six decades)
  --calibrate FILE          loss,accuracy of your models: what the plan scores"""


def _plan(plan: ArgumentParser) -> None:
    """Its help is written by hand: one line an option would not fit a screen."""
    plan.usage = "isoflop plan [options]"
    plan.description = PLAN
    plan.formatter_class = RawDescriptionHelpFormatter
    for action in plan._actions:
        action.help = SUPPRESS
    for name in ("--flops", "--dollars", "--price", "--gpu", "--devices", "--n-params", "--tokens", "--unique-tokens"):
        plan.add_argument(name, help=SUPPRESS)
    for name in (
        "--inference-tokens",
        "--output-tokens",
        "--fit",
        "--law",
        "--context",
        "--html",
        "--calibrate",
        "--shape",
    ):
        plan.add_argument(name, help=SUPPRESS)
    for name in ("--gpus", "--days", "--loss", "--tokens-per-second", "--mfu", "--vocab", "--epochs"):
        plan.add_argument(name, help=SUPPRESS)
    for name in ("--one-gpu", "--compare", "--extrapolate"):
        plan.add_argument(name, action="store_true", help=SUPPRESS)
    plan.add_argument("--finetune", choices=["full", "lora", "continued"], help=SUPPRESS)


def _fit(fit: ArgumentParser) -> None:
    fit.usage = "isoflop fit TABLE [options]"
    fit.description = "The table needs loss and two of n_params, tokens and flops."
    fit.add_argument("table", metavar="TABLE", help="runs, one a row: .csv, .tsv, .jsonl or .parquet")
    fit.add_argument(
        "--law", nargs="+", default=["chinchilla"], metavar="LAW", help="laws by name, or all (chinchilla)"
    )
    fit.add_argument("--holdout", choices=["flops"], metavar="flops", help="judge the laws by the largest budgets")
    fit.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar=("A=B", "C=D"),
        help="our name of a column = the file's",
    )
    fit.add_argument(
        "--exclude", nargs="+", type=int, default=[], metavar=("R", "R"), help="rows to leave out, counted from 0"
    )
    kinds = ("huber", "absolute", "squares", "undertuned")
    fit.add_argument("--objective", choices=kinds, metavar="SUM", default="huber", help=f"{', '.join(kinds)} (huber)")
    fit.add_argument("--delta", type=float, metavar="X", help="Huber's threshold in ln loss (0.001)")
    fit.add_argument("--weights", choices=["loss_se"], metavar="loss_se", help="weigh runs by their known noise")
    how = ("auto", "case", "cluster", "residual", "wild", "sandwich", "posterior")
    fit.add_argument("--intervals", choices=how, metavar="HOW", default="auto", help=", ".join(how))
    fit.add_argument("--draws", type=int, metavar="N", default=200, help="laws behind the intervals (200; 0: none)")
    fit.add_argument("--seed", type=int, metavar="N", default=0, help="seed of the draws (0)")
    fit.add_argument("--convention", default="6ND", metavar="C", help="6ND derives the third of N, D, C; none does not")
    fit.add_argument("--out", metavar="FILE", default="fit.json", help="where the fit is kept (fit.json)")
    fit.add_argument("--html", metavar="FILE", help="write a page with pictures too")


def _predict(predict: ArgumentParser) -> None:
    predict.usage = "isoflop predict LAW [options]"
    predict.description = "By every published set of the law's constants, or by a fit.json."
    predict.add_argument("law", metavar="LAW", help="a law or set of `isoflop laws`, or a fit.json")
    predict.add_argument("--n-params", metavar="N", help="parameters: 7e9, 7B")
    predict.add_argument("--tokens", metavar="D", help="tokens: 1.4e12, 1.4T")
    predict.add_argument("--unique-tokens", metavar="U", help="different tokens among them")
    predict.add_argument("--flops", metavar="C", help="compute: 1e22, 10ZFLOP, 115PF-days; alone: the best N and D")
    predict.add_argument("--at", nargs="+", action="extend", default=[], metavar="A=1", help="other inputs: loss=2.5")
    counts = ("non-embedding", "with-head", "total", "active")
    predict.add_argument("--counts", choices=counts, metavar="WHAT", help=f"what N counts: {', '.join(counts)}")


def _models(models: ArgumentParser) -> None:
    models.usage = "isoflop models [NAME] [options]"
    models.description = "By the law of its time, and by today's."
    models.add_argument("name", metavar="NAME", nargs="?", help="one model in full, or a family: GPT-3, pythia")
    models.add_argument("--law", metavar="SET", help="a set of `isoflop laws`, or a fit.json (besiroglu-2024)")
    models.add_argument("--html", metavar="FILE", help="write a page with pictures too")


def _command(commands: Any, name: str, help: str) -> ArgumentParser:
    made: ArgumentParser = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
    made.add_argument("--json", action="store_true", help="print JSON for programs; words for people go to stderr")
    return made
