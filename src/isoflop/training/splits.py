"""Which documents are trained on and which are held out, with near-duplicates on one side only."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SHINGLE = 32  # bytes: about five words, so two texts share one by quoting, hardly by chance
SAMPLE = 8  # one shingle in eight is looked at: 50 of a lead of 450 bytes
MOST_SAMPLED = 2**24  # for large corpora the sample gets thinner, so that memory stays near 1 GB
SHARED = 0.5  # near-duplicates share this part of the shorter one's shingles
NEIGHBOURS = 16  # a shingle links a document with the next ones that hold it; all pairs would be quadratic
CHUNK = 2**22  # bytes hashed at once
BASE = 0x9E3779B97F4A7C15  # of the rolling hash: odd, bits well mixed (2^64 / golden ratio)


def seeded_order(n: int, *seed: int) -> Ids:
    """A permutation of 0 … n-1 that depends on the seed alone.

    It sorts raw PCG64 output, which NumPy keeps fixed for good; `Generator.permutation` may change with a release, and
    a run's bits with it.
    """
    return np.argsort(np.random.PCG64(np.random.SeedSequence(seed)).random_raw(n), kind="stable").astype(np.int64)


def split(documents: Sequence[bytes], held_out: float, seed: int) -> tuple[Ids, Ids, int]:
    """Ids of training and held-out documents, each in a seeded order, and how many documents have a near-duplicate.

    Groups of near-duplicates are drawn whole, in the seeded order, until `held_out` (a fraction) of all bytes are held
    out. Bytes and not documents are counted, because files differ a hundredfold in length; a group that would hold out
    half as much again stays in training. The held-out side is empty if no group fits.
    """
    sizes = np.array([len(document) for document in documents], dtype=np.int64)
    groups = near_duplicates(documents)
    members = np.bincount(groups)
    group_bytes = np.bincount(groups, weights=sizes)
    wanted = held_out * sizes.sum()
    order = seeded_order(len(documents), seed)
    chosen = np.zeros(len(members), dtype=bool)
    held = 0.0
    for group in dict.fromkeys(groups[order].tolist()):
        if held >= wanted:
            break
        if held + group_bytes[group] <= 1.5 * wanted:
            chosen[group] = True
            held += group_bytes[group]
    is_held = chosen[groups[order]]
    return order[~is_held], order[is_held], int(members[members > 1].sum())


def near_duplicates(documents: Sequence[bytes]) -> Ids:
    """A group number for each document; documents that share half of the shorter one's shingles are in one group.

    Shingles are runs of 32 bytes, letters in lower case and everything else alike; those whose hash is small enough are
    kept, and shared parts estimated from them (Broder 1997, On the resemblance and containment of documents). Groups
    are the connected components.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415  a fifth of a second, needed only when a corpus is new
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    n = len(documents)
    total = sum(len(document) for document in documents)
    hashes, owners = _sketches(documents, max(SAMPLE, -(-total // MOST_SAMPLED)))
    kept = np.bincount(owners, minlength=n)
    pairs = [np.zeros(0, dtype=np.int64)]
    for lag in range(1, NEIGHBOURS + 1):
        same = hashes[lag:] == hashes[:-lag]
        if not same.any():
            break
        pairs.append(owners[:-lag][same] * n + owners[lag:][same])
    pair, shared = np.unique(np.concatenate(pairs), return_counts=True)
    first, second = np.divmod(pair, n)
    alike = shared >= SHARED * np.minimum(kept[first], kept[second])
    links = coo_array((np.ones(alike.sum(), dtype=bool), (first[alike], second[alike])), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _sketches(documents: Sequence[bytes], sample: int) -> tuple[Hashes, Ids]:
    """Kept shingle hashes with the document each is in, once a document, sorted by hash and then by document."""
    owner_bits = max(len(documents).bit_length(), 1)
    keys = [np.zeros(0, dtype=np.uint64)]
    start = 0
    while start < len(documents):
        end, size = start, 0
        while end < len(documents) and (size == 0 or size + len(documents[end]) <= CHUNK):
            size += len(documents[end])
            end += 1
        hashes, owners = _sampled(documents[start:end], sample)
        # One number holds both: the hash's low bits (its high ones are small by selection) and the document.
        keys.append((hashes << np.uint64(owner_bits)) | (owners + start).astype(np.uint64))
        start = end
    key = np.unique(np.concatenate(keys))
    return key >> np.uint64(owner_bits), (key & np.uint64(2**owner_bits - 1)).astype(np.int64)


def _sampled(documents: Sequence[bytes], sample: int) -> tuple[Hashes, Ids]:
    h = _letters()[np.frombuffer(b"".join(documents), dtype=np.uint8)]
    if len(h) < SHINGLE:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    length = 1
    while length < SHINGLE:  # modulo 2^64; each turn doubles the length: h(2m)[i] = h(m)[i] base^m + h(m)[i + m]
        h = h[:-length] * np.uint64(pow(BASE, length, 2**64)) + h[length:]
        length *= 2
    h = _mixed(h)
    at = np.flatnonzero(h < np.uint64(2**64 // sample))
    ends = np.cumsum([len(document) for document in documents])
    owners = np.searchsorted(ends, at, side="right")
    inside = owners == np.searchsorted(ends, at + SHINGLE - 1, side="right")
    return h[at[inside]], owners[inside].astype(np.int64)


def _mixed(h: Hashes) -> Hashes:
    """Murmur3's 64-bit finaliser: every bit of the input moves every bit of the output."""
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        h = (h ^ (h >> np.uint64(shift))) * np.uint64(factor)
    return h ^ (h >> np.uint64(33))


@cache
def _letters() -> Hashes:
    """A number for each byte: capital letters as small ones, digits, spaces and signs all as one."""
    folded = [byte if byte >= 128 or chr(byte).isalpha() else 0 for byte in bytes(range(256)).lower()]
    return _mixed(np.array(folded, dtype=np.uint64) + np.uint64(1))
