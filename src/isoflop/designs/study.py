"""A study: everything a ladder of runs needs to be told, as a frozen value and as a TOML file."""

import tomllib
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self

from isoflop.designs.field import knob
from isoflop.designs.recipe import Recipe
from isoflop.designs.sections import Section, read
from isoflop.designs.writing import reference, to_toml
from isoflop.errors import BadInput


@dataclass(frozen=True)
class CorpusSection(Section):
    """The text to train on: a named corpus, or files of your own."""

    name: str | None = knob(
        None,
        "a corpus that isoflop knows: vital-wiki is 11 MB of encyclopaedia leads, fetched once; python-stdlib is the "
        "source of the running Python, and needs no network",
        choices=("vital-wiki", "python-stdlib"),
    )
    path: str | None = knob(
        None,
        "instead of name: a folder, file or glob of text, JSONL or Parquet files, seen from where the command is run",
    )
    field: str = knob("text", "which field of JSONL or Parquet files holds the text")
    held_out: float = knob(0.05, "share of the documents held out for evaluation", above=0, high=0.5)

    def conflicts(self) -> list[str]:
        """Exactly one source."""
        if (self.name is None) == (self.path is None):
            given = "neither is" if self.name is None else "both are"
            return [f"name and path: give one of the two; {given} given."]
        return []


@dataclass(frozen=True)
class TokenizerSection(Section):
    """How text becomes tokens."""

    kind: str = knob("bytes", "bytes: each byte that occurs is a token; bpe: trained here", choices=("bytes", "bpe"))
    vocab_size: int | None = knob(None, "size of the vocabulary of bpe", unit="tokens", low=257, high=1_000_000)

    def conflicts(self) -> list[str]:
        """Bytes fix their own vocabulary; bpe does not."""
        if self.kind == "bpe" and self.vocab_size is None:
            return ['vocab_size must be given where kind = "bpe", say 2048.']
        if self.kind == "bytes" and self.vocab_size is not None:
            return [
                f'vocab_size = {self.vocab_size}: with kind = "bytes" the bytes that occur are counted; leave it out.'
            ]
        return []


@dataclass(frozen=True)
class ModelSection(Section):
    """The models: decoder-only Transformers of one family; each budget takes the sizes nearest its best N."""

    context: int = knob(128, "tokens that a model sees at once", unit="tokens", low=8, high=1_048_576)
    head_dim: int = knob(
        8, "width of an attention head; a layer has as many heads as cover its width", low=2, high=1024
    )
    dtype: str = knob("float32", "numbers of the matrix multiplications", choices=("float32", "bfloat16"))
    sizes: tuple[tuple[int, int], ...] = knob(
        tuple((2, width) for width in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128)),
        "the models to choose from, each [layers, width]",
        low=1,
        high=1_000_000,
        shortest=3,
    )

    def conflicts(self) -> list[str]:
        """Every size is there once; rotary positions turn pairs of numbers."""
        problems = []
        if len(set(self.sizes)) < len(self.sizes):
            twice = sorted({size for size in self.sizes if self.sizes.count(size) > 1})
            problems.append(f"sizes: {', '.join(str(list(size)) for size in twice)} must be listed once.")
        if self.head_dim % 2:
            problems.append(f"head_dim = {self.head_dim}: must be even, for rotary positions.")
        return problems


@dataclass(frozen=True)
class LadderSection(Section):
    """The isoFLOP ladder: budgets, and the sizes and seeds that each is spent on."""

    budgets: tuple[float, ...] = knob(
        (2.5e10, 8e10, 2.5e11, 8e11), "compute of one run at each rung, rising", unit="FLOPs", above=0, shortest=2
    )
    sizes_per_budget: int = knob(5, "models trained at each budget", low=3, high=50)
    seeds: tuple[int, ...] = knob((3, 3, 1, 1), "runs of each model, budget by budget", low=1, high=1000, shortest=2)
    span: float = knob(4.0, "sizes lie within this factor of the expected best N, on both sides", above=1, high=100)
    first_n_params: float = knob(
        1.2e4, "the best N expected at the lowest budget (matrices and head)", unit="parameters", low=100
    )
    exponent: float = knob(
        0.57, "a in N_opt = k C^a, which carries the best N found at one budget to the next", above=0, below=1.5
    )

    def conflicts(self) -> list[str]:
        """Budgets rise; each has its seeds."""
        problems = []
        if any(high <= low for low, high in pairwise(self.budgets)):
            problems.append(f"budgets = {_list(self.budgets)}: each must be above the one before.")
        if len(self.seeds) != len(self.budgets):
            problems.append(
                f"seeds has {len(self.seeds)} numbers: must have one for each of {len(self.budgets)} budgets."
            )
        return problems


@dataclass(frozen=True)
class PilotSection(Section):
    """Whether cells are tuned: the best size of the lowest and of the top budget, again at other learning rates."""

    factors: tuple[float, ...] = knob(
        (0.5, 0.7, 1.4, 2.0),
        "multiples of the recipe's learning rates, all three scaled together; an empty list leaves the pilot out",
        above=0,
        high=100,
    )
    seeds: tuple[int, ...] = knob(
        (3, 1),
        "runs of each, at the lowest and at the top budget; no more than the ladder has seeds there",
        low=1,
        high=100,
        length=2,
    )

    def conflicts(self) -> list[str]:
        """Factor 1 is the ladder's own run."""
        if 1.0 in self.factors:
            return ["factors: 1 is the ladder's own run; leave it out."]
        return []


@dataclass(frozen=True)
class CheckSection(Section):
    """The run that the forecast is about."""

    factor: float = knob(10.0, "its budget, as a multiple of the ladder's largest", above=1, high=1e6)
    seeds: int = knob(1, "how many such runs", low=1, high=100)


@dataclass(frozen=True)
class EvaluationSection(Section):
    """How losses are measured."""

    tokens: int = knob(262_144, "held-out tokens, the same for every run", unit="tokens", low=1)


@dataclass(frozen=True)
class RunSection(Section):
    """How runs are put on this machine."""

    workers: int = knob(2, "processes that train side by side", low=1, high=4096)
    threads: int = knob(1, "threads of each; part of a run's inputs, since sums may differ", low=1, high=4096)
    micro_batch: int = knob(
        1, "sequences that go through the model at once: 1 keeps a small model in a core's cache; a GPU wants many",
        unit="sequences", low=1, high=65_536,
    )  # fmt: skip


@dataclass(frozen=True)
class Study(Section):
    """A study of scaling: text, models, a ladder of budgets, a recipe, and the larger run that checks the forecast.

    `isoflop run FILE --out FOLDER` does it.
    """

    name: str = knob("study", "what the report calls it")
    seed: int = knob(0, "all seeds of the runs follow from it", low=0, high=2**31 - 1)
    allow_repeats: bool = knob(False, "whether runs may go over the text more than once")
    corpus: CorpusSection = field(default_factory=lambda: CorpusSection(name="vital-wiki"))
    tokenizer: TokenizerSection = field(default_factory=TokenizerSection)
    model: ModelSection = field(default_factory=ModelSection)
    ladder: LadderSection = field(default_factory=LadderSection)
    recipe: Recipe = field(default_factory=Recipe)
    pilot: PilotSection = field(default_factory=PilotSection)
    check: CheckSection = field(default_factory=CheckSection)
    evaluation: EvaluationSection = field(default_factory=EvaluationSection)
    run: RunSection = field(default_factory=RunSection)

    def conflicts(self) -> list[str]:
        """The ladder's sizes come from the model's."""
        problems = []
        asked, there = self.ladder.sizes_per_budget, len(self.model.sizes)
        if there < asked:
            problems.append(
                f"ladder.sizes_per_budget = {asked}: model.sizes has only {there}; add sizes or ask for fewer."
            )
        return problems

    @property
    def check_budget(self) -> float:
        """FLOPs of the run that the forecast is about."""
        return self.check.factor * self.ladder.budgets[-1]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read TOML. Raises `BadInput` with every problem, each with its dotted path and what is allowed."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"This is not TOML: {error}.") from error
        return read(cls, given)

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a study file. Raises `BadInput` as `from_text` does, with the name of the file."""
        try:
            return cls.from_text(Path(path).read_bytes().decode("utf-8-sig"))
        except OSError as error:
            raise BadInput(f"The study {path} could not be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise BadInput(f"The study {path} is not UTF-8 text (byte {error.start}).") from error
        except BadInput as bad:
            raise BadInput([f"{path}: {problem}" for problem in bad.problems]) from None

    def to_toml(self, *, comments: bool = False) -> str:
        """TOML of all values; with comments, a file to begin from."""
        return to_toml(self, comments=comments)


def reference_markdown() -> str:
    """The text of docs/study.md: every key of a study file."""
    return reference(Study, "The study file")


def _list(numbers: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{number:g}" for number in numbers) + "]"
